//! Control and status registers, which both chips have alike.
//!
//! Control register 0x800D: bit 0 measures in subpages; 1 step mode; 2 holds data; 3 repeats one subpage; 6 to 4 which;
//! 9 to 7 refresh rate, 0.5 · 2ⁿ Hz; 11 and 10 resolution, 16 + n bits; 12 reading pattern, 1 for chess. Status register
//! 0x8000: bits 2 to 0 the subpage measured last; 3 new data, which the master clears; 4 data may be overwritten; 5 starts
//! a measurement. Sources: MLX90640 datasheet rev 12 and MLX90641 datasheet, "Internal registers".

use std::time::Duration;

use super::bits::bits;

/// Address of the status register.
pub const STATUS: u16 = 0x8000;
/// Address of the control register.
pub const CONTROL: u16 = 0x800D;
/// What clears "new data" and lets the chip go on; the maker's own library writes the same.
pub const CLEARED: u16 = 0x0030;

/// One half of a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subpage {
    /// The first.
    Zero,
    /// The second.
    One,
}

impl Subpage {
    /// 0 or 1.
    pub fn index(self) -> usize {
        match self {
            Self::Zero => 0,
            Self::One => 1,
        }
    }

    /// The subpage of an even or odd number.
    pub fn of(number: usize) -> Self {
        if number.is_multiple_of(2) { Self::Zero } else { Self::One }
    }
}

/// Which pixels a subpage of the MLX90640 measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// Every second row.
    Interleaved,
    /// Every second pixel, like the fields of a chessboard.
    Chess,
}

/// Subpages measured in a second, as 0.5 · 2ⁿ Hz. A whole frame takes two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(u16);

impl Rate {
    /// `hertz`, one of 1, 2, 4, 8, 16, 32 and 64.
    pub fn new(hertz: u8) -> Option<Self> {
        let power = u16::try_from(hertz.checked_ilog2()?).ok()?;
        (hertz.is_power_of_two() && hertz <= 64).then_some(Self(power + 1))
    }

    /// Time from one subpage to the next.
    pub fn period(self) -> Duration {
        Duration::from_millis(2_000) / 2_u32.pow(u32::from(self.0))
    }
}

/// What the control register says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control(u16);

impl Control {
    const STEP_MODE: u16 = 1 << 1;
    const KEPT: u16 = 0xE000;

    /// What the register's `word` says.
    pub fn new(word: u16) -> Self {
        Self(word)
    }

    /// The word.
    pub fn word(self) -> u16 {
        self.0
    }

    /// The same with this `rate` and `pattern`, with both subpages in turn and continuously, and a resolution of 18
    /// bits. The three bits that nothing is known of stay as they are.
    pub fn measuring(self, rate: Rate, pattern: Pattern) -> Self {
        let chess = match pattern {
            Pattern::Interleaved => 0,
            Pattern::Chess => 1 << 12,
        };
        Self(self.0 & Self::KEPT | chess | 2 << 10 | rate.0 << 7 | 1)
    }

    /// Subpages in a second.
    pub fn rate(self) -> Rate {
        Rate(bits(self.0, 7, 3))
    }

    /// The reading pattern.
    pub fn pattern(self) -> Pattern {
        if bits(self.0, 12, 1) == 1 { Pattern::Chess } else { Pattern::Interleaved }
    }

    /// Bits of resolution over 16.
    pub fn resolution(self) -> u16 {
        bits(self.0, 10, 2)
    }

    /// Whether the chip measures both subpages in turn by itself.
    pub fn is_continuous(self) -> bool {
        // Holding data and repeating one subpage would both leave half a frame old.
        bits(self.0, 0, 1) == 1 && self.0 & Self::STEP_MODE == 0 && bits(self.0, 2, 2) == 0
    }
}

/// What the status register says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(u16);

impl Status {
    /// What the register's `word` says.
    pub fn new(word: u16) -> Self {
        Self(word)
    }

    /// The subpage whose data is new; none when nothing is.
    pub fn fresh(self) -> Option<Subpage> {
        (bits(self.0, 3, 1) == 1).then(|| Subpage::of(usize::from(bits(self.0, 0, 3))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_as_delivered_are_decoded() {
        // Sources: both datasheets, 0x240C as delivered: 2 Hz, 18 bits; chess for the MLX90640 only.
        let large = Control::new(0x1901);
        assert_eq!(
            (large.rate(), large.pattern(), large.resolution()),
            (Rate::new(2).unwrap(), Pattern::Chess, 2)
        );
        let small = Control::new(0x0901);
        assert_eq!((small.pattern(), small.is_continuous()), (Pattern::Interleaved, true));
    }

    #[test]
    fn step_mode_held_data_one_subpage_and_no_subpages_are_not_continuous() {
        for word in [0x1900, 0x1903, 0x1905, 0x1909] {
            assert!(!Control::new(word).is_continuous(), "{word:#06x}");
            let set = Control::new(word).measuring(Rate::new(8).unwrap(), Pattern::Chess);
            assert!(set.is_continuous());
            assert_eq!(
                (set.rate(), set.pattern(), set.resolution()),
                (Rate::new(8).unwrap(), Pattern::Chess, 2)
            );
        }
        assert_eq!(
            Control::new(0xE000).measuring(Rate::new(1).unwrap(), Pattern::Interleaved).word(),
            0xE881
        );
    }

    #[test]
    fn rates_are_powers_of_two_and_have_their_periods() {
        for (hertz, ms) in [(1, 1_000), (2, 500), (4, 250), (8, 125)] {
            assert_eq!(Rate::new(hertz).unwrap().period(), Duration::from_millis(ms));
        }
        assert_eq!(Rate::new(64).unwrap().period(), Duration::from_micros(15_625));
        for hertz in [0, 3, 6, 128, 255] {
            assert_eq!(Rate::new(hertz), None, "{hertz}");
        }
    }

    #[test]
    fn new_data_names_its_subpage() {
        let fresh = [0x0000, 0x0001, 0x0008, 0x0009, 0x0031, 0x0039].map(|word| Status::new(word).fresh());
        let (zero, one) = (Some(Subpage::Zero), Some(Subpage::One));
        assert_eq!(fresh, [None, None, zero, one, None, one]);
        assert_eq!(Status::new(CLEARED).fresh(), None);
    }
}
