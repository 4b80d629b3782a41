//! The file of a list: what it says back, what it refuses, and that nobody can be read in it.

use kakou::base::Random;
use kakou::config::list::change::Push;
use kakou::config::list::file::{Part, blinded_source};
use kakou::config::list::{BadList, ListFile, ListRule, Lists, Named};
use kakou::model::Blinder;

use crate::fixtures::*;

/// Something in force, and something held.
fn sample() -> ListFile {
    let (file, ..) =
        in_force(&people(0..5)).push(&rule(), &push(&people(3..9), &[issuer("police")])).unwrap();
    file
}

fn decode(bytes: &[u8]) -> Result<ListFile, BadList> {
    ListFile::decode(bytes, &rule(), &site(), &blinder())
}

#[test]
fn a_list_survives_its_file() {
    for file in [ListFile::default(), in_force(&people(0..5)), in_force(&people(0..0)), sample()] {
        assert_eq!(decode(&file.encode(&rule(), &site(), &blinder())), Ok(file));
    }
}

#[test]
fn an_edition_says_of_which_file_it_was_read_to_whoever_has_the_hash_and_the_key() {
    let source = |file: u8| blinded_source(&blinder(), &[file; 32]);
    let (entries, two) = (people(0..5), [issuer("health"), issuer("street")]);
    let of_file = Push { source: Some(source(1)), ..push(&entries, &two) };
    let (file, ..) = ListFile::default().push(&rule(), &of_file).unwrap();
    let bytes = file.encode(&rule(), &site(), &blinder());
    assert_eq!(decode(&bytes), Ok(file.clone()));
    assert!(
        !bytes.windows(32).any(|window| window == [1; 32]),
        "the hash of a short list would give it away"
    );
    let named = |file: ListFile, source| {
        let edition = file.into_in_force().unwrap();
        Lists::new([(std::sync::Arc::new(rule()), edition)]).named(&rule().id, source)
    };
    assert_eq!(named(file.clone(), source(1)), Named::InForce);
    assert!(matches!(named(file, source(2)), Named::Other { .. }));
    assert_eq!(Lists::default().named(&rule().id, source(1)), Named::Absent);

    // What the first version wrote.
    let old = in_force(&entries);
    let mut bytes = old.encode(&rule(), &site(), &blinder());
    bytes[8] = 1;
    let crc = crc32c::crc32c(&bytes[..92]).to_le_bytes();
    bytes[92..96].copy_from_slice(&crc);
    assert_eq!(decode(&bytes), Ok(old.clone()));
    assert!(matches!(named(old, source(1)), Named::Other { .. }), "nobody knows of which file");
}

#[test]
fn a_file_of_another_list_place_key_or_version_is_refused_by_that_name() {
    let good = sample().encode(&rule(), &site(), &blinder());
    let other_list = ListRule { id: slug("wanted"), ..rule() };
    assert_eq!(ListFile::decode(&good, &other_list, &site(), &blinder()), Err(BadList::OtherList));
    assert_eq!(ListFile::decode(&good, &rule(), &slug("elsewhere"), &blinder()), Err(BadList::OtherSite));
    let other_key = Blinder::new(&[8; 32]);
    assert_eq!(ListFile::decode(&good, &rule(), &site(), &other_key), Err(BadList::OtherKey));
    let mut newer = good.clone();
    newer[8] = 3;
    assert_eq!(decode(&newer), Err(BadList::Newer { found: 3 }));
    assert_eq!(decode(b"KKROSTER"), Err(BadList::NoList));
    for length in 0..good.len() {
        assert!(decode(&good[..length]).is_err(), "{length} bytes");
    }
    assert_eq!(decode(&[&good[..], &[0]].concat()), Err(BadList::NoList));
}

#[test]
fn every_altered_byte_is_refused_with_its_place() {
    let file = sample();
    let good = file.encode(&rule(), &site(), &blinder());
    let in_force_ends = good.len() - 40 - 32 * 3 - 26 * 6 - 4;
    let mut places = std::collections::BTreeSet::new();
    for at in 0..good.len() {
        for bits in [0x01, 0x80, 0xFF] {
            let mut bad = good.clone();
            bad[at] ^= bits;
            let refused = decode(&bad).expect_err("altered");
            if let BadList::Damaged { part, from, to, .. } = refused {
                assert!((from..to).contains(&at), "byte {at}: {refused}");
                places.insert(from);
                let expected = match at {
                    0..96 => Part::Head,
                    _ if at < in_force_ends => Part::InForce,
                    _ => Part::Held,
                };
                assert_eq!(part, expected, "byte {at}");
                assert!(refused.to_string().contains(&format!("between bytes {from} and {to}")));
            } else {
                assert!(at < 12, "byte {at}: {refused}");
            }
        }
    }
    assert_eq!(places.len(), 3, "{places:?}");
}

#[test]
fn altered_bytes_with_fitting_checksums_never_panic() {
    let good = sample().encode(&rule(), &site(), &blinder());
    let mut random = Random::new(31);
    let mut refused = 0;
    for _ in 0..20_000 {
        let mut bad = good.clone();
        for _ in 0..=random.below(3) {
            let at = usize::try_from(random.below(bad.len() as u64)).unwrap();
            bad[at] = random.next_u64().to_le_bytes()[0];
        }
        bad.truncate(bad.len() - usize::try_from(random.below(2) * random.below(99)).unwrap());
        repair(&mut bad);
        match decode(&bad) {
            Ok(file) => drop(file.encode(&rule(), &site(), &blinder())),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 10_000, "{refused}");
}

/// Makes every checksum fit again, as far as the lengths in the head allow.
fn repair(bytes: &mut [u8]) {
    let Some(head) = bytes.get(..96) else { return };
    let long = |at: usize| u32::from_le_bytes(head[at..at + 4].try_into().unwrap()) as usize;
    let (in_force, held) = (long(84), long(88));
    for (from, length) in [(0, 96), (96, in_force), (96_usize.saturating_add(in_force), held)] {
        let Some(part) = bytes.get_mut(from..from.saturating_add(length)).filter(|part| part.len() > 4)
        else {
            continue;
        };
        let (body, crc) = part.split_last_chunk_mut::<4>().unwrap();
        *crc = crc32c::crc32c(body).to_le_bytes();
    }
}

#[test]
fn what_nobody_accepted_is_not_taken_to_be_in_force() {
    let (held, ..) = ListFile::default().push(&rule(), &push(&people(0..4), &[issuer("health")])).unwrap();
    let mut bytes = held.encode(&rule(), &site(), &blinder());
    // As if what is held had been moved to where what is in force lies.
    let (in_force, rest) = bytes[84..92].split_at_mut(4);
    in_force.swap_with_slice(rest);
    repair(&mut bytes);
    let refused = decode(&bytes).unwrap_err();
    assert!(matches!(refused, BadList::Damaged { part: Part::InForce, .. }), "{refused}");
}

#[test]
fn other_entries_than_were_pushed_are_noticed_though_every_checksum_fits() {
    let mut bytes = in_force(&people(0..4)).encode(&rule(), &site(), &blinder());
    let last_row = bytes.len() - 4 - 26;
    bytes[last_row + 20] ^= 1;
    repair(&mut bytes);
    let refused = decode(&bytes).unwrap_err().to_string();
    assert!(refused.contains("are not those of its identity"), "{refused}");
}
