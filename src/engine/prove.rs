//! The proof that a profile's rules are sound: every case that there can be has exactly one outcome.
//!
//! A case is one value of each input: class and direction, the area's mode, what the lists say, how the occupants stand, and the
//! state of each step that is asked, which may depend on what became of earlier ones. All of them are gone through. Which rules hold for a case is the conjunction of which
//! rules hold for each of its inputs, so cases for which the same rules hold are carried on together, counted, with one
//! of them as the witness: the number of cases is that of the whole product, the work is that of what the rules tell
//! apart. `tests/policy/brute.rs` holds this against a plain loop over every single case.

mod words;

use std::collections::BTreeMap;

use super::decide::decide;
use crate::base::Slug;
use crate::config::Profile;
use crate::config::profile::Takes;
use crate::config::rules::{AllSteps, Conditions, Facts, Party, Rule, Rules, Ruling, State, states};
use crate::config::step_rule::{Came, StepRule};
use crate::model::{AreaMode, Class, Direction, ListHit};

/// Most groups of cases that are told apart at once. Rules that need more are nothing that a person could follow.
const GROUPS_MAX: usize = 200_000;

/// A profile whose rules are sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Which.
    pub profile: Slug,
    /// How many cases there are.
    pub cases: u128,
    /// Its clauses, and how many of the cases come to each.
    pub clauses: Vec<(Slug, u128)>,
}

/// What is wrong with a profile's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// In which way.
    pub kind: FlawKind,
    /// The rules concerned.
    pub rules: Vec<Slug>,
    /// How many cases it concerns.
    pub cases: u128,
    /// One of these cases, where there is one.
    pub witness: Option<Facts>,
}

/// In which way rules are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlawKind {
    /// No rule applies to a case.
    Gap,
    /// Several rules apply to a case, and none goes over all the others.
    Conflict,
    /// A rule is never the one that applies.
    Unreachable,
    /// A rule lets through while something is open, or although nothing was asked.
    AdmitsOpen,
    /// What a list says turns a case into one that is denied, and nobody has looked.
    DeniedByList,
    /// The rules tell more cases apart than can be gone through.
    TooLarge,
}

/// The cases of one profile for which the same rules hold.
struct Group {
    cases: u128,
    witness: Facts,
}

/// What is common to a group.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Common {
    /// The rules that hold, a bit for each.
    held: u64,
    /// Whether anything is open, or was asked.
    standing: Standing,
    /// What became of steps that later ones depend on, a bit for each that is still to be asked about.
    came: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Standing {
    settled: bool,
    asked: bool,
    party_settled: bool,
}

/// Goes through every case of `profile`.
///
/// # Errors
///
/// Everything that is wrong with its rules.
pub fn prove(profile: &Profile) -> Result<Proof, Vec<Flaw>> {
    let rules = &profile.rules;
    let mut found = Found::new(rules);
    for &direction in &profile.directions {
        for (class, mode) in Class::ALL.into_iter().flat_map(|class| AreaMode::ALL.map(|mode| (class, mode)))
        {
            match groups(profile, (direction, class, mode)) {
                Ok(groups) => groups.into_iter().for_each(|(common, group)| found.take(common, group)),
                Err(TooMany) => {
                    let (kind, rules) = (FlawKind::TooLarge, Vec::new());
                    return Err(vec![Flaw { kind, rules, cases: 0, witness: None }]);
                }
            }
        }
    }
    found.finish(profile)
}

struct TooMany;

