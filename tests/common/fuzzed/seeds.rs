//! One real log, and what of it goes in and out: the inputs from which altered ones are made.

use kakou::base::{BootId, ClockTrust, Epoch, KioskId, Mono, Pii, Random, Seq, Stamp, Wall};
use kakou::journal::audit::AuditProof;
use kakou::journal::prove::inclusion;
use kakou::journal::reader::{LogName, logs};
use kakou::journal::statement::{Salvage, Says, Statement};
use kakou::journal::{Disk, Frontier, Journal, Note, Options, Recovery, SignedNote, SigningKey, Stored};
use kakou::ledger::{Keys, Ledger};
use kakou::model::record::Crossing;
use kakou::model::{Body, Direction, Draft, Person, Personal, SubjectKind};
use kakou::sim::disk::SimDisk;
use kakou::sync::parcel::{Encoder, Manifest, Range, Rest};
use kakou::sync::receipt::Receipt;
use kakou::sync::salvage;
use kakou::sync::wire::{Batch, HUB_NOTE_NAME};

/// When everything happens.
pub const NOW: Wall = Wall(1_790_000_000_000);
const RECORDS: u64 = 60;

/// A log of several segments, and all that is in it.
pub struct Log {
    pub disk: SimDisk,
    pub epoch: Epoch,
    /// Its segments, oldest first.
    pub files: Vec<String>,
    pub records: Vec<Stored>,
}

thread_local! {
    /// Always the same one.
    pub static LOG: Log = written();
}

fn written() -> Log {
    let disk = SimDisk::new();
    let (mut journal, _) = open(&disk, 1);
    for number in 1..=RECORDS {
        let name = (number % 7 == 0).then_some("王小明");
        journal.append(draft(name), stamp(number)).unwrap();
        if number % 3 == 0 {
            journal.commit().unwrap();
        }
    }
    let epoch = journal.epoch();
    let records = journal.reader(disk.clone()).read(Seq::FIRST, usize::MAX, usize::MAX).unwrap();
    journal.close().unwrap();
    let files: Vec<String> =
        disk.clone().list().unwrap().into_iter().filter(|file| file.ends_with(".seg")).collect();
    assert!(files.len() > 2 && records.len() as u64 == RECORDS);
    Log { disk, epoch, files, records }
}

/// The segments, one by one, as they are and with their checksums made good.
pub fn segment() -> Vec<Vec<u8>> {
    let one = |log: &Log, at: usize, steer: u8| {
        let bytes = log.disk.read(&log.files[at]).unwrap();
        [&[u8::try_from(at).unwrap() << 2 | steer], &bytes[..]].concat()
    };
    LOG.with(|log| (0..log.files.len()).flat_map(|at| [one(log, at, 0), one(log, at, 3)]).collect())
}

/// Batches as they travel and before compression.
pub fn batch() -> Vec<Vec<u8>> {
    let sent = [(1, 1), (1, RECORDS), (6, 9)].map(|(from, through)| encoded(from, through));
    let plain = |packed: &Vec<u8>| zstd::bulk::decompress(packed, 1 << 20).unwrap();
    let records: Vec<_> =
        LOG.with(|log| (1..).filter_map(Seq::new).zip(log.records.clone()).skip(3).take(4).collect());
    let says = Says::Salvage(Salvage::of(&records).unwrap());
    let saved = salvage::encode(&says_of(says).sign(&own_key()), &records).unwrap();
    let sent: Vec<Vec<u8>> = sent.into_iter().chain([saved]).collect();
    let raw = sent.iter().map(|packed| [&[0], &packed[..]].concat());
    raw.chain(sent.iter().map(|packed| [&[1], &plain(packed)[..]].concat())).collect()
}

fn says_of(says: Says) -> Statement {
    Statement { kiosk: kiosk(), epoch: LOG.with(|log| log.epoch), says }
}

/// Notes with and without a cosignature, statements, and proofs.
pub fn note() -> Vec<Vec<u8>> {
    let mut all: Vec<SignedNote> = [0, 1, 33, RECORDS].map(cosigned).into();
    all.push(stated(7).with_extension("admitted 5").with_extension("referred 1").sign(&own_key()));
    let lines = ["count in-1 since=3 raised=2 beam=2 present=4 passages=2", "disk low free=40 faults=1"];
    all.push(lines.into_iter().fold(stated(9), |note, line| note.with_extension(line)).sign(&own_key()));
    let mut texts: Vec<String> = all.iter().map(ToString::to_string).collect();
    texts.push(says_of(Says::End { first: 3, last: 9, whole: 4 }).sign(&own_key()));
    let disk = LOG.with(|log| log.disk.killed());
    for number in [1, 7, 41] {
        let proven = inclusion(&mut disk.clone(), name(), Seq::new(number).unwrap(), 50).unwrap();
        texts.push(AuditProof::new(proven, cosigned(50)).unwrap().to_string());
    }
    texts.into_iter().map(String::into_bytes).collect()
}

