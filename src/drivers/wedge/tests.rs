//! Keys as readers press them.

use super::*;
use proptest::prelude::*;

#[test]
fn every_printable_character_of_a_us_keyboard_is_typed_as_itself() {
    let all: Vec<u8> = (b' '..=b'~').collect();
    for caps in [Caps::Off, Caps::Locked] {
        let mut wedge = Wedge::new(caps);
        let mut payloads = vec![];
        for character in &all {
            type_one(&mut wedge, 0, *character, caps, &mut payloads);
        }
        press(&mut wedge, 0, ENTER, &mut payloads);
        assert_eq!(payloads.len(), 1);
        assert_eq!(payloads[0].expose(), &all);
    }
}

#[test]
fn enter_tab_keypad_enter_or_a_silence_ends_a_code_and_a_short_pause_does_not() {
    for end in [ENTER, TAB, KEYPAD_ENTER] {
        let (mut wedge, mut payloads) = (Wedge::new(Caps::Off), vec![]);
        typed(&mut wedge, 0, b"code-1", &mut payloads);
        press(&mut wedge, 0, end, &mut payloads);
        press(&mut wedge, 0, end, &mut payloads);
        assert_eq!(texts(&payloads), ["code-1"]);
        assert_eq!(wedge.due(), None);
    }
    let (mut wedge, mut payloads) = (Wedge::new(Caps::Off), vec![]);
    typed(&mut wedge, 0, b"half", &mut payloads);
    typed(&mut wedge, 99, b"-line", &mut payloads);
    assert_eq!(wedge.due(), Some(Mono::from_millis(199)));
    assert_eq!(wedge.expire(Mono::from_millis(198)), None);
    assert_eq!(wedge.expire(Mono::from_millis(199)).unwrap().expose(), b"half-line");
    // A late wake-up does not glue two codes together.
    typed(&mut wedge, 300, b"a", &mut payloads);
    typed(&mut wedge, 400, b"b\n", &mut payloads);
    assert_eq!(texts(&payloads), ["a", "b"]);
}

#[test]
fn releases_repeats_and_locks_type_nothing() {
    let (mut wedge, mut payloads) = (Wedge::new(Caps::Off), vec![]);
    for press in [Press::Up, Press::Repeat] {
        wedge.step(Mono(1), Event::Key { code: 30, press }, &mut payloads);
    }
    for code in OTHER_LOCKS {
        press(&mut wedge, 0, code, &mut payloads);
    }
    assert_eq!(wedge.due(), None);
    // Capitals by the lock, as some readers type them, and both Shifts.
    press(&mut wedge, 0, CAPS_LOCK, &mut payloads);
    typed_raw(&mut wedge, &[30, 48]);
    press(&mut wedge, 0, CAPS_LOCK, &mut payloads);
    for shift in SHIFTS {
        wedge.step(Mono(1), Event::Key { code: shift, press: Press::Down }, &mut payloads);
        typed_raw(&mut wedge, &[46, 2]);
        wedge.step(Mono(1), Event::Key { code: shift, press: Press::Up }, &mut payloads);
    }
    typed_raw(&mut wedge, &[46, 2]);
    press(&mut wedge, 0, ENTER, &mut payloads);
    assert_eq!(texts(&payloads), ["ABC!C!c1"]);
}

#[test]
fn the_keypad_types_digits_and_signs() {
    let (mut wedge, mut payloads) = (Wedge::new(Caps::Off), vec![]);
    typed_raw(&mut wedge, &[82, 79, 80, 81, 75, 76, 77, 71, 72, 73, 83, 78, 74, 55, 98]);
    press(&mut wedge, 0, KEYPAD_ENTER, &mut payloads);
    assert_eq!(texts(&payloads), ["0123456789.+-*/"]);
}

#[test]
fn with_control_a_key_is_a_control_character_and_some_of_them_end_a_code() {
    let (mut wedge, mut payloads) = (Wedge::new(Caps::Off), vec![]);
    typed_raw(&mut wedge, &[2]);
    controlled(&mut wedge, 27, &mut payloads);
    typed_raw(&mut wedge, &[3]);
    controlled(&mut wedge, 36, &mut payloads);
    assert_eq!(texts(&payloads), ["1\u{1D}2"], "Control and J is a line feed");
    // Control and a digit is nothing that a code can have.
    payloads.clear();
    typed_raw(&mut wedge, &[2]);
    controlled(&mut wedge, 3, &mut payloads);
    press(&mut wedge, 0, ENTER, &mut payloads);
    assert_eq!((payloads.len(), wedge.dropped()), (0, 1));
}

#[test]
fn a_code_with_a_key_that_is_no_character_or_of_which_keys_were_lost_is_dropped_whole() {
    const F1: u16 = 59;
    const ALT: u16 = 56;
    for spoilt in [
        Event::Key { code: F1, press: Press::Down },
        Event::Key { code: ALT, press: Press::Down },
        Event::Key { code: u16::MAX, press: Press::Down },
        Event::Lost,
    ] {
        let (mut wedge, mut payloads) = (Wedge::new(Caps::Off), vec![]);
        typed(&mut wedge, 0, b"begin", &mut payloads);
        wedge.step(Mono(1), spoilt, &mut payloads);
        typed(&mut wedge, 0, b"end\nnext\n", &mut payloads);
        assert_eq!((texts(&payloads), wedge.dropped()), (vec!["next".to_owned()], 1), "{spoilt:?}");
    }
    // What was held while events were lost may have come up meanwhile.
    let (mut wedge, mut payloads) = (Wedge::new(Caps::Off), vec![]);
    wedge.step(Mono(1), Event::Key { code: SHIFTS[0], press: Press::Down }, &mut payloads);
    wedge.step(Mono(1), Event::Lost, &mut payloads);
    press(&mut wedge, 0, ENTER, &mut payloads);
    typed_raw(&mut wedge, &[30]);
    press(&mut wedge, 0, ENTER, &mut payloads);
    assert_eq!(texts(&payloads), ["a"]);
}

