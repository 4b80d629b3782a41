//! One vehicle's evidence: plate, declared occupants with their own steps, registration, disinfection.

use super::context::Context;
use super::decide::{self, Ruled, Subject};
use super::listed::Cards;
use super::manifest::{Offer, TakenManifest};
use super::memory::Memory;
use super::person::{Apart, Asking, PersonSession};
use super::prepared::{self, Prepared};
use super::present::DOUBT;
use super::registration::{self, Said};
use super::replay::occupant_verdict;
use super::shown::shortcoming;
use super::steps::Steps;
use crate::base::{AttendantId, Mono, Pii, Slug};
use crate::config::rules::Facts;
use crate::config::step_rule::NoPlate;
use crate::config::{Ask, Takes};
use crate::control::{Act, Decision, OddPlate, Refused, Registration};
use crate::model::blind::IdentifierKind;
use crate::model::credential::Purpose;
use crate::model::local_plates::{self, PlateOrigin};
use crate::model::plate::{self, Plate};
use crate::model::record::Occupant;
use crate::model::step::PlateSource;
use crate::model::{
    Attestation, Between, Class, Credential, Direction, Evidence, Person, Reason, StepKind, StepOutcome,
    SubjectKind, Vehicle, Verdict, mask,
};

/// One vehicle, its steps, and the people in it.
#[derive(Clone, Debug)]
pub struct VehicleSession {
    direction: Direction,
    /// What the vehicle is to the place.
    pub class: Class,
    /// The profile that applies.
    pub profile: Slug,
    /// The vehicle's own steps.
    pub steps: Steps,
    /// What is known of it.
    pub details: Vehicle,
    /// How many people were declared to be in it.
    pub declared: Option<u8>,
    /// Those people.
    pub occupants: Vec<PersonSession>,
    /// What the lists say of the vehicle.
    pub cards: Cards,
    /// What earlier passages say of it.
    pub(super) memory: Memory,
    /// A manifest that waits to be taken.
    pub(super) offer: Option<Offer>,
    /// The one that was taken.
    pub(super) taken: Option<TakenManifest>,
    /// A registration code for the vehicle itself that waits to be confirmed.
    pub(super) prepared: Option<Prepared>,
}

impl VehicleSession {
    /// A vehicle of which nothing is known; `None` when no profile is for it.
    pub fn new(direction: Direction, context: &Context) -> Option<Self> {
        let class = Class::default();
        let profile = context.profiles.choose(SubjectKind::Vehicle, direction, class)?;
        Some(Self {
            direction,
            class,
            profile: profile.id.clone(),
            steps: Steps::new(profile, direction, class, context.mode),
            details: Vehicle::default(),
            declared: None,
            occupants: Vec::new(),
            cards: Cards::default(),
            memory: Memory::default(),
            offer: None,
            taken: None,
            prepared: None,
        })
    }

    /// The occupant who is being served: the first whose steps are not all settled, as the screens show it. Whatever
    /// comes in is theirs.
    pub fn served(&self) -> Option<&PersonSession> {
        self.occupants.iter().find(|person| !person.is_done())
    }

    /// The same, to change it.
    pub fn served_mut(&mut self) -> Option<&mut PersonSession> {
        self.occupants.iter_mut().find(|person| !person.is_done())
    }

    /// Takes a credential: a vehicle's pass is the vehicle's, any other the present occupant's.
    pub fn present(&mut self, now: Mono, credential: &Credential, context: &Context) {
        let vehicle = credential.holder.as_ref().filter(|holder| holder.subject == SubjectKind::Vehicle);
        if let Some(manifest) = &credential.manifest {
            // Where none is waited for it is a code too many, and nobody's credential.
            let _ = self.offer(manifest.clone());
            return;
        }
        let Some(holder) = vehicle else {
            if let Some(person) = self.served_mut() {
                person.present(now, credential, context);
            }
            return;
        };
        let coming_back = matches!(holder.purpose, Purpose::ReEntry { .. });
        let elsewhere =
            (coming_back && self.direction == Direction::Outbound).then_some(Reason::CredentialWrongSite);
        if let Some(reason) = shortcoming(credential.authentic, credential.current).or(elsewhere) {
            if let Some(step) = self.steps.unsettled(StepKind::Plate) {
                step.call_attendant(reason);
            }
            return;
        }
        let (class, pass, plate) = (holder.class, holder.pass.clone(), holder.plate.clone());
        match (&self.details.plate, plate) {
            (Some(typed), Some(bound)) if *typed != bound => {
                // The pass belongs to another vehicle: it vouches for nothing here.
                if let Some(step) = self.steps.asked_mut() {
                    step.call_attendant(Reason::PlateMismatch);
                }
                return;
            }
            (None, Some(bound)) => {
                if let Some(step) = self.steps.unsettled(StepKind::Plate) {
                    let origin = local_plates::origin(&context.policy.local_plates, Some(&bound));
                    step.settle(Evidence::Plate { source: PlateSource::Pass, origin });
                }
                self.details.plate = Some(bound);
            }
            (Some(_) | None, _) => {}
        }
        self.details.pass = Some(pass);
        if let Purpose::Transit { to } = &holder.purpose {
            self.details.destination = Some(to.clone());
        }
        self.become_class(class, context);
    }

