//! What a record costs on the way to the hub: `cargo bench --bench uplink`.
//!
//! Bytes a record in batches of 1, 10, 100 and 500, with and without the dictionary, beside what no packing can save:
//! boxes, commitments, hashes and signatures. `cargo bench --bench uplink -- --train FILE` trains another dictionary from
//! simulated gates, writes it to FILE, and says what it would be worth for gates that it was not trained on.

#![allow(missing_docs, clippy::cast_precision_loss, reason = "a bench, with the tests' fixtures")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a bench may panic, and prints what it measured"
)]

#[path = "../tests/common/mod.rs"]
mod common;

use common::gate_samples::{batches, logs};
use common::kiosk::Log;
use kakou::journal::{Seal, Stored};
use kakou::sync::dictionary::{NUMBER, Packing};
use kakou::sync::wire::Batch;

/// Length of a dictionary, in bytes: more adds little, and every kiosk and hub carries it.
const DICTIONARY: usize = 16 << 10;

fn main() {
    let measured = logs(99, 8, 1_600);
    let arguments: Vec<String> = std::env::args().collect();
    let train = arguments.iter().position(|argument| argument == "--train").map(|at| &arguments[at + 1]);
    let trained = train.map(|file| {
        let samples: Vec<Vec<u8>> = logs(1, 60, 500).iter().flat_map(samples).collect();
        let trained = zstd::dict::from_samples(&samples, DICTIONARY).unwrap();
        std::fs::write(file, &trained).unwrap();
        println!("{} samples, dictionary {} of {} bytes", samples.len(), number_of(&trained), trained.len());
        trained
    });
    println!("bytes a record, dictionary {NUMBER}");
    println!("batch   plain   in use  trained   boxes and hashes   note");
    for size in [1, 10, 100, 500] {
        let all: Vec<Batch> = measured.iter().flat_map(|log| batches(log, size)).collect();
        let records = (all.len() * size) as f64;
        let per = |bytes: usize| bytes as f64 / records;
        let packed = |packing| {
            all.iter().map(|batch| batch.encode_with(packing).map_or(0, |body| body.len())).sum::<usize>()
        };
        let new = trained.as_ref().map_or(0, |new| all.iter().map(|batch| with(batch, new)).sum());
        let sealed = all.iter().flat_map(|batch| &batch.entries).map(incompressible).sum::<usize>();
        // Root, key id and signature, whose base64 at best packs to the bytes it stands for.
        let note = all.len() * (32 + 4 + 64);
        println!(
            "{size:5} {:7.0} {:8.0} {:8.0} {:18.0} {:6.0}",
            per(packed(Packing::Plain)),
            per(packed(Packing::Dictionary)),
            per(new),
            per(sealed),
            per(note)
        );
    }
}

/// What live batches look like: mostly one to three records, some more.
fn samples(log: &Log) -> Vec<Vec<u8>> {
    [1, 3, 10].into_iter().flat_map(|size| batches(log, size)).map(|batch| expanded(&batch)).collect()
}

fn expanded(batch: &Batch) -> Vec<u8> {
    zstd::bulk::decompress(&batch.encode().unwrap(), 8 << 20).unwrap()
}

fn with(batch: &Batch, dictionary: &[u8]) -> usize {
    let mut compressor = zstd::bulk::Compressor::with_dictionary(3, dictionary).unwrap();
    compressor.compress(&expanded(batch)).unwrap().len()
}

fn incompressible(stored: &Stored) -> usize {
    match &stored.seal {
        Seal::None => 0,
        Seal::Boxed { bytes, .. } => 32 + bytes.len(),
        Seal::Erased { .. } => 64,
    }
}

fn number_of(dictionary: &[u8]) -> u32 {
    u32::from_le_bytes([dictionary[4], dictionary[5], dictionary[6], dictionary[7]])
}
