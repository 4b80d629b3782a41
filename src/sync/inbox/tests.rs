//! Commands under crashes at any point, lost answers, replays, forgeries and wrong clocks.

use super::super::command::{self, Command};
use super::*;
use crate::journal::SigningKey;
use crate::model::AreaMode;

const NOW: Wall = Wall(1_790_000_000_000);
const HOUR: i64 = 3_600_000;

#[test]
fn commands_are_carried_out_once_each_whenever_the_kiosk_crashes() {
    let whole = Place::default().run_until_settled();
    whole.check();
    assert_eq!(whole.deeds.len(), 2, "a renewal and a heartbeat");
    let steps = whole.steps;
    assert!(steps > 30, "{steps} steps");
    for first in 0..steps {
        for second in (0..steps).step_by(3) {
            for side in [Side::Before, Side::After] {
                let mut place =
                    Place { crashes: vec![(first, side), (first + second, side)], ..Place::default() };
                place = place.run_until_settled();
                place.check();
            }
        }
    }
}

#[test]
fn lost_answers_duplicates_and_replays_change_nothing() {
    for seed in 0..40 {
        let mut place = Place { network: Some(Random::new(seed)), ..Place::default() };
        place = place.run_until_settled();
        place.check();
        assert_eq!(place.deeds.len(), 2, "seed {seed}");
    }
}

#[test]
fn nothing_is_done_before_it_is_durable_that_the_command_was_taken() {
    let mut inbox = inbox(Memory::default());
    assert_eq!(inbox.next(&now()), Action::Poll { after: 0 });
    inbox.on(&now(), Event::Command(signed(1, lane(Service::Out))));
    let Action::Keep(_) = inbox.next(&now()) else { panic!("not kept") };
    inbox.on(&now(), Event::Kept);
    let Action::Record(draft) = inbox.next(&now()) else { panic!("not recorded") };
    assert!(matches!(draft.body, Body::Commanded { number: 1, .. }));
    for event in [Event::NotRecorded, Event::Kept, Event::Quiet, Event::Did(Outcome::Done)] {
        inbox.on(&now(), event);
        assert_eq!(inbox.in_force(), &InForce::default());
    }
    let later = Now { mono: now().mono + AGAIN, ..now() };
    assert!(matches!(inbox.next(&later), Action::Record(_)), "it is asked again");
    inbox.on(&later, Event::Recorded);
    assert_eq!(inbox.in_force(), &InForce::default(), "nor is it in force before it is kept");
    assert!(matches!(inbox.next(&later), Action::Keep(_)));
    inbox.on(&later, Event::NotKept);
    assert_eq!(inbox.in_force(), &InForce::default());
    let later = Now { mono: later.mono + AGAIN, ..now() };
    assert!(matches!(inbox.next(&later), Action::Keep(_)));
    inbox.on(&later, Event::Kept);
    assert_eq!(inbox.in_force().out_of_service.len(), 1);
}

#[test]
fn only_the_next_number_of_this_hub_to_this_kiosk_is_taken() {
    let other_kiosk = Command { kiosk: "west-1".parse().unwrap(), ..command(1, What::SendNow) };
    let other_key = command::series(&hub().verifying(), &SigningKey::from_seed(&[7; 32]).verifying());
    let other_key = Command { series: other_key, ..command(1, What::SendNow) };
    let stranger = SigningKey::from_seed(&[6; 32]);
    let cases = [
        (signed(2, What::SendNow), Outcome::OutOfOrder, 2),
        (signed(3, What::SendNow), Outcome::OutOfOrder, 3),
        (signed(0, What::SendNow), Outcome::Repeated, 0),
        (signed(u64::MAX, What::SendNow), Outcome::OutOfOrder, u64::MAX),
        (other_kiosk.sign(&hub()).unwrap(), Outcome::OtherKiosk, 1),
        (other_key.sign(&hub()).unwrap(), Outcome::OtherKiosk, 1),
        (command(1, What::SendNow).sign(&stranger).unwrap(), Outcome::Forged, 0),
        (b"nonsense".to_vec(), Outcome::Forged, 0),
    ];
    for (bytes, expected, number) in cases {
        let mut inbox = inbox(Memory::default());
        assert_eq!(refused(&mut inbox, &bytes, now()), Some((number, expected)));
        assert_eq!(refused(&mut inbox, &bytes, now()), None, "the same again is not recorded again");
        let soon = Now { mono: now().mono + REFUSED_WAIT, ..now() };
        assert_eq!(refused(&mut inbox, &bytes, soon), None);
        let later = Now { mono: now().mono + SAID_FOR + REFUSED_WAIT, ..now() };
        assert_eq!(refused(&mut inbox, &bytes, later), Some((number, expected)), "an hour later it is");
        // None of it has used up a number.
        let then = Now { mono: later.mono + REFUSED_WAIT, ..now() };
        assert_eq!(inbox.next(&then), Action::Poll { after: 0 });
        inbox.on(&then, Event::Command(signed(1, What::SendNow)));
        assert!(matches!(inbox.next(&then), Action::Keep(_)), "and the right one is taken");
    }
}

