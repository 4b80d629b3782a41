//! Many kiosks come back after days without a hub: `cargo bench --bench drain`.
//!
//! 128 kiosks hold 72 hours of records each, 1.1 million in all, and send them to one hub at once: real batches over HTTP
//! on loopback, decoded, checked, verified and applied to a ledger on a disk, durable before they are confirmed. What is
//! sent is made beforehand, so that the time is the hub's own and the network's. `DRAIN_KIOSKS` and `DRAIN_RECORDS` (a
//! kiosk) make it smaller, `TMPDIR` chooses the file system.

#![allow(missing_docs, clippy::cast_possible_truncation, reason = "a bench, with the tests' fixtures")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench may panic, and prints what it measured"
)]
#![allow(clippy::disallowed_methods, clippy::cast_precision_loss, reason = "a bench reads the clock")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use common::kiosk::{Log, NOW};
use kakou::base::{KioskId, Random, Seq, Wall};
use kakou::hub::{Options, Running, start};
use kakou::journal::{Frontier, Note, SigningKey, Stored};
use kakou::platform::entropy::OsEntropy;
use kakou::platform::http::HubClient;
use kakou::sync::enrolment::{PublicKey, Request};
use kakou::sync::wire::Batch;
use kakou::sync::{Answer, Ask};

/// Records in a batch: what an outbox sends with a backlog.
const BATCH: usize = 500;
/// Different gates; the kiosks share their traffic, each under its own key.
const GATES: usize = 8;

/// What one kiosk has to send.
struct Backlog {
    kiosk: KioskId,
    log: Log,
    root: [u8; 32],
    batches: VecDeque<(Seq, Vec<u8>)>,
}

#[tokio::main]
async fn main() {
    // Under `cargo test` a look whether it still works will do.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (kiosks, records) = if is_bench { (128, 8_600) } else { (4, 600) };
    let number = |name: &str, usual| std::env::var(name).ok().and_then(|n| n.parse().ok()).unwrap_or(usual);
    let (kiosks, records) = (number("DRAIN_KIOSKS", kiosks), number("DRAIN_RECORDS", records));
    let folder = tempfile::tempdir().unwrap();
    let options =
        Options { listen: "127.0.0.1:0".parse().unwrap(), data: folder.path().to_path_buf(), names: vec![] };
    let clock = Arc::new(|| Wall(NOW.0 + 72 * 3_600_000));
    let running = start(options, clock, Box::new(OsEntropy::new())).await.unwrap();
    let backlogs = prepare(&running, kiosks, records).await;
    let total = (kiosks * records) as u64;
    let sent: usize = backlogs.iter().flat_map(|backlog| &backlog.batches).map(|(_, body)| body.len()).sum();
    let client = HubClient::at(&running.url, None).unwrap();
    let (busy, began, cpu) = (Arc::new(AtomicU64::new(0)), Instant::now(), cpu_time());
    let expected: Vec<_> =
        backlogs.iter().map(|backlog| (backlog.kiosk.clone(), backlog.log.epoch, backlog.root)).collect();
    let tasks: Vec<_> = (0_u64..)
        .zip(backlogs)
        .map(|(seed, backlog)| tokio::spawn(drain(backlog, client.clone(), Arc::clone(&busy), seed)))
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let (took, cpu) = (began.elapsed(), cpu_time() - cpu);
    for (kiosk, epoch, root) in expected {
        let head = running.hub.read(move |ledger| ledger.head(&kiosk, epoch).unwrap()).await.unwrap();
        assert_eq!((head.0.get(), head.1), (records as u64 + 1, root), "everything is there, in order");
    }
    let size = std::fs::metadata(folder.path().join("hub.db")).unwrap().len();
    println!(
        "{kiosks} kiosks, {total} records in {took:.1?}: {:.0} records/s, {:.0} us CPU a record, hub and sender; \
         sent {:.0} bytes a record, ledger {:.0} bytes a record, {} times told to come later",
        total as f64 / took.as_secs_f64(),
        cpu.as_micros() as f64 / total as f64,
        sent as f64 / total as f64,
        size as f64 / total as f64,
        busy.load(Ordering::Relaxed)
    );
    assert!(!is_bench || took < Duration::from_mins(5), "the hub takes too long");
    running.stop().await.unwrap();
}

