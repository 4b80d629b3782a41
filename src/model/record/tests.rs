//! Records as bytes: what was written once still decodes, and what is not there costs nothing.

use super::*;
use crate::base::{BlobId, BootId, ClockTrust, Mono, Pii, Wall};
use crate::model::{PictureKey, Role, Title};

#[test]
fn a_record_survives_encoding() {
    let entry = sample();
    let bytes = minicbor::to_vec(&entry).unwrap();
    assert_eq!(minicbor::decode::<Entry>(&bytes).unwrap(), entry);
    assert!(bytes.len() < 160, "{} bytes", bytes.len());
}

#[test]
fn unknown_later_fields_are_passed_over() {
    // What a later version might write: one more field at the end of the array.
    let mut bytes = minicbor::to_vec(sample()).unwrap();
    assert_eq!(bytes[0], 0x84, "an array of four");
    bytes[0] = 0x85;
    bytes.push(0x18);
    bytes.push(42);
    assert_eq!(minicbor::decode::<Entry>(&bytes).unwrap(), sample());
}

#[test]
fn cut_bytes_are_an_error_and_not_a_panic() {
    let bytes = minicbor::to_vec(sample()).unwrap();
    for length in 0..bytes.len() {
        assert!(minicbor::decode::<Entry>(&bytes[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn a_record_without_a_picture_is_written_as_before_there_were_any_and_one_with_it_survives() {
    let Body::Passage(passage) = sample().body else { panic!("a passage") };
    let bytes = minicbor::to_vec(&passage).unwrap();
    assert_eq!(bytes[0], 0x8E, "an array of fourteen");
    let picture = Some(Picture { sha256: BlobId([9; 32]), length: 130_000 });
    let with_one = Passage { picture, ..*passage };
    let bytes = minicbor::to_vec(&with_one).unwrap();
    assert_eq!(bytes[0], 0x8F);
    assert_eq!(minicbor::decode::<Passage>(&bytes).unwrap(), with_one);
    assert_eq!(
        minicbor::to_vec(Personal::default()).unwrap(),
        [0x81, 0x80],
        "an array of one, which is empty"
    );
    let personal = Personal { picture: Some(Pii::new(PictureKey([7; 32]))), ..Personal::default() };
    let bytes = minicbor::to_vec(&personal).unwrap();
    assert_eq!(minicbor::decode::<Personal>(&bytes).unwrap(), personal);
}

#[test]
fn a_record_without_a_limit_is_written_as_before_there_were_any_and_one_with_it_survives() {
    let Body::Passage(passage) = sample().body else { panic!("a passage") };
    assert_eq!(minicbor::to_vec(&passage).unwrap()[0], 0x8E, "an array of fourteen");
    let stay = Some(StayLimit { hours: 12, until: None, back_by: Some(1_020) });
    let limited = Passage { stay, ..*passage };
    assert_eq!(minicbor::decode::<Passage>(&minicbor::to_vec(&limited).unwrap()).unwrap(), limited);
    let overdue = Body::Overdue { log: Epoch([1; 16]), entry: Seq::FIRST, vehicles: 1, people: 3 };
    assert_eq!(minicbor::decode::<Body>(&minicbor::to_vec(&overdue).unwrap()).unwrap(), overdue);
}

#[test]
fn a_sign_in_without_a_post_is_written_as_before_there_were_any_and_one_with_it_survives() {
    let signs_in = |post| Body::Attendance { attendant: "li".parse().unwrap(), signed_in: true, post };
    let bytes = minicbor::to_vec(signs_in(None)).unwrap();
    assert_eq!(bytes, [0x82, 7, 0x82, 0x62, b'l', b'i', 0xF5]);
    assert_eq!(minicbor::decode::<Body>(&bytes).unwrap(), signs_in(None));
    for role in Role::ALL {
        let agency = Some(Title { zh: "公安".to_owned(), en: "Police".to_owned() });
        let body = signs_in(Some(Post { role, agency }));
        let bytes = minicbor::to_vec(&body).unwrap();
        assert_eq!(minicbor::decode::<Body>(&bytes).unwrap(), body);
        assert!(bytes.len() < 32, "{} bytes", bytes.len());
    }
}

#[test]
fn a_note_without_open_items_is_written_as_before_there_were_any_and_one_with_them_survives() {
    let leaves = |open| Body::HandOver { attendant: "li".parse().unwrap(), open };
    let bytes = minicbor::to_vec(leaves(None)).unwrap();
    assert_eq!(bytes, [0x82, 19, 0x81, 0x62, b'l', b'i']);
    assert_eq!(minicbor::decode::<Body>(&bytes).unwrap(), leaves(None));
    let open = OpenItems { referred: 2, cases: Some(3), policy_waits: Some(7), ..OpenItems::default() };
    let bytes = minicbor::to_vec(leaves(Some(open))).unwrap();
    assert_eq!(minicbor::decode::<Body>(&bytes).unwrap(), leaves(Some(open)));
    assert!(bytes.len() < 24, "{} bytes", bytes.len());
}

#[test]
fn a_record_of_training_says_what_became_of_it_and_who_practised() {
    let events =
        [Training::Begun, Training::Ended, Training::TimedOut, Training::Emergency, Training::Stopped];
    for (number, event) in (0..).zip(events) {
        let body = Body::Training { event, by: "li".parse().unwrap() };
        let bytes = minicbor::to_vec(&body).unwrap();
        assert_eq!(bytes, [0x82, 22, 0x82, number, 0x62, b'l', b'i']);
        assert_eq!(minicbor::decode::<Body>(&bytes).unwrap(), body);
    }
}

fn sample() -> Entry {
    let passage = Passage {
        arrival: Seq::FIRST,
        follows: None,
        subject: SubjectKind::Person,
        direction: Direction::Inbound,
        class: Class::Resident,
        verdict: Verdict::Admitted,
        reasons: vec![],
        decided_by: Decider::Policy,
        profile: "residential-in".parse().unwrap(),
        policy: PolicyId([3; 16]),
        notice: Some(12),
        steps: vec![],
        occupants: vec![],
        took_ms: 3_400,
        picture: None,
        grounds: None,
        stay: None,
    };
    Entry {
        seq: Seq::FIRST.next(),
        stamp: Stamp {
            boot: BootId([1; 16]),
            mono: Mono::from_millis(90_000),
            wall: Wall(1_790_000_000_000),
            trust: ClockTrust::Synced,
            max_error_ms: 12,
        },
        lane: Some("in-1".parse().unwrap()),
        body: Body::Passage(Box::new(passage)),
    }
}
