//! A hub's file of trust reaches its kiosks over HTTP, in force whole, and the last good one stays.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kakou::base::Wall;
use kakou::credential::report::Moment;
use kakou::credential::trusted::PassState;
use kakou::credential::trusted::file::Contents;
use kakou::credential::trusted::revocation::RevocationId;
use kakou::daemon::trust::{NotTaken, TRUST_FILE, TrustShelf};
use kakou::hub::{Options, Running, start};
use kakou::platform::clock::Clock;
use kakou::platform::entropy::OsEntropy;
use kakou::platform::http::HubClient;
use kakou::sync::trust::PIECE_MAX;
use ring::signature::Ed25519KeyPair;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::common::kiosk::Log;
use crate::turned_back::{enrol, until};

fn pass(number: u32) -> [u8; 8] {
    u64::from(number).to_be_bytes()
}

/// A file of trust with so many revoked passes.
fn written(running: &Running, version: u64, revoked: u32) -> Vec<u8> {
    let signer = Ed25519KeyPair::from_seed_unchecked(&running.hub.keys().pass_seed()[..]).unwrap();
    let revoked = (0..revoked).map(|number| RevocationId::of_pass(&pass(number))).collect();
    let mut out = vec![];
    Contents { version, revoked, ..Contents::default() }.write(&signer, &mut out).unwrap();
    out
}

/// As `kakou trust build` does it: whole or not at all.
fn put(folder: &Path, bytes: &[u8]) {
    fs::write(folder.join("new"), bytes).unwrap();
    fs::rename(folder.join("new"), folder.join(TRUST_FILE)).unwrap();
}

