//! What the hub says of a shift, of its hand-over, and of whoever has not come out in time.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

mod common;

use std::sync::Arc;

use common::kiosk::{Log, NOW};
use kakou::base::{Seq, Wall};
use kakou::credential::trusted::file::Contents;
use kakou::hub::{Options, Running, start};
use kakou::ledger::{Day, Keys, KioskShift, Ledger, Unknown};
use kakou::model::drift_note::Spread;
use kakou::model::leak::Counted;
use kakou::model::record::Crossing;
use kakou::model::shift::{ShiftSheet, Tally};
use kakou::model::trust_list::{REFUSE_AFTER_H, TrustList, TrustListKind, WARN_AFTER_H};
use kakou::model::{
    Body, BodySite, Cause, Direction, DriftNote, OpenItems, Passage, StayLimit, SubjectKind, Verdict,
};
use kakou::platform::entropy::OsEntropy;
use ring::signature::Ed25519KeyPair;

const CAR: &str = "car-1";

#[test]
fn hub_and_kiosk_estimate_the_same_of_the_same_shift() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.db");
    let mut log = Log::new("east-1", 7);
    let (first, last) = day_shift(&mut log);
    let sheet = sheet(&log, first, last);
    let here = barrier(&sheet);
    assert!(here.leak().unwrap().high > 0);
    let mut ledger = Ledger::open(&path, Keys::from_secret(&[1; 32])).unwrap();
    enrol(&mut ledger, &log);
    hear(&mut ledger, &log, 1, log.size());
    let seen = only(&ledger);
    assert_eq!((seen.attendant.as_str(), seen.ended, seen.missing), ("li", Some(at(500)), 0));
    let lane = &seen.lanes[&Some(CAR.parse().unwrap())];
    assert_eq!((lane.crossings, lane.leak(seen.missing).ok()), (here, here.leak()));
    assert_eq!((lane.opened, lane.uncounted()), (204, 4), "four drove off before anything counted them");
    let door = &seen.lanes[&Some("door".parse().unwrap())];
    assert_eq!((door.opened, door.leak(0)), (1, Err(Unknown::NoCounter)));

    // A ledger from before shifts were kept reads what it has once more.
    drop(ledger);
    let old = rusqlite::Connection::open(&path).unwrap();
    old.execute_batch(
        "DROP TABLE duties; DROP TABLE crossings; DROP TABLE drift_notes; DROP INDEX turn_backs_shown; DROP INDEX turn_backs_ends;
         PRAGMA user_version = 12;",
    )
    .unwrap();
    drop(old);
    let ledger = Ledger::open(&path, Keys::from_secret(&[1; 32])).unwrap();
    assert_eq!(only(&ledger).lanes, seen.lanes);
}

