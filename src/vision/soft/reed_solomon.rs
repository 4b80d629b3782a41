//! Reed–Solomon codes of QR symbols with erasures: a codeword that is known to be doubtful costs one check symbol, an unknown
//! error two.
//!
//! GF(2⁸) with the polynomial x⁸ + x⁴ + x³ + x² + 1 and the generator's roots α⁰ … αⁿ⁻¹ (ISO/IEC 18004:2015, 7.5). Syndromes,
//! erasure locator, Berlekamp–Massey from there, Chien search and Forney's formula: Blahut, "Algebraic Codes for Data
//! Transmission", 2003, chapter 7.

/// Powers of α, twice over so that sums of two logarithms need no reduction.
const EXP: [u8; 512] = exp();
/// Logarithms to the base α; the one of 0 is not used.
const LOG: [u8; 256] = log();

const fn exp() -> [u8; 512] {
    let mut table = [0; 512];
    let (mut value, mut at) = (1_u16, 0);
    while at < 510 {
        #[expect(clippy::cast_possible_truncation, reason = "reduced below 256 in each step")]
        let byte = value as u8;
        table[at] = byte;
        value <<= 1;
        if value & 0x100 != 0 {
            value ^= 0x11D;
        }
        at += 1;
    }
    table
}

const fn log() -> [u8; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 255 {
        #[expect(clippy::cast_possible_truncation, reason = "below 255")]
        let power = at as u8;
        table[EXP[at] as usize] = power;
        at += 1;
    }
    table
}

fn log_of(value: u8) -> usize {
    usize::from(LOG[usize::from(value)])
}

fn times(a: u8, b: u8) -> u8 {
    if a == 0 || b == 0 { 0 } else { EXP[log_of(a) + log_of(b)] }
}

fn over(a: u8, b: u8) -> u8 {
    if a == 0 { 0 } else { EXP[log_of(a) + 255 - log_of(b)] }
}

/// The polynomial `of`, lowest power first, at α to the `power`.
fn at_power(of: &[u8], power: usize) -> u8 {
    of.iter().rev().fold(0, |sum, &coefficient| times(sum, EXP[power % 255]) ^ coefficient)
}

/// Corrects `word`, whose last `checks` bytes are check symbols; bytes at the places `erased` may be anything.
///
/// `spare` check symbols are kept to prove that what comes out is no accident. Says how many bytes changed; `None`, and the
/// word as it was, when it cannot be corrected so.
pub fn correct(word: &mut [u8], checks: usize, erased: &[usize], spare: usize) -> Option<usize> {
    let length = word.len();
    if length > 255 || checks >= length || erased.len() + spare > checks {
        return None;
    }
    // The word is a polynomial with its first byte at the highest power.
    let value = |power: usize, word: &[u8]| word.iter().fold(0, |sum, &byte| times(sum, EXP[power]) ^ byte);
    let syndromes: Vec<u8> = (0..checks).map(|power| value(power, word)).collect();
    if syndromes.iter().all(|&syndrome| syndrome == 0) {
        return Some(0);
    }
    let locator = locator(&syndromes, &erased.iter().map(|at| length - 1 - at).collect::<Vec<_>>());
    let errors = locator.len() - 1 - erased.len().min(locator.len() - 1);
    if 2 * errors + erased.len() + spare > checks {
        return None;
    }
    let powers: Vec<usize> =
        (0..length).filter(|&power| at_power(&locator, (255 - power % 255) % 255) == 0).collect();
    if powers.len() + 1 != locator.len() {
        return None;
    }
    let fixed = forney(&syndromes, &locator, &powers);
    let changed = fixed.iter().filter(|&&by| by != 0).count();
    fixed.iter().zip(&powers).for_each(|(&by, &power)| word[length - 1 - power] ^= by);
    if (0..checks).any(|power| value(power, word) != 0) {
        fixed.iter().zip(&powers).for_each(|(&by, &power)| word[length - 1 - power] ^= by);
        return None;
    }
    Some(changed)
}