/// Sends batch after batch; comes back later when the hub says so.
async fn drain(mut backlog: Backlog, client: HubClient, busy: Arc<AtomicU64>, seed: u64) {
    let mut random = Random::new(seed);
    let epoch = backlog.log.epoch;
    while let Some((from, body)) = backlog.batches.pop_front() {
        let ask = Ask::Entries { from, body };
        loop {
            match client.send(&backlog.kiosk, epoch, &ask).await {
                Ok(_) => break,
                Err(Answer::Busy { retry_after }) => {
                    busy.fetch_add(1, Ordering::Relaxed);
                    let wait = retry_after.unwrap_or_default() + Duration::from_millis(random.below(1_000));
                    tokio::time::sleep(wait).await;
                }
                Err(answer) => panic!("{}: {answer:?}", backlog.kiosk),
            }
        }
    }
}

/// Enrols the kiosks and makes what they will send.
async fn prepare(running: &Running, kiosks: usize, records: usize) -> Vec<Backlog> {
    let client = HubClient::at(&running.url, None).unwrap();
    let gates: Vec<(Vec<Stored>, Vec<[u8; 32]>)> = (0..GATES.min(kiosks))
        .map(|gate| {
            let mut log = Log::new("gate", gate as u8 + 1);
            // In place of the record that gives the hub the sealing key, which each kiosk has for itself.
            log.append_key(NOW, &running.hub.keys().seal_key());
            log.append_traffic(NOW, records);
            let leaves = log.entries.iter().map(Stored::leaf_hash).collect();
            (log.entries, leaves)
        })
        .collect();
    let mut backlogs = vec![];
    for number in 0..kiosks {
        let gate = number % GATES;
        // Its epoch seeds the fixture's sealing key, which is thus that of the gate.
        let mut log = Log::new(&format!("gate-{number}"), gate as u8 + 1);
        log.key = SigningKey::from_seed(&[number as u8 + 1; 32]);
        let token = running.hub.make_token(Some(log.kiosk.clone())).await.unwrap();
        let key = PublicKey(log.key.verifying().0);
        client.enrol(&Request { token: token.to_string(), kiosk: None, key, tls_key: None }).await.unwrap();
        log.append_key(NOW, &running.hub.keys().seal_key());
        let (entries, leaves) = &gates[gate];
        let own = log.entries[0].clone();
        let (mut tree, mut batches) = (Frontier::new(), VecDeque::new());
        for (index, (entries, leaves)) in entries.chunks(BATCH).zip(leaves.chunks(BATCH)).enumerate() {
            let (mut entries, mut leaves) = (entries.to_vec(), leaves.to_vec());
            if index == 0 {
                (entries[0], leaves[0]) = (own.clone(), own.leaf_hash());
            }
            leaves.into_iter().for_each(|leaf| tree.push(leaf));
            let note = Note::new(&log.kiosk, log.epoch, &tree).sign(&log.key).to_string();
            let from = Seq::new((index * BATCH + 1) as u64).unwrap();
            batches.push_back((from, Batch { note, entries }.encode().unwrap()));
        }
        backlogs.push(Backlog { kiosk: log.kiosk.clone(), log, root: tree.root(), batches });
    }
    backlogs
}

/// Processor time of this process so far.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<i64> =
        stat.rsplit(')').next().unwrap_or_default().split(' ').flat_map(str::parse).collect();
    // Fields 14 and 15 of proc(5), in ticks of 10 ms, of which the first that is a number here is field 4.
    let ticks: i64 = fields.get(10..12).map_or(0, |times| times.iter().sum());
    Duration::from_millis(10 * ticks.unsigned_abs())
}
