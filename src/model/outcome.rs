//! Each subject's own outcome, in the record of a passage.

use super::blind::{Blinded, IdentifierKind};
use super::personal::{Person, Personal, Vehicle};
use super::record::Passage;
use super::step::StepRecord;
use super::subject::SubjectKind;
use super::verdict::Verdict;

/// What became of one subject of a passage.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// Person or vehicle.
    pub kind: SubjectKind,
    /// Their own verdict.
    pub verdict: Verdict,
    /// Their own steps.
    pub steps: &'a [StepRecord],
    /// Who, where that is known.
    pub who: Option<Who<'a>>,
}

/// What is known of a subject.
#[derive(Clone, Copy, Debug)]
pub enum Who<'a> {
    /// Of a person.
    Person(&'a Person),
    /// Of a vehicle.
    Vehicle(&'a Vehicle),
}

/// The vehicle first, then its occupants; or the person on foot.
pub fn outcomes<'a>(passage: &'a Passage, personal: Option<&'a Personal>) -> Vec<Outcome<'a>> {
    let people = personal.map_or(&[][..], |personal| &personal.people);
    let person = |index: usize, verdict, steps| Outcome {
        kind: SubjectKind::Person,
        verdict,
        steps,
        who: people.get(index).map(Who::Person),
    };
    match passage.subject {
        SubjectKind::Person => vec![person(0, passage.verdict, passage.steps.as_slice())],
        SubjectKind::Vehicle => {
            let who = personal.and_then(|personal| personal.vehicle.as_ref()).map(Who::Vehicle);
            let (verdict, steps) = (passage.verdict, passage.steps.as_slice());
            let vehicle = Outcome { kind: SubjectKind::Vehicle, verdict, steps, who };
            let seats = passage.occupants.len().max(people.len());
            let occupants = (0..seats).map(|index| match passage.occupants.get(index) {
                // An occupant may be kept back while the vehicle leaves; nobody goes through alone.
                Some(own) if verdict.opens_barrier() || !own.verdict.opens_barrier() => {
                    person(index, own.verdict, own.steps.as_slice())
                }
                Some(own) => person(index, verdict, own.steps.as_slice()),
                None => person(index, verdict, &[]),
            });
            std::iter::once(vehicle).chain(occupants).collect()
        }
    }
}

impl<'a> Outcome<'a> {
    /// What they can be known by again at the kiosk that wrote it, of which the record itself keeps no more.
    pub fn blinded(&self) -> Option<Blinded> {
        match self.who? {
            Who::Person(person) => person.masked.as_ref().map(|masked| masked.blinded),
            Who::Vehicle(_) => None,
        }
    }

    /// The pass that they showed.
    pub fn pass(&self) -> Option<&'a str> {
        let pass = match self.who? {
            Who::Person(person) => person.pass.as_ref(),
            Who::Vehicle(vehicle) => vehicle.pass.as_ref(),
        };
        pass.map(|pass| pass.expose().as_str())
    }

    /// What they can be known by again.
    pub fn identifiers(&self) -> Vec<(IdentifierKind, &'a str)> {
        let all = match self.who {
            None => return Vec::new(),
            Some(Who::Person(person)) => [
                (IdentifierKind::IdNumber, person.id_number.as_ref()),
                (IdentifierKind::Phone, person.phone.as_ref()),
                (IdentifierKind::Pass, person.pass.as_ref()),
            ],
            Some(Who::Vehicle(vehicle)) => [
                (IdentifierKind::Plate, vehicle.plate.as_ref()),
                (IdentifierKind::Phone, None),
                (IdentifierKind::Pass, None),
            ],
        };
        let known = all.into_iter().filter_map(|(kind, value)| Some((kind, value?.expose().as_str())));
        known.filter(|(_, value)| !value.is_empty()).collect()
    }
}
