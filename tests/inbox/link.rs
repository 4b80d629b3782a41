//! Commands over HTTP: a kiosk that waits, and the whole way there and back under restarts.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kakou::base::{ClockTrust, CommandId, Random, Seq, Wall};
use kakou::hub::{Options, Running, start};
use kakou::journal::VerifyingKey;
use kakou::ledger::{Officer, SentState};
use kakou::model::{Body, Draft, Outcome, Service};
use kakou::platform::entropy::OsEntropy;
use kakou::platform::http::HubClient;
use kakou::platform::inbox::{Hands, Post, kept, run};
use kakou::sim::disk::SimDisk;
use kakou::sync::command::What;
use kakou::sync::enrolment::{PublicKey, Request};
use kakou::sync::inbox::{Deed, Identity, InForce, Now};
use kakou::sync::wire::{Batch, Problem};
use tokio::sync::{Notify, watch};

use crate::common::kiosk::{Log, NOW};

const WITHIN: Duration = Duration::from_secs(60);

/// A hub with a kiosk enrolled.
pub struct Place {
    pub running: Running,
    pub folder: tempfile::TempDir,
    pub browser: reqwest::Client,
    client: HubClient,
    command_key: PublicKey,
    kiosk: Arc<Mutex<Kiosk>>,
}

/// What a kiosk keeps over a restart, and what it did.
struct Kiosk {
    log: Log,
    deeds: Vec<(u64, Deed)>,
    /// The commands that the last records are about.
    recorded: (Option<CommandId>, Option<CommandId>),
    number: u64,
    seen: watch::Sender<InForce>,
}

pub async fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { listen: "127.0.0.1:0".parse().unwrap(), data: folder.path().join("hub"), names: vec![] };
    let running = start(options, Arc::new(|| NOW), Box::new(OsEntropy::new())).await.unwrap();
    let token = running.hub.make_token(Some("east-1".parse().unwrap())).await.unwrap();
    let client = HubClient::at(&running.url, token.certificate).unwrap();
    let log = Log::new("east-1", 7);
    let key = PublicKey(log.key.verifying().0);
    let grant =
        client.enrol(&Request { token: token.to_string(), kiosk: None, key, tls_key: None }).await.unwrap();
    let browser = crate::browser();
    let (seen, deeds, recorded) = (watch::Sender::new(InForce::default()), vec![], (None, None));
    let kiosk = Arc::new(Mutex::new(Kiosk { log, deeds, recorded, number: 0, seen }));
    Place { running, folder, browser, client, command_key: grant.command_key.unwrap(), kiosk }
}

impl Place {
    pub async fn issue(&self, what: What, not_after: Option<Wall>) -> u64 {
        let officer = Officer::new("王站长", "演练").unwrap();
        let issued = self.running.hub.command("east-1".parse().unwrap(), what, officer, not_after);
        issued.await.unwrap().unwrap()
    }

