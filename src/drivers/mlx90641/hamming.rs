//! The code that protects each word of the MLX90641's EEPROM: eleven bits of data, five of parity.
//!
//! Bits 0 to 10 are data; 11 to 14 the parities of a Hamming code, 15 that of all others. Each bit of data is known by
//! which of the four parities it is in. One wrong bit is put right, two are noticed. Source: MLX90641 datasheet, "Hamming
//! code".

/// Data of a word.
pub const DATA: u16 = 0x07FF;

/// Which bits, data and its own, each of the four parities is over.
const GROUPS: [u16; 4] = [0x0D5B, 0x166D, 0x278E, 0x47F0];

/// The data of a word, with one wrong bit put right; `None` when two are wrong.
pub fn decode(word: u16) -> Option<u16> {
    let wrong = GROUPS.map(|group| is_odd(word & group));
    let flips = match (is_odd(word), wrong.contains(&true)) {
        (false, false) => 0,
        // An even number of wrong bits, and more than none.
        (false, true) => return None,
        // Only the parity of all is wrong.
        (true, false) => 1 << 15,
        (true, true) => {
            (0..15).map(|bit| 1 << bit).find(|bit| GROUPS.map(|group| bit & group != 0) == wrong)?
        }
    };
    Some((word ^ flips) & DATA)
}

/// The word that holds `data`, of which the lowest eleven bits are used.
pub fn encode(data: u16) -> u16 {
    let mut word = data & DATA;
    for (parity, group) in (11..).zip(GROUPS) {
        word |= u16::from(is_odd(word & group)) << parity;
    }
    word | u16::from(is_odd(word)) << 15
}

fn is_odd(word: u16) -> bool {
    word.count_ones() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of the datasheet's worked example.
    const PUBLISHED: [u16; 14] = [
        0xB7E8, 0xD016, 0xC2FD, 0x1A43, 0xCA9A, 0x5164, 0x018C, 0x9CB1, 0x956C, 0xA5CC, 0x7DD1, 0xF137,
        0x7814, 0xB8C0,
    ];

    #[test]
    fn the_datasheets_words_are_whole() {
        for word in PUBLISHED {
            assert_eq!(decode(word), Some(word & DATA), "{word:#06x}");
            assert_eq!(encode(word & DATA), word, "{word:#06x}");
        }
    }

    #[test]
    fn every_single_wrong_bit_is_put_right_and_every_two_are_noticed() {
        for data in 0..=DATA {
            let word = encode(data);
            assert_eq!(decode(word), Some(data));
            for first in 0..16 {
                assert_eq!(decode(word ^ 1 << first), Some(data), "{word:#06x} bit {first}");
                for second in 0..first {
                    assert_eq!(decode(word ^ 1 << first ^ 1 << second), None, "{word:#06x} {first} {second}");
                }
            }
        }
    }
}
