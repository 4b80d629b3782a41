//! A scripted module in virtual time: right, wrong, silent, slow, noisy, and codes between its replies.

use std::collections::BTreeMap;

use super::*;

const SETTINGS: Settings =
    Settings { trigger: Trigger::Continuous, port: Port::Serial, interval: 3, same_code: 30 };
/// As a GM65 leaves the factory, but for its mode.
const DELIVERED: [(u16, u8); 6] =
    [(0x0003, 0x01), (0x000D, 0), (0x0060, 0x01), (0x0000, 0xD4), (0x0005, 10), (0x0013, 0x05)];
/// As it should be.
const RIGHT: [(u16, u8); 6] =
    [(0x0003, 0x03), (0x000D, 0), (0x0060, 0x01), (0x0000, 0xD6), (0x0005, 3), (0x0013, 0x9E)];

#[test]
fn frames_are_as_published() {
    assert_eq!(command(9, 0, 0), [0x7E, 0x00, 0x09, 0x01, 0x00, 0x00, 0x00, 0xDE, 0xC8]);
    assert_eq!(command(9, 0, 2), [0x7E, 0x00, 0x09, 0x01, 0x00, 0x00, 0x02, 0xFE, 0x8A]);
    assert_eq!(command(7, 0x002A, 2), [0x7E, 0x00, 0x07, 0x01, 0x00, 0x2A, 0x02, 0xD8, 0x0F]);
    assert_eq!(reply(0, 0), [0x02, 0x00, 0x00, 0x01, 0x00, 0x33, 0x31]);
}

#[test]
fn nothing_is_written_or_saved_when_everything_is_right() {
    let mut module = Scripted::new(&RIGHT);
    assert_eq!(module.run(), Turn::Done(0));
    assert_eq!((module.writes, module.saves), (0, 0));
    assert!(module.codes.is_empty());
}

#[test]
fn what_differs_is_written_bit_by_bit_and_saved_once() {
    let mut module = Scripted::new(&DELIVERED);
    assert_eq!(module.run(), Turn::Done(4));
    assert_eq!(module.zones, RIGHT.into());
    assert_eq!((module.writes, module.saves), (4, 1));
    let induction = Settings { trigger: Trigger::Induction, port: Port::Usb, ..SETTINGS };
    module.gm65 = Gm65::new(module.now, &induction);
    assert_eq!(module.run(), Turn::Done(2));
    assert_eq!((module.zones[&0x0000], module.zones[&0x000D]), (0xD7, 3));
}

#[test]
fn one_that_reads_on_command_is_told_to_while_somebody_is_there_and_again_after_each_code() {
    let mut module = Scripted::new(&RIGHT);
    module.zones.insert(0x0006, 0);
    module.gm65 = Gm65::new(module.now, &Settings { trigger: Trigger::Command, ..SETTINGS });
    assert_eq!(module.run(), Turn::Done(2));
    assert_eq!(
        (module.zones[&0x0000], module.zones[&0x0006]),
        (0xD5, 50),
        "its mode, five seconds a reading"
    );
    let Scripted { mut gm65, now, mut codes, .. } = module;
    let after = |ms| now + Duration::from_millis(ms);
    assert_eq!((gm65.deadline(), gm65.expire(after(9_000), &mut codes)), (None, None), "nobody is there");
    gm65.want(Level::Active);
    assert!(gm65.deadline().is_some_and(|due| due <= now));
    let begin = Some(Turn::Send(command(8, 0x0002, 1)));
    assert_eq!(gm65.expire(now, &mut codes), begin);
    assert_eq!(gm65.step(after(20), &reply(0, 0), &mut codes), None);
    assert_eq!(gm65.expire(after(5_299), &mut codes), None, "it reads");
    assert_eq!(gm65.expire(after(5_300), &mut codes), begin, "no code in all that time");
    assert_eq!(gm65.step(after(6_000), b"HC1:CODE\r", &mut codes), None);
    assert_eq!(codes, b"HC1:CODE\r");
    assert_eq!(gm65.expire(after(6_299), &mut codes), None, "the pause between two");
    assert_eq!(gm65.expire(after(6_300), &mut codes), begin);
    gm65.want(Level::Idle);
    assert_eq!((gm65.deadline(), gm65.expire(after(60_000), &mut codes)), (None, None), "they have gone");
}

