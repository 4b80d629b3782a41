//! Which columns of a recorded table hold what.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};

use super::number::{Quantity, Unit};
use super::table::{Table, plain};
use crate::model::BodySite;

/// What a column may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Skin temperature.
    Skin,
    /// Temperature of the surroundings.
    Surroundings,
    /// Contact or oral thermometer.
    Reference,
    /// Air outdoors.
    Outdoor,
    /// Where on the body.
    Site,
    /// Who.
    Id,
}

/// The columns of each role; several of one are repeated readings.
pub struct Columns {
    by_role: BTreeMap<Role, Vec<usize>>,
    fahrenheit: Vec<usize>,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Skin, Self::Surroundings, Self::Reference, Self::Outdoor, Self::Site, Self::Id];

    /// Its name, which is also its first heading.
    pub const fn name(self) -> &'static str {
        self.headings()[0]
    }

    /// Headings that it has without being told.
    const fn headings(self) -> &'static [&'static str] {
        match self {
            Self::Skin => &["skin", "skin_c", "skin temperature", "皮肤温度", "体表温度", "额温"],
            Self::Surroundings => {
                &["surroundings", "surroundings_c", "ambient", "ambient_c", "环境温度", "室温"]
            }
            Self::Reference => &["reference", "reference_c", "oral", "oral_c", "口腔温度", "参考温度"],
            Self::Outdoor => &["outdoor", "outdoor_c", "室外温度"],
            Self::Site => &["site", "body site", "部位"],
            Self::Id => &["id", "subject", "subject id", "subjectid", "编号"],
        }
    }

    fn named(name: &str) -> Option<Self> {
        let plain = plain(name);
        let named = |role: &Self| role.name() == plain || (*role == Self::Id && plain == "subject");
        Self::ALL.into_iter().find(named)
    }
}

impl Columns {
    /// The columns of `table`: those that `said` names as `role=HEADING+HEADING`, and the others by their headings. Of
    /// `fahrenheit`, each is a role or a heading.
    pub fn find(table: &Table, said: &[String], fahrenheit: &[String]) -> Result<Self> {
        let mut by_role = BTreeMap::new();
        for one in said {
            let (name, headings) =
                one.split_once('=').with_context(|| format!("--columns {one}: is not NAME=HEADING"))?;
            let names: Vec<&str> = Role::ALL.map(Role::name).into();
            let role = Role::named(name)
                .with_context(|| format!("--columns {one}: {name} is none of {}", names.join(", ")))?;
            let columns = headings
                .split('+')
                .map(|heading| table.column(heading.trim()))
                .collect::<Result<Vec<_>>>()?;
            if columns.len() > 1 && matches!(role, Role::Site | Role::Id) {
                bail!("--columns {one}: {name} is one column");
            }
            if by_role.insert(role, columns).is_some() {
                bail!("--columns {one}: {name} twice");
            }
        }
        for role in Role::ALL {
            let heading = role.headings().iter().find(|heading| table.has(heading));
            if let (false, Some(heading)) = (by_role.contains_key(&role), heading) {
                by_role.insert(role, vec![table.column(heading)?]);
            }
        }
        for role in [Role::Skin, Role::Surroundings] {
            if !by_role.contains_key(&role) {
                bail!("{}: {}", table.file, table.without(&format!("no column {}", role.name())));
            }
        }
        let mut columns = Self { by_role, fahrenheit: Vec::new() };
        for one in fahrenheit {
            match Role::named(one).map(|role| columns.of(role)).filter(|columns| !columns.is_empty()) {
                Some(role) => columns.fahrenheit.extend(role.to_vec()),
                None => columns.fahrenheit.push(table.column(one)?),
            }
        }
        Ok(columns)
    }

    /// The columns of `role`; none where it has none.
    pub fn of(&self, role: Role) -> &[usize] {
        self.by_role.get(&role).map_or(&[], Vec::as_slice)
    }

    /// The unit of `column`.
    pub fn unit(&self, column: usize) -> Unit {
        if self.fahrenheit.contains(&column) { Unit::Fahrenheit } else { Unit::Celsius }
    }

    /// One line: which heading holds what.
    pub fn describe(&self, table: &Table) -> String {
        let one = |(role, columns): (&Role, &Vec<usize>)| {
            let labels: Vec<String> = columns.iter().map(|column| table.label(*column)).collect();
            format!("{} = {}", role.name(), labels.join(" + "))
        };
        self.by_role.iter().map(one).collect::<Vec<_>>().join("; ")
    }
}

impl Role {
    /// What its cells are; none for words.
    pub const fn quantity(self) -> Option<Quantity> {
        match self {
            Self::Skin => Some(Quantity::Skin),
            Self::Surroundings => Some(Quantity::Surroundings),
            Self::Reference => Some(Quantity::Reference),
            Self::Outdoor => Some(Quantity::Outdoor),
            Self::Site | Self::Id => None,
        }
    }
}

/// The site that somebody calls `name`.
pub fn site(name: &str) -> Result<BodySite, String> {
    let plain = plain(name).replace(['_', ' '], "-");
    let also = match plain.as_str() {
        "forehead" | "forehead-center" | "foreheadcentre" | "foreheadcenter" | "额头" | "额" => {
            Some(BodySite::ForeheadCentre)
        }
        "foreheadmax" | "forehead-maximum" => Some(BodySite::ForeheadMax),
        "canthi" | "inner-canthus" | "innercanthus" | "eye" | "eyes" | "内眦" | "眼角" => {
            Some(BodySite::Canthus)
        }
        "face" | "facemax" | "face-maximum" | "面部" | "脸" => Some(BodySite::FaceMax),
        "颈" | "颈部" => Some(BodySite::Neck),
        "手腕" | "腕" => Some(BodySite::Wrist),
        "temples" | "太阳穴" | "颞部" => Some(BodySite::Temple),
        _ => None,
    };
    BodySite::named(&plain).or(also).ok_or_else(|| {
        let names: Vec<&str> = BodySite::ALL.map(BodySite::name).into();
        format!("{name} is no site of the body: {}", names.join(", "))
    })
}