#[test]
fn a_shift_of_which_records_are_still_to_come_says_so() {
    let mut log = Log::new("east-1", 7);
    let (first, last) = day_shift(&mut log);
    let mut ledger = Ledger::in_memory(Keys::from_secret(&[1; 32])).unwrap();
    enrol(&mut ledger, &log);
    hear(&mut ledger, &log, 1, 300);
    let seen = only(&ledger);
    assert_eq!((seen.ended, seen.missing), (None, 0), "it goes on, as far as is known here");
    let so_far = sheet(&log, first, Seq::new(300).unwrap());
    assert_eq!(seen.lanes[&Some(CAR.parse().unwrap())].crossings, barrier(&so_far));
    hear(&mut ledger, &log, 301, last.get());
    assert_eq!(only(&ledger).ended, Some(at(500)));
    let yesterday = Day::of(NOW).plus(-1);
    assert_eq!(ledger.shifts(yesterday, yesterday, 9).unwrap(), []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tallies_show_what_went_unrecorded_with_its_interval_and_why_it_is_not_known() {
    let mut log = Log::new("east-1", 7);
    let (first, last) = day_shift(&mut log);
    let leak = barrier(&sheet(&log, first, last)).leak().unwrap();
    let place = Place::new(&log).await;
    let page = place.page("/tallies?first=2026-11-22&last=2026-11-22").await;
    let figures = format!("<b>{}</b> ({}–{}) / {}", leak.likely, leak.low, leak.high, leak.openings);
    assert!(page.contains(&figures), "{figures} in {page}");
    assert!(page.contains("not known: nothing counts there"), "{page}");
    let before = place.page("/tallies?first=2026-11-20&last=2026-11-21").await;
    assert!(!before.contains("Went unrecorded"), "{before}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_over_shows_what_was_open_and_names_what_could_not_be_looked_up() {
    let mut log = Log::new("east-1", 7);
    let hand_over = |open| Body::HandOver { attendant: "li".parse().unwrap(), open };
    let busy = OpenItems {
        referred: 2,
        cases: Some(0),
        vehicles_inside: None,
        people_inside: Some(31),
        unsent: Some(0),
        policy_waits: Some(7),
        overdue: Some(3),
        perhaps_overdue: Some(1),
        ..OpenItems::default()
    };
    let clear = OpenItems {
        cases: Some(0),
        vehicles_inside: Some(0),
        people_inside: Some(0),
        ..OpenItems::default()
    };
    let noted = [None, Some(busy), Some(clear)].map(|open| log.append(NOW, None, hand_over(open), None));
    let place = Place::new(&log).await;
    let old = place.record(noted[0]).await;
    assert!(!old.contains("left open"), "nothing is made up for a record from before there were any");
    let busy = place.block(noted[1]).await;
    for line in [
        "referred at a lane</small></span> <b>2</b>",
        "vehicles inside</small></span> <b>—</b>",
        "people inside</small></span> <b>31</b>",
        "policy to read, version</small></span> <b>7</b>",
        ">overdue</small></span> <b>3</b>",
        "perhaps overdue</small></span> <b>1</b>",
    ] {
        assert!(busy.contains(line), "{line} in {busy}");
    }
    for zero in ["open cases", "records not sent", "being served", "devices failed", "nothing"] {
        assert!(!busy.contains(zero), "{zero} in {busy}");
    }
    let clear = place.block(noted[2]).await;
    assert!(clear.contains("nothing") && !clear.contains("<b>"), "{clear}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_not_come_out_in_time_is_an_alarm_that_leads_to_their_record_and_names_nobody() {
    let mut log = Log::new("east-1", 7);
    let (person, inbound) = (SubjectKind::Person, Direction::Inbound);
    let arrival = log.append(NOW, Some("gate"), Body::Arrived { subject: person, direction: inbound }, None);
    let (passage, personal) = log.passage(arrival, person, inbound);
    let stay = Some(StayLimit { hours: 10, until: None, back_by: Some(1_020) });
    let passage = Passage { verdict: Verdict::Admitted, stay, ..passage };
    let entry = log.append(NOW, Some("gate"), Body::Passage(Box::new(passage)), Some(&personal));
    let body = Body::Overdue { log: log.epoch, entry, vehicles: 0, people: 1 };
    let overdue = log.append(at(600), Some("gate"), body, None);
    let mut urgent = Log::new("east-1", 57);
    let alarm = Cause::Overdue.draft(Some("gate".parse().unwrap()), Some((log.epoch, Some(overdue))));
    urgent.append(NOW, None, Cause::Begun.draft(None, Some((log.epoch, None))).body, None);
    urgent.append(at(600), Some("gate"), alarm.body, None);
    let place = Place::new(&log).await;
    let (kiosk, epoch, note, entries) = (log.kiosk.clone(), urgent.epoch, urgent.note(2), urgent.entries);
    let hub = &place.running.hub;
    hub.write(move |ledger| ledger.apply(&kiosk, epoch, Seq::FIRST, &note, &entries, at(601)))
        .await
        .unwrap()
        .unwrap();

    let overview = place.page("/").await;
    let record = format!("/records/east-1/{}/{overdue}", log.epoch);
    assert!(
        overview.contains("somebody has not come out in time") && overview.contains(&record),
        "{overview}"
    );
    let said = place.record(overdue).await;
    let came_in = format!("/records/east-1/{}/{entry}", log.epoch);
    assert!(said.contains(&came_in) && said.contains("not out"), "{said}");
    let entered = place.record(entry).await;
    assert!(entered.contains("10 h · 17:00"), "{entered}");
    let name = personal.people[0].name.as_ref().unwrap().expose();
    for page in [&overview, &said, &entered] {
        assert!(!page.contains(name.as_str()), "a name is shown only to a named officer with a reason");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_kiosk_draws_what_it_noted_of_its_thermometers() {
    let mut log = Log::new("east-1", 7);
    let note = |turn: i16, low| DriftNote {
        screenings: 20,
        site: BodySite::ForeheadCentre,
        calibration: None,
        skin: Spread { mean: 3_410 - turn, deviation: 60 },
        surroundings: Spread { mean: 2_200, deviation: 10 },
        residual: Spread { mean: -turn, deviation: 62 },
        correction: turn / 2,
        high: 0,
        low,
        reference: Some(turn / 4),
    };
    let mut last = Seq::FIRST;
    for turn in 0..30_i16 {
        let body = Body::DriftNoted { note: Box::new(note(turn * 3, 5 * turn.unsigned_abs())) };
        last = log.append(at(i64::from(turn) * 20), Some("door"), body, None);
    }
    let place = Place::new(&log).await;
    let page = place.page("/kiosks/east-1").await;
    assert_eq!(page.matches("<svg class=\"chart\"").count(), 4, "{page}");
    assert!(page.contains("reads too low") && !page.contains("NaN"), "{page}");
    let record = place.record(last).await;
    assert!(record.contains("33.23 ± 0.60 °C") && record.contains("-0.87 ± 0.62 °C"), "{record}");
    if let Ok(folder) = std::env::var("KAKOU_PICTURES") {
        std::fs::write(format!("{folder}/kiosk.html"), page).unwrap();
    }
}

/// Minutes after ten in the morning.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_kiosks_shows_the_file_of_trust_and_how_old_each_list_in_it_is() {
    let place = Place::new(&Log::new("east-1", 7)).await;
    let page = place.page("/kiosks").await;
    assert!(
        page.contains("尚无核验名单文件") && page.contains("kiosks verify this hub's passes alone"),
        "{page}"
    );
    let now = at(602);
    let list = |name: &str, kind, hours: i64| TrustList {
        name: name.to_owned(),
        kind,
        as_of: Wall(now.0 - hours * 3_600_000),
        entries: 1_234,
        warn_after_s: WARN_AFTER_H * 3_600,
        refuse_after_s: REFUSE_AFTER_H * 3_600,
    };
    let lists = vec![
        list("eu-dsc", TrustListKind::HcertKeys, 1),
        list("lost", TrustListKind::PassesRevoked, 40),
        list("<b>", TrustListKind::Rules, 200),
    ];
    let signer = Ed25519KeyPair::from_seed_unchecked(&place.running.hub.keys().pass_seed()[..]).unwrap();
    let mut file = vec![];
    let contents = Contents { version: 41, built: at(600), lists, ..Contents::default() };
    contents.write(&signer, &mut file).unwrap();
    std::fs::write(place.folder.path().join("trust.kkt"), &file).unwrap();
    let page = place.page("/kiosks").await;
    let section = page.split_once("id=\"trust\"").expect("a section of trust").1;
    let section = section.split_once("</section>").unwrap().0;
    assert!(section.contains("<b>41</b>") && section.contains("2 分钟前"), "{section}");
    let rows: Vec<&str> = section.split("<tr>").skip(2).collect();
    let said = [
        ["eu-dsc", "keys of certificates' issuers", "1 小时前", "mark go", "up to date"],
        ["lost", "已撤销的通行证", "1 天前", "mark wait", "should be fetched again"],
        ["&lt;b&gt;", "核验规则", "8 天前", "mark stop", "过旧，不再采用"],
    ];
    assert_eq!(rows.len(), said.len(), "{section}");
    for (row, said) in rows.iter().zip(said) {
        assert!(said.iter().all(|said| row.contains(said)) && row.contains("1234"), "{said:?} in {row}");
    }
    file.truncate(200);
    std::fs::write(place.folder.path().join("trust.kkt"), &file).unwrap();
    let page = place.page("/kiosks").await;
    assert!(page.contains("核验名单文件无法使用") && !page.contains("<b>41</b>"), "{page}");
}

fn at(minutes: i64) -> Wall {
    Wall(NOW.0 + minutes * 60_000)
}

/// Li's day: 200 cars whom two sensors count, now and then one more or one less, four whom nothing counted, and one on
/// foot through a door where nothing counts. Returns the first and the last record of the shift.
fn day_shift(log: &mut Log) -> (Seq, Seq) {
    let duty = |signed_in| Body::Attendance { attendant: "li".parse().unwrap(), signed_in, post: None };
    // Before anybody is on duty: it belongs to no shift.
    car(log, at(0), Some(Counted { beam: 2, beside: Some(2) }));
    let first = log.append(at(1), None, duty(true), None);
    for number in 0..200_u8 {
        let counted = match number % 50 {
            7 => Counted { beam: 2, beside: Some(2) },
            19 => Counted { beam: 2, beside: Some(1) },
            31 => Counted { beam: 1, beside: Some(0) },
            _ => Counted { beam: 1, beside: Some(1) },
        };
        car(log, at(2 + i64::from(number)), Some(counted));
    }
    (0..3).for_each(|_| car(log, at(300), None));
    car(log, at(301), Some(Counted { beam: 0, beside: Some(0) }));
    passes(log, at(302), "door", SubjectKind::Person);
    let last = log.append(at(500), None, duty(false), None);
    (first, last)
}

fn car(log: &mut Log, wall: Wall, counted: Option<Counted>) {
    let arrival = passes(log, wall, CAR, SubjectKind::Vehicle);
    let crossed = Body::Crossed { arrival, crossing: Crossing::Passed, counted };
    log.append(wall, Some(CAR), crossed, None);
}

/// Somebody is let in.
fn passes(log: &mut Log, wall: Wall, lane: &str, subject: SubjectKind) -> Seq {
    let arrival =
        log.append(wall, Some(lane), Body::Arrived { subject, direction: Direction::Inbound }, None);
    let (passage, _) = log.passage(arrival, subject, Direction::Inbound);
    let passage = Passage { verdict: Verdict::Admitted, reasons: vec![], ..passage };
    log.append(wall, Some(lane), Body::Passage(Box::new(passage)), None);
    arrival
}

/// What the kiosk itself counts of these records.
fn sheet(log: &Log, first: Seq, last: Seq) -> ShiftSheet {
    let mut tally = Tally::default();
    for stored in &log.entries[first.get() as usize - 1..last.get() as usize] {
        tally.take(&stored.entry().unwrap());
    }
    tally.finish()
}

fn barrier(sheet: &ShiftSheet) -> kakou::model::leak::Crossings {
    sheet.barriers[&Some(CAR.parse().unwrap())].crossings
}

fn enrol(ledger: &mut Ledger, log: &Log) {
    ledger.add_token(&[1; 32], Some(&log.kiosk), NOW).unwrap();
    ledger.enrol(&[1; 32], None, log.key.verifying(), NOW).unwrap();
}

fn hear(ledger: &mut Ledger, log: &Log, from: u64, through: u64) {
    let (note, entries, first) = (log.note(through), log.slice(from, through), Seq::new(from).unwrap());
    ledger.apply(&log.kiosk, log.epoch, first, &note, &entries, at(600)).unwrap();
}

fn only(ledger: &Ledger) -> KioskShift {
    let today = Day::of(NOW);
    let mut shifts = ledger.shifts(today, today, 9).unwrap();
    assert_eq!(shifts.len(), 1, "{shifts:?}");
    shifts.remove(0)
}

/// A hub with the records of one kiosk, and somebody who is signed in there.
struct Place {
    running: Running,
    browser: reqwest::Client,
    cookie: String,
    kiosk: (String, String),
    folder: tempfile::TempDir,
}

impl Place {
    async fn new(log: &Log) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let options = Options { listen, data: folder.path().to_path_buf(), names: vec![] };
        let running = start(options, Arc::new(|| at(602)), Box::new(OsEntropy::new())).await.unwrap();
        let token = running.hub.make_token(Some(log.kiosk.clone())).await.unwrap().digest();
        let (kiosk, key, epoch) = (log.kiosk.clone(), log.key.verifying(), log.epoch);
        let (note, entries) = (log.note(log.size()), log.entries.clone());
        let heard = running.hub.write(move |ledger| {
            ledger.enrol(&token, None, key, at(601)).unwrap();
            ledger.apply(&kiosk, epoch, Seq::FIRST, &note, &entries, at(601)).map(drop)
        });
        heard.await.unwrap().unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let browser = browser.build().unwrap();
        let answer = browser.get(&running.sign_in_url).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let kiosk = (log.kiosk.to_string(), log.epoch.to_string());
        Self { running, browser, cookie, kiosk, folder }
    }

    async fn page(&self, path: &str) -> String {
        let request = self.browser.get(format!("{}{path}", self.running.url)).header("cookie", &self.cookie);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.text().await.unwrap()
    }

    async fn record(&self, seq: Seq) -> String {
        let (kiosk, epoch) = &self.kiosk;
        self.page(&format!("/records/{kiosk}/{epoch}/{seq}")).await
    }

    /// What a hand-over's page says was left open.
    async fn block(&self, seq: Seq) -> String {
        let page = self.record(seq).await;
        let begin = page.find("left open").expect("a block of open items");
        page[begin..].split("</dd>").next().unwrap().to_owned()
    }
}