#[test]
fn a_silent_module_is_given_up_within_a_bound_and_what_was_asked_is_named() {
    let mut module = Scripted::new(&RIGHT);
    module.mood = Mood::Silent;
    assert_eq!(module.run(), Turn::Failed(Fault::Silent("set-up codes off")));
    assert_eq!(module.now, Mono::ZERO + SETTLE + PATIENCE * u32::from(TRIES));
    assert_eq!(module.sent, u32::from(TRIES));
    assert_eq!(module.gm65.deadline(), None);
    // Plugged in again, it is set up.
    module.mood = Mood::Good;
    module.gm65.begin(module.now);
    assert_eq!(module.run(), Turn::Done(0));
}

#[test]
fn a_module_that_says_done_and_keeps_its_set_up_codes_on_has_refused() {
    for mood in [Mood::Stubborn, Mood::Refusing] {
        let mut module = Scripted::new(&DELIVERED);
        module.mood = mood;
        assert_eq!(module.run(), Turn::Failed(Fault::Refused("set-up codes off")), "{mood:?}");
        assert_eq!(module.saves, 0);
    }
    let said = Fault::Refused("set-up codes off").to_string();
    assert_eq!(said, "the module refuses set-up codes off");
}

#[test]
fn a_no_counts_whatever_stands_beside_it() {
    let mut module = Scripted::new(&DELIVERED);
    module.mood = Mood::Forgetful;
    assert_eq!(module.run(), Turn::Failed(Fault::Refused("keeping its settings")));
    // The byte of a refusal is no setting, not even when it would be the right one.
    let mut module = Scripted::new(&RIGHT);
    module.mood = Mood::Unreadable;
    assert_eq!(module.run(), Turn::Failed(Fault::Refused("set-up codes off")));
}

#[test]
fn what_a_failed_set_up_wrote_is_saved_by_the_next() {
    let mut module = Scripted::new(&DELIVERED);
    module.mood = Mood::SilentAfter(5);
    assert_eq!(module.run(), Turn::Failed(Fault::Silent("its trigger mode")));
    module.mood = Mood::Good;
    module.zones = RIGHT.into();
    module.gm65.begin(module.now);
    assert_eq!(module.run(), Turn::Done(1));
    assert_eq!(module.saves, 1);
}

#[test]
fn noise_before_and_damage_within_replies_costs_a_try_and_no_more() {
    for (damage, codes) in
        [(Damage::Before(b"\xFF\x02\x00\r"), true), (Damage::Flip(4), false), (Damage::Cut(5), false)]
    {
        let mut module = Scripted::new(&DELIVERED);
        module.damage = Some(damage);
        assert_eq!(module.run(), Turn::Done(4), "{damage:?}");
        assert_eq!(module.zones, RIGHT.into());
        assert_eq!(!module.codes.is_empty(), codes, "{damage:?} came out as {:?}", module.codes);
    }
}

#[test]
fn a_reply_split_over_reads_is_one() {
    let mut module = Scripted::new(&DELIVERED);
    module.chunk = 1;
    assert_eq!(module.run(), Turn::Done(4));
    assert_eq!(module.sent, 6 + 4 * 2 + 1);
    assert!(module.codes.is_empty());
}

#[test]
fn a_late_reply_is_not_taken_for_that_to_the_next_question() {
    // Every reply comes after a second try was sent, so that two are on their way; the codes are on, which a stale reply of
    // another zone must not hide.
    let mut module = Scripted::new(&DELIVERED);
    module.late = PATIENCE + Duration::from_millis(100);
    assert_eq!(module.run(), Turn::Done(4));
    assert_eq!(module.zones, RIGHT.into());
    assert!(module.codes.is_empty(), "{:?}", module.codes);
}

#[test]
fn codes_between_replies_stay_whole_and_are_no_replies() {
    // With and without an end, with bytes like a reply's, and one that ends as a reply begins.
    for code in [
        &b"HC1:ABC\r"[..],
        b"no-end",
        b"x\x02\x00\x00\x01\x03\x03\x03y\r",
        b"ends-like\x02\x00",
        b"\x02\x02\x00\x07",
    ] {
        let mut module = Scripted::new(&DELIVERED);
        module.between = code;
        assert_eq!(module.run(), Turn::Done(4), "{code:?}");
        assert_eq!(module.zones, RIGHT.into());
        let sent = usize::try_from(module.sent).unwrap();
        assert_eq!(module.codes, code.repeat(sent), "{code:?}");
    }
}

#[test]
fn a_reply_after_the_set_up_is_still_no_code() {
    let mut module = Scripted::new(&RIGHT);
    module.run();
    let mut codes = Vec::new();
    assert_eq!(module.gm65.step(module.now, &reply(0, 3), &mut codes), None);
    assert_eq!(module.gm65.step(module.now, b"A\r", &mut codes), None);
    assert_eq!(codes, b"A\r");
}

