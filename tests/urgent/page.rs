//! Over the network: a kiosk's link brings alarms, an officer sees and acknowledges them.

use std::sync::Arc;
use std::time::Duration;

use kakou::base::{BootId, Mono, Random, Seq, Wall};
use kakou::hub::{Options, Running, start};
use kakou::journal::{Journal, Options as JournalOptions};
use kakou::ledger::Which;
use kakou::model::{Body, Cause, Draft};
use kakou::platform::entropy::OsEntropy;
use kakou::platform::http::HubClient;
use kakou::platform::uplink::{Uplink, run};
use kakou::sim::disk::SimDisk;
use kakou::sync::enrolment::{PublicKey, Request};
use kakou::sync::{HubStatus, Link, Settings};
use tokio::sync::watch;

use crate::common::kiosk::NOW;
use crate::kiosk::{key, name, stamp};

struct Place {
    running: Running,
    browser: reqwest::Client,
    cookie: String,
    client: HubClient,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let options = Options { listen, data: folder.path().to_path_buf(), names: vec![] };
        let now = Wall(NOW.0 + 60_000);
        let running = start(options, Arc::new(move || now), Box::new(OsEntropy::new())).await.unwrap();
        let token = running.hub.make_token(Some(name())).await.unwrap();
        let client = HubClient::at(&running.url, token.certificate).unwrap();
        let key = PublicKey(key().verifying().0);
        client.enrol(&Request { token: token.to_string(), kiosk: None, key, tls_key: None }).await.unwrap();
        let _ = rustls::crypto::ring::default_provider().install_default();
        let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        let browser = browser.build().unwrap();
        let answer = browser.get(&running.sign_in_url).send().await.unwrap();
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        Self { running, browser, cookie, client, _folder: folder }
    }

    async fn page(&self, path: &str) -> (u16, String) {
        let request = self.browser.get(format!("{}{path}", self.running.url)).header("cookie", &self.cookie);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn form(&self, path: &str, fields: &str) -> (u16, String) {
        let request = self.browser.post(format!("{}{path}", self.running.url));
        let request = request.header("cookie", &self.cookie).header("origin", &self.running.url);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(fields.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn alarms(&self) -> Vec<kakou::ledger::Urgent> {
        self.running.hub.read(|ledger| ledger.urgent(Which::All, 99)).await.unwrap().unwrap()
    }
}

fn log(disk: &SimDisk, options: JournalOptions) -> Journal<SimDisk> {
    let options = JournalOptions { ballast_len: 0, ..options };
    let random = Random::new(options.segment_len);
    Journal::open(disk.clone(), options, Box::new(random)).unwrap().0
}

fn append(journal: &mut Journal<SimDisk>, draft: Draft) {
    journal.append(draft, stamp(BootId([1; 16]), Mono::from_millis(5))).unwrap();
    journal.commit().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alarm_is_on_the_overview_before_its_record_and_is_acknowledged_there_by_name() {
    let place = Place::new().await;
    let (main_disk, urgent_disk) = (SimDisk::new(), SimDisk::new());
    let mut main = log(&main_disk, JournalOptions::new(name()));
    let mut urgent = log(&urgent_disk, JournalOptions::urgent(name()));
    append(&mut urgent, Cause::Begun.draft(None, Some((main.epoch(), None))));
    let lane = || Some("gate".parse().unwrap());
    // The main log has nothing to send yet: its record follows.
    append(&mut main, Draft { lane: lane(), body: Body::OpenedByHand, personal: None });
    append(&mut urgent, Cause::OpenedByHand.draft(lane(), Some((main.epoch(), Some(Seq::FIRST)))));

    let (durable, durable_seen) = watch::channel((main.epoch(), 0));
    let (alarms, alarms_seen) = watch::channel((urgent.epoch(), 2));
    let (status, mut seen) = watch::channel(HubStatus::default());
    let uplink = Uplink {
        link: Link::new(Settings::default(), Random::new(1)),
        kiosk: name(),
        key: key(),
        client: place.client.clone(),
        logs: main_disk.clone(),
        urgent: Some((urgent_disk.clone(), alarms_seen)),
        stamp: || stamp(BootId([1; 16]), Mono::from_millis(5)),
        lines: Box::new(Vec::new),
        hurry: Arc::default(),
    };
    let task = tokio::spawn(run(uplink, durable_seen, status));
    let mut changes = place.running.hub.changes();
    let within = Duration::from_secs(60);
    let told = async {
        while place.alarms().await.len() < 2 {
            if place.alarms().await.len() == 1 {
                break;
            }
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(within, told).await.unwrap();

    let (_, overview) = place.page("/").await;
    assert!(overview.contains("紧急告警，待处置") && overview.contains("barrier opened without a record"));
    assert!(overview.contains("record follows"), "{overview}");
    let id = place.alarms().await[0].id.0;
    let path = format!("/alarms/{id}");
    assert!(overview.contains(&format!("href=\"{path}\"")));

    // Its record comes.
    durable.send_replace((main.epoch(), 1));
    let arrived = seen.wait_for(|status| status.online && status.waiting == 0 && status.last.is_some());
    tokio::time::timeout(within, arrived).await.unwrap().unwrap();
    let followed = async {
        while !place.alarms().await[0].has_record {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(within, followed).await.unwrap();
    let (_, overview) = place.page("/").await;
    let record = format!("/records/east-1/{}/1", main.epoch());
    assert!(overview.contains(&record) && !overview.contains("record follows"), "{overview}");
    assert_eq!(place.page(&record).await.0, 200);

    // An alarm while nothing else happens wakes the link at once: far sooner than the next heartbeat.
    append(&mut urgent, Cause::WriteFailed.draft(None, None));
    alarms.send_replace((urgent.epoch(), 3));
    let second = async {
        while place.alarms().await.len() < 2 {
            changes.changed().await.unwrap();
        }
    };
    tokio::time::timeout(Duration::from_secs(30), second).await.unwrap();
    assert!(place.page("/alarms").await.1.contains("not written by the kiosk"));

    acknowledge(&place, &path).await;
    task.abort();
}

async fn acknowledge(place: &Place, path: &str) {
    let (status, form) = place.page(path).await;
    assert!(status == 200 && form.contains("name=\"officer\""), "{form}");
    assert_eq!(place.form(path, "officer=&reason=seen").await.0, 400, "not without a name");
    assert_eq!(place.page("/alarms/77").await.0, 404);
    assert_eq!(place.form("/alarms/77", "officer=Wang+Qiang&reason=seen").await.0, 404);
    assert_eq!(place.form(path, "officer=Wang+Qiang&reason=went+there").await.0, 303);
    let (_, overview) = place.page("/").await;
    assert!(!overview.contains(&format!("href=\"{path}\"")), "it is no longer open: {overview}");
    let (_, seen) = place.page(path).await;
    assert!(seen.contains("Wang Qiang") && seen.contains("went there") && !seen.contains("name=\"officer\""));
    let (status, late) = place.form(path, "officer=Li+Na&reason=me+too").await;
    assert!(status == 200 && late.contains("Wang Qiang") && !late.contains("Li Na"), "{late}");
    assert!(place.page("/access").await.1.contains("acknowledged alarm"));
    assert!(place.page("/alarms").await.1.contains("Wang Qiang"));
}
