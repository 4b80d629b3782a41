//! What is kept of turn-backs elsewhere, and for whom.

use super::*;
use crate::base::{BootId, ClockTrust, Mono, Random};

const NUMBER: &str = "11010519491231002X";
const HOUR: i64 = 3_600_000;
/// Some time in 2026.
const NOW: Wall = Wall(1_780_000_000_000);

fn stamp(wall: Wall, trust: ClockTrust) -> Stamp {
    Stamp { boot: BootId([1; 16]), mono: Mono(0), wall, trust, max_error_ms: 10 }
}

fn now(wall: Wall) -> Between {
    Between::of(&stamp(wall, ClockTrust::Synced), Wall::EARLIEST)
}

fn outcome(number: u8) -> OutcomeId {
    OutcomeId([number; 16])
}

fn news(number: u8, told: Told, hours_ago: i64, value: &str) -> News {
    let at = Wall(NOW.0 - hours_ago * HOUR);
    let tokens = vec![token(&Blinder::new(&[7; 32]), IdentifierKind::IdNumber, value)];
    let kiosk = "north".parse().unwrap();
    News { outcome: outcome(number), kiosk, earliest: Some(at), latest: at, told, tokens }
}

fn page(through: u64, news: Vec<News>) -> Page {
    Page { key: [7; 32], through, news }
}

fn whose(kind: IdentifierKind, value: &str) -> Whose {
    Whose { known: vec![(kind, Pii::new(value.to_owned()))], host: None }
}

fn ends(known: &TurnedBackElsewhere, value: &str) -> Vec<End> {
    let found = known.of(&whose(IdentifierKind::IdNumber, value), &stamp(NOW, ClockTrust::Synced));
    found.iter().map(|one| one.end).collect()
}

fn day() -> TurnedBackElsewhere {
    TurnedBackElsewhere::new(LookBack::turn_backs(Duration::from_hours(24)))
}

#[test]
fn a_page_survives_the_way_and_too_much_or_anything_else_is_refused() {
    let good = page(9, vec![news(1, Told::TurnedBack, 1, NUMBER), news(2, Told::Forget, 0, NUMBER)]);
    assert!(Page::decode(&good.encode()).is_ok_and(|read| read == good));
    let many = page(9, vec![news(1, Told::TurnedBack, 1, NUMBER); NEWS_MAX + 1]);
    assert!(matches!(Page::decode(&many.encode()), Err(BadPage::TooMany { what: "news", .. })));
    let mut wide = good.clone();
    wide.news[0].tokens = vec![Token([1; 16]); IDENTIFIERS_MAX + 1];
    assert!(matches!(Page::decode(&wide.encode()), Err(BadPage::TooMany { .. })));
    let full = page(
        u64::MAX,
        vec![
            News { tokens: vec![Token([1; 16]); IDENTIFIERS_MAX], ..news(1, Told::TurnedBack, 1, NUMBER) };
            NEWS_MAX
        ],
    );
    assert!(full.encode().len() < 64 << 10, "fits an answer: {}", full.encode().len());
    let mut random = Random::new(3);
    for _ in 0..2_000 {
        let mut bytes = good.encode();
        let at = usize::try_from(random.below(bytes.len() as u64)).unwrap();
        bytes[at] ^= 1 << random.below(8);
        let _ = Page::decode(&bytes);
        let _ = Page::decode(&bytes[..at]);
    }
}

#[test]
fn whoever_was_turned_back_elsewhere_is_known_by_the_same_identifier_however_it_is_written() {
    let mut known = day();
    known.learn(page(5, vec![news(1, Told::TurnedBack, 2, "1101051949 1231-002x")]), &now(NOW));
    assert_eq!((known.after(), known.len()), (5, 1));
    assert_eq!(ends(&known, NUMBER), [End::TurnedBack]);
    assert!(ends(&known, "110101199001010015").is_empty());
    let other = whose(IdentifierKind::Pass, NUMBER);
    assert!(known.of(&other, &stamp(NOW, ClockTrust::Synced)).is_empty(), "another kind of identifier");
    let found = &known.of(&whose(IdentifierKind::IdNumber, NUMBER), &stamp(NOW, ClockTrust::Synced))[0];
    assert_eq!(found.kiosk.as_str(), "north");
    let minutes = |span: Duration| span.as_secs().div_ceil(60);
    assert_eq!((minutes(found.ago.least), found.ago.most.map(|most| most.as_secs() / 60)), (120, Some(120)));
}

#[test]
fn with_a_clock_that_nobody_vouches_for_it_still_counts_and_nothing_later_is_sure() {
    let mut known = day();
    known.learn(page(5, vec![news(1, Told::TurnedBack, 2, NUMBER)]), &now(NOW));
    let found = known.of(&whose(IdentifierKind::IdNumber, NUMBER), &stamp(Wall(0), ClockTrust::None));
    assert_eq!(found[0].ago, Ago { least: Duration::ZERO, most: None });
}

#[test]
fn what_is_told_again_counts_once_and_what_is_to_be_forgotten_is_gone() {
    let mut known = day();
    known.learn(page(5, vec![news(1, Told::TurnedBack, 2, NUMBER)]), &now(NOW));
    known.learn(page(6, vec![news(1, Told::TurnedBack, 2, NUMBER)]), &now(NOW));
    assert_eq!(known.len(), 1);
    known.learn(page(7, vec![news(1, Told::Forget, 2, NUMBER)]), &now(NOW));
    assert!(known.is_empty() && known.by_token.is_empty() && ends(&known, NUMBER).is_empty());
}

#[test]
fn what_is_too_old_goes_and_of_too_many_the_oldest_go() {
    let mut known = day();
    known.learn(
        page(5, vec![news(1, Told::TurnedBack, 23, NUMBER), news(2, Told::Otherwise, 25, NUMBER)]),
        &now(NOW),
    );
    assert_eq!(ends(&known, NUMBER), [End::TurnedBack]);
    known.expire(&now(Wall(NOW.0 + 2 * HOUR)));
    assert!(known.is_empty() && known.by_token.is_empty());

    known.learn(page(6, vec![news(3, Told::TurnedBack, 1, NUMBER)]), &now(NOW));
    let many: Vec<_> = (0..=KEPT_MAX as u64)
        .map(|number| {
            let mut one = news(0, Told::TurnedBack, 1, NUMBER);
            one.outcome = OutcomeId::of(&one.kiosk, Epoch([2; 16]), Seq::new(number + 1).unwrap(), 0);
            one.latest = Wall(NOW.0 + 1);
            one
        })
        .collect();
    assert_eq!(known.learn(page(7, many), &now(NOW)), 2);
    assert_eq!(known.len(), KEPT_MAX);
    assert!(known.outcomes.values().all(|one| one.latest == Wall(NOW.0 + 1)), "the oldest went");
}

#[test]
fn another_key_makes_everything_before_it_worthless() {
    let mut known = day();
    known.learn(page(5, vec![news(1, Told::TurnedBack, 2, NUMBER)]), &now(NOW));
    known.learn(Page { key: [8; 32], through: 6, news: vec![] }, &now(NOW));
    assert!(known.is_empty() && ends(&known, NUMBER).is_empty());
}

#[test]
fn nothing_of_it_is_readable() {
    let mut known = day();
    let page = page(5, vec![news(1, Told::TurnedBack, 2, NUMBER)]);
    assert!(!page.encode().windows(NUMBER.len()).any(|window| window == NUMBER.as_bytes()));
    known.learn(page, &now(NOW));
    assert!(!format!("{known:?}").contains(NUMBER));
}
