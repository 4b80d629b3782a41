//! How fast one lane is with a trained attendant, in virtual time: `cargo bench --bench throughput`.
//!
//! The shipped lane runs on simulated parts: the thermometer's bytes, the code reader's, debounced contacts, a boom that
//! takes its time. How long steps, screening and barrier take, and which acts are asked of the attendant, comes from
//! there. What people need is a model, stated in `throughput/model.rs` and drawn from a seed. Acts are those of the
//! attendant's pages: a button is one press, a page behind a button and its keys are one press each.
//!
//! A case is judged from the subject's arrival at the lane to the moment at which the barrier is told to open, which is
//! when the admission is durable. Beside it stand the moment at which the lamp says go, and the one at which the lane is
//! free again. A bar that is missed is printed as missed; a case in which somebody is not admitted fails.
//! `THROUGHPUT_SEED` draws others; `THROUGHPUT_RUNS` divides how often each case is drawn.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a benchmark that cannot run has nothing to measure"
)]

use std::time::Duration;

use kakou::base::Random;
use kakou::model::{AreaMode, SubjectKind};

use case::{Case, Figures};
use model::{People, Says};
use queue::Rush;

#[path = "throughput/attendant.rs"]
mod attendant;
#[path = "throughput/case.rs"]
mod case;
#[path = "throughput/gate.rs"]
mod gate;
#[path = "../tests/sim/hardware.rs"]
#[allow(dead_code, reason = "shared with the simulator, which breaks things as well")]
mod hardware;
#[path = "../tests/sim/lane.rs"]
#[allow(dead_code, reason = "shared with the simulator, which checks more")]
mod lane;
#[path = "throughput/model.rs"]
mod model;
#[path = "../tests/sim/pins.rs"]
#[allow(dead_code, reason = "shared with the simulator, which cuts the power")]
mod pins;
#[path = "../tests/common/place.rs"]
#[allow(dead_code, reason = "shared with the simulator, which looks for secrets")]
mod place;
#[path = "throughput/queue.rs"]
mod queue;
#[path = "throughput/visit.rs"]
mod visit;

const RESIDENTIAL: &str = "profiles/residential.toml";
const EVENT: &str = "profiles/event.toml";

/// Every case that is measured. Where the shipped profiles leave more than one way, each is a case.
const CASES: [Case; 17] = [
    Case {
        name: "resident, code in hand",
        bar_s: Some(4),
        file: RESIDENTIAL,
        people: People::Resident,
        ..Case::PERSON
    },
    Case {
        name: "resident, back within two hours",
        bar_s: Some(4),
        file: RESIDENTIAL,
        people: People::Resident,
        came_earlier: true,
        ..Case::PERSON
    },
    Case {
        name: "code visitor, ticket (event, watch mode)",
        bar_s: Some(10),
        file: EVENT,
        mode: AreaMode::Watch,
        people: People::Visitor,
        ..Case::PERSON
    },
    Case {
        name: "code visitor, first time (no registration)",
        bar_s: Some(10),
        people: People::FirstCode,
        ..Case::PERSON
    },
    Case {
        name: "code visitor, registered by hand",
        bar_s: Some(10),
        people: People::Visitor,
        ..Case::PERSON
    },
    Case {
        name: "code visitor, by registration code",
        bar_s: Some(10),
        people: People::Visitor,
        says: Says::InPhone,
        ..Case::PERSON
    },
    Case { name: "no phone, on the roster", bar_s: Some(45), people: People::NoPhoneKnown, ..Case::PERSON },
    Case {
        name: "no phone, a stranger, registered",
        bar_s: Some(45),
        people: People::NoPhoneStranger,
        ..Case::PERSON
    },
    Case {
        name: "no phone, a stranger, code on paper",
        bar_s: Some(45),
        people: People::NoPhoneStranger,
        says: Says::OnPaper,
        ..Case::PERSON
    },
    Case { name: "car of three, with a pass", bar_s: Some(40), plate_pass: true, ..Case::CAR },
    Case { name: "car of three, plate typed, registered", bar_s: Some(40), ..Case::CAR },
    Case {
        name: "car of three, plate typed, driver's code",
        bar_s: Some(40),
        says: Says::InPhone,
        ..Case::CAR
    },
    Case {
        name: "bus of twenty, with a pass",
        bar_s: Some(180),
        seats: 20,
        plate_pass: true,
        files_past: true,
        runs: 40,
        ..Case::CAR
    },
    Case {
        name: "bus of twenty, plate typed, registered",
        bar_s: Some(180),
        seats: 20,
        files_past: true,
        runs: 40,
        ..Case::CAR
    },
    Case {
        name: "bus of twenty visitors, each registered",
        bar_s: Some(180),
        people: People::Visitor,
        seats: 20,
        files_past: true,
        runs: 10,
        ..Case::CAR
    },
    Case {
        name: "bus of twenty visitors, a code each",
        bar_s: Some(180),
        people: People::Visitor,
        seats: 20,
        files_past: true,
        says: Says::InPhone,
        runs: 40,
        ..Case::CAR
    },
    Case {
        name: "bus of twenty visitors, by their list",
        bar_s: Some(180),
        people: People::Visitor,
        seats: 20,
        files_past: true,
        says: Says::Listed,
        runs: 40,
        ..Case::CAR
    },
];