    /// Carries out an act that concerns the vehicle or the present occupant; `None` for any other act.
    pub fn act(
        &mut self,
        now: Mono,
        by: Option<&AttendantId>,
        act: &Act,
        context: &Context,
    ) -> Option<Result<(), Refused>> {
        let attendant = by.ok_or(Refused::NeedsAttendant);
        Some(match act {
            Act::TypePlate { text, odd } => self.type_plate(text, *odd, context),
            Act::NoPlate => attendant.and_then(|_| self.no_plate(context)),
            Act::DeclareOccupants(count) => {
                attendant.and_then(|_| self.declare(*count, context)).map(|()| self.offer = None)
            }
            Act::OfferManifest(manifest) => attendant.and_then(|_| self.offer(Ok(manifest.clone()))),
            Act::TakeManifest { offer, absent } => {
                attendant.and_then(|by| self.take_manifest(*offer, absent, by, context))
            }
            Act::NotHere => attendant.and_then(|_| self.not_here()),
            Act::StartDisinfection { agent }
                if !self.serves(|steps| steps.open().any(|open| open == StepKind::Disinfection)) =>
            {
                attendant.and_then(|by| self.steps.start_disinfection(now, agent, by))
            }
            Act::StopDisinfection if self.disinfects() && !self.serves(|steps| steps.disinfects()) => {
                attendant.and_then(|_| self.steps.stop_disinfection(now))
            }
            // What an occupant and the vehicle are both asked is first the occupant's, as the screens show it.
            Act::Waive { step, reason } if !self.serves(|steps| steps.asks(step)) => {
                attendant.and_then(|by| self.steps.waive(step, by, reason))
            }
            Act::Enter { step, entry } if !self.serves(|steps| steps.asks(step)) => {
                self.steps.enter(now, by, step, entry, &mut self.details.stated)
            }
            Act::Attest(what) if self.is_own(*what) => attendant.and_then(|by| self.attest(*what, by)),
            Act::SetDown { decision, reason } => {
                attendant.and_then(|by| self.set_down(*decision, *reason, by))
            }
            Act::Register(fields) if self.registers_itself(fields.code) => {
                attendant.and_then(|by| self.register(fields, by))
            }
            Act::TypeIdNumber(_)
            | Act::ShowIdCard(_)
            | Act::AwaitCompanion
            | Act::NoCompanion
            | Act::Register(_)
            | Act::Attest(_)
            | Act::Waive { .. }
            | Act::MeasureAgain
            | Act::ContactTemperature(_)
            | Act::StartDisinfection { .. }
            | Act::StopDisinfection
            | Act::Enter { .. } => {
                let nobody = Refused::NotNow { why: "no occupant is being served" };
                let done = self
                    .served_mut()
                    .map_or(Some(Err(nobody)), |person| person.act(now, by, act, context))?;
                self.count_occupants();
                done
            }
            Act::Begin { .. }
            | Act::Decide { .. }
            | Act::Emergency
            | Act::Leave
            | Act::Next
            | Act::CloseBarrier
            | Act::Practice(_) => return None,
        })
    }

    /// Several codes are in view: what was shown a moment ago may have been one of them.
    pub fn several_codes(&mut self, now: Mono, context: &Context) {
        prepared::doubted(&mut self.prepared, now, DOUBT);
        self.occupants.iter_mut().for_each(|person| person.several_codes(now, context));
    }

    fn register(&mut self, fields: &Registration, by: &AttendantId) -> Result<(), Refused> {
        let mut person = Person::default();
        let code = prepared::confirmed(self.prepared.as_ref(), fields.code)?;
        registration::take(&mut self.steps, fields, Said { code, listed: None }, by, &mut person)?;
        self.prepared = None;
        for said in person.stated.iter() {
            self.details.stated.keep(&said.step, &said.field, said.value.clone());
        }
        self.details.origin = person.origin;
        self.details.destination = person.destination;
        self.details.host = person.host;
        Ok(())
    }