/// The polynomial whose inverse roots are the places of errors and erasures, lowest power first, without leading zeros.
fn locator(syndromes: &[u8], erased: &[usize]) -> Vec<u8> {
    let mut locator = vec![1];
    for &power in erased {
        locator.push(0);
        for at in (1..locator.len()).rev() {
            locator[at] ^= times(locator[at - 1], EXP[power]);
        }
    }
    let mut previous = locator.clone();
    let mut length = erased.len();
    for step in erased.len()..syndromes.len() {
        previous.insert(0, 0);
        let off = locator.iter().zip(syndromes[..=step].iter().rev());
        let discrepancy = off.fold(0, |sum, (&a, &b)| sum ^ times(a, b));
        if discrepancy == 0 {
            continue;
        }
        let before = locator.clone();
        locator.resize(locator.len().max(previous.len()), 0);
        locator.iter_mut().zip(&previous).for_each(|(a, &b)| *a ^= times(b, discrepancy));
        if 2 * length <= step + erased.len() {
            length = step + 1 + erased.len() - length;
            previous = before.into_iter().map(|a| over(a, discrepancy)).collect();
        }
    }
    while locator.len() > 1 && locator.last() == Some(&0) {
        locator.pop();
    }
    locator
}

/// By how much each of the places is off.
fn forney(syndromes: &[u8], locator: &[u8], powers: &[usize]) -> Vec<u8> {
    let mut evaluator = vec![0; syndromes.len()];
    for (at, sum) in evaluator.iter_mut().enumerate() {
        *sum = (0..=at.min(locator.len() - 1)).fold(0, |sum, k| sum ^ times(locator[k], syndromes[at - k]));
    }
    let magnitude = |&power: &usize| {
        let inverse = (255 - power % 255) % 255;
        // In characteristic 2 only the odd powers are left of a derivative.
        let odd = locator.iter().enumerate().skip(1).step_by(2);
        let slope = odd.fold(0, |sum, (k, &a)| sum ^ times(a, EXP[inverse * (k - 1) % 255]));
        if slope == 0 { 0 } else { times(EXP[power % 255], over(at_power(&evaluator, inverse), slope)) }
    };
    powers.iter().map(magnitude).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Random;

    /// Check symbols by division by the generator.
    fn encoded(data: &[u8], checks: usize) -> Vec<u8> {
        let mut generator = vec![1_u8];
        for root in &EXP[..checks] {
            generator.push(0);
            for at in (1..generator.len()).rev() {
                generator[at] ^= times(generator[at - 1], *root);
            }
        }
        let mut rest = [data, &vec![0; checks]].concat();
        for at in 0..data.len() {
            let lead = rest[at];
            generator.iter().enumerate().for_each(|(k, &g)| rest[at + k] ^= times(g, lead));
        }
        [data, &rest[data.len()..]].concat()
    }

    #[test]
    fn the_check_symbols_of_the_standards_example_come_out() {
        // ISO/IEC 18004:2015, annex I: version 1-M, "01234567".
        let data =
            [0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11];
        let checks = [0xA5, 0x24, 0xD4, 0xC1, 0xED, 0x36, 0xC7, 0x87, 0x2C, 0x55];
        assert_eq!(encoded(&data, 10)[16..], checks);
    }

    #[test]
    fn as_many_errors_and_erasures_as_the_checks_allow_are_corrected() {
        let mut random = Random::new(5);
        for round in 0..400_usize {
            let checks = 7 + round % 24;
            let mut data = vec![0; 10 + round % 100];
            random.fill(&mut data);
            let good = encoded(&data, checks);
            let spare = round % 3;
            let erasures = usize::try_from(random.below(checks as u64 + 1 - spare as u64)).unwrap();
            let errors = (checks - spare - erasures) / 2;
            let mut places: Vec<usize> = (0..good.len()).collect();
            for at in 0..places.len() {
                let other = at + usize::try_from(random.below((places.len() - at) as u64)).unwrap();
                places.swap(at, other);
            }
            let mut word = good.clone();
            for &place in &places[..erasures + errors] {
                word[place] ^= 1 + u8::try_from(random.below(255)).unwrap();
            }
            let changed = correct(&mut word, checks, &places[..erasures], spare);
            assert_eq!(
                (changed.is_some(), &word),
                (true, &good),
                "{checks} checks, {erasures} + 2 · {errors}"
            );
        }
    }

    #[test]
    fn one_error_too_many_is_refused_and_leaves_the_word_alone() {
        let mut random = Random::new(6);
        let good = encoded(&[7; 40], 10);
        let mut accepted = 0;
        for _ in 0..2_000 {
            let mut word = good.clone();
            random.fill(&mut word);
            let before = word.clone();
            match correct(&mut word, 10, &[1, 2, 3, 4], 3) {
                Some(_) => accepted += 1,
                None => assert_eq!(word, before),
            }
        }
        assert_eq!(accepted, 0, "random words are no codewords");
        assert_eq!(correct(&mut [0; 300], 10, &[], 0), None);
        assert_eq!(correct(&mut [1; 10], 10, &[], 0), None);
        assert_eq!(correct(&mut [1; 20], 10, &[0; 11], 0), None);
    }
}
