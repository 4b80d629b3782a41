//! One person's evidence: on foot, or as an occupant of a vehicle.

use super::companion::Vouching;
use super::context::Context;
use super::decide::{self, Ruled, Subject};
use super::input::Ticket;
use super::listed::Cards;
use super::memory::Memory;
use super::online::Question;
use super::prepared::{self, Prepared};
use super::present::Taken;
use super::registration::{self, Said};
use super::steps::Steps;
use crate::base::{AttendantId, CentiCelsius, Mono, Pii, Slug};
use crate::config::rules::{Facts, Party};
use crate::config::step_rule::RosterMiss;
use crate::config::{Ask, Profile, Takes};
use crate::control::status::TemperatureStatus;
use crate::control::{Act, OccupantStatus, Refused, Registration};
use crate::model::blind::IdentifierKind;
use crate::model::id_number::IdNumber;
use crate::model::manifest::Listed;
use crate::model::{
    Attestation, Authenticity, Between, Blinded, Class, CredentialKind, Currency, Direction, Evidence,
    IdCard, Person, Reason, Screening, StepKind, StepOutcome, SubjectKind, Verdict, Whose, Zone, mask,
};

/// Lowest and highest value that a contact thermometer can mean on a living person.
const CONTACT: [CentiCelsius; 2] = match (CentiCelsius::new(3_000), CentiCelsius::new(4_500)) {
    (Some(low), Some(high)) => [low, high],
    (None, _) | (_, None) => [CentiCelsius::ABSOLUTE_ZERO, CentiCelsius::HOTTEST],
};

/// One person, their steps and what they said of themselves.
#[derive(Clone, Debug)]
pub struct PersonSession {
    takes: Takes,
    pub(super) direction: Direction,
    /// What they are to the place, as far as is known.
    pub class: Class,
    /// The profile that applies.
    pub profile: Slug,
    /// Their steps.
    pub steps: Steps,
    /// What is known of them.
    pub details: Person,
    /// The last screening.
    pub screening: Option<Screening>,
    /// What the lists say of them.
    pub cards: Cards,
    /// What earlier passages say of them.
    pub(super) memory: Memory,
    /// Set where they stay here while the vehicle goes on.
    pub apart: Option<Apart>,
    pub(super) taken: Option<Taken>,
    /// The card that the number and, if nothing said otherwise since, the name are of.
    card: Option<IdCard>,
    /// Who answers for them.
    pub(super) vouching: Vouching,
    /// What a manifest says of them.
    listed: Option<Listed>,
    /// A registration code of theirs that waits to be confirmed.
    pub(super) prepared: Option<Prepared>,
    /// What an issuer is asked about.
    pub(super) question: Question,
}

/// Asks for earlier passages; answers when that was, and under which ticket the answer comes.
pub(super) type Asking<'a> = dyn FnMut(Whose) -> (Mono, Ticket) + 'a;

/// What became of an occupant who stays here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Apart {
    /// What.
    pub verdict: Verdict,
    /// Why.
    pub reason: Reason,
    /// By whose decision.
    pub by: AttendantId,
}

impl PersonSession {
    /// A person of whom nothing is known; `None` when no profile is for them.
    pub fn new(takes: Takes, direction: Direction, context: &Context) -> Option<Self> {
        let class = Class::default();
        let profile = profile(takes, direction, class, context)?;
        let steps = Steps::new(profile, direction, class, context.mode);
        let (profile, details) = (profile.id.clone(), Person::default());
        Some(Self {
            takes,
            direction,
            class,
            profile,
            steps,
            details,
            screening: None,
            cards: Cards::default(),
            memory: Memory::default(),
            apart: None,
            taken: None,
            card: None,
            vouching: Vouching::default(),
            listed: None,
            prepared: None,
            question: Question::None,
        })
    }

    /// Carries out an act that concerns one person; `None` for any other act.
    pub fn act(
        &mut self,
        now: Mono,
        who: Option<&AttendantId>,
        act: &Act,
        context: &Context,
    ) -> Option<Result<(), Refused>> {
        let by = who.ok_or(Refused::NeedsAttendant);
        Some(match act {
            Act::TypeIdNumber(text) => self.type_id_number(text, context),
            Act::ShowIdCard(card) => self.show_id_card(card, context),
            Act::Attest(what) => by.and_then(|by| self.attest(*what, by)),
            Act::Waive { step, reason } => by.and_then(|by| self.steps.waive(step, by, reason)),
            Act::AwaitCompanion => by.and_then(|by| self.await_companion(by)),
            Act::NoCompanion => by.and_then(|_| self.no_companion()),
            Act::Register(fields) => by.and_then(|by| self.register(fields, by)),
            Act::ContactTemperature(value) => by.and_then(|by| self.contact(*value, by, context)),
            Act::MeasureAgain => by.and_then(|_| {
                self.steps.unsettled_or_refuse(StepKind::Temperature).map(super::step::Step::reopen)
            }),
            Act::Enter { step, entry } => self.steps.enter(now, who, step, entry, &mut self.details.stated),
            Act::StartDisinfection { agent } => {
                by.and_then(|by| self.steps.start_disinfection(now, agent, by))
            }
            Act::StopDisinfection => by.and_then(|_| self.steps.stop_disinfection(now)),
            Act::Begin { .. }
            | Act::TypePlate { .. }
            | Act::NoPlate
            | Act::DeclareOccupants(_)
            | Act::OfferManifest(_)
            | Act::TakeManifest { .. }
            | Act::NotHere
            | Act::Decide { .. }
            | Act::SetDown { .. }
            | Act::Emergency
            | Act::Leave
            | Act::Next
            | Act::CloseBarrier
            | Act::Practice(_) => return None,
        })
    }