    async fn get(&self, path: &str) -> (u16, Vec<u8>) {
        let answer = self.browser.get(format!("{}{path}", self.running.url)).send().await.unwrap();
        (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
    }

    async fn states(&self) -> Vec<(u64, SentState)> {
        let commands = self.running.hub.read(|ledger| ledger.commands(None, 100).unwrap()).await.unwrap();
        commands.iter().rev().map(|sent| (sent.number, sent.state(NOW))).collect()
    }

    async fn is_settled(&self) -> bool {
        self.states().await.iter().all(|(_, state)| matches!(state, SentState::Settled(_)))
    }

    /// The task of a kiosk whose memory is in `file`, which stops for good with its `calls`-th call.
    fn kiosk(&self, file: &Path, calls: usize) -> (Post<SimDisk, Desk>, Arc<Notify>) {
        let kiosk = self.kiosk.lock().unwrap();
        let identity = Identity {
            kiosk: kiosk.log.kiosk.clone(),
            own: kiosk.log.key.verifying(),
            hub: VerifyingKey(self.command_key.0),
            lanes: vec!["in-1".parse().unwrap()],
        };
        let stopped = Arc::new(Notify::new());
        let hands = Desk {
            kiosk: Arc::clone(&self.kiosk),
            client: self.client.clone(),
            calls,
            stopped: Arc::clone(&stopped),
        };
        let post = Post {
            identity,
            memory: kept(file),
            recorded: kiosk.recorded,
            file: file.to_path_buf(),
            logs: SimDisk::new(),
            client: self.client.clone(),
            random: Random::new(1),
            hands,
        };
        (post, stopped)
    }
}

/// Records into the made-up log, which it uploads record by record.
struct Desk {
    kiosk: Arc<Mutex<Kiosk>>,
    client: HubClient,
    /// Calls left until the kiosk stops, and who is told then.
    calls: usize,
    stopped: Arc<Notify>,
}

impl Desk {
    /// Counts a call down, once before its effect and once behind it; the last one never returns.
    async fn count(&mut self) {
        self.calls = self.calls.saturating_sub(1);
        if self.calls == 0 {
            self.stopped.notify_one();
            std::future::pending::<()>().await;
        }
    }
}

impl Hands for Desk {
    async fn record(&mut self, draft: Box<Draft>) -> bool {
        self.count().await;
        let (kiosk, epoch, from, body) = {
            let mut kiosk = self.kiosk.lock().unwrap();
            if let Body::Commanded { number, command, .. } = &draft.body {
                kiosk.recorded.0 = Some(*command);
                kiosk.number = *number;
            }
            if let Body::CommandDone { command, .. } = &draft.body {
                kiosk.recorded.1 = Some(*command);
            }
            kiosk.log.append(NOW, None, draft.body, None);
            let size = kiosk.log.size();
            let batch = Batch { note: kiosk.log.note(size), entries: kiosk.log.slice(1, size) };
            (kiosk.log.kiosk.clone(), kiosk.log.epoch, Seq::FIRST.get(), batch.encode().unwrap())
        };
        self.client.post(&kiosk, epoch, from, body).await.unwrap();
        self.count().await;
        true
    }

    async fn act(&mut self, deed: Deed) -> Outcome {
        self.count().await;
        {
            let mut kiosk = self.kiosk.lock().unwrap();
            let number = kiosk.number;
            kiosk.deeds.push((number, deed));
        }
        self.count().await;
        Outcome::Done
    }

    fn bring_about(&mut self, in_force: &InForce) {
        self.kiosk.lock().unwrap().seen.send_replace(in_force.clone());
    }

