//! What became of a step, in words and numbers.

use super::screening::not_measured;
use super::{Words, reason};
use crate::base::AttendantId;
use crate::model::{Evidence, ModuleColour, PlateOrigin, StepOutcome};

/// What became of a step.
pub fn outcome(outcome: &StepOutcome) -> (&'static str, Words) {
    match outcome {
        StepOutcome::Open => ("○", ("未做", "open")),
        StepOutcome::Done(_) => ("✓", ("完成", "done")),
        StepOutcome::Waived { .. } => ("↷", ("免做", "waived")),
        StepOutcome::Failed { reason: why, .. } => ("✕", reason(*why)),
        StepOutcome::NotMeasured(why) => ("?", not_measured(*why)),
    }
}

/// What a step of the newer kinds came to, in the profile's own names and in numbers.
pub fn detail(outcome: &StepOutcome) -> Option<String> {
    let evidence = match outcome {
        StepOutcome::Done(evidence) | StepOutcome::Failed { evidence: Some(evidence), .. } => evidence,
        StepOutcome::Open
        | StepOutcome::Waived { .. }
        | StepOutcome::Failed { evidence: None, .. }
        | StepOutcome::NotMeasured(_) => return None,
    };
    Some(match evidence {
        Evidence::Answered { answer, table: Some(version), listed: Some(listed), .. } => {
            let found = if *listed { "在表内 listed" } else { "不在表内 not listed" };
            format!("{answer}，风险地区表 table {version}：{found}")
        }
        Evidence::Answered { answer, .. } => answer.to_string(),
        Evidence::Dwelt { seconds, low: Some(low), high: Some(high), .. } => {
            format!("{seconds} s, {low}–{high} °C")
        }
        Evidence::Dwelt { seconds, .. } => format!("{seconds} s"),
        Evidence::Disinfected { agent, seconds, .. } => format!("{agent}, {seconds} s"),
        Evidence::Items { number, tag: Some(tag), .. } => format!("{number} × № {tag}"),
        Evidence::Items { number, .. } => number.to_string(),
        Evidence::Counted { number, .. } => number.to_string(),
        Evidence::Remembered { record, minutes } => format!("№ {record}, ≤ {minutes} min"),
        Evidence::Carried { minutes } => format!("通行证所载 by the pass, ≤ {minutes} min"),
        Evidence::Signed { by } => by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        Evidence::Occupants { declared, listed: Some(listed), .. } => {
            format!("{declared}/{listed} 名单上 on the list")
        }
        Evidence::Plate { origin: Some(PlateOrigin::Local), .. } => "本地 local".to_owned(),
        Evidence::Plate { origin: Some(PlateOrigin::OutOfTown), .. } => "外地 out of town".to_owned(),
        Evidence::Plate { origin: Some(PlateOrigin::Unplaced), .. } => "不属任何地区 of no place".to_owned(),
        Evidence::Registered { fields, by_code: Some(by_code), .. } => {
            format!("{by_code}/{fields} 登记码自述 stated by code")
        }
        Evidence::Attested { colour: Some(colour), .. } => shown_in(*colour).to_owned(),
        Evidence::Credential { .. }
        | Evidence::RosterEntry
        | Evidence::PlaceCode
        | Evidence::Temperature { .. }
        | Evidence::ContactTemperature { .. }
        | Evidence::Registered { by_code: None, .. }
        | Evidence::Attested { colour: None, .. }
        | Evidence::Plate { origin: None, .. }
        | Evidence::Occupants { listed: None, .. }
        | Evidence::Pledged { .. }
        | Evidence::Escorted { .. }
        | Evidence::Entitled => return None,
    })
}

/// The colour of the code that an attendant looked at.
const fn shown_in(colour: ModuleColour) -> &'static str {
    match colour {
        ModuleColour::Black => "码呈黑色 shown in black",
        ModuleColour::Green => "码呈绿色 shown in green",
        ModuleColour::Yellow => "码呈黄色 shown in yellow",
        ModuleColour::Red => "码呈红色 shown in red",
        ModuleColour::Blue => "码呈蓝色 shown in blue",
    }
}

/// Who is named in the outcome of a step, and why.
pub fn outcome_by(outcome: &StepOutcome) -> Option<(&AttendantId, Option<&str>)> {
    match outcome {
        StepOutcome::Waived { by, reason } => Some((by, Some(reason.as_str()))),
        StepOutcome::Done(evidence) => evidence.attendants().last().map(|by| (*by, None)),
        StepOutcome::Open | StepOutcome::Failed { .. } | StepOutcome::NotMeasured(_) => None,
    }
}
