//! A small run of what the fuzz targets run for hours: real inputs, altered ones, and noise.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "common/fuzzed/mod.rs"]
mod fuzzed;

use std::path::PathBuf;

use fuzzed::watch::watched;
use fuzzed::{TARGETS, Target};
use kakou::base::Random;

#[test]
fn every_seed_is_taken_by_what_it_is_for() {
    // `make fuzz` begins its corpora with these.
    let folder = std::env::var_os("KAKOU_FUZZ_SEEDS").map(PathBuf::from);
    for Target { name, run, seeds, .. } in TARGETS {
        let seeds = seeds();
        assert!(seeds.len() > 3, "{name}");
        for (number, seed) in seeds.iter().enumerate() {
            assert!(run(seed), "{name}: seed {number}");
            if let Some(folder) = &folder {
                std::fs::create_dir_all(folder.join(name)).unwrap();
                std::fs::write(folder.join(name).join(format!("seed-{number}")), seed).unwrap();
            }
        }
    }
}

#[test]
fn altered_inputs_break_no_promise() {
    for (index, Target { name, run, seeds, runs }) in TARGETS.into_iter().enumerate() {
        let seeds = seeds();
        let (mut far, mut stopped) = (0, 0);
        for number in 0..runs {
            let mut random = Random::new((index as u64) << 32 | number);
            let input = altered(&seeds, &mut random);
            let taken = std::panic::catch_unwind(|| run(&input));
            match taken.unwrap_or_else(|_| panic!("{name}: input {number}")) {
                true => far += 1,
                false => stopped += 1,
            }
        }
        assert!(far >= 10 && stopped > 20, "{name}: {far} got far, {stopped} did not");
    }
}

#[test]
fn noise_breaks_no_promise() {
    for (index, Target { run, .. }) in TARGETS.into_iter().enumerate() {
        for number in 0..200 {
            let mut random = Random::new((index as u64) << 32 | number);
            let mut noise = vec![0; below(&mut random, 700)];
            random.fill(&mut noise);
            run(&noise);
        }
    }
}

#[test]
fn a_caught_panic_counts_where_it_is_ours_and_not_where_it_is_a_decoders() {
    let caught = |panics: fn()| {
        let net = || drop(std::panic::catch_unwind(panics));
        std::panic::catch_unwind(|| watched(net)).is_err()
    };
    assert!(caught(|| panic!("ours")));
    assert!(caught(|| drop(u8::from_str_radix("1", 99))), "the standard library panics for us");
    assert!(!caught(|| assert!(rxing::common::BitArray::with_size(1).get(999))));
    assert!(!caught(|| ()), "nothing is left of the ones before");
}

/// A seed with a few bits, bytes, stretches or numbers changed, cut short, or joined with another.
fn altered(seeds: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut bytes = seeds[below(random, seeds.len())].clone();
    for _ in 0..=below(random, 4) {
        let at = below(random, bytes.len());
        let end = at + below(random, (bytes.len() - at).min(80) + 1);
        match random.below(9) {
            0 => bytes[at] ^= 1 << random.below(8),
            1 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][below(random, 5)],
            2 => bytes.truncate(at + 1),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let copy = bytes[at..end].to_vec();
                let to = below(random, bytes.len());
                drop(bytes.splice(to..to, copy));
            }
            5 => {
                let other = &seeds[below(random, seeds.len())];
                let from = below(random, other.len());
                bytes.truncate(at + 1);
                bytes.extend_from_slice(&other[from..]);
            }
            6 => random.fill(&mut bytes[at..end]),
            7 => bytes[at..end].fill(0),
            // How it is steered.
            _ => bytes[0] ^= 1 << random.below(8),
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    bytes
}

fn below(random: &mut Random, limit: usize) -> usize {
    usize::try_from(random.below(limit.max(1) as u64)).unwrap()
}
