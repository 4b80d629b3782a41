//! The proof that a profile's rules are sound: every case that there can be has exactly one outcome.
//!
//! A case is one value of each input: class and direction, the area's mode, what the lists say, how the occupants stand, and the
//! state of each step that is asked. All of them are gone through. Which rules hold for a case is the conjunction of which
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

/// What is common to a group: the rules that hold, and whether anything is open, or was asked.
type Common = (u64, Standing);

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
        for class in Class::ALL {
            match groups(profile, direction, class) {
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

/// All cases of one class and direction, but for what the lists say.
fn groups(profile: &Profile, direction: Direction, class: Class) -> Result<BTreeMap<Common, Group>, TooMany> {
    let rules = &profile.rules;
    let admission = profile.of().admission(class);
    let base = |condition: &Conditions| {
        among(&condition.classes, &class)
            && among(&condition.directions, &direction)
            && condition.admission.is_none_or(|wanted| wanted == admission)
    };
    let witness = Facts {
        takes: profile.takes,
        class,
        direction,
        mode: AreaMode::Normal,
        hit: ListHit::None,
        admission,
        states: Vec::new(),
        party: Party::Nobody,
        party_reason: None,
    };
    let standing = Standing { settled: true, asked: false, party_settled: true };
    let mut groups = BTreeMap::new();
    groups.insert((holding(rules, base), standing), Group { cases: 1, witness });
    let modes = AreaMode::ALL.map(|mode| (holding(rules, |when| among(&when.modes, &mode)), mode));
    groups = split(groups, &modes, |facts, mode| facts.mode = *mode, |standing, _| standing)?;
    if profile.takes == Takes::Vehicle {
        let parties: Vec<(u64, Party)> =
            Party::all().map(|party| (holding(rules, |when| among(&when.party, &party)), party)).collect();
        let stands = |standing, party: &Party| Standing { party_settled: party.is_settled(), ..standing };
        groups = split(groups, &parties, |facts, party| facts.party = *party, stands)?;
    }
    for (number, step) in profile.steps.iter().enumerate() {
        let fits = |when: &Conditions, state: &State| {
            when.steps.iter().filter(|step| step.step == number).all(|step| step.holds(state))
        };
        let states: Vec<(u64, State)> = states::for_subject(step, direction, class)
            .into_iter()
            .map(|state| (holding(rules, |when| fits(when, &state)), state))
            .collect();
        let stands = |standing: Standing, state: &State| Standing {
            settled: standing.settled && state.is_settled(),
            asked: standing.asked || *state != State::Absent,
            ..standing
        };
        groups = split(groups, &states, |facts, state| facts.states.push(state.clone()), stands)?;
    }
    Ok(groups)
}

/// Each group once for each of `values`, with the rules that hold for both.
fn split<V>(
    groups: BTreeMap<Common, Group>,
    values: &[(u64, V)],
    put: impl Fn(&mut Facts, &V),
    stands: impl Fn(Standing, &V) -> Standing,
) -> Result<BTreeMap<Common, Group>, TooMany> {
    let mut next: BTreeMap<Common, Group> = BTreeMap::new();
    for ((held, standing), group) in groups {
        for (mask, value) in values {
            let common = (held & mask, stands(standing, value));
            if let Some(known) = next.get_mut(&common) {
                known.cases += group.cases;
            } else {
                let mut witness = group.witness.clone();
                put(&mut witness, value);
                next.insert(common, Group { cases: group.cases, witness });
            }
        }
        if next.len() > GROUPS_MAX {
            return Err(TooMany);
        }
    }
    Ok(next)
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
    fn take(&mut self, (held, standing): Common, group: Group) {
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