#[test]
fn a_command_is_late_by_a_synced_clock_or_a_time_that_has_passed_and_by_no_other() {
    let limit = Some(NOW);
    let at = |trust, wall, passed| Now { trust, wall: Wall(wall), passed: Wall(passed), ..now() };
    let (before, after) = (NOW.0 - HOUR, NOW.0 + HOUR);
    let cases = [
        (at(ClockTrust::Synced, before, 0), Ok(())),
        (at(ClockTrust::Synced, after, 0), Err(Outcome::Expired)),
        (at(ClockTrust::Synced, before, after), Err(Outcome::Expired)),
        (at(ClockTrust::Synced, before, before + 1), Err(Outcome::ClockUnsure)),
        (at(ClockTrust::Rtc, before, 0), Err(Outcome::ClockUnsure)),
        (at(ClockTrust::None, before, 0), Err(Outcome::ClockUnsure)),
        (at(ClockTrust::None, after, 0), Err(Outcome::ClockUnsure)),
        (at(ClockTrust::None, before, after), Err(Outcome::Expired)),
    ];
    for (now, expected) in cases {
        assert_eq!(lateness(limit, &now), expected, "{now:?}");
        assert_eq!(lateness(None, &now), Ok(()), "what may be late never is");
        let mut place = Place { clock: now, hub: vec![], ..Place::default() };
        place.hub.push(Command { not_after: limit, ..command(1, lane(Service::Out)) }.sign(&hub()).unwrap());
        let place = place.run_until_settled();
        let outcome = expected.err().unwrap_or(Outcome::Done);
        assert_eq!(place.outcomes(), [(1, outcome)], "{now:?}");
        let taken = usize::from(expected.is_ok());
        assert_eq!((place.taken().len(), place.in_force().out_of_service.len()), (taken, taken));
    }
}

#[test]
fn a_command_that_became_late_while_the_kiosk_was_off_is_not_begun() {
    let not_after = Some(NOW + Duration::from_mins(5));
    let late = Command { not_after, ..command(1, What::RenewKey) }.sign(&hub()).unwrap();
    // Taken and recorded, and then the power goes; see the steps of a whole run.
    let place = Place { hub: vec![late], crashes: vec![(3, Side::Before)], ..Place::default() };
    let place = Place { off_for: Duration::from_mins(10), ..place }.run_until_settled();
    assert_eq!(place.taken(), [1]);
    assert_eq!(place.outcomes(), [(1, Outcome::Expired)]);
    assert!(place.deeds.is_empty());
}

#[test]
fn what_is_unknown_or_impossible_uses_up_its_number_and_says_so() {
    let elsewhere = What::LaneService { lane: "out-9".parse().unwrap(), service: Service::Out };
    let place = Place {
        hub: vec![signed(1, elsewhere), signed(2, What::RenewKey)],
        renews: false,
        ..Place::default()
    };
    let place = place.run_until_settled();
    assert_eq!(place.outcomes(), [(1, Outcome::Unable), (2, Outcome::Unable)]);
    assert_eq!(place.in_force(), InForce::default());
}

#[test]
fn another_hub_begins_anew_and_what_is_in_force_stays() {
    let place = Place::default().run_until_settled();
    let memory = Memory::decode(place.file.as_ref().unwrap()).unwrap();
    let identity = Identity { hub: SigningKey::from_seed(&[6; 32]).verifying(), ..identity() };
    let mut inbox = Inbox::new(identity, memory.clone(), (None, None), Random::new(1));
    assert_eq!(inbox.next(&now()), Action::Poll { after: 0 });
    assert_eq!(inbox.in_force(), &memory.in_force);
}