    fn now(&self) -> Now {
        let mono = kakou::platform::clock::mono();
        Now { mono, wall: NOW, trust: ClockTrust::Synced, passed: NOW }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_that_waits_gets_a_command_at_once_and_nobody_waits_for_more_than_was_asked() {
    let place = place().await;
    let url = format!("{}/v1/kiosks/east-1/inbox?after=0&wait=50", place.running.url);
    let waiting = tokio::spawn(place.browser.get(url).send());
    // Whether it waits already or comes a moment later, it gets the command.
    tokio::task::yield_now().await;
    assert_eq!(place.issue(What::SendNow, None).await, 1);
    let answer = tokio::time::timeout(WITHIN, waiting).await.unwrap().unwrap().unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert_eq!(answer.headers()["content-type"], "application/cose; cose-type=\"cose-sign1\"");
    let signed = answer.bytes().await.unwrap();
    let again = place.get("/v1/kiosks/east-1/inbox?after=0&wait=0").await;
    assert_eq!(again, (200, signed.to_vec()), "an answer that got lost comes again");
    assert_eq!(place.get("/v1/kiosks/east-1/inbox?after=1&wait=0").await, (204, vec![]));
    for (path, status, at) in [
        ("/v1/kiosks/west-9/inbox?after=0&wait=0", 404, "kiosk"),
        ("/v1/kiosks/No!/inbox?after=0", 400, "kiosk"),
        ("/v1/kiosks/east-1/inbox", 400, "query"),
        ("/v1/kiosks/east-1/inbox?after=-1", 400, "query"),
    ] {
        let (found, body) = place.get(path).await;
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!((found, problem.at.as_str()), (status, at), "{path}");
    }
    assert_eq!(place.states().await, [(1, SentState::Sent)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_go_to_the_kiosk_and_their_outcome_back_to_the_hub_once_each_over_restarts() {
    let place = place().await;
    let file = place.folder.path().join("inbox.bin");
    let lane = |service| What::LaneService { lane: "in-1".parse().unwrap(), service };
    let notice = What::Notice { number: 12, text: "第12号通告".to_owned() };
    let all = [notice, What::RenewKey, lane(Service::Out), What::SendNow, lane(Service::In), What::RenewKey];
    for what in all {
        place.issue(what, Some(Wall(NOW.0 + 60_000))).await;
    }
    place.issue(What::SendNow, Some(Wall(NOW.0 - 1))).await;
    // Each run stops at another call, which its effect may have preceded; the last one goes on to the end.
    for calls in (1..8).chain(1..8).chain(1..8) {
        let (post, stopped) = place.kiosk(&file, calls);
        let task = tokio::spawn(run(post));
        tokio::time::timeout(WITHIN, stopped.notified()).await.unwrap();
        task.abort();
        let _ = task.await;
        if place.is_settled().await {
            break;
        }
    }
    let task = tokio::spawn(run(place.kiosk(&file, usize::MAX).0));
    let mut changes = place.running.hub.changes();
    let settled = async {
        while !place.is_settled().await {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(WITHIN, settled).await.unwrap();
    task.abort();
    let states = place.states().await;
    let kiosk = place.kiosk.lock().unwrap();
    for (number, state) in states {
        let times = kiosk.deeds.iter().filter(|(of, _)| *of == number).count();
        match (number, state) {
            (1 | 3 | 5, SentState::Settled(Outcome::Done)) => assert_eq!(times, 0),
            (2 | 6, SentState::Settled(Outcome::Done)) => assert_eq!(times, 1),
            (2 | 6, SentState::Settled(Outcome::Interrupted)) => assert!(times <= 1),
            (4, SentState::Settled(Outcome::Done)) => assert!(times >= 1),
            (7, SentState::Settled(Outcome::Expired)) => assert_eq!(times, 0),
            other => panic!("{other:?}"),
        }
    }
    let in_force = kiosk.seen.borrow().clone();
    assert_eq!(in_force.notice.map(|notice| notice.text), Some("第12号通告".to_owned()));
    assert!(in_force.out_of_service.is_empty());
    let of = |wanted: fn(&Body) -> bool| {
        kiosk.log.entries.iter().filter(|stored| wanted(&stored.entry().unwrap().body)).count()
    };
    assert_eq!(of(|body| matches!(body, Body::Commanded { .. })), 6);
    assert_eq!(of(|body| matches!(body, Body::CommandDone { .. })), 7);
}

#[tokio::test]
async fn a_hub_that_knows_no_commands_is_asked_on_and_not_complained_of() {
    let place = place().await;
    let (asked, mut times) = watch::channel(0);
    let older = axum::Router::new().fallback(async move || {
        asked.send_modify(|times| *times += 1);
        axum::http::StatusCode::NOT_FOUND
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, older).await });
    let complaints = Complaints::default();
    let _guard = tracing::subscriber::set_default(complaints.clone());
    let file = place.folder.path().join("inbox.bin");
    let (post, _) = place.kiosk(&file, usize::MAX);
    let post = Post { client: HubClient::at(&url, None).unwrap(), ..post };
    let asks = async { times.wait_for(|times| *times >= 2).await.map(drop).unwrap() };
    tokio::select! {
        () = run(post) => panic!("it never ends"),
        asked = tokio::time::timeout(WITHIN, asks) => asked.unwrap(),
    }
    assert_eq!(complaints.0.load(Relaxed), 0);
    tracing::warn!("this one is counted");
    assert_eq!(complaints.0.load(Relaxed), 1);
}

/// Counts what would be in the log above details.
#[derive(Clone, Default)]
struct Complaints(Arc<AtomicUsize>);

impl tracing::Subscriber for Complaints {
    fn enabled(&self, what: &tracing::Metadata<'_>) -> bool {
        ["kakou", "inbox"].iter().any(|ours| what.target().starts_with(ours))
    }

    fn new_span(&self, _: &tracing::span::Attributes<'_>) -> tracing::span::Id {
        tracing::span::Id::from_u64(1)
    }

    fn record(&self, _: &tracing::span::Id, _: &tracing::span::Record<'_>) {}

    fn record_follows_from(&self, _: &tracing::span::Id, _: &tracing::span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        if *event.metadata().level() <= tracing::Level::INFO {
            self.0.fetch_add(1, Relaxed);
        }
    }

    fn enter(&self, _: &tracing::span::Id) {}

    fn exit(&self, _: &tracing::span::Id) {}
}
