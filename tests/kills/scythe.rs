//! Where a process can be killed, and where it will be next.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use kakou::base::Random;

/// A point between two things that a process does. It is killed before the one that gives the point its name, or in
/// the middle of what is called *within*.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// A lamp changes.
    Lamp,
    /// A barrier is sent to an end.
    Barrier,
    /// A record is handed to the recorder.
    HandIn,
    /// The recorder commits what was handed in.
    Commit,
    /// What was committed is told: nobody knows of it yet.
    Tell,
    /// A lane hears the news.
    News,
    DiskCreate,
    DiskWrite,
    DiskSync,
    DiskSyncDir,
    DiskRename,
    DiskRemove,
    /// The view is opened, or takes in what is new.
    View,
    WithinView,
    AfterView,
    /// The link knows what to ask, and nothing is made of it yet.
    Ask,
    /// The request is made and leaves.
    Send,
    /// It has left, and nobody waits for the answer yet.
    Sent,
    /// The answer is here, and nothing is made of it yet.
    Answer,
    /// The answer is noted.
    Noted,
    /// The hub has a request.
    HubRequest,
    WithinHub,
    /// The hub has committed, and has not answered.
    HubAnswer,
}

/// All points; those of the hub are the last.
pub const POINTS: [Point; 23] = [
    Point::Lamp,
    Point::Barrier,
    Point::HandIn,
    Point::Commit,
    Point::Tell,
    Point::News,
    Point::DiskCreate,
    Point::DiskWrite,
    Point::DiskSync,
    Point::DiskSyncDir,
    Point::DiskRename,
    Point::DiskRemove,
    Point::View,
    Point::WithinView,
    Point::AfterView,
    Point::Ask,
    Point::Send,
    Point::Sent,
    Point::Answer,
    Point::Noted,
    Point::HubRequest,
    Point::WithinHub,
    Point::HubAnswer,
];
const HUB: usize = 3;

/// Points that may pass before an aim is given up for the next best one: some are rare.
const PATIENCE: u32 = 400;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// It was killed; the system goes on and writes what it has.
    Killed,
    /// The power went: what was not synced is lost by chance.
    PowerCut,
}

/// Kills by point and end.
pub type Kills = BTreeMap<(Point, End), u32>;

/// Says of each point whether the process still lives; clones share it.
#[derive(Clone, Default)]
pub struct Scythe(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    aim: Option<Aim>,
    struck: Option<Point>,
}

struct Aim {
    /// Which sort of point; any when there is none.
    at: Option<Point>,
    /// How many more of them.
    left: u64,
    misses: u32,
}

impl Scythe {
    /// Aims at one of the next points of a kiosk: at some sort of point, or at any.
    pub fn aim_at_kiosk(&self, random: &mut Random) {
        self.aim(&POINTS[..POINTS.len() - HUB], (5, 60), random);
    }

    /// Aims at one of the next points of a hub.
    pub fn aim_at_hub(&self, random: &mut Random) {
        self.aim(&POINTS[POINTS.len() - HUB..], (15, 45), random);
    }

    fn aim(&self, points: &[Point], (of_a_sort, of_any): (u64, u64), random: &mut Random) {
        // Some are killed almost as soon as they have started: what a start left undone is lost then.
        let (at, within) = match random.below(6) {
            0 => (None, 25),
            1 | 2 => (None, of_any),
            _ => (random.pick(points).copied(), of_a_sort),
        };
        self.state().aim = Some(Aim { at, left: 1 + random.below(within), misses: 0 });
    }

    /// Spares the process from now on.
    pub fn sheathe(&self) {
        self.state().aim = None;
    }

    /// The process is at `point`; whether it still lives.
    pub fn spares(&self, point: Point) -> bool {
        let mut state = self.state();
        if state.struck.is_some() {
            return false;
        }
        let Some(aim) = &mut state.aim else { return true };
        if aim.at.is_none_or(|at| at == point) {
            aim.left -= 1;
        } else {
            aim.misses += 1;
            if aim.misses == PATIENCE {
                (aim.at, aim.left) = (None, 1);
            }
        }
        if aim.left > 0 {
            return true;
        }
        state.struck = Some(point);
        false
    }

    /// Where the process was killed, if it was.
    pub fn struck(&self) -> Option<Point> {
        self.state().struck
    }

    /// Another process begins.
    pub fn lift(&self) {
        let mut state = self.state();
        (state.aim, state.struck) = (None, None);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }
}
