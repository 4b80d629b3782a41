//! Verdict rules as data: which case of a profile comes to which end, and by which clause.
//!
//! A rule names the cases that it is for; every condition that it writes must hold. Rules have no order. Where two hold at
//! once, one must say that it goes `over` the other, and whoever goes over a rule also goes over all that this one goes
//! over. A case has an outcome when exactly one rule is left. `kakou policy check` proves that for every case.
//!
//! What no rule can say: the emergency exit, which is always an attendant's, and an admission while a step is neither done
//! nor waived, which [`crate::engine::decide`] never answers whatever the rules say.

pub mod facts;
mod file;
pub mod states;

use serde::Serialize;

pub use facts::{Facts, Grade, Party, State};
pub(super) use file::rules;
pub use file::{DEFAULT, Of, default_rules};

use crate::base::Slug;
use crate::model::{AreaMode, Class, Direction, ListHit, Reason, Verdict};

/// Most rules of one profile.
pub const RULES_MAX: usize = 64;

/// What a rule rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ruling {
    /// Let through.
    Admit,
    /// Let through, and somebody looks after it later.
    AdmitWithFollowUp,
    /// Nothing yet: the steps go on.
    Wait,
    /// A person decides.
    Refer,
    /// Talk them out of it.
    Advise,
    /// Hand off to a destination or an agency.
    HandOff,
    /// Isolate here, and call somebody.
    Hold,
    /// Turn back.
    TurnBack,
}

impl Ruling {
    /// Every ruling; of a party's, the last of these counts for the vehicle.
    pub const ALL: [Self; 8] = [
        Self::Admit,
        Self::AdmitWithFollowUp,
        Self::Wait,
        Self::Refer,
        Self::Advise,
        Self::HandOff,
        Self::Hold,
        Self::TurnBack,
    ];

    /// The name in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Admit => "admit",
            Self::AdmitWithFollowUp => "admit-with-follow-up",
            Self::Wait => "wait",
            Self::Refer => "refer",
            Self::Advise => "advise",
            Self::HandOff => "hand-off",
            Self::Hold => "hold",
            Self::TurnBack => "turn-back",
        }
    }

    /// The verdict; none while it says to wait.
    pub const fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Admit => Some(Verdict::Admitted),
            Self::AdmitWithFollowUp => Some(Verdict::AdmittedWithFollowUp),
            Self::Wait => None,
            Self::Refer => Some(Verdict::Referred),
            Self::Advise => Some(Verdict::Advised),
            Self::HandOff => Some(Verdict::HandedOff),
            Self::Hold => Some(Verdict::Held),
            Self::TurnBack => Some(Verdict::TurnedBack),
        }
    }

    /// Whether it lets through.
    pub const fn admits(self) -> bool {
        match self {
            Self::Admit | Self::AdmitWithFollowUp => true,
            Self::Wait | Self::Refer | Self::Advise | Self::HandOff | Self::Hold | Self::TurnBack => false,
        }
    }

    /// Whether it sends somebody away or keeps them, without a person having looked.
    pub const fn denies(self) -> bool {
        match self {
            Self::Advise | Self::HandOff | Self::Hold | Self::TurnBack => true,
            Self::Admit | Self::AdmitWithFollowUp | Self::Wait | Self::Refer => false,
        }
    }
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rule {
    /// Its clause: the name in records.
    pub id: Slug,
    /// Which cases it is for.
    pub when: Conditions,
    /// What it rules.
    pub then: Ruling,
    /// The verdict's reasons, most important first.
    pub reasons: Vec<Because>,
    /// Rules that it goes over where they hold as well.
    pub over: Vec<Slug>,
}

/// A reason of a verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Because {
    /// This one.
    Reason(Reason),
    /// The one for which the rule's first step failed or waits.
    Step,
    /// The one for which an occupant comes to that end.
    Party,
}

/// Which cases a rule is for. An empty list, or none, leaves out nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Conditions {
    /// Only these classes.
    pub classes: Vec<Class>,
    /// Only these directions.
    pub directions: Vec<Direction>,
    /// Only in these modes of the area.
    pub modes: Vec<AreaMode>,
    /// Only where the lists say this.
    pub hits: Vec<ListHit>,
    /// Only classes that the profile admits, or only those that it does not.
    pub admission: Option<Admission>,
    /// Only where all steps are done or waived, or only where one is not.
    pub all_steps: Option<AllSteps>,
    /// Only where the occupants stand like this.
    pub party: Vec<Party>,
    /// Only where each of these steps stands as it says.
    pub steps: Vec<StepCondition>,
}

/// Whether the profile admits the class at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Admission {
    /// It does.
    Admitted,
    /// It names the class under `not_admitted`.
    NotAdmitted,
}

/// How the steps stand as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AllSteps {
    /// Each that is asked is done or waived.
    Settled,
    /// One is neither.
    Open,
}

/// How one step must stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepCondition {
    /// Which of the profile's steps, from 0.
    pub step: usize,
    /// In one of these states.
    pub is: Vec<Is>,
    /// Done or failed by one of these.
    pub by: Vec<Grade>,
    /// Failed or waiting for one of these reasons.
    pub reasons: Vec<Reason>,
    /// Waived for one of these reasons.
    pub waived_for: Vec<Slug>,
}

/// A state of a step, without what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Is {
    /// Not asked of this subject.
    Absent,
    /// Neither done nor failed.
    Open,
    /// Tried, and nothing could be measured so far.
    NotMeasured,
    /// An attendant has to look.
    NeedsAttendant,
    /// Failed.
    Failed,
    /// Done.
    Done,
    /// Set aside by a named attendant.
    Waived,
}

