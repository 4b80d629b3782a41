//! Codes of a pass that change every 30 seconds, so that a picture of one is soon worth nothing.
//!
//! # Format
//!
//! The telephone holds a secret of 16 bytes, and nothing else knows it but the hub that drew it. The time for which the pass is
//! valid is cut into windows of 30 seconds; with n windows the pass says, signed, where the secret comes out after n steps:
//!
//! ```text
//! step(x) = first 16 bytes of SHA-256("kakou turn 1" ‖ pass, 8 bytes ‖ x)
//! anchor  = step(step(… step(secret)))                  n steps
//! window w shows  w, 4 bytes, big endian ‖ x, 16 bytes   with x = n - 1 - w steps from the secret
//! ```
//!
//! So w + 1 steps from x come out at the anchor. From what a window shows, earlier windows can be computed and later ones
//! cannot: a kiosk needs no secret, and neither does a telephone need a network. The chain is that of Lamport's passwords
//! (RFC 2289), with the pass in each step, so that no table of one pass is of use for another.
//!
//! A window counts from 30 seconds before it begins until 30 seconds after it ended: the clocks of two devices differ.

use ring::digest;

use crate::base::Wall;

/// How long a code is shown, in seconds.
pub const WINDOW_SECONDS: i64 = 30;
/// How much earlier and later it counts.
const SLACK_SECONDS: i64 = 30;
/// Most windows of a pass: seven days, some 20,000 hashes at the most.
const WINDOWS_MAX: i64 = 7 * 86_400 / WINDOW_SECONDS;

/// What every code of a pass comes out at.
pub type Anchor = [u8; 16];

/// What the codes of a pass are made of. Whoever has it can show the pass.
#[derive(Clone, PartialEq, Eq, zeroize::ZeroizeOnDrop)]
pub struct Secret(pub [u8; 16]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// What one code shows beside the pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Which window it is of, the first being 0.
    pub window: u32,
    x: [u8; 16],
}

impl Turn {
    /// How many bytes it has.
    pub const BYTES: usize = 20;

    /// As it is shown.
    pub fn bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[..4].copy_from_slice(&self.window.to_be_bytes());
        bytes[4..].copy_from_slice(&self.x);
        bytes
    }

    /// What [`bytes`](Self::bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (window, x) = bytes.split_first_chunk::<4>()?;
        Some(Self { window: u32::from_be_bytes(*window), x: x.try_into().ok()? })
    }

    /// Whether it may be shown at `now`, of a pass that is valid from `not_before`.
    pub fn is_of(&self, now: Wall, not_before: Wall) -> bool {
        let begins = not_before.as_secs() + i64::from(self.window) * WINDOW_SECONDS;
        (begins - SLACK_SECONDS..begins + WINDOW_SECONDS + SLACK_SECONDS).contains(&now.as_secs())
    }

    /// Whether it comes out at `anchor`. What is of no window that a pass can have does not.
    pub fn comes_out_at(&self, anchor: &Anchor, pass: &[u8; 8]) -> bool {
        i64::from(self.window) < WINDOWS_MAX && steps(self.x, pass, self.window + 1) == *anchor
    }
}

impl Secret {
    /// What the codes of a `pass` with so many `windows` come out at.
    pub fn anchor(&self, pass: &[u8; 8], windows: u32) -> Anchor {
        steps(self.0, pass, windows)
    }

    /// What `window` of so many `windows` shows; `None` for one that there is not.
    pub fn turn(&self, pass: &[u8; 8], (window, windows): (u32, u32)) -> Option<Turn> {
        let left = windows.checked_sub(window)?.checked_sub(1)?;
        Some(Turn { window, x: steps(self.0, pass, left) })
    }
}

/// How many windows a pass has; `None` for one that is valid too long to turn.
pub fn count(not_before: Wall, expires: Wall) -> Option<u32> {
    let seconds = expires.as_secs().checked_sub(not_before.as_secs())?;
    let windows = seconds.checked_add(WINDOW_SECONDS - 1)? / WINDOW_SECONDS;
    u32::try_from(windows).ok().filter(|_| (1..=WINDOWS_MAX).contains(&windows))
}