#[test]
fn the_longest_code_passes_and_one_key_more_is_dropped_in_bounded_memory() {
    for (length, expected) in [(CODE_MAX, 1), (CODE_MAX + 1, 0), (1_000_000, 0)] {
        let (mut wedge, mut payloads) = (Wedge::new(Caps::Off), vec![]);
        for _ in 0..length {
            press(&mut wedge, 0, 30, &mut payloads);
            assert!(wedge.held.capacity() <= 2 * CODE_MAX);
        }
        press(&mut wedge, 0, ENTER, &mut payloads);
        assert_eq!((payloads.len(), wedge.dropped()), (expected, u64::from(expected == 0)), "{length} keys");
        typed(&mut wedge, 0, b"next\n", &mut payloads);
        assert_eq!(payloads.last().unwrap().expose(), b"next");
    }
}

#[test]
fn nothing_prints_what_was_typed() {
    let (mut wedge, mut payloads) = (Wedge::new(Caps::Off), vec![]);
    typed(&mut wedge, 0, b"secret\nagain", &mut payloads);
    let said = format!("{wedge:?} {payloads:?}");
    assert_eq!(said, "Wedge { held: 5, dropped: 0 } [[pii]]");
}

proptest! {
    #[test]
    fn no_keys_panic_and_what_comes_out_is_never_longer_than_a_code(
        keys in proptest::collection::vec((0_u16..300, 0_u8..4, 0_u64..150), 0..2_000),
    ) {
        let (mut wedge, mut payloads, mut now) = (Wedge::new(Caps::Off), vec![], 0);
        for (code, what, pause) in keys {
            now += pause;
            let event = match what {
                0 => Event::Key { code, press: Press::Down },
                1 => Event::Key { code, press: Press::Up },
                2 => Event::Key { code, press: Press::Repeat },
                _ => Event::Lost,
            };
            wedge.step(Mono::from_millis(now), event, &mut payloads);
        }
        prop_assert!(payloads.iter().all(|code| (1..=CODE_MAX).contains(&code.expose().len())));
    }
}

fn texts(payloads: &[Pii<Vec<u8>>]) -> Vec<String> {
    payloads.iter().map(|payload| String::from_utf8(payload.expose().clone()).unwrap()).collect()
}

/// Presses and releases a key.
fn press(wedge: &mut Wedge, ms: u64, code: u16, payloads: &mut Vec<Pii<Vec<u8>>>) {
    for press in [Press::Down, Press::Up] {
        wedge.step(Mono::from_millis(ms), Event::Key { code, press }, payloads);
    }
}

/// Keys that complete nothing.
fn typed_raw(wedge: &mut Wedge, codes: &[u16]) {
    let mut payloads = vec![];
    codes.iter().for_each(|code| press(wedge, 0, *code, &mut payloads));
    assert!(payloads.is_empty());
}

fn controlled(wedge: &mut Wedge, code: u16, payloads: &mut Vec<Pii<Vec<u8>>>) {
    wedge.step(Mono(1), Event::Key { code: CONTROLS[0], press: Press::Down }, payloads);
    press(wedge, 0, code, payloads);
    wedge.step(Mono(1), Event::Key { code: CONTROLS[0], press: Press::Up }, payloads);
}

fn typed(wedge: &mut Wedge, ms: u64, text: &[u8], payloads: &mut Vec<Pii<Vec<u8>>>) {
    for character in text {
        type_one(wedge, ms, *character, Caps::Off, payloads);
    }
}

/// Types one character as a reader does that knows whether capitals are locked. Key numbers and characters stand here once
/// more, in the order of the keys of `input-event-codes.h`.
fn type_one(wedge: &mut Wedge, ms: u64, character: u8, caps: Caps, payloads: &mut Vec<Pii<Vec<u8>>>) {
    const PLAIN: &[u8] = b"\0\x1B1234567890-=\x08\tqwertyuiop[]\n\0asdfghjkl;'`\0\\zxcvbnm,./\0\0\0 ";
    const SHIFTED: &[u8] = b"\0\0!@#$%^&*()_+\0\0QWERTYUIOP{}\0\0ASDFGHJKL:\"~\0|ZXCVBNM<>?\0\0\0\0";
    let find = |row: &[u8]| row.iter().position(|key| *key == character);
    let (code, shifted) = match find(PLAIN) {
        Some(code) => (code, false),
        None => (find(SHIFTED).unwrap(), true),
    };
    let shift = shifted != (caps == Caps::Locked && character.is_ascii_alphabetic());
    let (code, side) = (u16::try_from(code).unwrap(), SHIFTS[usize::from(character % 2)]);
    if shift {
        wedge.step(Mono::from_millis(ms), Event::Key { code: side, press: Press::Down }, payloads);
    }
    press(wedge, ms, code, payloads);
    if shift {
        wedge.step(Mono::from_millis(ms), Event::Key { code: side, press: Press::Up }, payloads);
    }
}
