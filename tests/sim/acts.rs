//! What somebody presses who presses whatever there is.

use kakou::base::{Pii, Random};
use kakou::control::{Act, Decision};
use kakou::model::{Attestation, Direction, Reason, SubjectKind};

pub fn any_act(random: &mut Random) -> Act {
    let decisions =
        [Decision::Admit, Decision::TurnBack, Decision::Advise, Decision::Hold, Decision::HandOff];
    let steps = ["credential", "temperature", "registration"];
    match random.below(13) {
        0 | 1 => Act::Emergency,
        2 => Act::Leave,
        3..=5 => {
            let decision = *random.pick(&decisions).unwrap();
            Act::Decide { decision, reason: Reason::AttendantDecision }
        }
        6 => Act::MeasureAgain,
        7 => {
            let step = random.pick(&steps).unwrap().parse().unwrap();
            Act::Waive { step, reason: "device-fault".parse().unwrap() }
        }
        8 => Act::TypeIdNumber(Pii::new("11010519491231002X".to_owned())),
        9 => Act::Attest(Attestation::Mask),
        10 => Act::Next,
        11 => Act::CloseBarrier,
        _ => Act::Begin { subject: SubjectKind::Person, direction: Direction::Inbound },
    }
}
