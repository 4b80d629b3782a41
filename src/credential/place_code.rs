//! The place code: what a kiosk shows for visitors to scan, and what it makes of one that is shown back to it.
//!
//! # Format
//!
//! `PREFIX` `KKL1:` `SITE` `/` `KIOSK` `/` `PERIOD` `/` `MAC`: the prefix is the site's own, such as a web address; the period
//! is `c` and a number by the clock, or `b` and a number since the boot; the MAC is HMAC-SHA-256 over all that stands before it
//! but the prefix, truncated to 128 bits, in lower hexadecimal. Six digits of the same period come from the same key, for people.
//!
//! A clock that nobody vouches for may show a time a second time, so periods are then counted from the boot and the boot's
//! identifier is under the MAC: what was shown before a power cut is as old as anything else. When the clock becomes trusted, the
//! next period begins at once, and what was scanned a moment before has to be scanned again.
//!
//! A code counts in its own period and the next one. It says that somebody was here, and nothing about who: it is no
//! credential, and settles nothing but the step that asks for it.

use std::fmt;

use ring::hmac;

use crate::base::{BootId, ClockTrust, KioskId, Slug, Stamp};

/// How a code begins behind the site's prefix.
pub const MARK: &str = "KKL1:";

/// Under this label the key follows from the site's key, which blinds identifiers under other ones.
const LABEL: &[u8] = b"kakou/place-code/1";

const MAC_BYTES: usize = 16;

/// The time during which one code is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// By a clock that somebody vouches for, counted from 1970.
    Clock(u64),
    /// Counted from this boot.
    Boot(BootId, u64),
}

impl Period {
    /// The period of `every_s` seconds, at least one, in which `now` lies.
    pub fn at(now: &Stamp, every_s: u32) -> Self {
        let every_s = u64::from(every_s.max(1));
        match now.trust {
            ClockTrust::Synced | ClockTrust::Rtc => {
                Self::Clock(u64::try_from(now.wall.as_secs()).unwrap_or(0) / every_s)
            }
            ClockTrust::None => Self::Boot(now.boot, now.mono.as_millis() / 1_000 / every_s),
        }
    }

    /// The one before; none before the first.
    pub fn last(self) -> Option<Self> {
        match self {
            Self::Clock(number) => number.checked_sub(1).map(Self::Clock),
            Self::Boot(boot, number) => Some(Self::Boot(boot, number.checked_sub(1)?)),
        }
    }

    fn written(self) -> String {
        match self {
            Self::Clock(number) => format!("c{number}"),
            Self::Boot(_, number) => format!("b{number}"),
        }
    }
}

/// What a place code that was shown to a reader is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scanned {
    /// This kiosk's, of the present or the last period.
    Counts,
    /// Older, later, another kiosk's, or altered.
    CountsNothing,
}

/// The place codes of one kiosk. Does not print its key.
#[derive(Clone, PartialEq, Eq)]
pub struct PlaceCodes {
    key: [u8; 32],
    place: String,
    every_s: u32,
    prefix: String,
}

impl fmt::Debug for PlaceCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlaceCodes")
    }
}