/// All cases of one class, direction and mode, but for what the lists say.
fn groups(
    profile: &Profile,
    subject: (Direction, Class, AreaMode),
) -> Result<BTreeMap<Common, Group>, TooMany> {
    let (direction, class, mode) = subject;
    let rules = &profile.rules;
    let admission = profile.of().admission(class);
    let base = |condition: &Conditions| {
        among(&condition.classes, &class)
            && among(&condition.directions, &direction)
            && among(&condition.modes, &mode)
            && condition.admission.is_none_or(|wanted| wanted == admission)
    };
    let witness = Facts {
        takes: profile.takes,
        class,
        direction,
        mode,
        hit: ListHit::None,
        admission,
        states: Vec::new(),
        party: Party::Nobody,
        party_reason: None,
    };
    let standing = Standing { settled: true, asked: false, party_settled: true };
    let common = Common { held: holding(rules, base), standing, came: 0 };
    let mut groups = BTreeMap::from([(common, Group { cases: 1, witness })]);
    if profile.takes == Takes::Vehicle {
        let parties: Vec<(u64, Party)> =
            Party::all().map(|party| (holding(rules, |when| among(&when.party, &party)), party)).collect();
        let next = |common: Common, mask: u64, party: &Party| {
            let standing = Standing { party_settled: party.is_settled(), ..common.standing };
            Common { held: common.held & mask, standing, ..common }
        };
        groups = split(groups, |_| &parties, |facts, party| facts.party = *party, next)?;
    }
    let wanted = Wanted::of(&profile.steps)?;
    for (number, step) in profile.steps.iter().enumerate() {
        let fits = |when: &Conditions, state: &State| {
            when.steps.iter().filter(|step| step.step == number).all(|step| step.holds(state))
        };
        let with_mask = |state: State| (holding(rules, |when| fits(when, &state)), state);
        let asked: Vec<(u64, State)> = states::of(step).into_iter().map(with_mask).collect();
        let absent = [with_mask(State::Absent)];
        let (need, later) = (wanted.by(number), wanted.after(number));
        let may = step.when.holds(direction, class, mode);
        let values =
            |common: &Common| if may && common.came & need == need { &asked[..] } else { &absent[..] };
        let next = |common: Common, mask: u64, state: &State| {
            let standing = Standing {
                settled: common.standing.settled && state.is_settled(),
                asked: common.standing.asked || *state != State::Absent,
                ..common.standing
            };
            let came = (common.came | wanted.given_by(number, state)) & later;
            Common { held: common.held & mask, standing, came }
        };
        groups = split(groups, values, |facts, state| facts.states.push(state.clone()), next)?;
    }
    Ok(groups)
}

/// What later steps ask of earlier ones, each once: which step wants it, of which, and what.
struct Wanted<'p> {
    list: Vec<(usize, &'p Came)>,
    /// For each step, a bit for each of the list that it wants.
    by: Vec<u64>,
}

impl<'p> Wanted<'p> {
    fn of(steps: &'p [StepRule]) -> Result<Self, TooMany> {
        let (mut list, mut by) = (Vec::new(), Vec::with_capacity(steps.len()));
        for (number, step) in steps.iter().enumerate() {
            let mut bits = 0_u64;
            for earlier in &step.when.after {
                // Of a step that is not there nothing ever comes: reading the file has refused that.
                let before = steps[..number].iter().position(|step| step.id == earlier.step);
                let wanted = (before.unwrap_or(usize::MAX), &earlier.came);
                let at = list.iter().position(|known| *known == wanted).unwrap_or_else(|| {
                    list.push(wanted);
                    list.len() - 1
                });
                bits |= 1_u64.checked_shl(u32::try_from(at).map_err(|_| TooMany)?).ok_or(TooMany)?;
            }
            by.push(bits);
        }
        Ok(Self { list, by })
    }

    fn by(&self, number: usize) -> u64 {
        self.by[number]
    }

    /// What steps behind `number` still want.
    fn after(&self, number: usize) -> u64 {
        self.by[number + 1..].iter().fold(0, |all, bits| all | bits)
    }

    /// What `state` of step `number` gives to later ones.
    fn given_by(&self, number: usize, state: &State) -> u64 {
        let given = |(at, (step, came)): (usize, &(usize, &Came))| {
            if *step == number && state.came(came) { 1_u64 << at } else { 0 }
        };
        self.list.iter().enumerate().map(given).fold(0, |all, bit| all | bit)
    }
}

/// Each group once for each value that it can have, with what is common to both.
fn split<'v, V: 'v>(
    groups: BTreeMap<Common, Group>,
    values: impl Fn(&Common) -> &'v [(u64, V)],
    put: impl Fn(&mut Facts, &V),
    next: impl Fn(Common, u64, &V) -> Common,
) -> Result<BTreeMap<Common, Group>, TooMany> {
    let mut split: BTreeMap<Common, Group> = BTreeMap::new();
    for (common, group) in groups {
        for (mask, value) in values(&common) {
            let common = next(common, *mask, value);
            if let Some(known) = split.get_mut(&common) {
                known.cases += group.cases;
            } else {
                let mut witness = group.witness.clone();
                put(&mut witness, value);
                split.insert(common, Group { cases: group.cases, witness });
            }
        }
        if split.len() > GROUPS_MAX {
            return Err(TooMany);
        }
    }
    Ok(split)
}

/// The rules whose conditions are such that `holds`, a bit for each.
fn holding(rules: &Rules, holds: impl Fn(&Conditions) -> bool) -> u64 {
    let bit = |(number, rule): (usize, &Rule)| u64::from(holds(&rule.when)) << number;
    rules.as_slice().iter().enumerate().map(bit).fold(0, |all, one| all | one)
}