#[test]
fn a_lost_or_damaged_memory_is_made_up_for_by_the_records() {
    let whole = Place::default().run_until_settled();
    for cut in 0..=whole.journal.len() {
        let journal = whole.journal[..cut].to_vec();
        let last = journal.iter().filter_map(number_of).max().unwrap_or(0);
        let mut place = Place { journal, ..Place::default() }.run_until_settled();
        // Nothing that the records tell of is done again.
        let renewals = place.deeds.iter().filter(|(_, deed)| *deed == Deed::RenewKey);
        assert!(renewals.clone().all(|(number, _)| *number > last), "{cut}: {:?}", place.deeds);
        place.deeds.clear();
        let numbers: Vec<u64> = place.outcomes().iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (1..=7).collect::<Vec<_>>(), "{cut}");
        let out: Vec<String> =
            place.in_force().out_of_service.iter().map(|out| out.lane.to_string()).collect();
        // Whether the last lane came back is not known when only the beginning of that is recorded.
        let unsure = matches!(whole.journal[..cut].last(), Some(Body::Commanded { number: 7, .. }));
        assert_eq!(out, if unsure { vec!["in-1", "in-2"] } else { vec!["in-2"] }, "{cut}");
    }
    let file = whole.file.unwrap();
    assert!(Memory::decode(&file).is_some());
    for at in 0..file.len() {
        let mut bytes = file.clone();
        bytes[at] ^= 0x10;
        assert_eq!(Memory::decode(&bytes), None, "byte {at}");
        assert_eq!(Memory::decode(&file[..at]), None, "{at} bytes");
    }
}

#[test]
fn a_mode_outlives_a_lost_memory_and_the_stricter_one_counts_when_nobody_knows() {
    let [watch, sealed, normal] = [AreaMode::Watch, AreaMode::Sealed, AreaMode::Normal];
    let hub = (1..).zip([watch, sealed, normal]).map(|(number, mode)| signed(number, What::Mode { mode }));
    let whole = Place { hub: hub.collect(), ..Place::default() }.run_until_settled();
    assert_eq!((whole.in_force().mode, whole.deeds.len()), (normal, 0), "keeping it is doing it");
    // Taken, done, taken, done, taken, done.
    for (cut, mode) in [normal, watch, watch, sealed, sealed, sealed, normal].into_iter().enumerate() {
        let mut seen = Seen::new(identity().series());
        whole.journal[..cut].iter().for_each(|body| seen.note(body));
        assert_eq!(seen.memory().in_force.mode, mode, "{cut}");
    }
    // What an earlier version kept: no series, nothing used up or under way, in force no notice and no lane, and no mode.
    let earlier = [&b"KKI1"[..], &[0x84, 0xf6, 0x00, 0xf6, 0x82, 0xf6, 0x80]].concat();
    let earlier = [&earlier[..], &crc32c::crc32c(&earlier).to_le_bytes()].concat();
    assert_eq!(Memory::decode(&earlier), Some(Memory::default()));
}

#[test]
fn a_hub_that_is_away_is_left_alone_longer_and_longer_and_a_quiet_one_is_asked_again() {
    let mut inbox = inbox(Memory::default());
    let mut at = now();
    for _ in 0..30 {
        assert!(matches!(inbox.next(&at), Action::Poll { .. }));
        assert!(matches!(inbox.next(&at), Action::WaitUntil(_)), "one question at a time");
        inbox.on(&at, Event::Lost);
        let Action::WaitUntil(until) = inbox.next(&at) else { panic!("asks at once") };
        assert!(until.since(at.mono) >= ASK_EVERY && until.since(at.mono) <= RETRY_MAX, "{until}");
        at.mono = until;
    }
    inbox.next(&at);
    inbox.on(&at, Event::Quiet);
    assert_eq!(inbox.next(&at), Action::WaitUntil(at.mono + ASK_EVERY));
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// The power goes before the action has any effect.
    Before,
    /// It goes when the effect is there and nobody was told.
    After,
}

/// A kiosk with what survives its crashes, a hub, and a network.
struct Place {
    hub: Vec<Vec<u8>>,
    file: Option<Vec<u8>>,
    journal: Vec<Body>,
    deeds: Vec<(u64, Deed)>,
    crashes: Vec<(usize, Side)>,
    off_for: Duration,
    network: Option<Random>,
    clock: Now,
    renews: bool,
    steps: usize,
}

