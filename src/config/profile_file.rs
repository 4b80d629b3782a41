//! Reads profiles from TOML, and holds those that come with the program.
//!
//! `profiles/README.md` lists every key.

use std::sync::Arc;
use std::time::Duration;

use super::error::{Mistakes, Report};
use super::profile::{IdNumbers, Profile, Profiles, Takes};
use super::rules::{self, Of};
use super::section::{Section, integer, name, one_of, read_file, text};
use super::step_rule::StepRule;
use super::{area_file, stay_rule, step_file, step_order};
use crate::base::Slug;
use crate::model::{AreaMode, AreaTable, Class, Direction, Title};

/// Names of the classes in files.
pub const CLASSES: [(&str, Class); 7] = [
    ("resident", Class::Resident),
    ("worker", Class::Worker),
    ("visitor", Class::Visitor),
    ("transit", Class::Transit),
    ("observed", Class::Observed),
    ("key-person", Class::KeyPerson),
    ("unknown", Class::Unknown),
];

pub(super) const DIRECTIONS: [(&str, Direction); 2] =
    [("inbound", Direction::Inbound), ("outbound", Direction::Outbound)];

/// Longest session, in seconds: a truck that is washed, disinfected and dried.
const SESSION_MAX: u64 = 6 * 3_600;

/// How far back a profile may ask what was earlier, in hours: four weeks. Personal data must be kept as long.
pub const HOURS_MAX: u64 = 28 * 24;
/// Longest time, in seconds, within which a pass that was shown at another gate is looked at.
pub const APART_MAX: u64 = 3_600;

pub(super) const TAKES: [(&str, Takes); 3] =
    [("person", Takes::Person), ("vehicle", Takes::Vehicle), ("occupant", Takes::Occupant)];

/// Names of an area's modes in files.
pub const MODES: [(&str, AreaMode); 4] = [
    (AreaMode::Normal.name(), AreaMode::Normal),
    (AreaMode::Watch.name(), AreaMode::Watch),
    (AreaMode::Sealed.name(), AreaMode::Sealed),
    (AreaMode::Drill.name(), AreaMode::Drill),
];

/// The name of `class` in files.
pub fn class_name(class: Class) -> &'static str {
    CLASSES.iter().find(|(_, known)| *known == class).map_or("unknown", |(name, _)| name)
}

/// The name of `direction` in files.
pub fn direction_name(direction: Direction) -> &'static str {
    DIRECTIONS.iter().find(|(_, known)| *known == direction).map_or("unknown", |(name, _)| name)
}

/// The profiles that come with the program, as (file, text).
pub const SHIPPED: [(&str, &str); 11] = [
    ("profiles/residential.toml", include_str!("../../profiles/residential.toml")),
    ("profiles/expressway.toml", include_str!("../../profiles/expressway.toml")),
    ("profiles/venue.toml", include_str!("../../profiles/venue.toml")),
    ("profiles/school.toml", include_str!("../../profiles/school.toml")),
    ("profiles/ward.toml", include_str!("../../profiles/ward.toml")),
    ("profiles/nursing-home.toml", include_str!("../../profiles/nursing-home.toml")),
    ("profiles/canteen.toml", include_str!("../../profiles/canteen.toml")),
    ("profiles/pig-farm.toml", include_str!("../../profiles/pig-farm.toml")),
    ("profiles/forest-fire.toml", include_str!("../../profiles/forest-fire.toml")),
    ("profiles/construction.toml", include_str!("../../profiles/construction.toml")),
    ("profiles/event.toml", include_str!("../../profiles/event.toml")),
];

