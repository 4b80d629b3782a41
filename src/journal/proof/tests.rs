//! Proofs against a naive tree, published vectors, every flipped bit, and bytes from anywhere.

use data_encoding::HEXLOWER;
use proptest::prelude::*;

use super::*;
use crate::journal::merkle::{by_definition, leaf_hash};

const LEAVES: usize = 131;

#[test]
fn every_leaf_of_every_tree_is_proven_as_defined() {
    let leaves = leaves(LEAVES);
    for size in 1..=LEAVES {
        let root = by_definition(&leaves[..size]);
        for index in 0..size {
            let proof = inclusion(&leaves, 0, index, size);
            assert_eq!(proof, path(index, &leaves[..size]), "leaf {index} of {size}");
            let (leaf, other) = (leaves[index], leaves[(index + 1) % LEAVES]);
            let (index, size) = (index as u64, size as u64);
            assert_eq!(verify_inclusion(&leaf, index, size, &proof, &root), Ok(()));
            assert_eq!(verify_inclusion(&other, index, size, &proof, &root), Err(Error::Root));
        }
    }
}

#[test]
fn a_proof_for_a_part_of_a_tree_proves_nothing_about_the_whole() {
    let leaves = leaves(LEAVES);
    // The first 2^height leaves are a complete tree of their own, and its root a node of every larger one.
    for height in 0..7_u32 {
        let part = 1_usize << height;
        let root = by_definition(&leaves[..part]);
        for (index, leaf) in leaves[..part].iter().enumerate() {
            let proof = inclusion(&leaves, 0, index, part);
            for size in part + 1..=LEAVES {
                let outcome = verify_inclusion(leaf, index as u64, size as u64, &proof, &root);
                assert_eq!(outcome, Err(Error::Length(proof.len())), "leaf {index} of {part}, not of {size}");
            }
        }
    }
}

#[test]
fn every_older_tree_is_proven_to_be_the_beginning_as_defined() {
    let leaves = leaves(LEAVES);
    for size in 1..=LEAVES {
        let root = by_definition(&leaves[..size]);
        for old in 1..=size {
            let proof = consistency(&leaves, 0, old, size);
            assert_eq!(proof, sub_proof(old, &leaves[..size], true), "{old} of {size}");
            let old_root = by_definition(&leaves[..old]);
            assert_eq!(verify_consistency(old as u64, size as u64, &proof, &old_root, &root), Ok(()));
        }
    }
}

#[test]
fn what_lies_before_the_oldest_kept_leaf_is_not_needed() {
    let leaves = leaves(LEAVES);
    for size in (1..=LEAVES).step_by(5) {
        for index in 0..size {
            for kept in 0..=index {
                assert_eq!(inclusion(&leaves, kept, index, size), path(index, &leaves[..size]));
                let old = index + 1;
                let proof = consistency(&leaves, kept, old, size);
                assert_eq!(proof, sub_proof(old, &leaves[..size], true), "{old} of {size}, from {kept}");
            }
            let gone = frontier(&leaves[..=index]);
            let refused = Prover::inclusion(&gone, index as u64, size as u64);
            assert_eq!(refused.err(), Some(Error::Missing(index as u64)));
        }
    }
}

#[test]
fn leaves_behind_the_record_can_be_passed_over_with_a_frontier() {
    let leaves = leaves(LEAVES);
    let mut passed = 0;
    for size in (1..=LEAVES).step_by(7) {
        for index in (0..size).step_by(3) {
            for to in index + 1..=size {
                let mut prover =
                    Prover::inclusion(&frontier(&leaves[..index]), index as u64, size as u64).unwrap();
                prover.push(leaves[index]);
                let moved = prover.advance(&frontier(&leaves[..to]));
                let next = if moved { to } else { index + 1 };
                assert_eq!(prover.next(), next as u64);
                passed += usize::from(moved && to > index + 1);
                leaves[next..size].iter().for_each(|leaf| prover.push(*leaf));
                assert_eq!(
                    prover.finish().unwrap(),
                    path(index, &leaves[..size]),
                    "{index} of {size} by {to}"
                );
            }
        }
    }
    assert!(passed > 500, "{passed}");
}