    /// Asks the lists about what is known of them by now.
    pub fn ask_lists(&mut self, context: &Context, now: &Between) {
        let known = [
            (IdentifierKind::IdNumber, self.details.id_number.as_ref()),
            (IdentifierKind::Phone, self.details.phone.as_ref()),
        ];
        self.cards.ask(&known, self.direction, context, now);
        self.details.lists = self.cards.names();
    }

    /// Asks about earlier passages of whom is known by now to be here.
    pub(super) fn recall(&mut self, context: &Context, ask: &mut Asking<'_>) {
        let Some(profile) = context.profiles.by_id(&self.profile) else { return };
        let known = [
            (IdentifierKind::IdNumber, self.details.id_number.as_ref()),
            (IdentifierKind::Pass, self.details.pass.as_ref()),
            (IdentifierKind::Phone, self.details.phone.as_ref()),
        ];
        if let Some(whose) = self.memory.question((&known, self.details.host.as_ref()), profile, context) {
            let (now, ticket) = ask(whose);
            self.memory.asks(now, ticket, &mut self.steps);
        }
    }

    /// What the policy rules about this person now, and on what facts.
    pub fn ruled(&self, context: &Context) -> Option<(Facts, Ruled)> {
        let profile = context.profiles.by_id(&self.profile)?;
        let subject = Subject {
            class: self.class,
            direction: self.direction,
            hit: self.cards.says().or(self.memory.says()),
        };
        let facts = decide::facts(subject, &self.steps, (Party::Nobody, None), profile, context);
        let ruled = decide::decide(&profile.rules, &facts);
        Some((facts, ruled))
    }

    /// Whether anything is known of them, or was done.
    pub fn begun(&self) -> bool {
        self.details != Person::default()
            || self.screening.is_some()
            || self.apart.is_some()
            || self.steps.begun()
    }

    /// What a manifest says of them, until they say it themselves: the name; the number, as if they had typed it; what a
    /// registration asks for, once an attendant takes that. Everything else stays as open as it was.
    pub fn list(&mut self, listed: Listed, context: &Context) {
        self.details.name = Some(listed.name.clone());
        if let Some(number) = &listed.id_number {
            // Where no number is asked for, it is not kept.
            let _ = self.type_id_number(number, context);
        }
        self.listed = Some(listed);
    }

    /// Whether nothing but a manifest says that they are here: they have shown nothing, and nothing was measured.
    pub fn only_listed(&self) -> bool {
        self.listed.is_some()
            && self.apart.is_none()
            && self.screening.is_none()
            && self.details.contact.is_none()
            && self.details.pass.is_none()
    }

    /// What a manifest says of them.
    pub fn listed(&self) -> Option<&Listed> {
        self.listed.as_ref()
    }

    /// Whether nothing more is asked of them here.
    pub fn is_done(&self) -> bool {
        self.apart.is_some() || self.steps.all_settled()
    }

    /// The name as screens may show it.
    pub fn masked(&self) -> Option<String> {
        let name = self.details.name.as_ref().map(mask::name);
        name.or_else(|| self.details.id_number.as_ref().map(mask::id_number))
    }

    /// As an occupant on the screens.
    pub fn status(&self) -> OccupantStatus {
        OccupantStatus {
            name: self.masked(),
            class: self.class,
            steps: self.steps.status(),
            settled: self.is_done(),
            apart: self.apart.as_ref().map(|apart| apart.verdict),
            only_listed: self.only_listed(),
        }
    }

    /// The last screening on the screens.
    pub fn temperature(&self) -> Option<TemperatureStatus> {
        self.screening
            .as_ref()
            .map(|screening| TemperatureStatus { zone: screening.zone, skin: screening.skin })
    }

    fn register(&mut self, fields: &Registration, by: &AttendantId) -> Result<(), Refused> {
        let code = prepared::confirmed(self.prepared.as_ref(), fields.code)?;
        let said = Said { code, listed: self.listed.as_ref() };
        registration::take(&mut self.steps, fields, said, by, &mut self.details)?;
        self.prepared = None;
        Ok(())
    }