impl PlaceCodes {
    /// Codes of `kiosk` at `site`, under a key that follows from `site_key`, each for `every_s` seconds.
    pub fn new(site_key: &[u8; 32], (site, kiosk): (&Slug, &KioskId), every_s: u32, prefix: String) -> Self {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, site_key), LABEL);
        let mut key = [0; 32];
        key.copy_from_slice(tag.as_ref());
        Self { key, place: format!("{site}/{kiosk}"), every_s, prefix }
    }

    /// How long one is shown, in seconds.
    pub fn every_s(&self) -> u32 {
        self.every_s
    }

    /// What the code of `period` says.
    pub fn text(&self, period: Period) -> String {
        let said = format!("{MARK}{}/{}/", self.place, period.written());
        let tag = self.tag(b"code\0", &said, period);
        let mac: String = tag.as_ref()[..MAC_BYTES].iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}{said}{mac}", self.prefix)
    }

    /// Six digits of `period`, for people.
    pub fn digits(&self, period: Period) -> String {
        let tag = self.tag(b"digits\0", &format!("{}/{}", self.place, period.written()), period);
        let number = tag.as_ref()[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }

    /// What `payload`, the content of a code, is worth at `now`; `None` when it is no place code at all.
    pub fn check(&self, payload: &[u8], now: &Stamp) -> Option<Scanned> {
        let payload = payload.trim_ascii();
        let behind = payload.strip_prefix(self.prefix.trim_start().as_bytes())?;
        behind.starts_with(MARK.as_bytes()).then(|| {
            let present = Period::at(now, self.every_s);
            let counts = |period: Period| self.text(period).trim_start().as_bytes() == payload;
            let counts = counts(present) || present.last().is_some_and(counts);
            if counts { Scanned::Counts } else { Scanned::CountsNothing }
        })
    }

    fn tag(&self, label: &[u8], said: &str, period: Period) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, &self.key));
        context.update(label);
        context.update(said.as_bytes());
        match period {
            Period::Clock(_) => {}
            Period::Boot(boot, _) => context.update(boot.to_string().as_bytes()),
        }
        context.sign()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Mono, Wall};

    const EVERY_S: u32 = 60;

    #[test]
    fn a_code_counts_in_its_own_period_and_the_next_and_in_no_other() {
        for trust in [ClockTrust::Synced, ClockTrust::Rtc, ClockTrust::None] {
            let codes = codes("east-gate");
            let text = |at: u64| codes.text(Period::at(&stamp(at, trust), EVERY_S));
            let now = stamp(100 * 60 + 59, trust);
            let check = |text: &str| codes.check(text.as_bytes(), &now);
            assert_eq!(check(&text(100 * 60)), Some(Scanned::Counts), "{trust:?}");
            assert_eq!(check(&text(99 * 60)), Some(Scanned::Counts), "the last one");
            assert_eq!(check(&text(99 * 60 - 1)), Some(Scanned::CountsNothing), "older");
            assert_eq!(check(&text(101 * 60)), Some(Scanned::CountsNothing), "later");
            assert_eq!(
                check(&format!(" {}\r\n", text(100 * 60))),
                Some(Scanned::Counts),
                "as readers send it"
            );
        }
    }

    #[test]
    fn another_kiosks_another_sites_another_keys_and_an_altered_one_count_nothing() {
        let (codes, now) = (codes("east-gate"), stamp(6_000, ClockTrust::Synced));
        let present = Period::at(&now, EVERY_S);
        let (east, site): (KioskId, Slug) = ("east-gate".parse().unwrap(), "jinhe".parse().unwrap());
        let others = [
            self::codes("west-gate"),
            PlaceCodes::new(&[7; 32], (&"other".parse().unwrap(), &east), EVERY_S, PREFIX.to_owned()),
            PlaceCodes::new(&[8; 32], (&site, &east), EVERY_S, PREFIX.to_owned()),
        ];
        for other in others {
            assert_eq!(codes.check(other.text(present).as_bytes(), &now), Some(Scanned::CountsNothing));
            assert_ne!(codes.digits(present), other.digits(present));
        }
        let good = codes.text(present);
        for at in PREFIX.len() + MARK.len()..good.len() {
            let mut altered = good.clone().into_bytes();
            altered[at] ^= 1;
            assert_eq!(codes.check(&altered, &now), Some(Scanned::CountsNothing), "byte {at}");
        }
        assert_eq!(codes.check(&good.as_bytes()[..good.len() - 1], &now), Some(Scanned::CountsNothing));
    }

    #[test]
    fn what_was_shown_before_a_boot_or_before_the_clock_was_right_counts_nothing() {
        let (codes, now) = (codes("east-gate"), stamp(6_000, ClockTrust::None));
        let other_boot = Stamp { boot: BootId([2; 16]), ..now };
        let before = codes.text(Period::at(&other_boot, EVERY_S));
        assert_eq!(codes.check(before.as_bytes(), &now), Some(Scanned::CountsNothing));
        let (by_boot, synced) = (codes.text(Period::at(&now, EVERY_S)), stamp(6_000, ClockTrust::Synced));
        assert_eq!(codes.check(by_boot.as_bytes(), &synced), Some(Scanned::CountsNothing));
    }

    #[test]
    fn nothing_else_is_a_place_code() {
        let (codes, now) = (codes("east-gate"), stamp(6_000, ClockTrust::Synced));
        for other in ["KK1:ABC", "11010519491231002X", PREFIX, "https://venue.example/?c=KKL2:", "KKL1:a", ""]
        {
            assert_eq!(codes.check(other.as_bytes(), &now), None, "{other}");
        }
        let text = codes.text(Period::at(&now, EVERY_S));
        assert!(text.starts_with("https://venue.example/?c=KKL1:jinhe/east-gate/c100/"), "{text}");
        assert_eq!(text.len(), PREFIX.len() + "KKL1:jinhe/east-gate/c100/".len() + 2 * MAC_BYTES);
        let digits = codes.digits(Period::at(&now, EVERY_S));
        assert!(digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_digit()), "{digits}");
        assert_ne!(digits, codes.digits(Period::Clock(101)));
        assert_eq!(format!("{codes:?}"), "PlaceCodes");
    }

    const PREFIX: &str = "https://venue.example/?c=";

    fn codes(kiosk: &str) -> PlaceCodes {
        let (site, kiosk) = ("jinhe".parse().unwrap(), kiosk.parse().unwrap());
        PlaceCodes::new(&[7; 32], (&site, &kiosk), EVERY_S, PREFIX.to_owned())
    }

    fn stamp(seconds: u64, trust: ClockTrust) -> Stamp {
        let wall = Wall::from_secs(i64::try_from(seconds).unwrap());
        Stamp {
            boot: BootId([1; 16]),
            mono: Mono::from_millis(seconds * 1_000),
            wall,
            trust,
            max_error_ms: 0,
        }
    }
}