#[test]
fn a_proof_is_not_finished_before_all_that_it_needs_was_told() {
    let leaves = leaves(20);
    let mut prover = Prover::inclusion(&Frontier::new(), 3, 20).unwrap();
    for (index, leaf) in leaves.iter().enumerate() {
        assert_eq!(prover.clone().finish(), Err(Error::Missing(index as u64)));
        assert!(prover.wanted().is_some_and(|range| range.end > index as u64));
        prover.push(*leaf);
    }
    assert_eq!(prover.wanted(), None);
    assert!(!prover.advance(&frontier(&leaves[..5])), "never backwards");
    assert_eq!(Prover::inclusion(&Frontier::new(), 20, 20).err(), Some(Error::Outside(20, 20)));
    assert_eq!(Prover::consistency(&Frontier::new(), 0, 20).err(), Some(Error::Outside(0, 20)));
    assert_eq!(Prover::consistency(&Frontier::new(), 21, 20).err(), Some(Error::Outside(21, 20)));
}

#[test]
fn every_flipped_bit_and_every_other_length_is_refused() {
    let leaves = leaves(LEAVES);
    for size in [1, 2, 3, 7, 8, 13, 64, 100, 130, 131] {
        let root = by_definition(&leaves[..size]);
        for index in (0..size).step_by(if size > 16 { 11 } else { 1 }) {
            let proof = inclusion(&leaves, 0, index, size);
            let good = |leaf: &Hash, proof: &[Hash], root: &Hash| {
                verify_inclusion(leaf, index as u64, size as u64, proof, root).is_ok()
            };
            flips(&proof, |proof| assert!(!good(&leaves[index], proof, &root)));
            flips(&[root], |root| assert!(!good(&leaves[index], &proof, &root[0])));
            flips(&[leaves[index]], |leaf| assert!(!good(&leaf[0], &proof, &root)));
            lengths(&proof, |proof| assert!(!good(&leaves[index], proof, &root)));
        }
        for old in (1..size).step_by(if size > 16 { 11 } else { 1 }) {
            let proof = consistency(&leaves, 0, old, size);
            let old_root = by_definition(&leaves[..old]);
            let good = |proof: &[Hash], old_root: &Hash, root: &Hash| {
                verify_consistency(old as u64, size as u64, proof, old_root, root).is_ok()
            };
            flips(&proof, |proof| assert!(!good(proof, &old_root, &root)));
            flips(&[root], |root| assert!(!good(&proof, &old_root, &root[0])));
            flips(&[old_root], |old_root| assert!(!good(&proof, &old_root[0], &root)));
            lengths(&proof, |proof| assert!(!good(proof, &old_root, &root)));
        }
    }
}

#[test]
fn another_place_or_another_size_is_refused() {
    let leaves = leaves(40);
    let root = by_definition(&leaves);
    let proof = inclusion(&leaves, 0, 17, 40);
    for index in (0..40).filter(|index| *index != 17) {
        assert!(verify_inclusion(&leaves[17], index, 40, &proof, &root).is_err(), "leaf {index}");
    }
    assert_eq!(verify_inclusion(&leaves[17], 40, 40, &proof, &root), Err(Error::Outside(40, 40)));
    assert_eq!(verify_inclusion(&leaves[17], 0, 0, &[], &root), Err(Error::Outside(0, 0)));
    let empty = sha256(b"");
    assert_eq!(verify_consistency(0, 40, &[], &empty, &root), Ok(()));
    assert_eq!(verify_consistency(0, 40, &[], &root, &root), Err(Error::Root));
    assert_eq!(verify_consistency(40, 40, &[], &root, &root), Ok(()));
    assert_eq!(verify_consistency(40, 40, &proof, &root, &root), Err(Error::Length(proof.len())));
    assert_eq!(verify_consistency(41, 40, &[], &root, &root), Err(Error::Outside(41, 40)));
    assert_eq!(verify_consistency(3, 40, &[], &root, &root), Err(Error::Length(0)));
}