fn main() {
    let number = |name: &str, otherwise| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
    };
    let (seed, divided) = (number("THROUGHPUT_SEED", 1), number("THROUGHPUT_RUNS", 1).max(1));
    println!("one lane, one trained attendant with gloves, seed {seed}; seconds; barrier = told to open");
    println!(
        "{:44} {:>4} {:>15} {:>6} {:>6} {:>12}  bar",
        "", "n", "barrier p50 p95", "go", "free", "acts presses"
    );
    let mut random = Random::new(seed);
    let mut missed = 0_u32;
    for case in &CASES {
        let figures = case.measure((u64::from(case.runs) / divided).max(5), &mut random.fork(case.name));
        missed += u32::from(!line(case, &figures));
    }
    let rush = Rush { per_hour: 424, hours: (24 / divided).max(2) };
    missed += u32::from(!queue_line(rush, &mut random.fork("rush")));
    println!("{missed} of {} bars missed", CASES.len() + 1);
}

/// Prints a case; whether its bar is met.
fn line(case: &Case, figures: &Figures) -> bool {
    let (half, most) = (figures.barrier(50), figures.barrier(95));
    let bar = Duration::from_secs(case.bar_s.unwrap_or(u64::MAX));
    let met = most <= bar;
    println!(
        "{:44} {:>4} {:>9.1} {:>5.1} {:>6.1} {:>6.1} {:>4.1} {:>7.1}  {} {}",
        case.name,
        figures.len(),
        half.as_secs_f64(),
        most.as_secs_f64(),
        figures.go(95).as_secs_f64(),
        figures.free(95).as_secs_f64(),
        figures.acts(),
        figures.presses(),
        bar.as_secs(),
        if met { "met" } else { "MISSED" },
    );
    met
}

fn queue_line(rush: Rush, random: &mut Random) -> bool {
    let waiting = rush.measure(random);
    let met = waiting.p95 < 10;
    println!(
        "{} persons/h for {} h, {} served: queue p50 {} p95 {} max {}, lane busy {:.0} %; p95 below 10 {}",
        rush.per_hour,
        rush.hours,
        waiting.served,
        waiting.p50,
        waiting.p95,
        waiting.max,
        waiting.busy * 100.0,
        if met { "met" } else { "MISSED" },
    );
    met
}

impl Case {
    const PERSON: Self = Self {
        name: "",
        bar_s: None,
        file: RESIDENTIAL,
        mode: AreaMode::Normal,
        takes: SubjectKind::Person,
        people: People::Resident,
        seats: 1,
        plate_pass: false,
        files_past: false,
        says: Says::Aloud,
        came_earlier: false,
        runs: 400,
    };
    const CAR: Self =
        Self { takes: SubjectKind::Vehicle, people: People::Resident, seats: 3, runs: 150, ..Self::PERSON };
}
