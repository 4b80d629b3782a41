//! What the subject's face asks for during a session and says after it.

use super::session::{Session, Who};
use crate::control::Prompt;
use crate::model::{StepKind, Verdict};

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
        match step.rule.kind() {
            _ if step.attention().is_some() => Prompt::WaitForAttendant,
            StepKind::Credential if self.crowded => Prompt::OneCode,
            StepKind::Credential => Prompt::ShowCode,
            StepKind::Temperature => Prompt::ShowForehead,
            StepKind::Registration => Prompt::Register,
            StepKind::Attest => Prompt::WaitForAttendant,
            StepKind::Plate | StepKind::Occupants | StepKind::Disinfection => Prompt::StopVehicle,
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
