//! One look-up among 150,000 blinded entries beside a hash map and SQLite in the same run: `cargo bench --bench lists`.
//!
//! Printed: nanoseconds a look-up that hits and one that misses, the slowest of a hundred, and what the entries take in
//! memory. The run fails above [`BAR`]. Blinding itself, which is the same for all three, is measured on its own.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kakou::base::{BootId, ClockTrust, IssuerId, Mono, Random, Stamp, Wall};
use kakou::config::list::change::Push;
use kakou::config::list::rows::Span;
use kakou::config::{ListRule, Lists, list::ListFile};
use kakou::model::blind::IdentifierKind;
use kakou::model::{Between, Blinded, Blinder, Direction, Title};
use rusqlite::Connection;

const ENTRIES: u32 = 150_000;
const LOOKUPS: usize = 200_000;
/// Longest that 99 of 100 look-ups may take.
const BAR: Duration = Duration::from_micros(10);
const NOW: Wall = Wall(1_795_276_800_000);
const UNTIL: u32 = 1_796_000_000;

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
fn main() {
    let blinder = Blinder::new(&[7; 32]);
    let blind = |number: u32| blinder.blind(IdentifierKind::Phone, &format!("139{number:08}"));
    let on: Vec<Blinded> = (0..ENTRIES).map(blind).collect();
    let off: Vec<Blinded> = (ENTRIES..2 * ENTRIES).map(blind).collect();
    let lists = lists(&on);
    let now = Between::of(&stamp(), NOW);
    println!("{ENTRIES} entries; lists {} bytes", lists.memory());
    let (_, blinding) = timed(&on, |_| blind(black_box(17)).0[0] < 255);
    println!("blinding one identifier: {blinding}");
    let ours = |blinded: &Blinded| lists.hits(blinded, Direction::Outbound, &now).next().is_some();
    let (hits, ours_hit) = timed(&on, ours);
    let (misses, ours_miss) = timed(&off, ours);
    assert!(hits == LOOKUPS && misses == 0, "{hits} and {misses}");
    println!("lists      hit {ours_hit}; miss {ours_miss}");
    peers(&on, &off);
    for slow in [ours_hit.p99, ours_miss.p99] {
        assert!(slow < BAR, "{slow:?} is more than {BAR:?}");
    }
}

#[expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#[expect(clippy::disallowed_types, reason = "the peer that is measured beside us")]
fn peers(on: &[Blinded], off: &[Blinded]) {
    let map: std::collections::HashMap<[u8; 16], Span> =
        on.iter().map(|blinded| (blinded.0, Span { from: 0, until: UNTIL })).collect();
    let found = |blinded: &Blinded| map.get(&blinded.0).is_some_and(|span| span.until > 7);
    let ((_, hit), (_, miss)) = (timed(on, found), timed(off, found));
    let bytes = map.capacity() * (size_of::<([u8; 16], Span)>() + 1) * 8 / 7;
    println!("HashMap    hit {hit}; miss {miss}; about {bytes} bytes");
    let connection = Connection::open_in_memory().expect("a database");
    let table = "CREATE TABLE list (id BLOB PRIMARY KEY, start INTEGER, until INTEGER) WITHOUT ROWID; BEGIN";
    connection.execute_batch(table).expect("a table");
    for blinded in on {
        let row = "INSERT INTO list VALUES (?1, 0, 1796000000)";
        connection.prepare_cached(row).and_then(|mut row| row.execute([&blinded.0[..]])).expect("a row");
    }
    connection.execute_batch("COMMIT").expect("committed");
    let found = |blinded: &Blinded| {
        let query = connection.prepare_cached("SELECT until FROM list WHERE id = ?1");
        query.and_then(|mut query| query.query_row([&blinded.0[..]], |row| row.get::<_, i64>(0))).is_ok()
    };
    let ((_, hit), (_, miss)) = (timed(on, found), timed(off, found));
    println!("SQLite     hit {hit}; miss {miss}");
}

/// What a look-up takes.
#[derive(Clone, Copy)]
struct Took {
    mean: Duration,
    p99: Duration,
}

impl std::fmt::Display for Took {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ns (99 of 100 below {} ns, clock included)", self.mean.as_nanos(), self.p99.as_nanos())
    }
}

/// Looks up in an order that no cache knows; returns how many were found.
#[expect(clippy::disallowed_methods, reason = "time is what is measured")]
fn timed(of: &[Blinded], mut found: impl FnMut(&Blinded) -> bool) -> (usize, Took) {
    let mut random = Random::new(5);
    let order: Vec<&Blinded> = (0..LOOKUPS).filter_map(|_| random.pick(of)).collect();
    let mut single: Vec<Duration> = Vec::with_capacity(LOOKUPS);
    for blinded in &order {
        let begun = Instant::now();
        black_box(found(black_box(blinded)));
        single.push(begun.elapsed());
    }
    single.sort_unstable();
    let begun = Instant::now();
    let count = order.iter().filter(|blinded| black_box(found(black_box(blinded)))).count();
    let mean = begun.elapsed() / u32::try_from(LOOKUPS).unwrap_or(u32::MAX);
    (count, Took { mean, p99: single[LOOKUPS / 100 * 99] })
}

fn lists(on: &[Blinded]) -> Lists {
    let title = || Title { zh: "名单".to_owned(), en: "list".to_owned() };
    let issuers: Vec<IssuerId> = ["a", "b"].iter().filter_map(|name| name.parse().ok()).collect();
    let rule = ListRule {
        id: "observed".parse().expect("a name"),
        title: title(),
        purpose: title(),
        advice: title(),
        holds: vec![IdentifierKind::Phone],
        direction: None,
        issuers: issuers.clone(),
        cap: 200_000,
        bulk: 200_000,
        days_max: 366,
    };
    let entries = on.iter().map(|blinded| (*blinded, Span { from: 0, until: UNTIL })).collect();
    let push = Push { entries: &entries, issuers: &issuers, now: NOW, source: None };
    let (file, ..) = ListFile::default().push(&rule, &push).expect("two issuers push it");
    Lists::new([(Arc::new(rule), file.into_in_force().expect("in force"))])
}

fn stamp() -> Stamp {
    Stamp { boot: BootId([1; 16]), mono: Mono(5), wall: NOW, trust: ClockTrust::Synced, max_error_ms: 20 }
}
