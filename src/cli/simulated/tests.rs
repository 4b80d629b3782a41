//! Whole visits by every sensor of a simulated board, in virtual time: below the world nothing but what ships.

use std::path::Path;

use super::*;
use crate::base::{BootId, ClockTrust, DeviceId, LaneId, Pii, Seq, Stamp, Wall};
use crate::cli::wiring;
use crate::config::Site;
use crate::control::Command;
use crate::daemon::{Append, LaneParts};
use crate::drivers::lines::Debounce;
use crate::drivers::scanner;
use crate::drivers::sdt::{Sdt, Turn};
use crate::model::trace::Trace;
use crate::model::{
    Body, BodySite, CameraView, Direction, Evidence, Level, Observation, Observed, Passage, Personal,
    PictureLight, Scan, StepKind, StepOutcome, StepRecord, Verdict, Via, Zone,
};
use crate::platform::serial::{Got, Stream};
use crate::sim::world::{Car, Cast, Resident, World};
use crate::sync::outbox;

const BOARD: &str = include_str!("../../../boards/simulated-sensors.toml");
const SITE: &str = include_str!("../demo/kiosk.toml");
/// How often everything is looked at.
const TURN: Duration = Duration::from_millis(20);
/// No visit takes longer.
const LONGEST: Duration = Duration::from_secs(600);

#[test]
fn a_visitor_passes_by_a_thermal_array_and_a_thermometer_for_the_air() {
    let ended = Kiosk::new(BOARD, "person-in").first();
    assert_eq!(ended.passage.verdict, Verdict::Admitted, "{ended:?}");
    assert_eq!(ended.sites(), [BodySite::FaceMax]);
    ended.was_measured_as_it_stood_there();
}

#[test]
fn a_visitor_passes_by_the_smaller_array_too() {
    let ended = Kiosk::new(&BOARD.replace("mlx90640", "mlx90641"), "person-in").first();
    assert_eq!(ended.passage.verdict, Verdict::Admitted, "{ended:?}");
    assert_eq!(ended.sites(), [BodySite::FaceMax]);
    ended.was_measured_as_it_stood_there();
}

#[test]
fn a_visitor_passes_by_an_array_that_sees_its_plate_and_nobody_does_while_the_plate_has_something_before_it()
{
    let plate = "\n[[device]]\nid = \"plate\"\nlane = \"person-in\"\ndriver = \"tmp117\"\nbus = \"simulated\"\n\
                 address = 0x49\nof = \"plate\"\n";
    let board = |area: &str| {
        let array = "driver = \"mlx90640\"";
        assert!(BOARD.contains(array));
        format!("{}{plate}", BOARD.replace(array, &format!("{array}\nplate = {area}")))
    };
    let ended = Kiosk::new(&board("[27, 0, 31, 4]"), "person-in").first();
    assert_eq!(ended.passage.verdict, Verdict::Admitted, "{ended:?}");
    ended.was_measured_as_it_stood_there();
    for trace in ended.traces() {
        assert!(trace.basis.reference.is_some_and(|error| error.abs() <= 20), "{trace:?}");
    }
    // From the start somebody stands before it, for longer than it may go unseen.
    let mut kiosk = Kiosk::new(&format!("{}every_s = 60\n", board("[12, 4, 18, 12]")), "person-in");
    kiosk.lane.parts.sides.retain(|(id, _)| id.as_str() != "plate");
    let ended = kiosk.until_passage().expect("somebody comes, and is let through or goes");
    assert!(ended.zones().is_empty() && ended.traces().is_empty(), "{ended:?}");
}

#[test]
fn a_car_passes_by_a_spot_sensor_with_everything_beside_it() {
    let ended = Kiosk::new(BOARD, "vehicle").first();
    assert_eq!(ended.passage.verdict, Verdict::Admitted, "{ended:?}");
    ended.was_measured_as_it_stood_there();
    let bases = ended.traces();
    // Each at the middle of its reach, and in the air of this world.
    for basis in bases.iter().map(|trace| &trace.basis) {
        assert!(basis.distance_mm.is_some_and(|distance| distance.abs_diff(45) <= 6), "{basis:?}");
        assert!(basis.outdoor.is_some_and(|outdoor| (outdoor.degrees() - 22.0).abs() < 0.3), "{basis:?}");
        assert!((basis.surroundings.degrees() - 22.0).abs() < 0.1, "{basis:?}");
    }
}

