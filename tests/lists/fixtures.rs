//! A list to test with, its issuers, and who is on it.

use std::collections::BTreeMap;

use kakou::base::{BootId, ClockTrust, IssuerId, Mono, Slug, Stamp, Wall};
use kakou::config::list::change::Push;
use kakou::config::list::rows::Span;
use kakou::config::list::{ListFile, ListRule};
use kakou::model::blind::IdentifierKind;
use kakou::model::{Blinded, Blinder, Title};

/// 2026-11-20, noon in China.
pub const NOW: Wall = Wall::from_secs(1_795_147_200);
pub const DAY: u32 = 86_400;

pub type Entries = BTreeMap<Blinded, Span>;

pub fn rule() -> ListRule {
    let title = |zh: &str, en: &str| Title { zh: zh.to_owned(), en: en.to_owned() };
    ListRule {
        id: slug("observed"),
        title: title("居家观察人员", "Under observation"),
        purpose: title("观察期内不外出", "Staying at home"),
        advice: title("请核对身份，由您决定", "Check who it is; you decide"),
        holds: vec![IdentifierKind::IdNumber, IdentifierKind::Phone, IdentifierKind::Plate],
        direction: None,
        issuers: vec![issuer("health"), issuer("street"), issuer("police")],
        cap: 2_000,
        bulk: 50,
        days_max: 30,
    }
}

pub fn slug(name: &str) -> Slug {
    name.parse().unwrap()
}

pub fn issuer(name: &str) -> IssuerId {
    name.parse().unwrap()
}

pub fn site() -> Slug {
    slug("jinhe-garden")
}

pub fn blinder() -> Blinder {
    Blinder::new(&[7; 32])
}

pub fn blind(number: u32) -> Blinded {
    blinder().blind(IdentifierKind::Phone, &format!("139{number:08}"))
}

pub fn now_secs() -> u32 {
    u32::try_from(NOW.as_secs()).unwrap()
}

pub fn days(count: u32) -> Span {
    Span { from: 0, until: now_secs() + count * DAY }
}

/// People of these numbers, each for ten days.
pub fn people(numbers: std::ops::Range<u32>) -> Entries {
    numbers.map(|number| (blind(number), days(10))).collect()
}

pub fn push<'p>(entries: &'p Entries, issuers: &'p [IssuerId]) -> Push<'p> {
    Push { entries, issuers, now: NOW, source: None }
}

/// A list with these people in force, by `health` and `street`.
pub fn in_force(entries: &Entries) -> ListFile {
    let health = [issuer("health")];
    let (file, ..) = ListFile::default().push(&rule(), &push(entries, &health)).unwrap();
    let id = file.held().unwrap().id();
    file.accept(&rule(), &issuer("street"), id, NOW).unwrap()
}

pub fn stamp(wall: Wall, trust: ClockTrust, max_error_ms: u32) -> Stamp {
    Stamp { boot: BootId([1; 16]), mono: Mono(5), wall, trust, max_error_ms }
}

/// Who is on the list in force.
pub fn listed(file: &ListFile) -> Entries {
    file.in_force()
        .map(|edition| edition.rows().iter().map(|row| (row.blinded, row.span)).collect())
        .unwrap_or_default()
}
