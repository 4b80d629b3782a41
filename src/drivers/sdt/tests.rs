//! Frames out of bytes. The driver as a whole meets a simulated reader in `sim::id_reader`.

use super::frames::{Frames, Garbled, Reply, command};
use super::*;
use proptest::prelude::*;

const PREAMBLE: [u8; 5] = [0xAA, 0xAA, 0xAA, 0x96, 0x69];
const NONE_THERE: [u8; 11] = [0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x04, 0x00, 0x00, 0x80, 0x84];

#[test]
fn commands_are_those_that_public_drivers_send() {
    let sent = |ask: Ask| ask.command()[5..].to_vec();
    assert_eq!(Ask::Status.command()[..5], PREAMBLE);
    assert_eq!(sent(Ask::Status), [0x00, 0x03, 0x11, 0xFF, 0xED]);
    assert_eq!(sent(Ask::Find), [0x00, 0x03, 0x20, 0x01, 0x22]);
    assert_eq!(sent(Ask::Select), [0x00, 0x03, 0x20, 0x02, 0x21]);
    assert_eq!(sent(Ask::Read), [0x00, 0x03, 0x30, 0x01, 0x32]);
    assert_eq!(command(0x30, 0x10)[9], 0x23);
}

#[test]
fn a_reply_is_found_whole_in_pieces_and_behind_whatever_stands_before_it() {
    let before: [&[u8]; 9] = [
        b"",
        &[0, 0, 0],
        &[0xAA],
        &[0xAA, 0xAA, 0xAA, 0xAA],
        b"noise \xAA\xAA\x96",
        &PREAMBLE,
        // Frames that broke off, with a length that would take the reply in and one that would not.
        &[0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x08, 0x00],
        &[0xAA, 0xAA, 0xAA, 0x96, 0x69, 0x00, 0x04, 0x00, 0x00, 0x90],
        // No length of a reply.
        &[0xAA, 0xAA, 0xAA, 0x96, 0x69, 0xFF, 0xFF],
    ];
    for bytes in before {
        assert_eq!(replies(&[bytes, &NONE_THERE].concat()), [none_there()], "{bytes:02x?}");
    }
}

#[test]
fn zeros_within_the_preamble_and_before_the_length_are_passed_over() {
    for at in 1..=5 {
        for zeros in 1..=2 {
            // Two zeros before the length are a length of nothing.
            if at == 5 && zeros == 2 {
                continue;
            }
            let mut bytes = NONE_THERE.to_vec();
            bytes.splice(at..at, vec![0; zeros]);
            assert_eq!(replies(&bytes), [none_there()], "{zeros} at {at}");
        }
    }
    let mut card = card_frame(NUMBER);
    card.insert(5, 0);
    assert!(matches!(replies(&card)[..], [Reply::Card(Some(_))]));
}

#[test]
fn a_card_gives_number_and_name_and_a_preamble_among_its_data_is_data() {
    let frame = card_frame(NUMBER);
    assert_eq!(frame.len(), 1_295);
    assert_eq!(frame[5..14], [0x05, 0x08, 0x00, 0x00, 0x90, 0x01, 0x00, 0x04, 0x00]);
    let [Reply::Card(Some(card))] = &replies(&frame)[..] else { panic!("no card") };
    assert_eq!(card.number.normalised().expose(), NUMBER);
    assert_eq!(card.name.expose(), "王小明");
    assert!(matches!(replies(&card_frame("11010519491231002Y"))[..], [Reply::Card(None)]));
}

#[test]
fn every_altered_byte_of_a_card_is_noticed_and_the_next_reply_is_still_found() {
    let good = card_frame(NUMBER);
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x10;
        bytes.extend(NONE_THERE);
        let found = replies(&bytes);
        assert!(!found.iter().any(|reply| matches!(reply, Reply::Card(_))), "byte {at}");
        assert!(found.contains(&none_there()), "byte {at}");
    }
}

#[test]
fn a_wrong_check_is_said() {
    let mut bytes = NONE_THERE;
    bytes[10] ^= 1;
    let mut frames = Frames::new();
    let said: Vec<_> = bytes.iter().filter_map(|byte| frames.step(*byte)).collect();
    assert_eq!(said, [Err(Garbled)]);
}

proptest! {
    #[test]
    fn no_bytes_panic_or_are_kept_and_a_reply_behind_them_is_found_once_they_are_over(
        bytes in proptest::collection::vec(
            prop_oneof![Just(0xAA_u8), Just(0x96), Just(0x69), Just(0), Just(4), any::<u8>()], 0..3_000),
    ) {
        let mut frames = Frames::new();
        for byte in &bytes {
            frames.step(*byte);
        }
        frames.clear();
        prop_assert_eq!(format!("{frames:?}"), "Frames { held: 0 }");
        let found: Vec<_> = NONE_THERE.iter().filter_map(|byte| frames.step(*byte)).collect();
        prop_assert_eq!(found, [Ok(none_there())]);
    }
}

const NUMBER: &str = "11010519491231002X";

fn none_there() -> Reply {
    Reply::Said { code: [0, 0, 0x80], data: 0 }
}

fn replies(bytes: &[u8]) -> Vec<Reply> {
    let mut frames = Frames::new();
    bytes.iter().filter_map(|byte| frames.step(*byte)?.ok()).collect()
}

/// A card of 王小明 whose address and picture are full of preambles.
fn card_frame(number: &str) -> Vec<u8> {
    let mut content = Vec::new();
    let mut put = |text: &str, bytes: usize| {
        let units = text.encode_utf16().chain(std::iter::repeat(0x20)).take(bytes / 2);
        content.extend(units.flat_map(u16::to_le_bytes));
    };
    put("王小明", 30);
    put("", 92);
    put(number, 36);
    put("", 98);
    content.splice(60..71, NONE_THERE);
    content.extend(NONE_THERE.into_iter().cycle().take(1_024));
    let body = [&[0x05, 0x08, 0, 0, 0x90, 1, 0, 4, 0][..], &content].concat();
    let check = body.iter().fold(0, |sum, byte| sum ^ byte);
    [&PREAMBLE[..], &body, &[check]].concat()
}
