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
        let (ruling, ruled) = watch::channel(Arc::new(ruling(turned_back)));
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
    never.send_replace(Arc::new(ruling(Some(Duration::from_hours(1)))));
    until("it asks for it now", async || !recall(&indifferent).is_empty()).await;

    let own = at_east.turned_back_after(&east.kiosk, 0, Duration::from_hours(24), Duration::ZERO).await;
    assert!(own.unwrap().unwrap().news.is_empty(), "whoever turned them back knows it already");
    let stranger = at_west.turned_back_after(&"nobody".parse().unwrap(), 0, WITHIN, Duration::ZERO).await;
    assert!(stranger.is_err());
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

/// What rules where whoever was turned back within so long is shown to a person.
fn ruling(turned_back: Option<Duration>) -> Ruling {
    let mut profiles = shipped_in("profiles/residential.toml").unwrap();
    for profile in &mut profiles {
        profile.turned_back = turned_back;
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