#[derive(Clone, Copy, Debug)]
enum Mood {
    Good,
    Silent,
    /// Answers so many commands and then no more.
    SilentAfter(u32),
    /// Says "done" and keeps what it had.
    Stubborn,
    /// Says no to every change.
    Refusing,
    /// Says no when it is to save.
    Forgetful,
    /// Says no when it is asked.
    Unreadable,
}

#[derive(Clone, Copy, Debug)]
enum Damage {
    Before(&'static [u8]),
    Flip(usize),
    Cut(usize),
}

/// A module that answers commands as it is told to, after `late`.
struct Scripted {
    gm65: Gm65,
    now: Mono,
    zones: BTreeMap<u16, u8>,
    mood: Mood,
    damage: Option<Damage>,
    late: Duration,
    chunk: usize,
    between: &'static [u8],
    codes: Vec<u8>,
    on_its_way: Vec<(Mono, Vec<u8>)>,
    sent: u32,
    writes: u32,
    saves: u32,
}

impl Scripted {
    fn new(zones: &[(u16, u8); 6]) -> Self {
        Self {
            gm65: Gm65::new(Mono::ZERO, &SETTINGS),
            now: Mono::ZERO,
            zones: zones.iter().copied().collect(),
            mood: Mood::Good,
            damage: None,
            late: Duration::from_millis(20),
            chunk: 100,
            between: b"",
            codes: Vec::new(),
            on_its_way: Vec::new(),
            sent: 0,
            writes: 0,
            saves: 0,
        }
    }

    /// Until the set-up is over, and all that is on its way has come.
    fn run(&mut self) -> Turn {
        for _ in 0..1_000 {
            let arrives = self.on_its_way.first().map(|(at, _)| *at);
            let due = self.gm65.deadline();
            let turn = match (arrives, due) {
                (Some(at), due) if due.is_none_or(|due| at <= due) => {
                    self.now = at;
                    let (_, bytes) = self.on_its_way.remove(0);
                    let mut turn = None;
                    for chunk in bytes.chunks(self.chunk) {
                        turn = turn.or(self.gm65.step(self.now, chunk, &mut self.codes));
                        self.now = self.now + Duration::from_millis(1);
                    }
                    turn
                }
                (_, Some(due)) => {
                    self.now = self.now.max(due);
                    self.gm65.expire(self.now, &mut self.codes)
                }
                (_, None) => panic!("waits for nothing"),
            };
            match turn {
                Some(Turn::Send(command)) => self.take(command),
                Some(over) => {
                    for (_, bytes) in std::mem::take(&mut self.on_its_way) {
                        self.gm65.step(self.now, &bytes, &mut self.codes);
                    }
                    self.gm65.close(&mut self.codes);
                    return over;
                }
                None => {}
            }
        }
        panic!("has no end");
    }

    fn take(&mut self, command: Command) {
        let [0x7E, 0x00, kind, 1, high, low, data, ..] = command else { panic!("{command:02x?}") };
        assert_eq!(crc16_xmodem(&command[2..]), 0, "{command:02x?}");
        self.sent += 1;
        let zone = u16::from_be_bytes([high, low]);
        let answer = match (kind, self.mood) {
            (_, Mood::Silent) => None,
            (_, Mood::SilentAfter(count)) if self.sent > count => None,
            (7, Mood::Unreadable) => Some(reply(1, self.zones[&zone])),
            (9, Mood::Forgetful) => Some(reply(1, 0)),
            (7, _) => Some(reply(0, self.zones[&zone])),
            (8, Mood::Stubborn) => Some(reply(0, 0)),
            (8, Mood::Refusing) => Some(reply(1, 0)),
            (8, _) => {
                self.writes += 1;
                self.zones.insert(zone, data);
                Some(reply(0, 0))
            }
            (9, _) => {
                self.saves += 1;
                Some(reply(0, 0))
            }
            _ => panic!("{command:02x?}"),
        };
        let Some(mut answer) = answer else { return };
        match self.damage.filter(|_| self.sent % 3 == 1) {
            Some(Damage::Before(noise)) => answer.splice(0..0, noise.iter().copied()).for_each(drop),
            Some(Damage::Flip(at)) => answer[at] ^= 0x10,
            Some(Damage::Cut(at)) => answer.truncate(at),
            None => {}
        }
        answer.splice(0..0, self.between.iter().copied());
        self.on_its_way.push((self.now + self.late, answer));
    }
}

fn reply(kind: u8, data: u8) -> Vec<u8> {
    let [first, second] = crc16_xmodem(&[kind, 1, data]).to_be_bytes();
    vec![0x02, 0x00, kind, 1, data, first, second]
}