#[test]
fn a_simulated_reader_of_identity_cards_answers_like_a_real_one() {
    let cards =
        "\n[[device]]\nid = \"cards\"\nlane = \"person-in\"\ndriver = \"id-reader\"\npath = \"simulated\"\n";
    let mut kiosk = Kiosk::new(&format!("{BOARD}{cards}"), "person-in");
    let mut stream = (kiosk.lane.parts.readers.cards[0].open)().unwrap();
    let (mut sdt, mut turns, mut buffer) = (Sdt::new(kiosk.now), vec![], [0; 64]);
    sdt.expire(sdt.due(), &mut turns);
    let [Turn::Send(command)] = &turns[..] else { panic!("{turns:?}") };
    stream.write(command, Duration::from_secs(5)).unwrap();
    let mut said = vec![];
    while said.is_empty() {
        if let Got::Bytes(count) = stream.read(&mut buffer, Duration::from_secs(5)).unwrap() {
            sdt.step(kiosk.now, &mut buffer[..count], &mut said);
        }
    }
    assert_eq!(said[0], Turn::Health(Ok(())));
}

#[test]
fn nobody_is_measured_while_a_sensor_beside_is_silent() {
    let cases = [
        ("person-in", "person-air"),
        ("vehicle", "vehicle-air"),
        ("vehicle", "vehicle-outdoor"),
        ("vehicle", "vehicle-distance"),
    ];
    for (lane, device) in cases {
        let mut kiosk = Kiosk::new(BOARD, lane);
        let sides = &mut kiosk.lane.parts.sides;
        let before = sides.len();
        sides.retain(|(id, _)| id.as_str() != device);
        assert_eq!(sides.len() + 1, before, "{device} is fitted");
        let ended = kiosk.until_passage().expect("somebody comes, and is let through or goes");
        assert!(ended.steps().any(|step| step.kind == StepKind::Temperature), "{device}: {ended:?}");
        assert!(ended.zones().is_empty() && ended.traces().is_empty(), "{device}: {ended:?}");
    }
}

#[test]
fn the_place_of_codes_is_lit_while_somebody_is_there_and_it_is_dark_and_parked_with_the_rest() {
    type Look = fn(&Kiosk) -> u8;
    let dimmed: Look = |kiosk| kiosk.lines.percent((0, 0));
    let switched: Look = |kiosk| u8::from(kiosk.lines.level(26) == board::Voltage::High);
    let boards = [
        (BOARD, dimmed, [25, 50, 100]),
        (include_str!("../../../boards/simulated.toml"), switched, [1, 1, 1]),
    ];
    for (board, brightness, steps) in boards {
        let mut kiosk = Kiosk::new(board, "person-in");
        let view = CameraView { hint: None, light: PictureLight::Dark };
        let see = |kiosk: &mut Kiosk, what: Observed| {
            let seen = Observation { device: "person-camera".parse().unwrap(), at: kiosk.now, what };
            kiosk.lane.parts.runner.observe(&kiosk.stamp(), seen, &mut kiosk.records);
        };
        see(&mut kiosk, Observed::View(view));
        assert_eq!(brightness(&kiosk), 0, "nobody is there");
        see(&mut kiosk, Observed::Line { signal: Signal::Presence, level: Level::Active });
        let mut seen = vec![brightness(&kiosk)];
        for _ in 0..2 {
            kiosk.now = kiosk.now + Duration::from_millis(500);
            kiosk.lane.parts.runner.expire(kiosk.now, &mut kiosk.records);
            seen.push(brightness(&kiosk));
        }
        assert_eq!(seen, steps);
        kiosk.lane.parts.runner.park();
        assert_eq!(brightness(&kiosk), 0, "parked");
    }
}

/// What was recorded of the first visit, and the world's air is the same everywhere.
#[derive(Debug)]
struct Ended {
    passage: Passage,
    personal: Personal,
}

