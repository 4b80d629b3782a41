//! What the subject's face asks for during a session and says after it.

use super::session::{Session, Who};
use crate::base::Slug;
use crate::config::Ask;
use crate::control::Prompt;
use crate::model::{Custody, StepKind, StepWords, Title, Verdict};

impl Session {
    /// What the subject's face asks for.
    pub fn prompt(&self) -> Prompt {
        if let Who::Vehicle(vehicle) = &self.who
            && vehicle.disinfects()
        {
            return Prompt::ShutWindows;
        }
        if self.trouble.is_some() {
            return Prompt::WaitForAttendant;
        }
        let Some(step) = self.served().asked() else { return Prompt::OneMoment };
        let own = self.serves_vehicle();
        match step.rule.kind() {
            _ if step.attention().is_some() => Prompt::WaitForAttendant,
            StepKind::Credential if self.crowded => Prompt::OneCode,
            StepKind::Credential if self.awaits_companion() => Prompt::CompanionCode,
            StepKind::Credential if self.asks_issuer() => Prompt::OneMoment,
            StepKind::Credential => Prompt::ShowCode,
            StepKind::Temperature => Prompt::ShowForehead,
            StepKind::Registration => Prompt::Register,
            StepKind::Attest => Prompt::WaitForAttendant,
            StepKind::Plate | StepKind::Occupants => Prompt::StopVehicle,
            StepKind::Disinfection | StepKind::Count | StepKind::SignOff if own => Prompt::StopVehicle,
            StepKind::Disinfection => Prompt::Disinfect,
            StepKind::Question => Prompt::Answer,
            StepKind::Dwell if self.served().dwells() => Prompt::StayHere,
            StepKind::Pledge => Prompt::Pledge,
            StepKind::Custody if matches!(step.rule.ask, Ask::Custody { way: Custody::Collect, .. }) => {
                Prompt::CollectItems
            }
            StepKind::Custody => Prompt::LeaveItems,
            StepKind::Escort => Prompt::WaitForEscort,
            StepKind::Entitlement => Prompt::OneMoment,
            StepKind::Dwell | StepKind::Count | StepKind::SignOff => Prompt::WaitForAttendant,
        }
    }

    /// The profile's own words for what is asked, where it asks for the step itself.
    pub fn words(&self) -> StepWords {
        let calm = self.trouble.is_none() && !self.crowded;
        let asked = self.served().asked().filter(|step| calm && step.attention().is_none());
        asked.map(|step| step.rule.words.clone()).unwrap_or_default()
    }

    /// The text that the subject is to confirm on their own face.
    pub fn pledge(&self) -> Option<(Slug, Title)> {
        let step = self.served().asked().filter(|_| self.prompt() == Prompt::Pledge)?;
        if let Ask::Pledge { text } = &step.rule.ask {
            Some((step.rule.id.clone(), text.clone()))
        } else {
            None
        }
    }

    fn serves_vehicle(&self) -> bool {
        match &self.who {
            Who::Person(_) => false,
            Who::Vehicle(vehicle) => vehicle.served().is_none(),
        }
    }

    /// What the subject's face says once the verdict is durable.
    pub fn ended_prompt(&self) -> Prompt {
        if self.trouble.is_some() {
            return Prompt::SeeAttendant;
        }
        match self.verdict.as_ref().map(|status| status.verdict) {
            Some(Verdict::Advised | Verdict::TurnedBack) => Prompt::TurnBack,
            Some(Verdict::Held) => Prompt::WaitHere,
            Some(Verdict::Referred | Verdict::HandedOff) => Prompt::SeeAttendant,
            Some(Verdict::Admitted | Verdict::AdmittedWithFollowUp | Verdict::EmergencyAdmitted) => {
                Prompt::Go
            }
            Some(Verdict::Abandoned) | None => Prompt::Welcome,
        }
    }
}
