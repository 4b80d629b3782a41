//! Whoever was turned back at one kiosk is known at another, over HTTP, as soon as the hub has the record.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kakou::base::{CentiCelsius, Pii, Seq, Stamp, Wall};
use kakou::config::profile_file::shipped_in;
use kakou::config::{Policy, Profiles};
use kakou::control::PolicyStatus;
use kakou::daemon::elsewhere::Elsewhere;
use kakou::daemon::policy::Ruling;
use kakou::daemon::recall::Memory;
use kakou::hub::{Options, Running, start};
use kakou::model::blind::IdentifierKind;
use kakou::model::{AreaMode, Body, Direction, End, Past, ScreeningRule, SubjectKind, Verdict, Whose};
use kakou::platform::clock::Clock;
use kakou::platform::entropy::OsEntropy;
use kakou::platform::http::HubClient;
use kakou::sync::enrolment::{PublicKey, Request};
use kakou::sync::turned_back::LookBack;
use kakou::sync::wire::Batch;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::common::kiosk::Log;

const WITHIN: Duration = Duration::from_secs(60);

/// A kiosk that has been nowhere.
struct Nothing;

impl Memory for Nothing {
    fn recall(&self, whose: &Whose, _: &Stamp) -> Result<Past, String> {
        Ok(whose.nothing())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_try_at_another_gate_is_recognised_in_seconds_and_only_where_the_profile_wants_it() {
    let (clock, folder) = (Clock::new().unwrap(), tempfile::tempdir().unwrap());
    let options =
        Options { listen: "127.0.0.1:0".parse().unwrap(), data: folder.path().join("hub"), names: vec![] };
    let now = clock.clone();
    let running =
        start(options, Arc::new(move || now.stamp().wall), Box::new(OsEntropy::new())).await.unwrap();
    let mut east = Log::new("east-1", 7);
    let at_east = enrol(&running, &east).await;
    let west = Log::new("west-22", 8);
    let at_west = enrol(&running, &west).await;

    let mut tasks = JoinSet::new();
    let mut listen = |turned_back| {
        let (ruling, ruled) = watch::channel(Arc::new(ruling(turned_back, None)));
        let line = Some((at_west.clone(), west.kiosk.clone()));
        (ruling, Elsewhere::start(&Arc::new(Nothing), line, &ruled, &clock, &mut tasks))
    };
    let (_ruling, kiosk) = listen(Some(Duration::from_hours(24)));
    let (never, indifferent) = listen(None);

    // East turns somebody back, and its records reach the hub.
    let wall = clock.stamp().wall;
    east.append_key(wall, &running.hub.keys().seal_key());
    let number = turn_back(&mut east, wall);
    let batch = Batch { note: east.note(east.size()), entries: east.entries.clone() };
    at_east.post(&east.kiosk, east.epoch, Seq::FIRST.get(), batch.encode().unwrap()).await.unwrap();

    let whose = Whose { known: vec![(IdentifierKind::IdNumber, number)], host: None };
    let recall = |kiosk: &Elsewhere| kiosk.recall(&whose, &clock.stamp()).unwrap().elsewhere;
    until("the other gate knows", async || !recall(&kiosk).is_empty()).await;
    let found = recall(&kiosk);
    assert_eq!((found.len(), found[0].kiosk.as_str(), found[0].end), (1, "east-1", End::TurnedBack));
    assert!(recall(&indifferent).is_empty(), "nothing that rules there looks back");
    // A policy that looks back asks at once for all that still counts.
    never.send_replace(Arc::new(ruling(Some(Duration::from_hours(1)), None)));
    until("it asks for it now", async || !recall(&indifferent).is_empty()).await;

    let own = at_east
        .turned_back_after(&east.kiosk, 0, LookBack::turn_backs(Duration::from_hours(24)), Duration::ZERO)
        .await;
    assert!(own.unwrap().unwrap().news.is_empty(), "whoever turned them back knows it already");
    let stranger = at_west
        .turned_back_after(&"nobody".parse().unwrap(), 0, LookBack::turn_backs(WITHIN), Duration::ZERO)
        .await;
    assert!(stranger.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pass_that_was_shown_at_one_gate_is_known_at_another_in_seconds() {
    let (clock, folder) = (Clock::new().unwrap(), tempfile::tempdir().unwrap());
    let options =
        Options { listen: "127.0.0.1:0".parse().unwrap(), data: folder.path().join("hub"), names: vec![] };
    let now = clock.clone();
    let running =
        start(options, Arc::new(move || now.stamp().wall), Box::new(OsEntropy::new())).await.unwrap();
    let mut east = Log::new("east-1", 7);
    let at_east = enrol(&running, &east).await;
    let west = Log::new("west-22", 8);
    let at_west = enrol(&running, &west).await;
    let mut tasks = JoinSet::new();
    let (_ruling, ruled) = watch::channel(Arc::new(ruling(None, Some(Duration::from_secs(300)))));
    let line = Some((at_west, west.kiosk.clone()));
    let kiosk = Elsewhere::start(&Arc::new(Nothing), line, &ruled, &clock, &mut tasks);

    let wall = clock.stamp().wall;
    east.append_key(wall, &running.hub.keys().seal_key());
    let (subject, direction) = (SubjectKind::Person, Direction::Inbound);
    let arrival = east.append(wall, Some("person"), Body::Arrived { subject, direction }, None);
    let (passage, mut personal) = east.passage(arrival, subject, direction);
    let pass = Pii::new("0123456789abcdef".to_owned());
    personal.people[0].pass = Some(pass.clone());
    east.append(wall, Some("person"), Body::Passage(Box::new(passage)), Some(&personal));
    let batch = Batch { note: east.note(east.size()), entries: east.entries.clone() };
    at_east.post(&east.kiosk, east.epoch, Seq::FIRST.get(), batch.encode().unwrap()).await.unwrap();

    let of = |kind, value: &Pii<String>| {
        let whose = Whose { known: vec![(kind, value.clone())], host: None };
        kiosk.recall(&whose, &clock.stamp()).unwrap()
    };
    until("the other gate knows", async || !of(IdentifierKind::Pass, &pass).used.is_empty()).await;
    let past = of(IdentifierKind::Pass, &pass);
    assert_eq!((past.used.len(), past.used[0].kiosk.as_str(), past.elsewhere.len()), (1, "east-1", 0));
    let number = personal.people[0].id_number.clone().unwrap();
    assert!(of(IdentifierKind::IdNumber, &number).used.is_empty(), "of nobody but the pass");
}

pub async fn enrol(running: &Running, log: &Log) -> HubClient {
    let token = running.hub.make_token(Some(log.kiosk.clone())).await.unwrap();
    let client = HubClient::at(&running.url, token.certificate).unwrap();
    let key = PublicKey(log.key.verifying().0);
    let request = Request { token: token.to_string(), kiosk: None, key, tls_key: None };
    client.enrol(&request).await.unwrap();
    client
}

/// Appends a passage that ends with a turn-back; whose it was.
fn turn_back(log: &mut Log, wall: Wall) -> Pii<String> {
    let (subject, direction) = (SubjectKind::Person, Direction::Inbound);
    let arrival = log.append(wall, Some("person"), Body::Arrived { subject, direction }, None);
    let (mut passage, personal) = log.passage(arrival, subject, direction);
    passage.verdict = Verdict::TurnedBack;
    log.append(wall, Some("person"), Body::Passage(Box::new(passage)), Some(&personal));
    personal.people[0].id_number.clone().unwrap()
}

/// What rules where whoever was turned back within so long is shown to a person, and a pass that was elsewhere so short ago.
fn ruling(turned_back: Option<Duration>, apart: Option<Duration>) -> Ruling {
    let mut profiles = shipped_in("profiles/residential.toml").unwrap();
    for profile in &mut profiles {
        (profile.turned_back, profile.apart) = (turned_back, apart);
    }
    let screening = ScreeningRule {
        threshold: CentiCelsius::new(3_730).unwrap(),
        guard: 20,
        correction: 0,
        factor: 0,
        cold: CentiCelsius::new(3_000).unwrap(),
        hot: CentiCelsius::new(4_300).unwrap(),
        ..ScreeningRule::PLAIN
    };
    let policy = Arc::new(Policy::new(None, screening, profiles.clone()));
    let profiles = Profiles::new(profiles).unwrap();
    let lanes = BTreeMap::from([("person".parse().unwrap(), profiles)]);
    let (mode, lists, notice) = (AreaMode::Normal, Arc::default(), None);
    Ruling { policy, lanes, mode, lists, notice, status: PolicyStatus::default() }
}

pub async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let comes_about = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(WITHIN, comes_about).await.is_ok(), "never: {what}");
}