/// One lane of a simulated board, and the world before it.
struct Kiosk {
    now: Mono,
    begun: Mono,
    clock: SimClock,
    lane: Running,
    lines: Lines,
    world: World,
    /// Records, and how many of them are durable.
    records: Vec<Append>,
    durable: u64,
    /// The folder of its state.
    _folder: tempfile::TempDir,
}

/// A lane's devices as their threads look at them.
struct Running {
    parts: LaneParts,
    debounces: Vec<Debounce>,
    readers: Vec<(DeviceId, Stream, scanner::Lines)>,
}

impl Kiosk {
    /// The lane `id` of `board` at the demo's site.
    fn new(board: &str, id: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let site = format!("state = {:?}\n{SITE}", folder.path().display().to_string());
        let (board, site) = (Board::parse("board", board).unwrap(), Site::parse("site", &site).unwrap());
        let id: LaneId = id.parse().unwrap();
        let (lanes, mut random) = (site.lanes.clone(), Random::new(3));
        let mut simulated = SimBoard::new(&board, &lanes, random.fork("devices"));
        let (pins, file, link) = (simulated.pins.clone(), Path::new("site"), outbox::Settings::default());
        let opened = wiring::parts(&board, site, file, &pins, &mut simulated, link).unwrap();
        let parts = opened.lanes.into_iter().find(|lane| lane.id == id).unwrap();
        let (now, clock) = (mono(), simulated.clock.clone());
        let mut rigs = simulated.rigs(&board, &lanes).unwrap();
        rigs.retain(|rig| rig.id == id);
        let pause = (Duration::from_secs(1), Duration::from_secs(2));
        let mut world = World::new(rigs, cast(), pause, now, &mut random);
        world.use_readers_only();
        let mut kiosk = Self {
            now,
            begun: now,
            clock,
            lane: Running::new(parts),
            lines: pins.0,
            world,
            records: vec![],
            durable: 0,
            _folder: folder,
        };
        kiosk.lane.parts.runner.start(now, &mut kiosk.records);
        kiosk
    }

    fn first(mut self) -> Ended {
        self.until_passage().expect("somebody passes in time")
    }

    /// Goes on until the first passage inwards is recorded: nobody is measured who goes out.
    fn until_passage(&mut self) -> Option<Ended> {
        while self.now.since(self.begun) < LONGEST {
            self.turn();
            let passage = self.records.iter().find_map(|append| {
                let Body::Passage(passage) = &append.draft.body else { return None };
                (passage.direction == Direction::Inbound).then_some((passage, &append.draft.personal))
            });
            if let Some((passage, personal)) = passage {
                let personal = personal.clone().unwrap_or_default();
                return Some(Ended { passage: (**passage).clone(), personal });
            }
        }
        None
    }

    fn turn(&mut self) {
        self.now = self.now + TURN;
        self.clock.set(self.now);
        let (now, stamp) = (self.now, self.stamp());
        for (device, what) in self.lane.look(now) {
            let observation = Observation { device, at: now, what };
            self.lane.parts.runner.observe(&stamp, observation, &mut self.records);
        }
        // What was handed in is durable a turn later.
        let runner = &mut self.lane.parts.runner;
        while let Some(append) = usize::try_from(self.durable).ok().and_then(|index| self.records.get(index))
        {
            self.durable += 1;
            let (ticket, seq) = (append.ticket, Seq::new(self.durable).unwrap());
            ticket.into_iter().for_each(|ticket| runner.durable(now, ticket, seq, &mut self.records));
        }
        for (ticket, whose) in runner.recalls() {
            runner.recalled(now, (ticket, Ok(whose.nothing())), &mut self.records);
        }
        for command in self.world.step(now, &[runner.status(now)]) {
            self.obey(&command);
        }
        self.lane.parts.runner.expire(now, &mut self.records);
    }

    fn obey(&mut self, command: &Command) {
        // The simulated attendant sees on the screen what came of it, as a real one does.
        let _ = self.lane.parts.runner.command(self.now, command, &mut self.records);
    }