    /// Brings the occupants' step up to date; call after anything that may have settled one of theirs.
    pub fn count_occupants(&mut self) {
        let Some(declared) = self.declared else { return };
        if !self.occupants.iter().all(PersonSession::is_done) {
            return;
        }
        let recorded = u8::try_from(self.occupants.len()).unwrap_or(u8::MAX);
        if recorded == declared
            && let Some(step) = self.steps.unsettled(StepKind::Occupants)
        {
            let listed = self.taken.as_ref().map(|taken| taken.listed);
            let by = self.taken.as_ref().map(|taken| taken.by.clone());
            step.settle(Evidence::Occupants { declared, recorded, listed, by });
        }
    }

    /// Whether the vehicle is being disinfected.
    pub fn disinfects(&self) -> bool {
        self.steps.disinfects()
    }

    /// Whether `asked` holds for the occupant who is being served.
    fn serves(&self, asked: impl Fn(&Steps) -> bool) -> bool {
        self.served().is_some_and(|person| asked(&person.steps))
    }

    /// Asks the lists about what is known by now of it and of everybody in it.
    pub fn ask_lists(&mut self, context: &Context, now: &Between) {
        let known = [(IdentifierKind::Plate, self.details.plate.as_ref())];
        self.cards.ask(&known, self.direction, context, now);
        self.details.lists = self.cards.names();
        self.occupants.iter_mut().for_each(|person| person.ask_lists(context, now));
    }

    /// Asks about earlier passages of the vehicle, and of everybody in it.
    pub(super) fn recall(&mut self, context: &Context, ask: &mut Asking<'_>) {
        self.occupants.iter_mut().for_each(|person| person.recall(context, ask));
        let Some(profile) = context.profiles.by_id(&self.profile) else { return };
        let known = [
            // A vehicle without a plate is no other vehicle's.
            (IdentifierKind::Plate, self.details.plate.as_ref().filter(|plate| !plate.expose().is_empty())),
            (IdentifierKind::Pass, self.details.pass.as_ref()),
        ];
        if let Some(whose) = self.memory.question((&known, self.details.host.as_ref()), profile, context) {
            let (now, ticket) = ask(whose);
            self.memory.asks(now, ticket, &mut self.steps);
        }
    }

    /// What the policy rules about this vehicle and all in it now, and on what facts.
    pub fn ruled(&self, context: &Context) -> Option<(Facts, Ruled)> {
        let profile = context.profiles.by_id(&self.profile)?;
        let of_occupants: Option<Vec<Ruled>> =
            self.going_on().map(|person| Some(person.ruled(context)?.1)).collect();
        let subject = Subject {
            class: self.class,
            direction: self.direction,
            hit: self.cards.says().or(self.memory.says()),
        };
        let party = decide::party(of_occupants?.iter());
        let facts = decide::facts(subject, &self.steps, party, profile, context);
        let ruled = decide::decide(&profile.rules, &facts);
        Some((facts, ruled))
    }

    /// Where its plate is from, once that is known and the policy calls some plates local.
    pub fn origin(&self) -> Option<PlateOrigin> {
        self.steps.iter().find_map(|step| match &step.outcome {
            StepOutcome::Done(Evidence::Plate { origin, .. }) => *origin,
            StepOutcome::Done(_)
            | StepOutcome::Open
            | StepOutcome::Waived { .. }
            | StepOutcome::Failed { .. }
            | StepOutcome::NotMeasured(_) => None,
        })
    }

    /// The plate as screens may show it.
    pub fn masked(&self) -> Option<String> {
        self.details.plate.as_ref().map(mask::plate)
    }

    /// The occupants as a record holds them when the vehicle's verdict is `verdict`.
    pub fn record(&self, verdict: Verdict, context: &Context) -> Vec<Occupant> {
        let record = |person: &PersonSession| {
            let (class, steps) = (person.class, person.steps.record());
            let ruled = person.ruled(context);
            let grounds = ruled
                .as_ref()
                .map(|(facts, ruled)| decide::grounds(facts, ruled, Some(person.profile.clone())));
            if let Some(Apart { verdict, reason, by }) = person.apart.clone() {
                return Occupant { class, verdict, reasons: vec![reason], steps, grounds, apart: Some(by) };
            }
            let own = ruled.map(|(_, ruled)| occupant_verdict(&ruled, verdict));
            let (verdict, reasons) = own.unwrap_or((verdict, vec![]));
            Occupant { class, verdict, reasons, steps, grounds, apart: None }
        };
        self.occupants.iter().map(record).collect()
    }