impl Is {
    /// Every state and its name in files.
    pub const NAMES: [(&'static str, Self); 7] = [
        ("absent", Self::Absent),
        ("open", Self::Open),
        ("not-measured", Self::NotMeasured),
        ("needs-attendant", Self::NeedsAttendant),
        ("failed", Self::Failed),
        ("done", Self::Done),
        ("waived", Self::Waived),
    ];
}

impl StepCondition {
    /// Whether `state` is one that this asks for.
    pub fn holds(&self, state: &State) -> bool {
        let Self { step: _, is, by, reasons, waived_for } = self;
        (is.is_empty() || is.contains(&state.is()))
            && (by.is_empty() || state.grade().is_some_and(|grade| by.iter().any(|named| named.means(grade))))
            && (reasons.is_empty() || state.reason().is_some_and(|reason| reasons.contains(&reason)))
            && (waived_for.is_empty() || state.waived_for().is_some_and(|reason| waived_for.contains(reason)))
    }
}

impl Conditions {
    /// Whether `facts` are such a case.
    pub fn hold(&self, facts: &Facts) -> bool {
        let among =
            |state: &StepCondition| state.holds(facts.states.get(state.step).unwrap_or(&State::Absent));
        self.hold_beside_steps(facts) && self.steps.iter().all(among)
    }

    fn hold_beside_steps(&self, facts: &Facts) -> bool {
        fn one<T: PartialEq>(list: &[T], value: &T) -> bool {
            list.is_empty() || list.contains(value)
        }
        one(&self.classes, &facts.class)
            && one(&self.directions, &facts.direction)
            && one(&self.modes, &facts.mode)
            && one(&self.hits, &facts.hit)
            && one(&self.party, &facts.party)
            && self.admission.is_none_or(|admission| admission == facts.admission)
            && self.all_steps.is_none_or(|all| all == facts.all_steps())
    }
}

/// The rules of one profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Rules {
    list: Vec<Rule>,
    /// For each rule, a bit for each rule that it goes over, directly or through others.
    #[serde(skip)]
    over: Vec<u64>,
}

/// Why rules do not make a set. The number is that of the rule in question, from 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Too many.
    #[error("must be at most {RULES_MAX} rules")]
    TooMany(usize),
    /// Two have one name.
    #[error("two rules are called {1}")]
    SameId(usize, Slug),
    /// A rule goes over one that there is not.
    #[error("there is no rule {1} to go over")]
    Unknown(usize, Slug),
    /// A rule goes over itself, in the end.
    #[error("rules go over each other in a circle: {1}")]
    Cycle(usize, String),
}

impl Fault {
    /// Which rule is wrong.
    pub fn rule(&self) -> usize {
        match self {
            Self::TooMany(at) | Self::SameId(at, _) | Self::Unknown(at, _) | Self::Cycle(at, _) => *at,
        }
    }
}

impl Rules {
    /// The set of these rules.
    ///
    /// # Errors
    ///
    /// When two have one name, or they go over each other in a circle.
    pub fn new(list: Vec<Rule>) -> Result<Self, Fault> {
        if list.len() > RULES_MAX {
            return Err(Fault::TooMany(RULES_MAX));
        }
        let at = |id: &Slug| list.iter().position(|rule| rule.id == *id);
        let mut direct = Vec::with_capacity(list.len());
        for (number, rule) in list.iter().enumerate() {
            if at(&rule.id) != Some(number) {
                return Err(Fault::SameId(number, rule.id.clone()));
            }
            let mut bits = 0_u64;
            for id in &rule.over {
                bits |= 1 << at(id).ok_or_else(|| Fault::Unknown(number, id.clone()))?;
            }
            direct.push(bits);
        }
        let over = closure(&direct);
        if let Some(number) = (0..list.len()).find(|&number| over[number] >> number & 1 == 1) {
            let way: Vec<&str> =
                circle(&direct, number).into_iter().map(|number| list[number].id.as_str()).collect();
            return Err(Fault::Cycle(number, way.join(" over ")));
        }
        Ok(Self { list, over })
    }

    /// All of them.
    pub fn as_slice(&self) -> &[Rule] {
        &self.list
    }

    /// Those that are left where the rules of `held` hold, a bit for each.
    pub fn left(&self, held: u64) -> u64 {
        let beaten = |number: usize| if held >> number & 1 == 1 { self.over[number] } else { 0 };
        held & !(0..self.list.len()).map(beaten).fold(0, |all, one| all | one)
    }

    /// Those that hold for `facts`, a bit for each.
    pub fn held(&self, facts: &Facts) -> u64 {
        let holds = |(number, rule): (usize, &Rule)| u64::from(rule.when.hold(facts)) << number;
        self.list.iter().enumerate().map(holds).fold(0, |all, one| all | one)
    }
}

/// What each goes over in the end.
fn closure(direct: &[u64]) -> Vec<u64> {
    let mut over = direct.to_vec();
    // Each round reaches at least one step further; a way has no more steps than there are rules.
    for _ in 0..direct.len() {
        let next = |&bits: &u64| (0..direct.len()).filter(move |other| bits >> other & 1 == 1);
        over = over.iter().map(|bits| next(bits).fold(*bits, |all, other| all | over[other])).collect();
    }
    over
}

/// A way from `start` over others back to it.
fn circle(direct: &[u64], start: usize) -> Vec<usize> {
    let mut ways = vec![vec![start]];
    let mut seen = 0_u64;
    while let Some(way) = ways.pop() {
        let last = way[way.len() - 1];
        for next in (0..direct.len()).filter(|next| direct[last] >> next & 1 == 1) {
            let longer = [way.as_slice(), &[next]].concat();
            if next == start {
                return longer;
            }
            if seen >> next & 1 == 0 {
                seen |= 1 << next;
                ways.push(longer);
            }
        }
    }
    vec![start]
}