fn among<T: PartialEq>(list: &[T], value: &T) -> bool {
    list.is_empty() || list.contains(value)
}

/// What was found so far.
struct Found<'r> {
    rules: &'r Rules,
    hits: [(u64, ListHit); 7],
    settled: u64,
    open: u64,
    cases: u128,
    reached: Vec<u128>,
    flaws: BTreeMap<(FlawKind, u64), (u128, Facts)>,
}

impl<'r> Found<'r> {
    fn new(rules: &'r Rules) -> Self {
        let all =
            |wanted: AllSteps| holding(rules, move |when| when.all_steps.is_none_or(|all| all == wanted));
        Self {
            rules,
            hits: ListHit::ALL.map(|hit| (holding(rules, |when| among(&when.hits, &hit)), hit)),
            settled: all(AllSteps::Settled),
            open: all(AllSteps::Open),
            cases: 0,
            reached: vec![0; rules.as_slice().len()],
            flaws: BTreeMap::new(),
        }
    }

    /// Takes the cases of `group`, each with everything that the lists can say.
    fn take(&mut self, Common { held, standing, came: _ }: Common, group: Group) {
        let held = held & if standing.settled { self.settled } else { self.open };
        let outcome = |mask| {
            let left = self.rules.left(held & mask);
            (left, left.is_power_of_two().then(|| self.rules.as_slice()[left.trailing_zeros() as usize].then))
        };
        let unlisted = outcome(self.hits[0].0).1;
        let outcomes = self.hits.map(|(mask, hit)| (outcome(mask), hit));
        for ((left, ruling), hit) in outcomes {
            self.cases += group.cases;
            let facts = Facts { hit, ..group.witness.clone() };
            let Some(ruling) = ruling else {
                let kind = if left == 0 { FlawKind::Gap } else { FlawKind::Conflict };
                self.note((kind, left), group.cases, facts);
                continue;
            };
            self.reached[left.trailing_zeros() as usize] += group.cases;
            let may_admit = standing.settled && standing.asked && standing.party_settled;
            if ruling.admits() && !may_admit {
                self.note((FlawKind::AdmitsOpen, left), group.cases, facts);
            } else if ruling.denies() && !unlisted.is_some_and(Ruling::denies) {
                self.note((FlawKind::DeniedByList, left), group.cases, facts);
            }
        }
    }

    fn note(&mut self, what: (FlawKind, u64), cases: u128, witness: Facts) {
        self.flaws.entry(what).or_insert((0, witness)).0 += cases;
    }

    fn finish(self, profile: &Profile) -> Result<Proof, Vec<Flaw>> {
        let ids = |bits: u64| {
            let named = self.rules.as_slice().iter().enumerate().filter(move |(n, _)| bits >> n & 1 == 1);
            named.map(|(_, rule)| rule.id.clone()).collect::<Vec<_>>()
        };
        let mut flaws: Vec<Flaw> = Vec::new();
        for ((kind, bits), (cases, witness)) in self.flaws {
            // The decision itself must say the same of the witness as the masks did.
            let clause = decide(self.rules, &witness).clause;
            assert_eq!(clause.is_none(), kind != FlawKind::DeniedByList, "a witness that is none");
            flaws.push(Flaw { kind, rules: ids(bits), cases, witness: Some(witness) });
        }
        let names = self.rules.as_slice().iter().map(|rule| rule.id.clone());
        let clauses: Vec<(Slug, u128)> = names.zip(self.reached).collect();
        for (id, _) in clauses.iter().filter(|(_, cases)| *cases == 0) {
            let (kind, rules) = (FlawKind::Unreachable, vec![id.clone()]);
            flaws.push(Flaw { kind, rules, cases: 0, witness: None });
        }
        if flaws.is_empty() {
            Ok(Proof { profile: profile.id.clone(), cases: self.cases, clauses })
        } else {
            Err(flaws)
        }
    }
}

/// Goes through every case of all of `profiles`.
///
/// # Errors
///
/// Everything that is wrong with their rules, a line each, with the case that shows it.
pub fn prove_all(profiles: &[Profile]) -> Result<Vec<Proof>, String> {
    let (mut proofs, mut said) = (Vec::new(), Vec::new());
    for profile in profiles {
        match prove(profile) {
            Ok(proof) => proofs.push(proof),
            Err(flaws) => {
                let words = |flaw: &Flaw| format!("profile {}: {}", profile.id, flaw.words(profile));
                said.extend(flaws.iter().map(words));
            }
        }
    }
    if said.is_empty() { Ok(proofs) } else { Err(said.join("\n")) }
}