/// Which window it is at `now`.
pub fn window(now: Wall, not_before: Wall) -> Option<u32> {
    let since = now.as_secs().checked_sub(not_before.as_secs()).filter(|since| *since >= 0)?;
    u32::try_from(since / WINDOW_SECONDS).ok()
}

fn steps(from: [u8; 16], pass: &[u8; 8], count: u32) -> [u8; 16] {
    let mut message = [0; 36];
    message[..12].copy_from_slice(b"kakou turn 1");
    message[12..20].copy_from_slice(pass);
    message[20..].copy_from_slice(&from);
    for _ in 0..count {
        let digest = digest::digest(&digest::SHA256, &message);
        message[20..].copy_from_slice(&digest.as_ref()[..16]);
    }
    let mut x = [0; 16];
    x.copy_from_slice(&message[20..]);
    x
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASS: [u8; 8] = [7; 8];
    const SECRET: Secret = Secret([42; 16]);

    #[test]
    fn every_window_comes_out_at_the_anchor_and_at_no_other() {
        let windows = count(Wall(0), Wall::from_secs(3_600)).expect("an hour");
        assert_eq!(windows, 120);
        let anchor = SECRET.anchor(&PASS, windows);
        for window in 0..windows {
            let turn = SECRET.turn(&PASS, (window, windows)).expect("a window");
            assert!(turn.comes_out_at(&anchor, &PASS), "{window}");
            assert!(!turn.comes_out_at(&anchor, &[8; 8]), "another pass");
            assert!(!Turn { window: window + 1, ..turn }.comes_out_at(&anchor, &PASS), "another window");
            assert!(!Secret([43; 16]).turn(&PASS, (window, windows)).unwrap().comes_out_at(&anchor, &PASS));
            assert_eq!(Turn::from_bytes(&turn.bytes()), Some(turn));
        }
        assert_eq!(SECRET.turn(&PASS, (windows, windows)), None);
    }

    #[test]
    fn from_an_older_code_no_later_one_follows() {
        let windows = 10;
        let anchor = SECRET.anchor(&PASS, windows);
        let turn = SECRET.turn(&PASS, (4, windows)).unwrap();
        let earlier = Turn { window: 3, x: steps(turn.x, &PASS, 1) };
        assert!(earlier.comes_out_at(&anchor, &PASS), "what is over follows");
        // Any number of steps from it leads away from what comes next.
        assert!(
            (0..1_000)
                .all(|n| { !Turn { window: 5, x: steps(turn.x, &PASS, n) }.comes_out_at(&anchor, &PASS) })
        );
    }

    #[test]
    fn a_window_counts_a_little_before_and_after_it() {
        let from = Wall::from_secs(1_000);
        let turn = SECRET.turn(&PASS, (2, 10)).unwrap();
        let counts = |second: i64| turn.is_of(Wall::from_secs(second), from);
        assert_eq!(
            [1_029, 1_030, 1_060, 1_089, 1_119, 1_120].map(counts),
            [false, true, true, true, true, false]
        );
        assert_eq!(window(Wall::from_secs(1_060), from), Some(2));
        assert_eq!(window(Wall::from_secs(999), from), None);
    }

    #[test]
    fn a_pass_that_is_valid_for_more_than_seven_days_does_not_turn() {
        let days = |days: i64| count(Wall(0), Wall::from_secs(days * 86_400));
        assert_eq!((days(7), days(8), days(0)), (Some(20_160), None, None));
        let far = Turn { window: u32::MAX, x: [0; 16] };
        assert!(!far.comes_out_at(&[0; 16], &PASS), "and nobody computes that long");
    }

    #[test]
    fn a_step_is_what_the_format_says() {
        let mut message = b"kakou turn 1".to_vec();
        message.extend(PASS);
        message.extend(SECRET.0);
        let once = digest::digest(&digest::SHA256, &message);
        assert_eq!(SECRET.anchor(&PASS, 1), once.as_ref()[..16]);
        assert_eq!(
            data_encoding::HEXLOWER.encode(&SECRET.anchor(&PASS, 1)),
            "a54bdc925f7a6c3b872e6f21416ad113"
        );
    }
}