async fn hub(folder: &Path) -> Running {
    let clock = Clock::new().unwrap();
    let options = Options { listen: "127.0.0.1:0".parse().unwrap(), data: folder.to_owned(), names: vec![] };
    start(options, Arc::new(move || clock.stamp().wall), Box::new(OsEntropy::new())).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_file_reaches_a_kiosk_and_is_in_force_whole_and_a_worse_one_is_not() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let running = hub(folder.path()).await;
    let west = Log::new("west-22", 8);
    let client = enrol(&running, &west).await;
    let keys = vec![running.hub.keys().pass_key().0];
    let (shelf, unusable) = TrustShelf::open(state.path(), keys.clone());
    assert!(!unusable, "none is there yet");
    assert_eq!(client.trust_above(&west.kiosk, 0, Duration::ZERO).await.unwrap(), None);

    // Longer than one piece.
    let first = written(&running, 7, 60_000);
    assert!(first.len() > 2 * PIECE_MAX);
    put(folder.path(), &first);
    let mut tasks = JoinSet::new();
    shelf.clone().listen(client.clone(), west.kiosk.clone(), &mut tasks);
    let state_of = |number| shelf.in_force().get().pass(&pass(number), &Moment::sure(Wall(0)));
    until("it is in force", async || shelf.in_force().get().version == 7).await;
    assert_eq!((state_of(59_999), state_of(60_000)), (PassState::Revoked, PassState::Good));
    assert_eq!(fs::read(state.path().join(TRUST_FILE)).unwrap(), first);
    assert_eq!(client.trust_above(&west.kiosk, 7, Duration::ZERO).await.unwrap(), None, "it is no later one");

    // One of the same hub and of another: only the later, signed one counts.
    let (again, unusable) = TrustShelf::open(state.path(), keys.clone());
    assert!(!unusable && again.in_force().get().version == 7, "after a restart as well");
    put(folder.path(), &written(&running, 8, 60_001));
    until("the later one is in force", async || shelf.in_force().get().version == 8).await;
    assert_eq!(state_of(60_000), PassState::Revoked);

    let piece = client.trust_piece(&west.kiosk, 7, 0).await.unwrap();
    assert_eq!(piece, None, "the hub has another one by now");
    assert!(client.trust_above(&"nobody".parse().unwrap(), 0, Duration::ZERO).await.is_err());
    tasks.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_cut_in_the_middle_of_a_file_costs_the_piece_that_was_under_way_and_no_other() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let running = hub(folder.path()).await;
    let west = Log::new("west-22", 8);
    enrol(&running, &west).await;
    let file = written(&running, 7, 60_000);
    assert!((2 * PIECE_MAX..3 * PIECE_MAX).contains(&file.len()), "three pieces");
    put(folder.path(), &file);
    let line = Arc::new(Line { cut_at: PIECE_MAX, ..Line::default() });
    let client = HubClient::at(&relay(&running.url, Arc::clone(&line)).await, None).unwrap();
    let (shelf, _) = TrustShelf::open(state.path(), vec![running.hub.keys().pass_key().0]);
    let mut tasks = JoinSet::new();
    shelf.clone().listen(client, west.kiosk.clone(), &mut tasks);

    until("the line is cut", async || line.seen.lock().unwrap().was_cut).await;
    assert_eq!(shelf.in_force().get().version, 0, "a part of a file is none");
    until("it is in force", async || shelf.in_force().get().version == 7).await;
    let asked = line.seen.lock().unwrap().asked.clone();
    assert_eq!(asked, [0, PIECE_MAX, PIECE_MAX, 2 * PIECE_MAX], "what was there is not asked for again");
    assert_eq!(fs::read(state.path().join(TRUST_FILE)).unwrap(), file);
    assert!(!state.path().join("trust.kkt.part").exists());
    tasks.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_fetched_is_taken_only_when_it_is_whole_later_and_the_hubs() {
    let (folder, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let running = hub(folder.path()).await;
    let keys = vec![running.hub.keys().pass_key().0];
    put(state.path(), &written(&running, 7, 10));
    let (shelf, _) = TrustShelf::open(state.path(), keys.clone());
    let part = state.path().join("trust.kkt.part");
    let take = |bytes: &[u8]| {
        fs::write(&part, bytes).unwrap();
        let taken = shelf.take(8);
        assert!(!part.exists(), "nothing is left lying about");
        taken
    };
    let later = written(&running, 8, 2_000);
    assert!(matches!(take(&written(&running, 7, 9)), Err(NotTaken::NotLater(7))));
    assert!(matches!(take(&later[..later.len() / 2]), Err(NotTaken::Bad(_))));
    let mut altered = later.clone();
    *altered.last_mut().unwrap() ^= 1;
    assert!(matches!(take(&altered), Err(NotTaken::Damaged(_))));
    altered[300] ^= 1;
    assert!(matches!(take(&altered), Err(NotTaken::Bad(_))));
    assert_eq!(shelf.in_force().get().version, 7);
    assert_eq!(take(&later).unwrap(), 8);
    assert_eq!(fs::read(state.path().join(TRUST_FILE)).unwrap(), later);

    // What this program cannot use is not fetched again and again; what a wire spoilt is.
    let unusable =
        Contents { version: 9, rules: vec![serde_json::json!({"Logic": {}})], ..Contents::default() };
    let mut bytes = vec![];
    let signer = Ed25519KeyPair::from_seed_unchecked(&running.hub.keys().pass_seed()[..]).unwrap();
    unusable.write(&signer, &mut bytes).unwrap();
    let wanted_above = |bytes: &[u8]| {
        fs::write(&part, bytes).unwrap();
        assert!(shelf.take(9).is_err());
        shelf.above()
    };
    let mut spoilt = bytes.clone();
    let rule = spoilt.windows(5).position(|bytes| bytes == b"Logic").unwrap();
    spoilt[rule] ^= 1;
    assert_eq!(wanted_above(&spoilt), 8);
    assert_eq!(wanted_above(&bytes), 9);

    // A file that rotted is not as if there were none.
    altered.truncate(200);
    put(state.path(), &altered);
    let (shelf, unusable) = TrustShelf::open(state.path(), keys);
    assert!(unusable);
    assert_eq!(shelf.in_force().get().pass(&pass(1), &Moment::sure(Wall(0))), PassState::Unreadable);
}

/// A line that is cut once, in the middle of the piece that begins at `cut_at`.
#[derive(Default)]
struct Line {
    cut_at: usize,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    /// From where on pieces were asked for.
    asked: Vec<usize>,
    was_cut: bool,
}

impl Line {
    /// Notes what a request asks for.
    fn asks(&self, request: &[u8]) {
        let request = String::from_utf8_lossy(request);
        let from: Option<usize> =
            request.split_once("?from=").and_then(|(_, rest)| rest.split(' ').next()?.parse().ok());
        self.seen.lock().unwrap().asked.extend(from);
    }

    /// Whether the line is cut now that so much of an answer has come through.
    fn is_cut(&self, bytes: usize) -> bool {
        let mut seen = self.seen.lock().unwrap();
        let now = !seen.was_cut && seen.asked.last() == Some(&self.cut_at) && bytes > PIECE_MAX / 2;
        seen.was_cut |= now;
        now
    }
}

/// The address of a line to the hub at `url`, which speaks plainly on this machine.
async fn relay(url: &str, line: Arc<Line>) -> String {
    let hub = url.strip_prefix("http://").unwrap().trim_end_matches('/').to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((kiosk, _)) = listener.accept().await {
            let Ok(hub) = TcpStream::connect(&hub).await else { continue };
            tokio::spawn(pass_on(kiosk, hub, Arc::clone(&line)));
        }
    });
    address
}

async fn pass_on(mut kiosk: TcpStream, mut hub: TcpStream, line: Arc<Line>) -> std::io::Result<()> {
    let (mut request, mut answer, mut passed) = (vec![0; 16 << 10], vec![0; 16 << 10], 0);
    loop {
        tokio::select! {
            length = kiosk.read(&mut request) => {
                let asked = &request[..length?];
                if asked.is_empty() {
                    return Ok(());
                }
                line.asks(asked);
                passed = 0;
                hub.write_all(asked).await?;
            }
            length = hub.read(&mut answer) => {
                let answered = &answer[..length?];
                passed += answered.len();
                if answered.is_empty() || line.is_cut(passed) {
                    return Ok(());
                }
                kiosk.write_all(answered).await?;
            }
        }
    }
}
