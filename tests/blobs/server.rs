//! The whole way over a real hub's HTTP: from a lane's camera to the page of an officer with a reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use data_encoding::BASE64;
use kakou::base::{Epoch, Mono, Random, Seq, Stamp, Wall};
use kakou::journal::reader::LogName;
use kakou::journal::{Erasing, Order, SigningKey, Stored};
use kakou::ledger::{Keys, Ledger, Officer, RecordId, Refused as LedgerRefused};
use kakou::model::{Body, Draft, Erasure, Picture, Verdict};
use kakou::platform::blob_line::{BlobLine, Told};
use kakou::platform::uplink::{Uplink, run_with};
use kakou::sim::disk::SimDisk;
use kakou::sync::blobs::{Answer, BODY_MAX, CHUNK, Queue, Store};
use kakou::sync::source::{Logs, Source, Trouble};
use kakou::sync::{HubStatus, Link, Settings};
use reqwest::Method;
use tokio::sync::watch;

use crate::centre::{Centre, OnPut};
use crate::common::kiosk::{NOW, stamp};
use crate::kiosk::{Kiosk, preview, wang};

const AT: Mono = Mono::from_millis(50_000);
const WITHIN: Duration = Duration::from_secs(30);
const SHOW: &str = "officer=Chen&reason=lost+child";
const ERASE: &str = "officer=Chen&reason=asked+for+it&ground=requested&sure=yes";

/// A kiosk of that hub which has recorded a verdict with a picture, and what it says of it.
struct Gate {
    kiosk: Kiosk,
    epoch: Epoch,
    seq: Seq,
    picture: Picture,
}

fn gate(hub_key: &[u8; 32]) -> Gate {
    let (mut kiosk, _) = Kiosk::start(&SimDisk::new(), 1).unwrap();
    let body = kiosk.recorder.journal().sealer().key_opened(hub_key).unwrap();
    append(&mut kiosk, body);
    kiosk.see(AT);
    kiosk.decide(AT, Verdict::TurnedBack, wang());
    assert!(kiosk.storing.turn());
    let (_, passage) = kiosk.last_passage();
    let (epoch, seq) = (kiosk.recorder.epoch(), kiosk.recorder.durable().unwrap());
    Gate { kiosk, epoch, seq, picture: passage.picture.unwrap() }
}

fn append(kiosk: &mut Kiosk, body: Body) {
    let stamp = kiosk.stamp(AT);
    let journal = kiosk.recorder.journal();
    journal.append(Draft { lane: None, body, personal: None }, stamp).unwrap();
    journal.commit().unwrap();
}

fn uplink<L: Logs>(centre: &Centre, logs: L) -> Uplink<L, impl Fn() -> Stamp + use<L>> {
    let clock = AtomicU64::new(1);
    let (retry_first, retry_max) = (Duration::from_millis(2), Duration::from_millis(20));
    let settings = Settings { retry_first, retry_max, ..Settings::default() };
    Uplink {
        link: Link::new(settings, Random::new(1)),
        kiosk: "east-1".parse().unwrap(),
        key: Arc::new(SigningKey::from_seed(&[6; 32])),
        client: centre.client.clone(),
        logs,
        urgent: None,
        // A second goes by with every look, so that no wait is long.
        stamp: move || stamp(Wall(NOW.0 + 1_000 * clock.fetch_add(1, Ordering::SeqCst) as i64)),
        lines: Box::new(Vec::new),
        hurry: Arc::default(),
    }
}

/// Sends everything up to record `durable`, and the pictures, until `until` holds of what is left.
async fn send(
    centre: &Centre,
    disk: &SimDisk,
    durable: watch::Receiver<(Epoch, u64)>,
    until: impl Fn(u64, u32) -> bool,
) {
    let uplink = uplink(centre, disk.clone());
    let (tell, mut told) = watch::channel(u32::MAX);
    let (_written, another) = watch::channel(0);
    let tell = Box::new(move |said: Told| {
        tell.send_replace(said.waiting);
    });
    let line = BlobLine::new(Queue::new(Random::new(2)), Store::new(disk.clone()), another, tell);
    let (status, mut seen) = watch::channel(HubStatus::default());
    let task = tokio::spawn(run_with(uplink, Some(line), durable, status));
    let done = async {
        loop {
            let waiting = seen.borrow_and_update().clone();
            let pictures = *told.borrow_and_update();
            if waiting.online && until(waiting.waiting, pictures) {
                return;
            }
            tokio::select! {
                changed = seen.changed() => changed.unwrap(),
                changed = told.changed() => changed.unwrap(),
            }
        }
    };
    tokio::time::timeout(WITHIN, done).await.unwrap();
    task.abort();
}