/// The profiles that come with the program.
///
/// # Errors
///
/// Never in a released program: a test reads them all.
pub fn shipped() -> Result<Vec<Profile>, Mistakes> {
    let files = SHIPPED.iter().map(|(file, text)| read_profiles(file, text));
    Ok(files.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
}

/// The profiles of one file that comes with the program, such as `profiles/residential.toml`; none of an unknown one.
///
/// # Errors
///
/// Never in a released program.
pub fn shipped_in(file: &str) -> Result<Vec<Profile>, Mistakes> {
    let found = SHIPPED.iter().find(|(known, _)| *known == file);
    found.map_or(Ok(vec![]), |(file, text)| read_profiles(file, text))
}

/// Reads the profiles of one `file`.
///
/// # Errors
///
/// Everything that is wrong with it.
pub fn read_profiles(file: &str, text: &str) -> Result<Vec<Profile>, Mistakes> {
    read_file(file, text, |report, mut file| {
        let areas = area_file::areas(report, &mut file).map(Arc::new);
        let tables = file.some_tables(report, "profile");
        let read = |table| profile(report, table, areas.as_ref());
        let profiles: Vec<Profile> = tables.into_iter().filter_map(read).collect();
        if let Err(conflict) = Profiles::new(profiles.clone()) {
            file.misfit(report, "profile", conflict.to_string());
        }
        file.finish(report);
        Some(profiles)
    })
}

fn profile(
    report: &mut Report<'_>,
    mut table: Section<'_>,
    areas: Option<&Arc<AreaTable>>,
) -> Option<Profile> {
    let id: Option<Slug> = table.need(report, "id", &name());
    if let Some(id) = &id {
        table.rename(format!("profile[{id}]."));
    }
    let zh = table.need(report, "title_zh", &text(120));
    let en = table.need(report, "title_en", &text(60));
    let takes = table.need(report, "takes", &one_of(&TAKES));
    let directions = table.list(report, "directions", &one_of(&DIRECTIONS));
    if directions.is_empty() {
        table.misfit(report, "directions", "must name inbound, outbound or both");
    }
    let classes = table.list(report, "classes", &one_of(&CLASSES));
    let not_admitted = table.list(report, "not_admitted", &one_of(&CLASSES));
    let session_timeout = table.need(report, "session_timeout_s", &integer(10..=SESSION_MAX));
    let idle_timeout = table.need(report, "idle_timeout_s", &integer(5..=600u64));
    if session_timeout.is_some_and(|session| idle_timeout.is_some_and(|idle| idle > session)) {
        table.misfit(report, "idle_timeout_s", "must be at most session_timeout_s");
    }
    let kept = [("masked", IdNumbers::Masked), ("full", IdNumbers::Full)];
    let id_numbers = table.get_or(report, "id_numbers", &one_of(&kept), IdNumbers::default());
    let apart = table.get(report, "pass_apart_s", &integer(1..=APART_MAX)).map(Duration::from_secs);
    let turned_back = table.get(report, "turned_back_h", &integer(1..=HOURS_MAX)).map(Duration::from_hours);
    let steps = table.some_tables(report, "step");
    let read = |table| step_file::step(report, table, takes, areas);
    let steps: Vec<StepRule> = steps.into_iter().filter_map(read).collect();
    step_order::check(report, &table, &steps);
    let stay = stay_rule::read(report, &mut table, (takes, &directions), &steps);
    let all = CLASSES.map(|(_, class)| class);
    let named = if classes.is_empty() { &all[..] } else { &classes };
    let admitted: Vec<Class> = named.iter().copied().filter(|class| !not_admitted.contains(class)).collect();
    step_order::check_everybody_is_asked(report, &table, &steps, (&directions, &admitted));
    let rules = takes.and_then(|takes| {
        rules::rules(report, &mut table, Of { takes, steps: &steps, not_admitted: &not_admitted })
    });
    table.finish(report);
    Some(Profile {
        id: id?,
        title: Title { zh: zh?, en: en? },
        takes: takes?,
        directions,
        classes,
        not_admitted,
        session_timeout: Duration::from_secs(session_timeout?),
        idle_timeout: Duration::from_secs(idle_timeout?),
        turned_back,
        apart,
        id_numbers,
        stay,
        steps,
        rules: rules?,
    })
}
