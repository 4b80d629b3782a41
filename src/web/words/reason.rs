//! Why a verdict fell or a step waits, as attendants read it.

use super::{Words, words};
use crate::model::Reason;

/// Why.
pub const fn reason(reason: Reason) -> Words {
    match reason {
        Reason::NoCredential => words("没有出示码", "No code was shown"),
        Reason::CredentialUnverified => words("此码无法在本机核验", "This code cannot be verified here"),
        Reason::CredentialForged => {
            words("签名不符，码被改动或伪造", "Signature does not match: altered or made up")
        }
        Reason::CredentialUnknownIssuer => words("签发方不受信任", "Signed by an unknown issuer"),
        Reason::CredentialExpired => words("码已过期", "The pass has expired"),
        Reason::CredentialNotYetValid => words("码尚未生效", "The pass is not valid yet"),
        Reason::CredentialWrongSite => words("码不属于本场所", "The pass is for another site"),
        Reason::ClockUntrusted => {
            words("时钟不可信，无法判断有效期", "Clock not trusted: cannot tell if valid")
        }
        Reason::TemperatureElevated => {
            words("皮肤温度达到阈值，请复测", "Skin at or above threshold: measure again")
        }
        Reason::TemperatureUnclear => {
            words("温度接近阈值，请复测", "Too close to the threshold: measure again")
        }
        Reason::TemperatureNotMeasured => words("没有测到温度", "No temperature could be measured"),
        Reason::NotOnRoster => words("名册中没有此人", "Not on the roster"),
        Reason::ClassNotAdmitted => words("按规定此类人员不放行", "The policy does not admit this class"),
        Reason::PlateMismatch => words("车牌与通行证不符", "Plate differs from the pass"),
        Reason::OccupantReferred => words("有乘员需要处理", "An occupant needs attention"),
        Reason::Declined => words("不配合检查", "Declined a step"),
        Reason::AttendantDecision => words("值守人员判断", "Attendant's judgement"),
        Reason::MedicalEmergency => words("紧急就医", "Urgent medical need"),
        Reason::Left => words("人已离开", "The subject left"),
        Reason::TimedOut => words("等待超时", "Nothing happened for too long"),
        Reason::KioskRestarted => words("设备重启", "The kiosk restarted"),
        Reason::ClearedByContactThermometer => {
            words("接触式体温计复测通过", "Cleared by contact thermometer")
        }
        Reason::AnswerToConfirm => words("回答需要核实", "The answer has to be looked into"),
        Reason::AnswerNotAccepted => words("按此回答不能放行", "Nobody goes on with this answer"),
        Reason::CountOutOfRange => words("数量超出规定", "More or fewer than allowed"),
        Reason::DwellInterrupted => words("时间中断，要重新开始", "Broken off: the time starts over"),
        Reason::QuotaUsed => words("通行次数已用完", "Passed as often as allowed"),
        Reason::OutsideHours => words("不在通行时段", "Outside the hours"),
        Reason::TooSoon => words("间隔时间不够", "Not long enough ago"),
        Reason::NotCleared => words("暂离后还没有获准返回", "Kept away and not cleared yet"),
        Reason::HostVisited => words("受访人已有访客在内", "Somebody is with the host already"),
        Reason::HostLeft => words("受访人已经离开", "The host has left"),
        Reason::NoEntry => words("没有进入记录", "No record of coming in"),
        Reason::OtherHost => words("此前探访的是别人", "Visited somebody else before"),
        Reason::CannotTell => words("查不到以往记录，请您判断", "Earlier records unknown: you decide"),
        Reason::TurnedBackBefore => words("不久前被劝返", "Turned back not long ago"),
        Reason::CredentialRevoked => words("码已被签发方撤销", "Taken back by its issuer"),
        Reason::CredentialNotAdmissible => {
            words("码有效，但不符合本处规定", "Valid, but not what the rules ask for")
        }
        Reason::ListsTooOld => words("核验名单过旧，无法判断", "The lists to check it by are too old"),
        Reason::CredentialOutOfWindow => {
            words("动态码已过时，请刷新后再出示", "Not the code of now: show it anew")
        }
        Reason::CredentialUsedElsewhere => {
            words("同一通行证刚在别处出示", "The same pass was just shown elsewhere")
        }
        Reason::IssuerUnanswered => words("现在无法联系签发方核验", "Its issuer cannot be asked now"),
        Reason::UnderObservation => words("观察对象，请您处理", "Under observation: you decide"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_words_in_both_languages_and_none_is_a_diagnosis() {
        for words in reasons().map(reason) {
            let Words { zh, en } = words;
            assert!(!zh.is_empty() && !en.is_empty() && zh != en, "{zh} {en}");
            assert!(!zh.contains("正常") && !en.contains("normal"), "{words:?}");
            assert!(!zh.contains("发热") && !en.contains("fever"), "screening is no diagnosis");
        }
    }

    /// Every reason: each knows the one after it, so that a new one does not compile unless it is listed.
    fn reasons() -> impl Iterator<Item = Reason> {
        std::iter::successors(Some(Reason::NoCredential), |reason| next(*reason))
    }

    fn next(reason: Reason) -> Option<Reason> {
        Some(match reason {
            Reason::NoCredential => Reason::CredentialUnverified,
            Reason::CredentialUnverified => Reason::CredentialForged,
            Reason::CredentialForged => Reason::CredentialUnknownIssuer,
            Reason::CredentialUnknownIssuer => Reason::CredentialExpired,
            Reason::CredentialExpired => Reason::CredentialNotYetValid,
            Reason::CredentialNotYetValid => Reason::CredentialWrongSite,
            Reason::CredentialWrongSite => Reason::ClockUntrusted,
            Reason::ClockUntrusted => Reason::TemperatureElevated,
            Reason::TemperatureElevated => Reason::TemperatureUnclear,
            Reason::TemperatureUnclear => Reason::TemperatureNotMeasured,
            Reason::TemperatureNotMeasured => Reason::NotOnRoster,
            Reason::NotOnRoster => Reason::ClassNotAdmitted,
            Reason::ClassNotAdmitted => Reason::PlateMismatch,
            Reason::PlateMismatch => Reason::OccupantReferred,
            Reason::OccupantReferred => Reason::Declined,
            Reason::Declined => Reason::AttendantDecision,
            Reason::AttendantDecision => Reason::MedicalEmergency,
            Reason::MedicalEmergency => Reason::Left,
            Reason::Left => Reason::TimedOut,
            Reason::TimedOut => Reason::KioskRestarted,
            Reason::KioskRestarted => Reason::ClearedByContactThermometer,
            Reason::ClearedByContactThermometer => Reason::AnswerToConfirm,
            Reason::AnswerToConfirm => Reason::AnswerNotAccepted,
            Reason::AnswerNotAccepted => Reason::CountOutOfRange,
            Reason::CountOutOfRange => Reason::DwellInterrupted,
            Reason::DwellInterrupted => Reason::QuotaUsed,
            Reason::QuotaUsed => Reason::OutsideHours,
            Reason::OutsideHours => Reason::TooSoon,
            Reason::TooSoon => Reason::NotCleared,
            Reason::NotCleared => Reason::HostVisited,
            Reason::HostVisited => Reason::HostLeft,
            Reason::HostLeft => Reason::NoEntry,
            Reason::NoEntry => Reason::OtherHost,
            Reason::OtherHost => Reason::CannotTell,
            Reason::CannotTell => Reason::TurnedBackBefore,
            Reason::TurnedBackBefore => Reason::CredentialRevoked,
            Reason::CredentialRevoked => Reason::CredentialNotAdmissible,
            Reason::CredentialNotAdmissible => Reason::ListsTooOld,
            Reason::ListsTooOld => Reason::CredentialOutOfWindow,
            Reason::CredentialOutOfWindow => Reason::CredentialUsedElsewhere,
            Reason::CredentialUsedElsewhere => Reason::UnderObservation,
            Reason::UnderObservation => Reason::IssuerUnanswered,
            Reason::IssuerUnanswered => return None,
        })
    }
}