    fn type_id_number(&mut self, text: &Pii<String>, context: &Context) -> Result<(), Refused> {
        self.steps.unsettled_or_refuse(StepKind::Credential)?;
        let number = IdNumber::parse(text).map_err(|error| Refused::BadIdNumber { why: error.why() })?;
        let blinded = context.blinder.blind(IdentifierKind::IdNumber, number.normalised().expose());
        if self.awaits_companion() {
            self.companions_number(&number, &blinded, context);
            return Ok(());
        }
        self.details.id_number = Some(number.normalised().clone());
        self.forget_card_of_another(&number);
        let step = self.steps.unsettled_or_refuse(StepKind::Credential)?;
        let evidence = Evidence::Credential {
            kind: CredentialKind::IdNumber,
            authentic: Authenticity::Unverified,
            current: Currency::Unknown,
        };
        match (context.roster.find(&blinded), &step.rule.ask) {
            (Some(class), _) => {
                step.settle(Evidence::RosterEntry);
                self.become_class(class, context);
            }
            // Who they are is then for the registration to say, which an attendant fills in.
            (None, Ask::Credential { roster_miss: RosterMiss::Register, .. }) => step.settle(evidence),
            (None, Ask::Credential { roster_miss: RosterMiss::Attendant, .. }) => {
                step.call_attendant(Reason::NotOnRoster);
            }
            (None, _) => step.fail(Reason::NotOnRoster, Some(evidence)),
        }
        Ok(())
    }

    /// Does what typing its number does. The name on it is theirs, unless the card is that of whoever answers for them.
    fn show_id_card(&mut self, card: &IdCard, context: &Context) -> Result<(), Refused> {
        let theirs = !self.awaits_companion();
        self.type_id_number(card.number.normalised(), context)?;
        if theirs {
            self.details.name = Some(card.name.clone());
            self.card = Some(card.clone());
        }
        Ok(())
    }

    /// Another number than that of the card that was shown before is another person's: the card's name goes with it.
    fn forget_card_of_another(&mut self, number: &IdNumber) {
        let Some(card) = self.card.take_if(|card| card.number != *number) else { return };
        if self.details.name.as_ref() == Some(&card.name) {
            self.details.name = self.listed.as_ref().map(|listed| listed.name.clone());
        }
    }

    /// A number that the roster does not know answers for nobody: an attendant decides.
    fn companions_number(&mut self, number: &IdNumber, blinded: &Blinded, context: &Context) {
        match context.roster.find(blinded) {
            Some(class) => {
                if let Some(answered) = self.answered_by_number(number.normalised()) {
                    self.settle_credential(answered);
                    self.become_class(class, context);
                }
            }
            None => {
                if let Some(step) = self.steps.unsettled(StepKind::Credential) {
                    step.call_attendant(Reason::NotOnRoster);
                }
            }
        }
    }

    pub(super) fn settle_credential(&mut self, evidence: Evidence) {
        if let Some(step) = self.steps.unsettled(StepKind::Credential) {
            step.settle(evidence);
        }
    }

    fn attest(&mut self, what: Attestation, by: &AttendantId) -> Result<(), Refused> {
        let evidence = Evidence::Attested { by: by.clone(), what, colour: None };
        if let Some(step) = self.steps.attest(what) {
            step.settle(evidence);
            return Ok(());
        }
        match what {
            Attestation::UnverifiedCredential | Attestation::Papers => {
                let step = self.steps.unsettled_or_refuse(StepKind::Credential)?;
                let looked_at = matches!(what, Attestation::Papers) || step.attention().is_some();
                if !looked_at || matches!(step.outcome, StepOutcome::Failed { .. }) {
                    return Err(Refused::NotNow { why: "there is nothing that an attendant could attest" });
                }
                let colour = step.colour.filter(|_| matches!(what, Attestation::UnverifiedCredential));
                step.settle(Evidence::Attested { by: by.clone(), what, colour });
                Ok(())
            }
            Attestation::Mask
            | Attestation::TravelRecord
            | Attestation::Companion
            | Attestation::PlaceCode => Err(Refused::StepNotOpen { step: StepKind::Attest }),
        }
    }

    fn contact(&mut self, value: CentiCelsius, by: &AttendantId, context: &Context) -> Result<(), Refused> {
        let [low, high] = CONTACT;
        if !(low..=high).contains(&value) {
            return Err(Refused::OutOfRange { what: "contact temperature in °C", low: 30, high: 45 });
        }
        let step = self.steps.unsettled_or_refuse(StepKind::Temperature)?;
        self.details.contact = Some(Pii::new(value));
        let evidence = |zone| Evidence::ContactTemperature { zone, by: by.clone() };
        if value < context.policy.screening.threshold {
            step.settle(evidence(Zone::Below));
        } else {
            step.fail(Reason::TemperatureElevated, Some(evidence(Zone::Refer)));
        }
        Ok(())
    }

    pub(super) fn become_class(&mut self, class: Class, context: &Context) {
        if class == self.class {
            return;
        }
        if let Some(profile) = profile(self.takes, self.direction, class, context) {
            self.class = class;
            self.profile = profile.id.clone();
            self.steps.change(profile, self.direction, class, context.mode);
        }
    }
}

fn profile(takes: Takes, direction: Direction, class: Class, context: &Context) -> Option<&Profile> {
    match takes {
        Takes::Person => context.profiles.choose(SubjectKind::Person, direction, class),
        Takes::Vehicle => context.profiles.choose(SubjectKind::Vehicle, direction, class),
        Takes::Occupant => context.profiles.choose_occupant(direction, class),
    }
}
