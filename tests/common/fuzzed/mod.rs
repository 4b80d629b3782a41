//! What takes bytes from outside, each as a function of bytes: shared by the fuzz targets in `tests/fuzz` and by a small
//! run of the same functions among the ordinary tests.
//!
//! The first byte steers: whether checksums are made good again after the bytes were altered, so that what lies behind
//! them is reached, and such. Each function panics where a promise is broken, and says whether it got far.
#![allow(dead_code, reason = "each program uses a part")]
#![allow(clippy::unwrap_used, reason = "a broken promise shows itself by a panic")]

mod certlogic;
mod command;
mod divoc;
mod frame;
mod handed;
mod hcert;
mod issuers;
mod jpeg;
mod margins;
mod mend;
mod nzcp;
mod others;
mod pass;
mod picture;
mod said;
mod seal;
mod seeds;
mod shc;
mod symbol;
mod texts;
mod trust;
pub mod watch;

pub use certlogic::certlogic;
pub use command::command;
pub use divoc::divoc;
pub use frame::frame;
pub use handed::handed;
pub use hcert::hcert;
pub use jpeg::jpeg;
use kakou::base::Seq;
use kakou::journal::audit::AuditProof;
use kakou::journal::cosigned::{Judgement, judge};
use kakou::journal::note::{self, parse_origin, parse_verifier, verifier};
use kakou::journal::prove::inclusion;
use kakou::journal::reader::logs;
use kakou::journal::verify::verify;
use kakou::journal::{Disk, SignedNote, Statement};
use kakou::ledger::Intake;
use kakou::sync::counts::Count;
use kakou::sync::parcel::{Decoder, Encoder, Error, Item, Rest};
use kakou::sync::receipt::{Keys, Receipt, Taken, take};
use kakou::sync::wire::{BODY_MAX, Batch, HUB_NOTE_NAME};
use kakou::sync::{disk_state, salvage};
pub use margins::margins;
use mend::{mend_parcel, mend_segment};
pub use nzcp::nzcp;
pub use others::others;
pub use pass::pass;
pub use said::said;
pub use seal::seal;
use seeds::{LOG, NOW, draft, hub_key, kiosk, ledger, open, own_key, put, stamp, tree};
pub use shc::shc;
pub use symbol::symbol;
pub use texts::texts;
pub use trust::trust;

/// Something that is fed with bytes, and inputs that are what it is for.
#[derive(Clone, Copy)]
pub struct Target {
    /// As its fuzz target is called.
    pub name: &'static str,
    /// Takes bytes; says whether it got far with them.
    pub run: fn(&[u8]) -> bool,
    /// Real inputs, with each of which it gets far.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many altered inputs are a small run of it: what reads pictures takes longer.
    pub runs: u64,
}

/// Altered inputs of a target in a small run.
const RUNS: u64 = 1_500;

/// All of them.
pub const TARGETS: [Target; 22] = [
    Target { name: "segment", run: segment, seeds: seeds::segment, runs: RUNS },
    Target { name: "batch", run: batch, seeds: seeds::batch, runs: RUNS },
    Target { name: "note", run: signed_note, seeds: seeds::note, runs: RUNS },
    Target { name: "parcel", run: parcel, seeds: seeds::parcel, runs: RUNS },
    Target { name: "receipt", run: receipt, seeds: seeds::receipt, runs: RUNS },
    Target { name: "command", run: command, seeds: command::seeds, runs: RUNS },
    Target { name: "said", run: said, seeds: said::seeds, runs: RUNS },
    Target { name: "handed", run: handed, seeds: handed::seeds, runs: RUNS },
    Target { name: "frame", run: frame, seeds: frame::seeds, runs: 1_000 },
    Target { name: "jpeg", run: jpeg, seeds: jpeg::seeds, runs: RUNS },
    Target { name: "symbol", run: symbol, seeds: symbol::seeds, runs: 150 },
    Target { name: "margins", run: margins, seeds: margins::seeds, runs: 400 },
    Target { name: "others", run: others, seeds: others::seeds, runs: 300 },
    Target { name: "pass", run: pass, seeds: pass::seeds, runs: RUNS },
    Target { name: "hcert", run: hcert, seeds: hcert::seeds, runs: RUNS },
    Target { name: "nzcp", run: nzcp, seeds: nzcp::seeds, runs: RUNS },
    Target { name: "shc", run: shc, seeds: shc::seeds, runs: RUNS },
    Target { name: "seal", run: seal, seeds: seal::seeds, runs: RUNS },
    Target { name: "divoc", run: divoc, seeds: divoc::seeds, runs: RUNS },
    Target { name: "texts", run: texts, seeds: texts::seeds, runs: RUNS },
    Target { name: "trust", run: trust, seeds: trust::seeds, runs: RUNS },
    Target { name: "certlogic", run: certlogic, seeds: certlogic::seeds, runs: RUNS },
];