impl Default for Place {
    fn default() -> Self {
        let lane = |lane: &str, service| What::LaneService { lane: lane.parse().unwrap(), service };
        let late = Command { not_after: Some(NOW + Duration::from_secs(1)), ..command(6, What::RenewKey) };
        let hub = vec![
            signed(1, What::Notice { number: 12, text: "第12号通告".to_owned() }),
            signed(2, What::RenewKey),
            signed(3, lane("in-1", Service::Out)),
            signed(4, What::SendNow),
            signed(5, lane("in-2", Service::Out)),
            late.sign(&hub()).unwrap(),
            signed(7, lane("in-1", Service::In)),
        ];
        let mut clock = now();
        clock.wall = NOW + Duration::from_mins(1);
        Self {
            hub,
            file: None,
            journal: vec![],
            deeds: vec![],
            crashes: vec![],
            off_for: Duration::ZERO,
            network: None,
            clock,
            renews: true,
            steps: 0,
        }
    }
}

impl Place {
    /// Runs until the hub has nothing more, crashing on the way as it is told.
    fn run_until_settled(mut self) -> Self {
        loop {
            let mut inbox = self.start();
            if self.run(&mut inbox) {
                return self;
            }
            self.clock.mono = self.clock.mono + self.off_for;
            self.clock.wall = self.clock.wall + self.off_for;
        }
    }

    fn start(&mut self) -> Inbox {
        let series = identity().series();
        let kept = self.file.as_ref().map(|file| Memory::decode(file).unwrap());
        let memory = kept.unwrap_or_else(|| {
            let mut seen = Seen::new(series);
            self.journal.iter().for_each(|body| seen.note(body));
            seen.memory()
        });
        self.file = Some(memory.encode());
        let (mut commanded, mut done) = (None, None);
        for body in &self.journal {
            if let Body::Commanded { command, .. } = body {
                commanded = Some(*command);
            }
            if let Body::CommandDone { command, outcome, .. } = body
                && outcome.settles()
            {
                done = Some(*command);
            }
        }
        Inbox::new(identity(), memory, (commanded, done), Random::new(3))
    }

    /// True when settled, false when crashed.
    fn run(&mut self, inbox: &mut Inbox) -> bool {
        let mut quiet = 0;
        for _ in 0..2_000 {
            let action = inbox.next(&self.clock);
            if let Action::WaitUntil(until) = action {
                self.clock.mono = until;
                continue;
            }
            let crash = self.crashes.iter().find(|(step, _)| *step == self.steps).map(|(_, side)| *side);
            self.steps += 1;
            if crash == Some(Side::Before) {
                return false;
            }
            let before = inbox.in_force().clone();
            let event = self.perform(&action, &mut quiet);
            if crash == Some(Side::After) {
                return false;
            }
            inbox.on(&self.clock, event);
            if *inbox.in_force() != before {
                assert!(matches!(self.journal.last(), Some(Body::Commanded { .. })), "in force unrecorded");
            }
            if quiet > 3 {
                return true;
            }
        }
        panic!("never settles: {:?}", self.journal);
    }

    fn perform(&mut self, action: &Action, quiet: &mut u32) -> Event {
        match action {
            Action::Poll { after } => self.answer(*after, quiet),
            Action::Keep(bytes) => {
                self.file = Some(bytes.clone());
                Event::Kept
            }
            Action::Record(draft) => {
                self.journal.push(draft.body.clone());
                Event::Recorded
            }
            Action::Do(deed) => {
                let Some(Body::Commanded { number, what, .. }) = self.journal.last() else {
                    panic!("{deed:?} behind {:?}", self.journal.last());
                };
                assert_eq!(*what == Ordered::RenewKey, *deed == Deed::RenewKey);
                self.deeds.push((*number, *deed));
                Event::Did(if self.renews { Outcome::Done } else { Outcome::Unable })
            }
            Action::WaitUntil(_) => unreachable!(),
        }
    }

    /// What the hub answers, and what the network makes of it.
    fn answer(&mut self, after: u64, quiet: &mut u32) -> Event {
        let next = usize::try_from(after).unwrap();
        if let Some(random) = &mut self.network {
            match random.below(4) {
                0 => return Event::Lost,
                // An answer to an earlier question comes late, or somebody replays one.
                1 if next > 0 => {
                    return Event::Command(self.hub[usize::try_from(random.below(after)).unwrap()].clone());
                }
                2 if next + 1 < self.hub.len() => return Event::Command(self.hub[next + 1].clone()),
                _ => {}
            }
        }
        match self.hub.get(next) {
            Some(command) => Event::Command(command.clone()),
            None => {
                *quiet += 1;
                Event::Quiet
            }
        }
    }

