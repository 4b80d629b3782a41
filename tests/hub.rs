//! The hub over HTTP, as kiosks, browsers and strangers meet it.

#![allow(clippy::unwrap_used, clippy::cast_possible_truncation, reason = "a test may panic")]

mod common;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use common::kiosk::{Log, NOW, stamp};
use kakou::base::{Epoch, Random, Seq, Wall};
use kakou::hub::{Options, Running, start};
use kakou::journal::reader::LogName;
use kakou::journal::statement::{Says, Statement};
use kakou::journal::{Disk, Journal, Options as JournalOptions, SigningKey, Stored, TlsPin};
use kakou::model::{Body, Direction, Draft, SubjectKind};
use kakou::platform::entropy::OsEntropy;
use kakou::platform::http::{Error, HubClient};
use kakou::platform::own_key::OwnKey;
use kakou::platform::uplink::{Uplink, run};
use kakou::sim::disk::SimDisk;
use kakou::sync::counts::Counters;
use kakou::sync::dictionary::{NUMBER, Packing};
use kakou::sync::enrolment::{Fingerprint, PublicKey, Request};
use kakou::sync::source::{Logs, Source, Trouble};
use kakou::sync::wire::{BODY_MAX, Batch, Problem};
use kakou::sync::{Answer, Ask, HubStatus, Link, Settings};
use tokio::sync::watch;

/// A hub on a free port, with a kiosk enrolled.
struct Place {
    running: Running,
    client: HubClient,
    log: Log,
    folder: tempfile::TempDir,
    browser: reqwest::Client,
}

async fn place(address: &str) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let running = hub(&folder, address.parse().unwrap()).await;
    let token = running.hub.make_token(Some("east-1".parse().unwrap())).await.unwrap();
    let url = running.url.replace("localhost", "127.0.0.1");
    let mut client = HubClient::at(&url, token.certificate).unwrap();
    let mut log = Log::new("east-1", 7);
    let key = PublicKey(log.key.verifying().0);
    let own = client.is_tls().then(|| OwnKey::make().unwrap());
    let pin = |own: &OwnKey| TlsPin { kiosk: log.kiosk.clone(), key: own.id(), follows: None }.sign(&log.key);
    let request = Request { token: token.to_string(), kiosk: None, key, tls_key: own.as_ref().map(pin) };
    if let Some(own) = &own {
        client = client.presenting(own).unwrap();
    }
    let grant = client.enrol(&request).await.unwrap();
    assert_eq!(grant.kiosk, log.kiosk);
    assert!(matches!(client.enrol(&request).await, Err(Error::Refused(_))), "a token works once");
    log.append_key(NOW, &grant.seal_key.0);
    log.append_traffic(NOW, 60);
    let browser = kakou_browser();
    Place { running, client, log, folder, browser }
}

async fn hub(folder: &tempfile::TempDir, listen: SocketAddr) -> Running {
    let options = Options { listen, data: folder.path().to_path_buf(), names: vec![] };
    let now = Wall(NOW.0 + 60_000);
    start(options, Arc::new(move || now), Box::new(OsEntropy::new())).await.unwrap()
}

/// A client that follows nothing and keeps no cookies.
fn kakou_browser() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap()
}

impl Place {
    fn body(&self, from: u64, through: u64) -> Vec<u8> {
        Batch { note: self.log.note(through), entries: self.log.slice(from, through) }.encode().unwrap()
    }

    async fn post(&self, from: u64, through: u64) -> Result<u64, Answer> {
        let body = self.body(from, through);
        let head = self.client.post(&self.log.kiosk, self.log.epoch, from, body).await?;
        Ok(head.next.get())
    }