/// A segment of a log is replaced by the bytes: no start is refused, and the next one finds what this one left.
pub fn segment(bytes: &[u8]) -> bool {
    let Some((steer, bytes)) = bytes.split_first() else { return false };
    let at = usize::from(steer >> 2);
    let (mut disk, file) = LOG.with(|log| (log.disk.killed(), log.files[at % log.files.len()].clone()));
    let mut bytes = bytes.to_vec();
    mend_segment(&mut bytes, &file, steer & 1 != 0, steer & 2 != 0);
    disk.remove(&file).unwrap();
    put(&mut disk, &file, &bytes);
    let name = logs(&mut disk).unwrap()[0];
    let report = verify(&mut disk, name).unwrap();
    let (mut journal, recovery) = open(&disk, 5);
    let goes_on = journal.epoch() == name.epoch;
    assert_eq!(goes_on, recovery.ended.is_none(), "{recovery}");
    if report.findings.is_empty() {
        assert!(recovery.is_untroubled(), "only a start finds: {recovery}");
        assert_eq!(report.frontier.map(|tree| tree.root()), Some(journal.note().root));
    }
    let mut reader = journal.reader(disk.clone());
    let _ = reader.read(Seq::FIRST, usize::MAX, usize::MAX);
    if let Some(last) = journal.durable().filter(|_| goes_on)
        && let Ok(proven) = inclusion(&mut disk, name, last, last.get())
    {
        assert_eq!(proven.root, journal.note().root, "the proof of the last record: {recovery}");
    }
    journal.append(draft(None), stamp(9)).unwrap();
    journal.commit().unwrap();
    let note = journal.note();
    drop(journal);
    let (again, second) = open(&disk, 6);
    let found = format!("{recovery}and then {second}");
    assert_eq!((again.note(), second.cut_bytes, second.ended), (note, 0, None), "the next start: {found}");
    goes_on
}

/// What a kiosk posts to the hub.
pub fn batch(bytes: &[u8]) -> bool {
    let Some((steer, bytes)) = bytes.split_first() else { return false };
    let packed = if steer & 1 != 0 { zstd::bulk::compress(bytes, 1).unwrap() } else { bytes.to_vec() };
    if let Ok((statement, records)) = salvage::decode(&packed) {
        let again = salvage::encode(&statement, &records).unwrap();
        assert_eq!(salvage::decode(&again), Ok((statement.clone(), records)));
        return self::statement(&statement);
    }
    let Ok(batch) = Batch::decode(&packed) else { return false };
    assert_eq!(Batch::decode(&batch.encode().unwrap()).as_ref(), Ok(&batch));
    for entry in batch.entries.iter().filter_map(|stored| stored.entry().ok()) {
        let again = minicbor::to_vec(&entry).unwrap();
        assert_eq!(minicbor::decode::<kakou::model::Entry>(&again).unwrap(), entry);
    }
    signed_note(batch.note.as_bytes());
    true
}

/// What a kiosk states about lost records.
fn statement(text: &str) -> bool {
    let Ok(stated) = Statement::parse_and_verify(text, &own_key().verifying()) else { return false };
    assert_eq!(stated.sign(&own_key()), text, "one spelling only, and nobody can sign another");
    assert_eq!(SignedNote::parse(text.as_bytes()).ok(), None, "it is no checkpoint");
    true
}

/// Signed notes, what a heartbeat says beside, statements, proofs that hold a note, public keys and origins.
pub fn signed_note(bytes: &[u8]) -> bool {
    if let Ok(text) = std::str::from_utf8(bytes) {
        if statement(text) {
            return true;
        }
        for line in text.lines() {
            if let Some(count) = Count::parse(line) {
                assert_eq!(Count::parse(&count.to_string()), Some(count));
            }
            if let Some(disk) = disk_state::parse(line) {
                assert_eq!(disk_state::parse(&disk_state::line(&disk)), Some(disk));
            }
        }
        if let Some(key) = parse_verifier(text) {
            assert_eq!(verifier(text.split_once('+').unwrap().0, &key), text);
        }
        if let Some((kiosk, epoch)) = parse_origin(text) {
            assert_eq!(note::origin(&kiosk, epoch), text);
        }
    }
    if let Ok(proof) = AuditProof::parse(bytes) {
        assert_eq!(AuditProof::parse(proof.to_string().as_bytes()).as_ref(), Ok(&proof));
        if let Ok(proven) = proof.verify(&own_key().verifying(), None) {
            let index = usize::try_from(proven.entry.seq.get() - 1).unwrap();
            let genuine = LOG.with(|log| log.records[index].entry().unwrap());
            assert_eq!(proven.entry, genuine, "nobody can prove another record");
            return true;
        }
    }
    let Ok(signed) = SignedNote::parse(bytes) else { return false };
    assert_eq!(signed.to_string().as_bytes(), bytes, "one spelling only");
    let by_hub = signed.verify_cosignature(HUB_NOTE_NAME, &hub_key().verifying());
    if signed.verify(&own_key().verifying()).is_err() && by_hub.is_err() {
        return false;
    }
    let (size, root) = (signed.note().size, signed.note().root);
    assert_eq!(tree(size).root(), root, "nobody can sign another tree");
    true
}

