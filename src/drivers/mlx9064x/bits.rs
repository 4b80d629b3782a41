//! Fields of the words of an EEPROM.

/// The `count` bits of `word` from bit `low` up.
pub fn bits(word: u16, low: u32, count: u32) -> u16 {
    let above = u16::try_from((1_u32 << count) - 1).unwrap_or(u16::MAX);
    word >> low & above
}

/// The same bits as a number in two's complement.
pub fn signed(word: u16, low: u32, count: u32) -> f64 {
    let value = i32::from(bits(word, low, count));
    f64::from(if value >= 1 << (count - 1) { value - (1 << count) } else { value })
}

/// The word at `index`; 0 past the end, which no calibration passes with.
pub fn word(words: &[u16], index: usize) -> u16 {
    words.get(index).copied().unwrap_or(0)
}

/// 2 to the power of `exponent`, exactly.
pub fn power(exponent: u16) -> f64 {
    (0..exponent.min(1_000)).fold(1.0, |power, _| power * 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_cut_out_with_their_sign() {
        assert_eq!(bits(0x9ACC, 12, 4), 0x9);
        assert_eq!(bits(0xFFFF, 0, 16), 0xFFFF);
        assert_eq!((signed(0x9ACC, 12, 4), signed(0x7666, 12, 4)), (-7.0, 7.0));
        assert_eq!((signed(0x9ACC, 0, 4), signed(0x03FF, 0, 11)), (-4.0, 1_023.0));
        assert_eq!((signed(0xFFFF, 0, 16), signed(0x07FF, 0, 11)), (-1.0, -1.0));
        assert_eq!((power(0), power(10), word(&[7], 1)), (1.0, 1_024.0, 0));
    }
}