#[test]
fn agrees_with_the_published_proofs() {
    // Source: google/certificate-transparency, merkle_tree_test.cc: the reference leaves, paths and proofs.
    let data =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let leaves: Vec<Hash> =
        data.iter().map(|leaf| leaf_hash(&[&HEXLOWER.decode(leaf.as_bytes()).unwrap()])).collect();
    let (a, b) = (
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    );
    let (c, d) = (
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    );
    let (e, f) = (
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    );
    let (g, h, i) = (
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    );
    let hex = |proof: Vec<Hash>| proof.iter().map(|hash| HEXLOWER.encode(hash)).collect::<Vec<_>>();
    // Leaves are counted from 1 there.
    let paths: [(usize, usize, &[&str]); 5] =
        [(1, 1, &[]), (1, 8, &[a, b, c]), (6, 8, &[d, e, f]), (3, 3, &[g]), (2, 5, &[h, b, d])];
    for (leaf, size, published) in paths {
        assert_eq!(hex(inclusion(&leaves, 0, leaf - 1, size)), published, "leaf {leaf} of {size}");
    }
    let proofs: [(usize, usize, &[&str]); 4] =
        [(1, 1, &[]), (1, 8, &[a, b, c]), (6, 8, &[i, e, f]), (2, 5, &[b, d])];
    for (old, size, published) in proofs {
        assert_eq!(hex(consistency(&leaves, 0, old, size)), published, "{old} of {size}");
    }
}

proptest! {
    #[test]
    fn random_bytes_never_panic_and_never_prove(
        sizes in (any::<u64>(), any::<u64>()),
        proof in proptest::collection::vec(any::<[u8; 32]>(), 0..70),
        hashes in any::<[[u8; 32]; 2]>(),
    ) {
        let (first, second) = sizes;
        let [one, two] = hashes;
        if !(second == 1 && proof.is_empty() && one == two) {
            prop_assert!(verify_inclusion(&one, first, second, &proof, &two).is_err());
        }
        prop_assert!(one == two || verify_consistency(first, second, &proof, &one, &two).is_err());
        let small = (first % 300, second % 300);
        prop_assert!(one == two || verify_consistency(small.0, small.1, &proof, &one, &two).is_err());
        let _ = Prover::inclusion(&Frontier::new(), first, second);
        let _ = Prover::consistency(&Frontier::new(), first, second);
    }
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count as u64).map(|n| leaf_hash(&[&n.to_be_bytes()])).collect()
}

fn frontier(leaves: &[Hash]) -> Frontier {
    let mut frontier = Frontier::new();
    leaves.iter().for_each(|leaf| frontier.push(*leaf));
    frontier
}

/// Proves with only the leaves from `kept` on.
fn inclusion(leaves: &[Hash], kept: usize, index: usize, size: usize) -> Vec<Hash> {
    run(Prover::inclusion(&frontier(&leaves[..kept]), index as u64, size as u64), &leaves[kept..size])
}

fn consistency(leaves: &[Hash], kept: usize, old: usize, size: usize) -> Vec<Hash> {
    run(Prover::consistency(&frontier(&leaves[..kept]), old as u64, size as u64), &leaves[kept..size])
}

fn run(prover: Result<Prover, Error>, leaves: &[Hash]) -> Vec<Hash> {
    let mut prover = prover.unwrap();
    leaves.iter().for_each(|leaf| prover.push(*leaf));
    prover.finish().unwrap()
}

/// RFC 6962 §2.1.1, word for word.
fn path(index: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return vec![];
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut path, sibling) = match index.checked_sub(left.len()) {
        None => (path(index, left), by_definition(right)),
        Some(index) => (path(index, right), by_definition(left)),
    };
    path.push(sibling);
    path
}

/// RFC 6962 §2.1.2, word for word.
fn sub_proof(old: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if known { vec![] } else { vec![by_definition(leaves)] };
    }
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (mut proof, sibling) = if old <= left.len() {
        (sub_proof(old, left, known), by_definition(right))
    } else {
        (sub_proof(old - left.len(), right, false), by_definition(left))
    };
    proof.push(sibling);
    proof
}

fn flips(hashes: &[Hash], mut each: impl FnMut(&[Hash])) {
    for at in 0..hashes.len() * 256 {
        let mut bad = hashes.to_vec();
        bad[at / 256][at % 256 / 8] ^= 1 << (at % 8);
        each(&bad);
    }
}

fn lengths(proof: &[Hash], mut each: impl FnMut(&[Hash])) {
    for length in 0..proof.len() {
        each(&proof[..length]);
    }
    each(&[proof, &[[7; 32]]].concat());
}