    fn type_plate(&mut self, text: &Pii<String>, odd: OddPlate, context: &Context) -> Result<(), Refused> {
        let step = self.steps.unsettled_or_refuse(StepKind::Plate)?;
        let plate = Plate::parse(text)
            .map_err(|_| Refused::BadField { field: "plate", why: "needs 2 to 10 letters and digits" })?;
        match (plate.form(), odd) {
            (plate::Form::Odd, OddPlate::Ask) => return Err(Refused::OddPlate),
            (plate::Form::Odd, OddPlate::Confirmed) | (plate::Form::Valid(_), _) => {}
        }
        let origin = local_plates::origin(&context.policy.local_plates, Some(plate.normalised()));
        step.settle(Evidence::Plate { source: PlateSource::Typed, origin });
        self.details.plate = Some(plate.normalised().clone());
        self.details.plate_raw = Some(text.clone());
        let blinded = context.blinder.blind(IdentifierKind::Plate, plate.normalised().expose());
        if let Some(class) = context.roster.find(&blinded) {
            self.become_class(class, context);
        }
        Ok(())
    }

    /// Whether that is looked at of the vehicle, and of no occupant first.
    fn is_own(&self, what: Attestation) -> bool {
        let asks = |steps: &Steps| steps.attestations().contains(&what);
        asks(&self.steps) && !self.serves(asks)
    }

    /// An attendant looked at what the vehicle's own profile wants looked at.
    fn attest(&mut self, what: Attestation, by: &AttendantId) -> Result<(), Refused> {
        let step = self.steps.attest(what).ok_or(Refused::StepNotOpen { step: StepKind::Attest })?;
        step.settle(Evidence::Attested { by: by.clone(), what, colour: None });
        Ok(())
    }

    fn no_plate(&mut self, context: &Context) -> Result<(), Refused> {
        let step = self.steps.unsettled_or_refuse(StepKind::Plate)?;
        // Where an attendant has to decide, the first press calls them and their second one confirms.
        let ask_first = step.rule.ask == Ask::Plate { no_plate: NoPlate::Attendant };
        if ask_first && step.attention().is_none() {
            step.call_attendant(Reason::AttendantDecision);
        } else {
            let origin = local_plates::origin(&context.policy.local_plates, None);
            step.settle(Evidence::Plate { source: PlateSource::NoPlate, origin });
        }
        Ok(())
    }

    /// The occupants who go on with the vehicle.
    fn going_on(&self) -> impl Iterator<Item = &PersonSession> {
        self.occupants.iter().filter(|person| person.apart.is_none())
    }

    /// The occupant who is being served stays here; somebody has to drive on.
    fn set_down(&mut self, decision: Decision, reason: Reason, by: &AttendantId) -> Result<(), Refused> {
        let verdict = decision.verdict();
        if verdict.opens_barrier() {
            return Err(Refused::NotNow { why: "whoever stays here is not let through" });
        }
        if self.going_on().count() < 2 {
            return Err(Refused::NotNow { why: "nobody would be left in the vehicle" });
        }
        let nobody = Refused::NotNow { why: "no occupant is being served" };
        let person = self.served_mut().ok_or(nobody)?;
        person.apart = Some(Apart { verdict, reason, by: by.clone() });
        self.count_occupants();
        Ok(())
    }

    pub(super) fn declare(&mut self, count: u8, context: &Context) -> Result<(), Refused> {
        let step = self.steps.unsettled_or_refuse(StepKind::Occupants)?;
        let Ask::Occupants { max } = step.rule.ask else {
            return Err(Refused::StepNotOpen { step: StepKind::Occupants });
        };
        if !(1..=max).contains(&count) {
            return Err(Refused::OutOfRange { what: "number of occupants", low: 1, high: i32::from(max) });
        }
        // A lower number may be declared as long as nobody already recorded disappears by it.
        let kept = usize::from(count);
        if self.occupants.iter().skip(kept).any(PersonSession::begun) {
            return Err(Refused::NotNow { why: "more occupants than that have been recorded" });
        }
        if self.occupants.iter().take(kept).filter(|person| person.apart.is_some()).count() >= kept {
            return Err(Refused::NotNow { why: "nobody would be left in the vehicle" });
        }
        self.occupants.truncate(kept);
        while self.occupants.len() < kept {
            let person = PersonSession::new(Takes::Occupant, self.direction, context)
                .ok_or(Refused::NotNow { why: "no profile for occupants" })?;
            self.occupants.push(person);
        }
        self.declared = Some(count);
        self.count_occupants();
        Ok(())
    }

    fn become_class(&mut self, class: Class, context: &Context) {
        if class == self.class {
            return;
        }
        if let Some(profile) = context.profiles.choose(SubjectKind::Vehicle, self.direction, class) {
            self.class = class;
            self.profile = profile.id.clone();
            self.steps.change(profile, self.direction, class, context.mode);
        }
    }
}
