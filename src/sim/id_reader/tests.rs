//! The driver against the simulated module, in virtual time: every manner of a reader, byte for byte.

use super::*;
use crate::base::{Mono, NoReading};
use crate::drivers::sdt::{AGAIN, FIND_EVERY, READ_MAX, SETTLE, Sdt, TRIES, Turn};
use crate::model::IdCard;

const NUMBER: &str = "11010519491231002X";
const OTHER: &str = "440524188001010014";

#[test]
fn a_card_is_read_once_and_again_only_after_it_was_lifted() {
    let mut wire = Wire::new(Manner::Obeys);
    wire.run(3_000);
    assert_eq!(wire.health, [Ok(())]);
    assert!(wire.cards.is_empty());

    wire.module.lay(Card::new(NUMBER, "王小明"));
    wire.run(10_000);
    assert_eq!(wire.read(), [(NUMBER, "王小明")]);

    wire.module.lift();
    wire.run(2_000);
    wire.module.lay(Card::new(OTHER, "李四"));
    wire.run(2_000);
    assert_eq!(wire.read(), [(NUMBER, "王小明"), (OTHER, "李四")]);
    assert_eq!(wire.health, [Ok(())]);
}

#[test]
fn a_reader_that_finds_the_same_card_again_and_again_gives_it_once() {
    let mut wire = Wire::new(Manner::Obeys);
    wire.module.lay(Card::new(NUMBER, "王小明"));
    wire.lies(10_000);
    assert_eq!((wire.read(), wire.module.reads()), (vec![(NUMBER, "王小明")], 1));

    // It misses one question and is still no other card; two make it lifted.
    for (misses, cards) in [(1, 1), (2, 2)] {
        wire.module.found = true;
        let asked = wire.module.asked();
        while wire.module.asked() < asked + misses {
            wire.run(10);
        }
        wire.module.found = false;
        wire.run(3_000);
        assert_eq!(wire.cards.len(), cards, "{misses} misses");
        wire.module.found = false;
    }
}

#[test]
fn stray_zeros_noise_and_single_bytes_change_nothing() {
    for manner in [Manner::StrayZeros, Manner::Noise, Manner::ByteByByte] {
        let mut wire = Wire::new(manner);
        wire.module.lay(Card::new(NUMBER, "王小明"));
        wire.run(5_000);
        assert_eq!(
            (wire.read(), wire.health.as_slice()),
            (vec![(NUMBER, "王小明")], &[Ok(())][..]),
            "{manner:?}"
        );
    }
}

#[test]
fn a_wrong_check_gives_no_card_until_it_is_laid_down_again_and_is_a_fault_when_it_lasts() {
    let mut wire = Wire::new(Manner::WrongCheck);
    for times in 1..=u64::from(TRIES) {
        wire.module.lay(Card::new(NUMBER, "王小明"));
        // While it lies there it is not read again, however often it is found.
        wire.lies(10_000);
        assert_eq!((wire.module.reads(), wire.cards.len()), (times, 0));
        assert_eq!(wire.health.last() == Some(&Err(NoReading::Checksum)), times == u64::from(TRIES));
        wire.module.lift();
        wire.run(2_000);
    }
    wire.module.set_manner(Manner::Obeys);
    wire.module.lay(Card::new(NUMBER, "王小明"));
    wire.run(3_000);
    assert_eq!(wire.read(), [(NUMBER, "王小明")]);
    assert_eq!(wire.health, [Ok(()), Err(NoReading::Checksum), Ok(())]);
}

#[test]
fn a_card_lifted_while_it_is_read_gives_nothing_and_the_next_one_is_read() {
    let mut wire = Wire::new(Manner::LiftedAmid);
    wire.module.lay(Card::new(NUMBER, "王小明"));
    wire.run(3_000);
    assert_eq!((wire.module.reads(), wire.cards.len()), (1, 0));
    wire.module.set_manner(Manner::Obeys);
    wire.run(4_000);
    wire.module.lay(Card::new(OTHER, "李四"));
    wire.run(3_000);
    assert_eq!(wire.read(), [(OTHER, "李四")]);
    assert_eq!(wire.health, [Ok(())]);
}

#[test]
fn a_card_whose_number_fails_its_own_check_or_that_has_no_name_is_none() {
    for (number, name) in [("110105194912310021", "王小明"), ("", "王小明"), (NUMBER, ""), (NUMBER, "\u{7}")]
    {
        let mut wire = Wire::new(Manner::Obeys);
        wire.module.lay(Card::new(number, name));
        wire.run(10_000);
        assert_eq!((wire.cards.len(), wire.module.reads()), (0, 1));
        assert_eq!(wire.health, [Ok(())]);
    }
}

#[test]
fn a_module_that_is_not_well_is_asked_again_after_a_while_and_counts_once_it_is() {
    let mut wire = Wire::new(Manner::SelfTestFails);
    wire.module.lay(Card::new(NUMBER, "王小明"));
    wire.run(3_000);
    assert_eq!((wire.health.as_slice(), wire.module.asked()), (&[Err(NoReading::Flagged)][..], 1));
    wire.module.set_manner(Manner::Obeys);
    wire.run(millis(AGAIN) + 2_000);
    assert_eq!(wire.health, [Err(NoReading::Flagged), Ok(())]);
    assert_eq!(wire.read(), [(NUMBER, "王小明")]);
}

