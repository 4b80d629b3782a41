//! From the text of a code to the answer, with as much trust as a kiosk will ever hold: `cargo bench --bench credentials`.
//!
//! A file of trust with 2,000 keys and 5 million revocations (`REVOKED` sets another number) is written, loaded as a kiosk loads it, and gone by:
//! for each algorithm, certificates of the corpus that its states published to be tested with (`KAKOU_CORPORA`, by default
//! `../shared/corpora`), in a random order, each time with another certificate before it. Without a corpus there are two of our
//! own making. Each call is timed by itself, so that the slowest of a thousand can be told.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a bench prints, and may panic"
)]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use data_encoding::BASE64;
use jiff::Timestamp;
use jiff::civil::DateTime;
use kakou::base::{Random, Wall};
use kakou::credential::Trusted;
use kakou::credential::certificate;
use kakou::credential::key::{Algorithm, Key, Scheme, Uses};
use kakou::credential::report::Moment;
use kakou::credential::trusted::file::{Contents, read};
use kakou::credential::trusted::revocation::{ReadAt, RevocationId};
use kakou::model::Authenticity;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::Value as Json;

const KEYS: usize = 2_000;
const CALLS: usize = 5_000;

fn main() {
    // A process of its own holds nothing but the file.
    if let Some(file) = std::env::var_os("LOADED") {
        let before = resident();
        let trusted = open(Path::new(&file));
        println!("resident {:.1} MB for it", f64::from(resident().saturating_sub(before)) / 1e3);
        return drop(trusted);
    }
    let revoked =
        std::env::var("REVOKED").map_or(5_000_000, |text| text.parse().expect("REVOKED is a number"));
    let cases = cases();
    let folder = std::env::temp_dir().join(format!("kakou-credentials-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("trust.kkt");
    write(&file, &cases, revoked, &signer());
    let trusted = load(&file);
    println!("{} keys, {} revoked", trusted.keys.len(), trusted.revoked.len());
    println!(
        "{:<22} {:>6} {:>9} {:>9} {:>9} {:>9}",
        "payload to answer, µs", "codes", "mean", "p50", "p99", "most"
    );
    for (name, cases) in &cases {
        ask(name, cases, &trusted);
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// A code, when it was good, and the key that signed it.
struct Case {
    text: String,
    at: Wall,
    key: Key,
}

/// What the corpus has of each algorithm.
fn cases() -> BTreeMap<&'static str, Vec<Case>> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpora");
    let root = std::env::var_os("KAKOU_CORPORA").map_or_else(beside, PathBuf::from).join("credentials");
    let mut found: BTreeMap<&'static str, Vec<Case>> = BTreeMap::new();
    let Ok(mut rows) = csv::Reader::from_path(root.join("manifest.csv")) else {
        println!("no corpus at {}: nothing to ask about", root.display());
        return found;
    };
    for row in rows.records().map(Result::unwrap).filter(|row| &row[0] == "EU-DCC" && &row[6] == "accept") {
        let json: Json = serde_json::from_slice(&fs::read(root.join(&row[1])).unwrap()).unwrap();
        let der = BASE64.decode(json["TESTCTX"]["CERTIFICATE"].as_str().unwrap().as_bytes()).unwrap();
        let key = certificate::key(&der).unwrap();
        let text = json["PREFIX"].as_str().unwrap().to_owned();
        found.entry(key.algorithm.name()).or_default().push(Case { text, at: clock(&row[4]), key });
    }
    found
}

fn clock(text: &str) -> Wall {
    let utc = |civil: DateTime| jiff::tz::Offset::UTC.to_timestamp(civil).unwrap();
    Wall(text.parse::<Timestamp>().unwrap_or_else(|_| utc(text.parse().unwrap())).as_millisecond())
}

fn write(file: &Path, cases: &BTreeMap<&str, Vec<Case>>, revoked: u64, signer: &Ed25519KeyPair) {
    let mut keys: Vec<Key> = cases.values().flatten().map(|case| case.key.clone()).collect();
    keys.sort_by(|one, other| one.id.cmp(&other.id));
    keys.dedup();
    let mut random = Random::new(7);
    while keys.len() < KEYS {
        let mut id = vec![0; 8];
        let mut public = vec![4; 65];
        random.fill(&mut id);
        random.fill(&mut public[1..]);
        let (not_before, not_after) = (Wall(0), Wall(i64::MAX));
        let (scheme, algorithm, uses) = (Scheme::Hcert, Algorithm::Es256, Uses::default());
        keys.push(Key {
            scheme,
            id,
            algorithm,
            public,
            uses,
            not_before,
            not_after,
            issuer: "XX".into(),
            list: 0,
        });
    }
    let revoked = (0..revoked).map(|number| RevocationId::of_pass(&number.to_be_bytes())).collect();
    let contents = Contents { version: 1, built: Wall(0), keys, revoked, ..Contents::default() };
    let begun = now();
    let mut out = BufWriter::new(File::create(file).unwrap());
    contents.write(signer, &mut out).unwrap();
    out.flush().unwrap();
    let bytes = fs::metadata(file).unwrap().len();
    println!("written in {:.1} s, {:.1} MB", begun.elapsed().as_secs_f64(), bytes as f64 / 1e6);
}

/// The file, as a kiosk opens it.
fn open(path: &Path) -> Trusted {
    let file = File::open(path).unwrap();
    let length = file.metadata().unwrap().len();
    let read_at: Arc<ReadAt> = Arc::new(move |offset, out: &mut [u8]| file.read_exact_at(out, offset));
    read(read_at, length, &[signer().public_key().as_ref().try_into().unwrap()]).unwrap()
}

fn signer() -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[5; 32]).unwrap()
}

/// Loads the file several times; how long it took, and what one of them holds.
fn load(path: &Path) -> Trusted {
    let mut times: Vec<Duration> = (0..9)
        .map(|_| {
            let begun = now();
            drop(open(path));
            begun.elapsed()
        })
        .collect();
    times.sort();
    let (median, most) = (times[4], times[8]);
    println!("loaded in {median:.1?} (most {most:.1?})");
    let own = std::env::current_exe().unwrap();
    assert!(std::process::Command::new(own).env("LOADED", path).status().unwrap().success());
    open(path)
}

#[expect(clippy::disallowed_methods, reason = "how long it takes is what is measured")]
fn now() -> Instant {
    Instant::now()
}

/// Resident memory in kB.
fn resident() -> u32 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn ask(name: &str, cases: &[Case], trusted: &Trusted) {
    let mut random = Random::new(9);
    let mut times: Vec<Duration> = (0..CALLS)
        .map(|_| {
            let case = &cases[usize::try_from(random.below(cases.len() as u64)).unwrap()];
            let moment = Moment::sure(case.at);
            let begun = now();
            let report = trusted.verify(case.text.as_bytes(), &moment);
            let taken = begun.elapsed();
            assert_eq!(report.authentic, Authenticity::Genuine, "{name}: {:?}", report.fault);
            taken
        })
        .collect();
    times.sort();
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    let mean = times.iter().map(|time| micros(*time)).sum::<f64>() / times.len() as f64;
    let at = |share: usize| micros(times[(times.len() * share / 100).min(times.len() - 1)]);
    let most = micros(times[times.len() - 1]);
    println!("{name:<22} {:>6} {mean:>9.0} {:>9.0} {:>9.0} {most:>9.0}", cases.len(), at(50), at(99));
}
