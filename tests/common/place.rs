//! The simulated place: its board, its rules, and everybody who may come. The same for every seed.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use kakou::base::{CentiCelsius, LaneId, Pii, Slug, Wall};
use kakou::config::board::Board;
use kakou::config::roster::Roster;
use kakou::config::{Policy, Profiles, profile_file};
use kakou::control::Direct;
use kakou::credential::{Claims, Trust, issue};
use kakou::engine::{Context, Settings, Times};
use kakou::model::blind::IdentifierKind;
use kakou::model::credential::Purpose;
use kakou::model::{AreaMode, Blinder, Class, ScreeningRule, SubjectKind};
use kakou::sim::world::{Car, Cast, Resident};
use ring::signature::{Ed25519KeyPair, KeyPair};

/// The true wall time when a simulation begins: 2026-11-22 10:00 in China.
pub const BEGINS: Wall = Wall(1_795_312_800_000);
const YEAR_SECONDS: i64 = 365 * 86_400;
/// What the simulated attendant enters for everybody.
const PHONE: &str = "13800001234";

/// What does not change from seed to seed.
pub struct Place {
    pub board: Board,
    pub context: Arc<Context>,
    pub cast: Cast,
    trust: Trust,
}

/// The place, made once.
pub fn place() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(Place::new)
}

impl Place {
    fn new() -> Self {
        let board = Board::parse("boards/simulated.toml", include_str!("../../boards/simulated.toml"));
        let signer = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap();
        let key = signer.public_key().as_ref().try_into().unwrap();
        let cast = cast(&signer);
        Self {
            board: board.unwrap(),
            context: Arc::new(context(&cast)),
            cast,
            trust: Trust::new(site(), vec![key]),
        }
    }

    /// What credentials are checked against.
    pub fn trust(&self) -> Arc<Trust> {
        Arc::new(self.trust.clone())
    }

    /// One lane's own settings.
    pub fn settings(&self, id: &LaneId) -> Settings {
        let vehicle = id.as_str() == "vehicle";
        Settings {
            id: id.clone(),
            title: "东门".to_owned(),
            takes: if vehicle { SubjectKind::Vehicle } else { SubjectKind::Person },
            direct: if vehicle { Direct::Both } else { Direct::Inbound },
            barrier: Times {
                travel_max: Duration::from_secs(if vehicle { 6 } else { 3 }),
                pass_within: Duration::from_secs(8),
                clear_for: Duration::from_secs(1),
            },
            utc_offset_minutes: 480,
            leave_after: Duration::from_secs(3),
        }
    }

    /// Every text about a person or a vehicle that can occur here.
    pub fn secrets(&self) -> Vec<String> {
        let mut secrets = vec![PHONE.to_owned()];
        secrets.extend(self.cast.names.iter().cloned());
        secrets.extend(self.cast.origins.iter().cloned());
        secrets.extend(self.cast.strange_codes.iter().cloned());
        for resident in &self.cast.residents {
            secrets.extend([resident.pass.clone(), resident.id_number.clone()]);
        }
        for car in &self.cast.cars {
            secrets.extend([Some(car.plate.clone()), car.pass.clone()].into_iter().flatten());
        }
        secrets.extend((0..PASSES).map(|number| data_encoding::HEXLOWER.encode(&pass_id(number))));
        secrets
    }
}

fn context(cast: &Cast) -> Context {
    let degrees = |value| CentiCelsius::from_degrees(value).unwrap();
    let screening = ScreeningRule {
        threshold: degrees(37.3),
        guard: 30,
        correction: 0,
        factor: 200,
        cold: degrees(33.5),
        hot: degrees(43.0),
        ..ScreeningRule::PLAIN
    };
    let profiles = profile_file::shipped_in("profiles/residential.toml").unwrap();
    let blinder = Blinder::new(&[1; 32]);
    // Half of the people who give their number are known by it.
    let known = cast.residents.iter().step_by(2);
    let rows =
        known.map(|person| (blinder.blind(IdentifierKind::IdNumber, &person.id_number), Class::Resident));
    Context {
        policy: Arc::new(Policy::new(Some(12), screening, profiles.clone())),
        profiles: Profiles::new(profiles).unwrap(),
        roster: Arc::new(Roster::new(rows, BEGINS)),
        lists: Arc::default(),
        blinder,
        mode: AreaMode::Normal,
    }
}

const PASSES: u8 = 15;

fn cast(signer: &Ed25519KeyPair) -> Cast {
    let stranger = Ed25519KeyPair::from_seed_unchecked(&[8; 32]).unwrap();
    let (year, now) = (YEAR_SECONDS, BEGINS.as_secs());
    let classes = [Class::Resident, Class::Resident, Class::Worker, Class::Visitor, Class::KeyPerson];
    let mut residents = Vec::new();
    for number in 0..10_u8 {
        let class = classes[usize::from(number) % classes.len()];
        // One is expired, one is signed by nobody we know; the others hold for a year.
        let (from, until) = if number == 8 { (now - 2 * year, now - year) } else { (now - year, now + year) };
        let signer = if number == 9 { &stranger } else { signer };
        let claims = claims(number, SubjectKind::Person, class, (from, until), None);
        let pass = issue(&claims, signer).unwrap();
        residents.push(Resident { pass, id_number: id_number(u32::from(number)) });
    }
    let plates = ["京A12345", "川K88P21", "粤B54321", "沪AD12345", "湘F6660学"];
    let car = |(number, plate): (u8, &&str)| {
        let plate = (*plate).to_owned();
        let claims = claims(
            10 + number,
            SubjectKind::Vehicle,
            Class::Resident,
            (now - year, now + year),
            Some(&plate),
        );
        let pass = (number % 2 == 0).then(|| issue(&claims, signer).unwrap());
        Car { plate, pass }
    };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Cast {
        residents,
        cars: (0_u8..).zip(&plates).map(car).collect(),
        strange_codes: texts(&["https://h5.example.com/healthAct/index.html?color=green", "HC1:6BFOXN*TS0"]),
        names: texts(&["王小明", "李秀英", "欧阳建国", "Zhang Wei", "买买提"]),
        origins: texts(&["成都市锦江区", "武汉市江汉区", "Beijing Haidian"]),
    }
}

fn claims(
    number: u8,
    subject: SubjectKind,
    class: Class,
    (from, until): (i64, i64),
    plate: Option<&str>,
) -> Claims {
    Claims {
        pass: pass_id(number),
        subject,
        class,
        site: site(),
        not_before: Wall::from_secs(from),
        expires: Wall::from_secs(until),
        name: (subject == SubjectKind::Person).then(|| Pii::new("王**".to_owned())),
        plate: plate.map(|plate| Pii::new(plate.to_owned())),
        lanes: vec![],
        purpose: Purpose::Entry,
        anchor: None,
    }
}

fn pass_id(number: u8) -> [u8; 8] {
    [0xA5, 0x5A, 0xC3, 0x3C, 0x96, 0x69, 0xF0, number]
}

fn site() -> Slug {
    "east-garden".parse().unwrap()
}

/// A sound identity number. Check digit: GB 11643-1999, which is ISO 7064 MOD 11-2.
pub fn id_number(number: u32) -> String {
    let body = format!("51010719{}0{}1{}{:03}", 70 + number, 1 + number % 9, number % 9, 100 + number);
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.bytes().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = ["1", "0", "X", "9", "8", "7", "6", "5", "4", "3", "2"][(sum % 11) as usize];
    format!("{body}{check}")
}