#[test]
fn a_silent_reader_is_a_fault_after_three_tries_and_one_that_falls_silent_too() {
    let mut wire = Wire::new(Manner::Silent);
    wire.run(3_000);
    assert_eq!(wire.health, []);
    wire.run(3_000);
    assert_eq!((wire.health.as_slice(), wire.module.asked()), (&[Err(NoReading::Timeout)][..], 3));
    wire.module.set_manner(Manner::Obeys);
    wire.run(10_000);
    wire.module.set_manner(Manner::Silent);
    wire.run(10_000);
    assert_eq!(wire.health, [Err(NoReading::Timeout), Ok(()), Err(NoReading::Timeout)]);
}

#[test]
fn a_reader_is_asked_for_a_card_no_faster_than_it_bears() {
    let mut wire = Wire::new(Manner::Obeys);
    wire.run(30_000);
    let finds: Vec<_> = wire.sent.iter().filter(|(_, sent)| *sent == command(0x20, 0x01)).collect();
    assert!(finds.len() > 90, "{}", finds.len());
    for pair in finds.windows(2) {
        assert!(pair[1].0.since(pair[0].0) >= FIND_EVERY, "{pair:?}");
    }
}

#[test]
fn a_reply_that_comes_when_it_is_no_longer_waited_for_answers_nothing() {
    let mut wire = Wire::new(Manner::Silent);
    let late = frame(0x90, &Card::new(NUMBER, "王小明").data());
    wire.run(millis(SETTLE) / 2);
    wire.hear(late.clone());
    // Asked how it is, it gives a card: that is no answer, and the answer behind it counts.
    wire.run(millis(SETTLE) / 2 + 20);
    wire.hear(late);
    assert_eq!((wire.cards.len(), wire.health.len()), (0, 0));
    wire.hear(frame(0x90, &[]));
    assert_eq!(wire.health, [Ok(())]);
}

#[test]
fn a_reader_that_was_plugged_in_again_does_not_read_the_card_that_still_lies_there() {
    let mut wire = Wire::new(Manner::Obeys);
    wire.module.lay(Card::new(NUMBER, "王小明"));
    wire.lies(3_000);
    wire.sdt.begin(wire.now);
    wire.lies(5_000);
    assert_eq!((wire.cards.len(), wire.health.len()), (1, 2));
}

#[test]
fn the_callers_bytes_are_overwritten_and_nothing_prints_what_is_on_a_card() {
    let mut wire = Wire::new(Manner::Obeys);
    wire.module.lay(Card::new(NUMBER, "王小明"));
    wire.run(millis(READ_MAX));
    assert_eq!(wire.cards.len(), 1);
    // `hear` checks that every byte handed over comes back as zero.
    assert!(wire.overwritten > 1_290);
    let said = format!("{:?} {:?} {:?}", wire.sdt, wire.cards, Turn::Card(wire.cards[0].clone()));
    assert!(!said.contains("1949") && !said.contains('王'), "{said}");
}

/// Driver and module on one wire, in virtual time.
struct Wire {
    sdt: Sdt,
    module: Module,
    now: Mono,
    sent: Vec<(Mono, Command)>,
    cards: Vec<IdCard>,
    health: Vec<Result<(), NoReading>>,
    overwritten: usize,
}

impl Wire {
    fn new(manner: Manner) -> Self {
        let now = Mono::from_millis(1_000);
        let (sent, cards, health) = (vec![], vec![], vec![]);
        Self { sdt: Sdt::new(now), module: Module::new(manner), now, sent, cards, health, overwritten: 0 }
    }

    /// Lets so many milliseconds pass, in steps of ten.
    fn run(&mut self, ms: u64) {
        for _ in 0..ms / 10 {
            self.now = self.now + Duration::from_millis(10);
            let mut turns = vec![];
            if self.sdt.due() <= self.now {
                self.sdt.expire(self.now, &mut turns);
            }
            self.follow(turns);
        }
    }

    /// The same with a reader that finds the card that lies there again and again.
    fn lies(&mut self, ms: u64) {
        for _ in 0..ms / 100 {
            self.run(100);
            self.module.found = false;
        }
    }

    fn hear(&mut self, mut bytes: Vec<u8>) {
        let mut turns = vec![];
        self.sdt.step(self.now, &mut bytes, &mut turns);
        assert!(bytes.iter().all(|byte| *byte == 0));
        self.overwritten += bytes.len();
        self.follow(turns);
    }

    fn follow(&mut self, turns: Vec<Turn>) {
        for turn in turns {
            match turn {
                Turn::Send(command) => {
                    self.sent.push((self.now, command));
                    for piece in self.module.step(&command) {
                        self.hear(piece);
                    }
                }
                Turn::Card(card) => self.cards.push(card),
                Turn::Health(health) => self.health.push(health),
            }
        }
    }

    fn read(&self) -> Vec<(&str, &str)> {
        self.cards
            .iter()
            .map(|card| (card.number.normalised().expose().as_str(), card.name.expose().as_str()))
            .collect()
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}