    async fn raw(&self, path: &str, body: Vec<u8>) -> (u16, Problem) {
        let url = format!("{}{path}", self.running.url);
        let response = self.browser.post(url).body(body).send().await.unwrap();
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap())
    }

    fn entries_path(&self) -> String {
        format!("/v1/logs/{}/{}/entries?from=1", self.log.kiosk, self.log.epoch)
    }

    /// Signs in and returns the cookie.
    async fn sign_in(&self) -> String {
        let answer = self.browser.get(&self.running.sign_in_url).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 303);
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
        cookie.split(';').next().unwrap().to_owned()
    }

    async fn page(&self, cookie: &str, path: &str) -> String {
        let request = self.browser.get(format!("{}{path}", self.running.url)).header("cookie", cookie);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 200, "{path}");
        answer.text().await.unwrap()
    }

    async fn form(&self, cookie: &str, path: &str, fields: &str) -> (u16, String) {
        let request = self.browser.post(format!("{}{path}", self.running.url));
        let request = request.header("cookie", cookie).header("origin", &self.running.url);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let answer = request.body(fields.to_owned()).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_meet_gaps_replays_and_rewinds() {
    let place = place("127.0.0.1:0").await;
    assert_eq!(place.post(1, 20).await, Ok(21));
    assert_eq!(place.post(30, 40).await, Err(Answer::Rewind(Seq::new(21).unwrap())), "a gap");
    assert_eq!(place.post(1, 20).await, Ok(21), "a replay");
    assert_eq!(place.post(11, 40).await, Ok(41), "an overlap");
    let head = place.client.head(&place.log.kiosk, place.log.epoch).await.unwrap();
    assert_eq!(head.next.get(), 41);
    assert!(head.cosigned.unwrap().contains("— kakou-hub "));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_said_with_its_place() {
    let mut place = place("127.0.0.1:0").await;
    let path = place.entries_path();
    let (status, problem) = place.raw(&path, b"garbage".to_vec()).await;
    assert_eq!((status, problem.at.as_str()), (400, "body"), "{problem}");
    let (status, problem) = place.raw(&path.replace("from=1", "from=0"), place.body(1, 2)).await;
    assert_eq!((status, problem.at.as_str()), (400, "from"), "{problem}");
    let (status, problem) = place.raw("/v1/logs/East/00/entries?from=1", vec![]).await;
    assert_eq!((status, problem.at.as_str()), (400, "kiosk"), "{problem}");
    let (status, problem) = place.raw("/v1/logs/east-1/00/entries?from=1", vec![]).await;
    assert_eq!((status, problem.at.as_str()), (400, "epoch"), "{problem}");
    let (status, problem) = place.raw("/v1/enrol", b"{\"token\":1}".to_vec()).await;
    assert_eq!((status, problem.at.as_str()), (400, "body"), "{problem}");
    let (status, problem) = place.raw("/v1/nothing", vec![]).await;
    assert_eq!((status, problem.at.as_str()), (404, "path"), "{problem}");
    let (status, problem) = place.raw(&path.replace("east-1", "west-1"), place.body(1, 2)).await;
    assert_eq!((status, problem.at.as_str()), (404, "kiosk"), "{problem}");
    let (status, problem) = place.raw(&path, vec![0; BODY_MAX + 1]).await;
    assert_eq!((status, problem.at.as_str()), (413, "body"), "{problem}");
    place.log.key = SigningKey::from_seed(&[99; 32]);
    let (status, problem) = place.raw(&path, place.body(1, 20)).await;
    assert_eq!((status, problem.at.as_str()), (403, "note"), "{problem}");
    assert_eq!(place.client.head(&place.log.kiosk, place.log.epoch).await.unwrap().next, Seq::FIRST);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_megabytes_are_turned_away_and_the_hub_goes_on() {
    let place = place("127.0.0.1:0").await;
    let url = format!("{}{}", place.running.url, place.entries_path());
    let answer = place.browser.post(url).body(vec![7_u8; 20 << 20]).send().await;
    // The hub may hang up while the rest is still being sent.
    assert!(answer.is_err() || answer.unwrap().status().as_u16() == 413);
    assert_eq!(place.post(1, 20).await, Ok(21));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_overloaded_hub_asks_to_come_back_later_and_loses_nothing() {
    let place = place("127.0.0.1:0").await;
    let (kiosk, epoch, body) = (place.log.kiosk.clone(), place.log.epoch, place.body(1, 20));
    let (release, held) = std::sync::mpsc::channel::<()>();
    let hub = Arc::clone(&place.running.hub);
    // The ledger's writer is slow: whoever comes after the first 63 finds no room to wait.
    let (begin, begun) = tokio::sync::oneshot::channel();
    let slow = tokio::spawn(async move {
        let write = hub.write(move |_| {
            begin.send(()).unwrap();
            held.recv().unwrap();
        });
        write.await
    });
    // Only then do the posts come behind it, however busy the machine is.
    begun.await.unwrap();
    let mut posts = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let (client, kiosk, body) = (place.client.clone(), kiosk.clone(), body.clone());
        posts.spawn(async move { client.post(&kiosk, epoch, 1, body).await });
    }
    let mut busy = 0;
    while busy < 36 {
        match posts.join_next().await.unwrap().unwrap() {
            Err(Answer::Busy { retry_after }) => {
                assert_eq!(retry_after, Some(Duration::from_secs(2)));
                busy += 1;
            }
            other => panic!("{other:?} while nothing can be written"),
        }
    }
    release.send(()).unwrap();
    slow.await.unwrap().unwrap();
    while let Some(answer) = posts.join_next().await {
        match answer.unwrap() {
            Ok(head) => assert_eq!(head.next.get(), 21),
            Err(answer) => assert!(matches!(answer, Answer::Busy { retry_after: Some(_) }), "{answer:?}"),
        }
    }
    // Whoever was turned away comes back.
    assert_eq!(place.post(1, 40).await, Ok(41));
    let head = place.client.head(&kiosk, epoch).await.unwrap();
    assert_eq!(head.root, data_encoding::BASE64.encode(&place.log.frontier(40).root()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_packed_with_another_dictionary_is_refused_by_its_number() {
    let place = place("127.0.0.1:0").await;
    let batch = Batch { note: place.log.note(20), entries: place.log.slice(1, 20) };
    let mut body = batch.encode_with(Packing::Dictionary).unwrap();
    let (kiosk, epoch) = (&place.log.kiosk, place.log.epoch);
    let at = body.windows(4).position(|window| window == NUMBER.to_le_bytes()).unwrap();
    body[at] ^= 1;
    assert_eq!(place.client.post(kiosk, epoch, 1, body.clone()).await, Err(Answer::Unpacked));
    let (status, problem) = place.raw(&place.entries_path(), body.clone()).await;
    assert_eq!((status, problem.what.contains(&(NUMBER ^ 1).to_string())), (415, true), "{problem}");
    body[at] ^= 1;
    assert_eq!(place.client.post(kiosk, epoch, 1, body).await.unwrap().next.get(), 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_far_behind_catches_up_and_keeps_up() {
    let Place { running, client, log, .. } = place("127.0.0.1:0").await;
    let (kiosk, epoch, frontier) = (log.kiosk.clone(), log.epoch, log.frontier(60));
    let entries = Arc::new(log.entries);
    let logs = OneLog { epoch, entries: Arc::clone(&entries) };
    let link = Link::new(Settings { entries_max: 16, ..Settings::default() }, Random::new(1));
    let (durable, watching) = watch::channel((epoch, 0));
    let (status, mut seen) = watch::channel(HubStatus::default());
    let clock = AtomicU64::new(1);
    let tick = move || {
        stamp(Wall(NOW.0 + i64::try_from(clock.fetch_add(1, std::sync::atomic::Ordering::SeqCst)).unwrap()))
    };
    let key = Arc::new(SigningKey::from_seed(&[6; 32]));
    let counters = Counters::default();
    counters.raised();
    let lines = Box::new(move || vec![counters.now(&"car".parse().unwrap(), 0).to_string()]);
    let hurry = Arc::default();
    let uplink =
        Uplink { link, kiosk: kiosk.clone(), key, client, logs, urgent: None, stamp: tick, lines, hurry };
    let task = tokio::spawn(run(uplink, watching, status));
    durable.send((epoch, 40)).unwrap();
    let caught_up = |status: &HubStatus| status.online && status.waiting == 0;
    let within = Duration::from_secs(20);
    tokio::time::timeout(within, seen.wait_for(|status| caught_up(status))).await.unwrap().unwrap();
    // What became durable meanwhile follows; the last word is the hub's.
    durable.send((epoch, 60)).unwrap();
    let (ledger_kiosk, deadline) = (kiosk.clone(), tokio::time::Instant::now() + within);
    loop {
        let name = ledger_kiosk.clone();
        let head = running.hub.read(move |ledger| ledger.head(&name, epoch).unwrap()).await.unwrap();
        if head.0.get() == 61 {
            assert_eq!(head.1, frontier.root());
            // Its first heartbeat said what was counted.
            let name = ledger_kiosk.clone();
            let counted = running.hub.read(move |ledger| ledger.counted(&name).unwrap()).await.unwrap();
            assert_eq!((counted.len(), counted[0].count.raised), (1, 1));
            break;
        }
        assert!(tokio::time::Instant::now() < deadline, "hub is at {}", head.0);
        tokio::task::yield_now().await;
    }
    drop(durable);
    tokio::time::timeout(within, task).await.unwrap().unwrap();
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_listens_hears_every_answer_about_a_log() {
    let place = place("127.0.0.1:0").await;
    let (hear, heard) = watch::channel(None);
    let client = place.client.clone().telling(hear);
    let (kiosk, epoch) = (place.log.kiosk.clone(), Epoch([9; 16]));
    let says = Says::End { first: 1, last: 0, whole: 0 };
    let end = Statement { kiosk: kiosk.clone(), epoch, says }.sign(&SigningKey::from_seed(&[6; 32]));
    assert!(client.send(&kiosk, epoch, &Ask::End(end)).await.unwrap().ended);
    let head = heard.borrow().clone().unwrap();
    assert_eq!((head.epoch, head.head.ended), (epoch, true), "the keeper hears of an end too");
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_records_and_an_ended_log_are_told_shown_and_gone_on_behind() {
    let place = place("127.0.0.1:0").await;
    let disk = SimDisk::new();
    let open = |seed| {
        let options = JournalOptions { ballast_len: 0, ..JournalOptions::new(place.log.kiosk.clone()) };
        Journal::open(disk.clone(), options, Box::new(Random::new(seed))).unwrap().0
    };
    let rot = |seq: u64| {
        let file = disk.clone().list().unwrap().into_iter().rfind(|file| file.ends_with(".seg")).unwrap();
        let is_it = |window: &[u8]| window.starts_with(b"KKF1\0") && window[8..16] == seq.to_le_bytes();
        let at = disk.read(&file).unwrap().windows(16).position(is_it).unwrap();
        disk.flip(&file, at + 40, 1);
    };
    let write = |journal: &mut Journal<SimDisk>, count: u64| {
        for second in 0..count {
            let (subject, direction) = (SubjectKind::Person, Direction::Inbound);
            let body = Body::Arrived { subject, direction };
            let stamp = stamp(Wall(NOW.0 + i64::try_from(second).unwrap()));
            journal.append(Draft { lane: None, body, personal: None }, stamp).unwrap();
            journal.commit().unwrap();
        }
    };
    // A log that must end: its root is lost with record 5. A later one with a hole, behind which it is known again.
    let mut journal = open(1);
    let ended = journal.epoch();
    write(&mut journal, 20);
    drop(journal);
    rot(5);
    let mut journal = open(2);
    let live = journal.epoch();
    assert_ne!(live, ended);
    write(&mut journal, 50);
    rot(10);
    let (durable, watching) = watch::channel((live, 50));
    let (status, mut seen) = watch::channel(HubStatus::default());
    let uplink = Uplink {
        link: Link::new(Settings::default(), Random::new(1)),
        kiosk: place.log.kiosk.clone(),
        key: Arc::new(SigningKey::from_seed(&[6; 32])),
        client: place.client.clone(),
        logs: disk.clone(),
        urgent: None,
        stamp: ticking(),
        lines: Box::new(Vec::new),
        hurry: Arc::default(),
    };
    let task = tokio::spawn(run(uplink, watching, status));
    let all = seen.wait_for(|status| status.online && status.waiting == 0 && status.last.is_some());
    tokio::time::timeout(Duration::from_secs(60), all).await.unwrap().unwrap();
    let head = place.client.head(&place.log.kiosk, live).await.unwrap();
    assert_eq!((head.next.get(), head.ended), (51, false));
    assert_eq!(head.root, data_encoding::BASE64.encode(&journal.note().root));
    assert!(place.client.head(&place.log.kiosk, ended).await.unwrap().ended);
    let cookie = place.sign_in().await;
    let kiosks = place.page(&cookie, "/kiosks").await;
    assert!(
        kiosks.contains("缺失的记录") && kiosks.contains("<td>5</td>") && kiosks.contains("<td>10</td>"),
        "{kiosks}"
    );
    assert!(place.page(&cookie, "/ledger").await.contains("条记录已丢失"));
    for (epoch, number, proven) in [(ended, 4, true), (ended, 6, false), (live, 11, false), (live, 33, true)]
    {
        let page = place.page(&cookie, &format!("/records/{}/{epoch}/{number}", place.log.kiosk)).await;
        assert_ne!(page.contains("unproven"), proven, "record {number} of {epoch}");
    }
    drop(durable);
    tokio::time::timeout(Duration::from_secs(20), task).await.unwrap().unwrap();
}

/// A clock that goes on by a second whenever it is read, so that no wait is long.
fn ticking() -> impl Fn() -> kakou::base::Stamp + Send + 'static {
    let clock = AtomicU64::new(1);
    move || {
        let reads = clock.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        stamp(Wall(NOW.0 + 1_000 * i64::try_from(reads).unwrap()))
    }
}

/// A directory with one log in it, of which nothing is ever lost.
struct OneLog {
    epoch: Epoch,
    entries: Arc<Vec<Stored>>,
}

impl Logs for OneLog {
    fn names(&mut self) -> Result<Vec<LogName>, Trouble> {
        Ok(vec![LogName { generation: 1, epoch: self.epoch }])
    }

    fn live(&mut self, _: LogName, _: Arc<AtomicU64>) -> Result<Box<dyn Source + Send>, Trouble> {
        let entries = Arc::clone(&self.entries);
        Ok(Box::new(move |from: Seq, max: usize, _: usize| -> Result<Vec<Stored>, Infallible> {
            Ok(entries.iter().skip(from.get() as usize - 1).take(max).cloned().collect())
        }))
    }

    fn closed(&mut self, _: LogName) -> Result<(Box<dyn Source + Send>, u64), Trouble> {
        Err(Trouble::Failed("there is none".to_owned()))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_certificate_than_at_enrolment_is_not_talked_to() {
    let place = place("0.0.0.0:0").await;
    assert!(place.running.url.starts_with("https://"));
    assert_eq!(place.post(1, 20).await, Ok(21));
    let url = place.running.url.replace("localhost", "127.0.0.1");
    let other = HubClient::at(&url, Some(Fingerprint([9; 32]))).unwrap();
    let lost = other.head(&place.log.kiosk, place.log.epoch).await.unwrap_err();
    assert!(matches!(&lost, Answer::Lost(why) if why.contains("another certificate")), "{lost:?}");
    assert!(
        matches!(HubClient::at("http://hub.example", None), Err(Error::Address(_))),
        "never in the clear"
    );
    // The same certificate after a restart.
    let (pin, Place { running, folder, .. }) = (place.running.hub.certificate(), place);
    running.stop().await.unwrap();
    assert_eq!(hub(&folder, "0.0.0.0:0".parse().unwrap()).await.hub.certificate(), pin);
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_for_whoever_has_the_key() {
    let place = place("127.0.0.1:0").await;
    place.post(1, 60).await.unwrap();
    let ask = |path: &str| place.browser.get(format!("{}{path}", place.running.url)).send();
    for path in ["/", "/ledger", "/ledger.csv", "/live", "/kiosks", "/?key=wrong"] {
        let status = ask(path).await.unwrap().status().as_u16();
        assert!([401, 403].contains(&status), "{path}: {status}");
    }
    let cookie = place.sign_in().await;
    for (path, text) in [
        ("/", "在线"),
        ("/ledger", "条记录"),
        ("/tallies", "总计"),
        ("/passes", "签发"),
        ("/kiosks", "east-1"),
        ("/access", "查阅"),
        ("/ledger.csv", "east-1"),
    ] {
        let page = place.page(&cookie, path).await;
        assert!(page.contains(text), "{path} has no {text}");
        assert!(!page.contains("<script>") && !page.contains(" style="), "{path}: inline script or style");
    }
    let answer = ask("/").await.unwrap();
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{policy}");
    let forged = format!("{cookie}0");
    let request = place.browser.get(&place.running.url).header("cookie", &forged);
    assert_eq!(request.send().await.unwrap().status().as_u16(), 401);
    let foreign = place.browser.post(format!("{}/kiosks", place.running.url)).header("cookie", &cookie);
    let foreign = foreign.header("origin", "http://evil.example").body("name=x").send().await.unwrap();
    assert_eq!(foreign.status().as_u16(), 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_found_masked_and_shown_only_with_a_reason() {
    let place = place("127.0.0.1:0").await;
    place.post(1, 60).await.unwrap();
    let seal =
        place.log.entries.iter().find_map(|stored| place.log.sealer.open_box(&stored.seal).ok()).unwrap();
    let name = seal.people[0].name.as_ref().unwrap().expose().clone();
    let number = seal.people[0].id_number.as_ref().unwrap().expose().clone();
    let cookie = place.sign_in().await;
    let (status, found) = place.form(&cookie, "/ledger", &format!("who={number}")).await;
    assert_eq!(status, 200);
    assert!(found.contains("<b>1</b> 条记录") && !found.contains(&name), "masked until asked for");
    let link = found.split("href=\"/records/").nth(1).unwrap().split('"').next().unwrap();
    let path = format!("/records/{link}");
    assert!(!place.page(&cookie, &path).await.contains(&name));
    let (status, _) = place.form(&cookie, &path, "officer=&reason=x").await;
    assert_eq!(status, 400);
    let (_, shown) = place.form(&cookie, &path, "officer=Chen&reason=lost+child").await;
    assert!(shown.contains(&name) && shown.contains(&number));
    let log = place.page(&cookie, "/access").await;
    assert!(log.contains("Chen") && log.contains("lost child") && !log.contains(&name));
    let order = "officer=Chen&reason=asked+for+it&ground=requested";
    assert_eq!(place.form(&cookie, &format!("{path}/erase"), order).await.0, 400, "not without the tick");
    let (status, erased) = place.form(&cookie, &format!("{path}/erase"), &format!("{order}&sure=yes")).await;
    assert!(status == 200 && erased.contains("every proof still holds"), "{erased}");
    let (_, found) = place.form(&cookie, "/ledger", &format!("who={number}")).await;
    assert!(found.contains("<b>0</b> 条记录"), "nobody is found by it any more");
    assert!(place.page(&cookie, "/access").await.contains("erased record east-1"));
    let (_, pass) = place
        .form(
            &cookie,
            "/passes",
            "site=east&class=resident&name=%E7%8E%8B%E5%B0%8F&plate=&first=2026-11-22&last=2026-12-22",
        )
        .await;
    assert!(pass.contains("KK1:") && pass.contains("<svg"), "{pass}");
    let (_, token) = place.form(&cookie, "/kiosks", "name=west-1").await;
    assert!(token.contains("kakou enrol --hub http://127.0.0.1:") && token.contains("kakou1."), "{token}");
}