async fn send_all(centre: &Centre, gate: &mut Gate) {
    let size = gate.kiosk.recorder.durable().unwrap().get();
    let (_keep, durable) = watch::channel((gate.epoch, size));
    let (disk, files) = (gate.kiosk.disk.clone(), gate.kiosk.disk.clone());
    let gone = || Store::new(files.clone()).names("").unwrap().is_empty();
    send(centre, &disk, durable, |records, pictures| records == 0 && pictures == 0 && gone()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_on_the_page_of_an_officer_with_a_reason_and_nowhere_else() {
    let centre = Centre::start().await;
    centre.enrol("east-1", 6).await;
    let mut gate = gate(&centre.hub.keys().seal_key());
    let (epoch, seq) = (gate.epoch, gate.seq);
    let sealed = gate.kiosk.disk.read(&gate.picture.sha256.to_string()).unwrap();
    send_all(&centre, &mut gate).await;
    assert_eq!(std::fs::read(centre.file(&gate.picture.sha256)).unwrap(), sealed, "as it was sealed");
    assert!(gate.kiosk.disk.read(&gate.picture.sha256.to_string()).is_err(), "and it is gone here");
    let page = centre.page(epoch, seq).await;
    assert!(page.contains("已收到，加密保存") && !page.contains("data:image"), "{page}");
    assert_eq!(centre.form(epoch, seq, "", "officer=&reason=x").await.status().as_u16(), 400);
    let log = centre.access_log().await;
    assert!(!log.contains("with its picture"), "nobody was shown it yet");
    let shown = centre.form(epoch, seq, "", SHOW).await;
    assert_eq!(shown.headers()["cache-control"], "no-store");
    let policy = shown.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("img-src 'self' data:;") && policy.contains("default-src 'none'"), "{policy}");
    let text = shown.text().await.unwrap();
    let bmp = BASE64.encode(&preview(AT).bmp);
    assert!(text.contains(&format!("data:image/bmp;base64,{bmp}")) && text.contains("王小明"));
    let log = centre.access_log().await;
    assert!(log.contains("Chen") && log.contains("with its picture") && log.contains("lost child"), "{log}");
    // Another picture in its place is not shown as this one.
    let mut other = sealed.clone();
    other[1_000] ^= 1;
    std::fs::write(centre.file(&gate.picture.sha256), &other).unwrap();
    let text = centre.form(epoch, seq, "", SHOW).await.text().await.unwrap();
    assert!(text.contains("已损坏，与记录不符") && !text.contains("data:image"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_that_never_arrives_is_said_to_be_missing() {
    let centre = Centre::start().await;
    centre.enrol("east-1", 6).await;
    let mut gate = gate(&centre.hub.keys().seal_key());
    let mut store = Store::new(gate.kiosk.disk.clone());
    store.forget("", &gate.picture.sha256).unwrap();
    send_all(&centre, &mut gate).await;
    assert!(centre.page(gate.epoch, gate.seq).await.contains("未收到，或已在终端丢失"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_officer_erases_is_gone_with_its_picture_and_comes_never_back() {
    let centre = Centre::start().await;
    centre.enrol("east-1", 6).await;
    let mut gate = gate(&centre.hub.keys().seal_key());
    let (epoch, seq, blob) = (gate.epoch, gate.seq, gate.picture.sha256);
    let sealed = gate.kiosk.disk.read(&blob.to_string()).unwrap();
    send_all(&centre, &mut gate).await;
    assert!(centre.file(&blob).exists());
    assert_eq!(centre.form(epoch, seq, "/erase", ERASE).await.status().as_u16(), 200);
    assert!(!centre.file(&blob).exists(), "the file goes with the key");
    let text = centre.form(epoch, seq, "", SHOW).await.text().await.unwrap();
    assert!(text.contains("已销毁") && !text.contains("data:image"), "{text}");
    // A kiosk that still had it is told that it is not wanted, and deletes it.
    Store::new(gate.kiosk.disk.clone()).keep("", &blob, &sealed).unwrap();
    let kiosk = "east-1".parse().unwrap();
    assert_eq!(centre.client.ask_about_blob(&kiosk, &blob).await, Answer::Unwanted);
    assert_eq!(centre.client.put_blob(&kiosk, &blob, 0, sealed[..100].to_vec()).await, Answer::Unwanted);
    send_all(&centre, &mut gate).await;
    assert!(gate.kiosk.disk.read(&blob.to_string()).is_err() && !centre.file(&blob).exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_kiosk_erased_is_gone_at_the_hub_when_its_record_arrives() {
    let centre = Centre::start().await;
    centre.enrol("east-1", 6).await;
    let mut gate = gate(&centre.hub.keys().seal_key());
    send_all(&centre, &mut gate).await;
    assert!(centre.file(&gate.picture.sha256).exists());
    let stamp = gate.kiosk.stamp(AT);
    let what = Erasing { log: None, records: vec![gate.seq] };
    let order = Order { by: "li-na".parse().unwrap(), reason: Erasure::Ordered };
    assert_eq!(gate.kiosk.recorder.journal().erase(&what, &order, stamp).unwrap(), [gate.seq]);
    send_all(&centre, &mut gate).await;
    assert!(!centre.file(&gate.picture.sha256).exists());
    assert!(centre.page(gate.epoch, gate.seq).await.contains("已销毁"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_was_killed_between_erasing_and_deleting_deletes_when_it_is_there_again() {
    let centre = Centre::start().await;
    centre.enrol("east-1", 6).await;
    let mut gate = gate(&centre.hub.keys().seal_key());
    send_all(&centre, &mut gate).await;
    // Erased in the ledger alone: that is what a kill right behind the commit leaves.
    let keys = Keys::from_secret(
        &std::fs::read(centre.folder.path().join("hub.secret")).unwrap().try_into().unwrap(),
    );
    let mut ledger = Ledger::open(&centre.folder.path().join("hub.db"), keys).unwrap();
    let id = RecordId { kiosk: "east-1".parse().unwrap(), epoch: gate.epoch, seq: gate.seq };
    let officer = Officer::new("Chen", "asked for it").unwrap();
    assert!(ledger.erase(&id, &officer, Erasure::Requested, NOW).unwrap());
    drop(ledger);
    let file = centre.file(&gate.picture.sha256);
    assert!(file.exists());
    let again = Centre::with(centre.folder, None, Arc::new(|| {})).await;
    again.hub.make_token(None).await.unwrap();
    assert!(!file.exists(), "with the first thing that it writes");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_taken_that_is_not_named_too_long_too_much_or_of_somebody_else() {
    let centre = Centre::with(tempfile::tempdir().unwrap(), Some(90_000), Arc::new(|| {})).await;
    centre.enrol("east-1", 6).await;
    centre.enrol("west-1", 7).await;
    let mut gate = gate(&centre.hub.keys().seal_key());
    let blob = gate.picture.sha256;
    let sealed = gate.kiosk.disk.read(&blob.to_string()).unwrap();
    let put = |kiosk: &'static str, at: &str, body: &[u8]| {
        let (what, body) = (format!("{blob}?at={at}"), body.to_vec());
        let centre = &centre;
        async move { centre.raw(Method::PUT, kiosk, &what, body).await }
    };
    assert_eq!(put("east-1", "0", &sealed).await.0, 404, "its record is not here yet");
    let mut other_gate = Store::new(gate.kiosk.disk.clone());
    other_gate.forget("", &blob).unwrap();
    send_all(&centre, &mut gate).await;
    assert_eq!(put("west-1", "0", &sealed).await.0, 404, "it is east-1's, and nobody else's");
    assert_eq!(put("north-1", "0", &sealed).await.0, 404, "no such kiosk");
    assert_eq!(put("east-1", "x", &sealed).await.0, 400);
    assert_eq!(put("east-1", "0", &[]).await.0, 400);
    assert_eq!(put("east-1", "0", &vec![0; BODY_MAX + 1]).await.0, 413);
    let (status, _, why) = put("east-1", "0", &[&sealed[..], &[0]].concat()).await;
    assert!(status == 413 && why.contains("its record says"), "{status} {why}");
    let (status, held, _) = put("east-1", "7", &sealed[7..]).await;
    assert_eq!((status, held.as_str()), (409, "0?0"));
    let mut altered = sealed.clone();
    altered[9_000] ^= 1;
    assert_eq!(put("east-1", "0", &altered).await.0, 422);
    assert!(!centre.file(&blob).exists(), "what has another hash is no evidence");
    let (status, held, _) = put("east-1", "0", &sealed[..CHUNK]).await;
    assert_eq!((status, held.as_str()), (200, "32768?0"));
    let about = centre.raw(Method::HEAD, "east-1", &blob.to_string(), vec![]).await;
    assert_eq!((about.0, about.1.as_str()), (200, "32768?0"));
    let (status, held, _) = put("east-1", "32768", &sealed[CHUNK..]).await;
    assert_eq!((status, held), (200, format!("{}?1", sealed.len())));
    let (status, held, _) = put("east-1", "0", &sealed[..CHUNK]).await;
    assert_eq!((status, held), (200, format!("{}?1", sealed.len())), "sent twice");
    assert_eq!(
        centre.raw(Method::GET, "east-1", &blob.to_string(), vec![]).await.0,
        405,
        "none is given out"
    );
    // A second one is beyond what this kiosk may have here.
    gate.kiosk.see(AT);
    gate.kiosk.decide(AT, Verdict::Held, wang());
    let second = gate.kiosk.last_passage().1.picture.unwrap();
    send_all(&centre, &mut gate).await;
    assert!(gate.kiosk.storing.turn());
    let bytes = gate.kiosk.disk.read(&second.sha256.to_string()).unwrap();
    let what = format!("{}?at=0", second.sha256);
    let (status, _, why) = centre.raw(Method::PUT, "east-1", &what, bytes).await;
    assert!(status == 507 && why.contains("of 90000 bytes"), "{status} {why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_kiosk_may_send_no_more() {
    let centre = Centre::start().await;
    centre.enrol("east-1", 6).await;
    let mut gate = gate(&centre.hub.keys().seal_key());
    let (kiosk, blob) = ("east-1".parse().unwrap(), gate.picture.sha256);
    let mut store = Store::new(gate.kiosk.disk.clone());
    let sealed = gate.kiosk.disk.read(&blob.to_string()).unwrap();
    store.forget("", &blob).unwrap();
    send_all(&centre, &mut gate).await;
    assert_eq!(centre.client.put_blob(&kiosk, &blob, 0, sealed[..10].to_vec()).await, Answer::At(10));
    let (name, officer) = (kiosk.clone(), Officer::new("Chen", "stolen").unwrap());
    centre.hub.write(move |ledger| ledger.revoke(&name, &officer, NOW)).await.unwrap().unwrap();
    for answer in [
        centre.client.put_blob(&kiosk, &blob, 10, sealed[10..20].to_vec()).await,
        centre.client.ask_about_blob(&kiosk, &blob).await,
    ] {
        assert!(matches!(answer, Answer::Refused(_)), "{answer:?}");
    }
    // It is judged again where it is looked up, should it have been let in just before.
    let judged = centre.hub.read(move |ledger| ledger.blob(&kiosk, &blob)).await.unwrap();
    assert!(matches!(judged, Err(LedgerRefused::Revoked(_))), "{judged:?}");
    let nobody = "nobody-1".parse().unwrap();
    let judged = centre.hub.read(move |ledger| ledger.blob(&nobody, &blob)).await.unwrap();
    assert!(matches!(judged, Err(LedgerRefused::UnknownKiosk(_))), "{judged:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn between_any_two_chunks_goes_whatever_became_durable_meanwhile() {
    let (durable, seen) = watch::channel((Epoch([0; 16]), 0));
    let on_put: OnPut = {
        let durable = durable.clone();
        // With every chunk that is under way, one more record becomes durable.
        Arc::new(move || durable.send_modify(|(_, size)| *size += 1))
    };
    let centre = Centre::with(tempfile::tempdir().unwrap(), None, on_put).await;
    centre.enrol("east-1", 6).await;
    let mut gate = gate(&centre.hub.keys().seal_key());
    let size = gate.kiosk.recorder.durable().unwrap().get();
    (0..8).for_each(|_| append(&mut gate.kiosk, Body::ClockMapped));
    durable.send_replace((gate.epoch, size));
    let disk = gate.kiosk.disk.clone();
    send(&centre, &disk, seen, |records, pictures| records == 0 && pictures == 0).await;
    let asked: Vec<String> = centre.asked.lock().unwrap().clone();
    let puts = asked.iter().filter(|said| said.starts_with("PUT")).count();
    assert!(puts > 2, "{asked:?}");
    let between = asked.windows(2).filter(|pair| pair.iter().all(|said| said.starts_with("PUT"))).count();
    assert_eq!(between, 0, "a chunk went before a record: {asked:?}");
    let entries = asked.iter().filter(|said| said.ends_with("/entries")).count();
    assert!(entries >= puts, "each of them was sent at once: {asked:?}");
}

/// A journal whose reader ends at the first record of the live log.
struct Ends(SimDisk);

impl Logs for Ends {
    fn names(&mut self) -> Result<Vec<LogName>, Trouble> {
        self.0.names()
    }

    fn live(&mut self, _: LogName, _: Arc<AtomicU64>) -> Result<Box<dyn Source + Send>, Trouble> {
        let ends = |_, _, _| -> Result<Vec<Stored>, String> { panic!("the reader of this journal ends") };
        Ok(Box::new(ends))
    }

    fn closed(&mut self, log: LogName) -> Result<(Box<dyn Source + Send>, u64), Trouble> {
        self.0.closed(log)
    }
}

#[test]
fn where_the_reader_of_the_journal_ended_nobody_is_kept_busy_by_that() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let ended = runtime.block_on(async {
        let centre = Centre::start().await;
        centre.enrol("east-1", 6).await;
        let gate = gate(&centre.hub.keys().seal_key());
        let (_keep, durable) = watch::channel((gate.epoch, 1));
        let (status, mut seen) = watch::channel(HubStatus::default());
        let uplink = uplink(&centre, Ends(gate.kiosk.disk.clone()));
        let task = tokio::spawn(run_with(uplink, None::<BlobLine<SimDisk>>, durable, status));
        let lost = seen.wait_for(|status| status.error.is_some());
        tokio::time::timeout(WITHIN, lost).await.unwrap().unwrap();
        task.abort();
        tokio::time::timeout(WITHIN, task).await
    });
    // A runtime waits for what never lets go of it.
    runtime.shutdown_background();
    assert!(ended.is_ok_and(|ended| ended.is_err_and(|error| error.is_cancelled())));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_picture_is_asked_about_while_a_record_cannot_be_sent() {
    let centre = Centre::start().await;
    centre.enrol("east-1", 6).await;
    let mut gate = gate(&centre.hub.keys().seal_key());
    centre.busy.store(true, Ordering::SeqCst);
    let (asked, busy) = (Arc::clone(&centre.asked), Arc::clone(&centre.busy));
    let freed = tokio::spawn(async move {
        let about = |what: &str| asked.lock().unwrap().iter().filter(|said| said.contains(what)).count();
        while about("/entries") < 4 {
            tokio::task::yield_now().await;
        }
        let pictures = about("/blobs/");
        busy.store(false, Ordering::SeqCst);
        pictures
    });
    send_all(&centre, &mut gate).await;
    assert_eq!(freed.await.unwrap(), 0, "a picture went while records waited");
    assert!(centre.file(&gate.picture.sha256).exists(), "it went behind them");
}