/// Parcels of a few batches each.
pub fn parcel() -> Vec<Vec<u8>> {
    let file = |size: u64, steer: u8| {
        let epoch = LOG.with(|log| log.epoch);
        let seq = |number| Seq::new(number).unwrap();
        let ranges = vec![Range { epoch, from: seq(1), through: seq(RECORDS) }];
        let manifest = Manifest { kiosk: kiosk(), file: 1, ranges };
        let mut encoder = Encoder::begin(vec![steer], &manifest).unwrap();
        for from in (1..=RECORDS).step_by(usize::try_from(size).unwrap()) {
            let through = (from + size - 1).min(RECORDS);
            encoder.batch(epoch, seq(from), &encoded(from, through)).unwrap();
        }
        encoder.end(Rest::None).unwrap()
    };
    vec![file(60, 8), file(20, 6), file(25, 1), file(60, 9)]
}

/// Receipts as files, and their notes alone.
pub fn receipt() -> Vec<Vec<u8>> {
    let texts = |sizes: &[u64]| sizes.iter().map(|size| cosigned(*size).to_string()).collect::<Vec<_>>();
    let file = |sizes| [&[0], &Receipt::new(texts(sizes)).to_bytes().unwrap()[..]].concat();
    let alone = |sizes| [&[1], texts(sizes).join("\0").as_bytes()].concat();
    vec![file(&[RECORDS]), file(&[3, 40, 20]), alone(&[12]), alone(&[5, 6])]
}

pub fn kiosk() -> KioskId {
    "gate-1".parse().unwrap()
}

pub fn own_key() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

pub fn hub_key() -> SigningKey {
    SigningKey::from_seed(&[2; 32])
}

/// A hub that knows the kiosk and nothing else.
pub fn ledger() -> Ledger {
    let mut ledger = Ledger::in_memory(Keys::from_secret(&[3; 32])).unwrap();
    ledger.add_token(&[4; 32], Some(&kiosk()), NOW).unwrap();
    ledger.enrol(&[4; 32], None, own_key().verifying(), NOW).unwrap();
    ledger
}

/// The tree over the log's first records.
pub fn tree(size: u64) -> Frontier {
    let mut tree = Frontier::new();
    LOG.with(|log| {
        let count = usize::try_from(size).unwrap().min(log.records.len());
        log.records[..count].iter().for_each(|stored| tree.push(stored.leaf_hash()));
    });
    tree
}

pub fn open(disk: &SimDisk, seed: u64) -> (Journal<SimDisk>, Recovery) {
    let options = Options { segment_len: 2_048, ballast_len: 0, ..Options::new(kiosk()) };
    Journal::open(disk.clone(), options, Box::new(Random::new(seed))).unwrap()
}

pub fn put(disk: &mut SimDisk, file: &str, bytes: &[u8]) {
    disk.create(file, bytes.len() as u64).unwrap();
    disk.write_at(file, 0, bytes).unwrap();
    disk.sync(file).unwrap();
    disk.sync_dir().unwrap();
}

pub fn draft(name: Option<&str>) -> Draft {
    let person = |name: &str| Person { name: Some(Pii::new(name.to_owned())), ..Person::default() };
    let personal =
        name.map(|name| Personal { people: vec![person(name)], vehicle: None, note: None, picture: None });
    let body = match name {
        Some(_) => Body::Arrived { subject: SubjectKind::Person, direction: Direction::Inbound },
        None => Body::Crossed { arrival: Seq::FIRST, crossing: Crossing::Passed, counted: None },
    };
    Draft { lane: Some("in-1".parse().unwrap()), body, personal }
}

pub fn stamp(number: u64) -> Stamp {
    let mono = Mono::from_millis(number);
    Stamp { boot: BootId([1; 16]), mono, wall: NOW, trust: ClockTrust::Synced, max_error_ms: 5 }
}

fn name() -> LogName {
    LOG.with(|log| logs(&mut log.disk.clone()).unwrap()[0])
}

fn stated(size: u64) -> Note {
    Note::new(&kiosk(), LOG.with(|log| log.epoch), &tree(size))
}

fn cosigned(size: u64) -> SignedNote {
    let mut signed = stated(size).sign(&own_key());
    signed.cosign(HUB_NOTE_NAME, &hub_key(), NOW);
    signed
}

fn encoded(from: u64, through: u64) -> Vec<u8> {
    let range = usize::try_from(from - 1).unwrap()..usize::try_from(through).unwrap();
    let entries = LOG.with(|log| log.records[range].to_vec());
    Batch { note: stated(through).sign(&own_key()).to_string(), entries }.encode().unwrap()
}