    fn stamp(&self) -> Stamp {
        let passed = i64::try_from(self.now.since(self.begun).as_millis()).unwrap();
        let wall = Wall(1_795_312_800_000 + passed);
        Stamp { boot: BootId([1; 16]), mono: self.now, wall, trust: ClockTrust::Synced, max_error_ms: 12 }
    }
}

impl Running {
    fn new(mut parts: LaneParts) -> Self {
        let debounces = parts.lines.iter().map(|line| Debounce::new(line.still)).collect();
        let open = |mut reader: crate::daemon::reader::Reader| {
            (reader.device, (reader.open)().unwrap(), scanner::Lines::new())
        };
        let readers = std::mem::take(&mut parts.readers.codes).into_iter().map(open).collect();
        Self { parts, debounces, readers }
    }

    /// Everything that the devices see at `now`.
    fn look(&mut self, now: Mono) -> Vec<(DeviceId, Observed)> {
        let mut seen = Vec::new();
        for (line, debounce) in self.parts.lines.iter_mut().zip(&mut self.debounces) {
            let level = debounce.step(now, line.input.read().unwrap());
            let changed = level.map(|level| Observed::Line { signal: line.signal, level });
            seen.extend(changed.map(|what| (line.device.clone(), what)));
        }
        for (device, stream, lines) in &mut self.readers {
            let (mut buffer, mut payloads) = ([0; 1024], Vec::new());
            if let Got::Bytes(count) = stream.read(&mut buffer, Duration::ZERO).unwrap() {
                lines.step(now, &buffer[..count], &mut payloads);
            }
            payloads.extend(lines.expire(now));
            let scan = |payload| Observed::Code(Scan { payload, via: Via::Scanner, others: 0, colour: None });
            seen.extend(payloads.into_iter().map(|payload| (device.clone(), scan(payload))));
        }
        for (device, sensor) in &mut self.parts.thermometers {
            seen.extend(sensor.poll(now).map(|sample| (device.clone(), Observed::Thermal(sample))));
        }
        for (device, array) in &mut self.parts.arrays {
            let frame = array.poll(now);
            seen.extend(frame.map(|frame| (device.clone(), Observed::Frame(Box::new(frame)))));
        }
        for (device, sensor) in &mut self.parts.sides {
            seen.extend(sensor.poll(now).map(|said| (device.clone(), Observed::Beside(said))));
        }
        seen
    }
}

impl Ended {
    fn steps(&self) -> impl Iterator<Item = &StepRecord> {
        self.passage.steps.iter().chain(self.passage.occupants.iter().flat_map(|person| &person.steps))
    }

    /// The zone of everybody who was screened.
    fn zones(&self) -> Vec<Zone> {
        let zone = |step: &StepRecord| {
            let StepOutcome::Done(Evidence::Temperature { zone, .. }) = &step.outcome else { return None };
            Some(*zone)
        };
        self.steps().filter_map(zone).collect()
    }

    fn traces(&self) -> Vec<&Trace> {
        self.personal.people.iter().flat_map(|person| &person.traces).flatten().map(Pii::expose).collect()
    }

    fn sites(&self) -> Vec<BodySite> {
        self.traces().iter().map(|trace| trace.basis.site).collect()
    }

    /// Everybody in it has a temperature that is that of somebody well, as the world lets them come.
    fn was_measured_as_it_stood_there(&self) {
        let people = self.passage.occupants.len().max(1);
        assert_eq!(self.zones(), vec![Zone::Below; people], "{self:?}");
        for trace in self.traces() {
            let core = trace.decision.core.degrees();
            assert!((36.0..37.2).contains(&core), "{core}: {trace:?}");
        }
        assert!(self.traces().len() >= people, "{self:?}");
    }
}

/// Nobody here has a pass; the attendant attests what they show.
fn cast() -> Cast {
    let resident =
        |pass: &str, id_number: &str| Resident { pass: pass.to_owned(), id_number: id_number.to_owned() };
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    Cast {
        residents: vec![resident(
            "https://h5.example.org/healthAct/index.html?t=9f8e7d",
            "510104199001010007",
        )],
        cars: vec![Car { plate: "川A8K476".to_owned(), pass: None }],
        strange_codes: vec![],
        names: texts(&["王小明"]),
        origins: texts(&["成都"]),
    }
}