    fn taken(&self) -> Vec<u64> {
        let taken =
            |body: &Body| if let Body::Commanded { number, .. } = body { Some(*number) } else { None };
        self.journal.iter().filter_map(taken).collect()
    }

    fn outcomes(&self) -> Vec<(u64, Outcome)> {
        let done = |body: &Body| {
            if let Body::CommandDone { number, outcome, .. } = body {
                Some((*number, *outcome))
            } else {
                None
            }
        };
        self.journal.iter().filter_map(done).filter(|(_, outcome)| outcome.settles()).collect()
    }

    fn in_force(&self) -> InForce {
        Memory::decode(self.file.as_ref().unwrap()).unwrap().in_force
    }

    /// What holds after any run of the seven commands.
    fn check(&self) {
        let story = format!("{:?}: {:?} {:?}", self.crashes, self.journal, self.deeds);
        assert_eq!(self.taken(), [1, 2, 3, 4, 5, 7], "each once, in order: {story}");
        for (number, outcome) in self.outcomes() {
            let times = self.deeds.iter().filter(|(of, _)| *of == number).count();
            match (number, outcome) {
                (2, Outcome::Done) => assert_eq!(times, 1, "{story}"),
                (2, Outcome::Interrupted) => assert!(times <= 1 && !self.crashes.is_empty(), "{story}"),
                (4, Outcome::Done) => assert!(times >= 1, "{story}"),
                (1 | 3 | 5 | 7, Outcome::Done) | (6, Outcome::Expired) => assert_eq!(times, 0, "{story}"),
                other => panic!("{other:?} in {story}"),
            }
        }
        let numbers: Vec<u64> = self.outcomes().iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (1..=7).collect::<Vec<_>>(), "{story}");
        let InForce { notice, out_of_service, mode } = self.in_force();
        assert_eq!(mode, AreaMode::Normal, "{story}");
        assert_eq!(notice, Some(Notice { number: 12, text: "第12号通告".to_owned() }), "{story}");
        let out =
            OutOfService { lane: "in-2".parse().unwrap(), by: "王站长".into(), reason: "演练".into() };
        assert_eq!(out_of_service, [out], "{story}");
    }
}

fn number_of(body: &Body) -> Option<u64> {
    if let Body::Commanded { number, .. } | Body::CommandDone { number, .. } = body {
        Some(*number)
    } else {
        None
    }
}

/// Lets the inbox ask, sends it `bytes`, and says what it records of that, if anything.
fn refused(inbox: &mut Inbox, bytes: &[u8], at: Now) -> Option<(u64, Outcome)> {
    assert!(matches!(inbox.next(&at), Action::Poll { .. }));
    inbox.on(&at, Event::Command(bytes.to_vec()));
    let Action::Record(draft) = inbox.next(&at) else { return None };
    inbox.on(&at, Event::Recorded);
    let Body::CommandDone { number, outcome, .. } = draft.body else { panic!("{draft:?}") };
    Some((number, outcome))
}

fn inbox(memory: Memory) -> Inbox {
    Inbox::new(identity(), memory, (None, None), Random::new(1))
}

fn identity() -> Identity {
    Identity {
        kiosk: "east-1".parse().unwrap(),
        own: SigningKey::from_seed(&[2; 32]).verifying(),
        hub: hub().verifying(),
        lanes: vec!["in-1".parse().unwrap(), "in-2".parse().unwrap()],
    }
}

fn lane(service: Service) -> What {
    What::LaneService { lane: "in-1".parse().unwrap(), service }
}

fn signed(number: u64, what: What) -> Vec<u8> {
    command(number, what).sign(&hub()).unwrap()
}

fn command(number: u64, what: What) -> Command {
    Command {
        kiosk: identity().kiosk,
        series: identity().series(),
        number,
        issued: NOW,
        not_after: None,
        asked: command::Asked::from(&what),
        by: "王站长".to_owned(),
        reason: "演练".to_owned(),
    }
}

fn hub() -> SigningKey {
    SigningKey::from_seed(&[1; 32])
}

fn now() -> Now {
    Now { mono: Mono::from_millis(1_000), wall: NOW, trust: ClockTrust::Synced, passed: Wall(0) }
}