/// A file on a stick, in any chunks, and what a hub makes of it.
pub fn parcel(bytes: &[u8]) -> bool {
    let Some((steer, bytes)) = bytes.split_first() else { return false };
    let mut bytes = bytes.to_vec();
    if steer & 1 != 0 {
        mend_parcel(&mut bytes);
    }
    let chunk = [1, 7, 37, 300, 4_096][usize::from(steer >> 1) % 5];
    let (items, end) = parts(&bytes, chunk);
    let at_once = parts(&bytes, bytes.len().max(1));
    assert_eq!((&items, &end), (&at_once.0, &at_once.1), "whatever the chunks");
    let is_whole = matches!(items.last(), Some(Item::End(_)));
    assert!(is_whole || end.is_err());
    let mut batches = 0;
    for item in &items {
        match item {
            Item::Batch { content, .. } => batches += u32::from(batch(&[&[0], &content[..]].concat())),
            Item::Manifest(manifest) => {
                let written = Encoder::begin(vec![], manifest).unwrap().end(Rest::None).unwrap();
                assert_eq!(parts(&written, 64).0[0], *item);
            }
            Item::Unknown { .. } | Item::End(_) => {}
        }
    }
    batches > 0 && import(items)
}

/// A hub takes nothing but this kiosk's own records, in order.
fn import(items: Vec<Item>) -> bool {
    let mut ledger = ledger();
    let mut intake = Intake::default();
    for item in items {
        intake.take(&mut ledger, item, NOW).unwrap();
    }
    let epoch = LOG.with(|log| log.epoch);
    let (next, root, _) = ledger.head(&kiosk(), epoch).unwrap();
    assert_eq!(tree(next.get() - 1).root(), root);
    let others = intake.logs.iter().filter(|log| log.epoch != epoch || intake.kiosk != Some(kiosk()));
    assert_eq!(others.map(|log| log.new).sum::<u64>(), 0, "records that nobody signed");
    next > Seq::FIRST
}

fn parts(file: &[u8], chunk: usize) -> (Vec<Item>, Result<u64, Error>) {
    let (mut decoder, mut items) = (Decoder::new(), vec![]);
    for part in file.chunks(chunk) {
        decoder.push(part);
        assert!(decoder.held() <= BODY_MAX + 64 + chunk, "{} bytes are held", decoder.held());
        loop {
            match decoder.take() {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                Err(error) => return (items, Err(error)),
            }
        }
    }
    let end = decoder.finish();
    (items, end)
}

/// What comes back from the hub by hand.
pub fn receipt(bytes: &[u8]) -> bool {
    let Some((steer, bytes)) = bytes.split_first() else { return false };
    let receipt = if steer & 1 != 0 {
        let texts = bytes.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned());
        Receipt::new(texts.take(8).collect())
    } else {
        let Ok(receipt) = Receipt::from_bytes(bytes) else { return false };
        receipt
    };
    assert_eq!(Receipt::from_bytes(&receipt.to_bytes().unwrap()).unwrap(), receipt);
    let mut disk = LOG.with(|log| log.disk.killed());
    let known = logs(&mut disk).unwrap();
    let keys = Keys { kiosk: kiosk(), own: own_key().verifying(), hub: hub_key().verifying() };
    let taken = take(&receipt, &mut disk, &known, &keys).unwrap();
    let kept = taken.iter().filter(|taken| matches!(taken, Taken::Kept { .. })).count();
    for file in disk.list().unwrap().into_iter().filter(|file| file.ends_with(".cosigned")) {
        let signed = SignedNote::parse(&disk.read(&file).unwrap()).unwrap();
        let judged = judge(&disk, known[0], signed.note().size, &signed.note().root);
        assert_eq!(judged.unwrap(), Judgement::Agrees, "only what is so is kept");
    }
    kept > 0
}
