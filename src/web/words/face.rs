//! What the subject's face says: polite, short enough to be spoken in two seconds, and never why.

use super::{Words, words};
use crate::control::Prompt;
use crate::model::{Attestation, Guidance, StepKind, SubjectKind};

/// One request: a verb to be read across a road, and a sentence beneath it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub verb: Words,
    /// How.
    pub how: Words,
}

/// Always on the screen: the way without a phone.
pub const NO_PHONE: Request = Request {
    verb: words("没有手机也可以", "No phone? No problem"),
    how: words("请说出或出示身份证号", "Say or show your ID number"),
};

/// What a prompt asks of a `subject`.
pub const fn prompt(prompt: Prompt, subject: SubjectKind) -> Request {
    let (verb, how) = match prompt {
        Prompt::Welcome => match subject {
            SubjectKind::Person => {
                (words("您好", "Welcome"), words("请走到机器前", "Please come up to the kiosk"))
            }
            SubjectKind::Vehicle => {
                (words("您好", "Welcome"), words("请减速，停在线前", "Slow down and stop at the line"))
            }
        },
        Prompt::ShowCode => {
            (words("请出示码", "Show your code"), words("把码对准镜头", "Hold it in front of the camera"))
        }
        Prompt::OneCode => (
            words("请只出示一个码", "One code at a time"),
            words("请让别的码离开镜头", "Keep other codes out of view"),
        ),
        Prompt::ShowForehead => (
            words("请测体温", "Temperature check"),
            words("麻烦您配合测量体温，请靠近一点", "Please come a little closer"),
        ),
        Prompt::Register => {
            (words("请登记", "Please register"), words("请告诉工作人员", "Please tell the attendant"))
        }
        Prompt::WaitForAttendant => {
            (words("请稍等", "Please wait"), words("工作人员马上来", "The attendant is coming"))
        }
        Prompt::StopVehicle => {
            (words("请停车", "Please stop"), words("请停稳，打开车窗", "Stop here and open your window"))
        }
        Prompt::ShutWindows => {
            (words("请关窗", "Shut the windows"), words("车辆正在消毒", "The vehicle is being disinfected"))
        }
        Prompt::OneMoment => (words("请稍候", "One moment"), words("马上就好", "Nearly done")),
        Prompt::Go => (words("请通行", "Please go"), words("谢谢您的配合", "Thank you")),
        Prompt::SeeAttendant => {
            (words("请找工作人员", "See the attendant"), words("他们会帮您", "They will help you"))
        }
        Prompt::TurnBack => (
            words("请返回", "Please turn back"),
            words("抱歉，暂不能进入，请咨询工作人员", "Sorry. The attendant can explain"),
        ),
        Prompt::WaitHere => {
            (words("请在此等候", "Please wait here"), words("工作人员马上来", "Somebody is coming"))
        }
        Prompt::OutOfService => {
            (words("暂停使用", "Out of service"), words("请找工作人员", "Please see the attendant"))
        }
    };
    Request { verb, how }
}

/// What helps the temperature step along.
pub const fn guidance(guidance: Guidance) -> Request {
    let (verb, how) = match guidance {
        Guidance::WarmingUp => {
            (words("请稍候", "One moment"), words("机器正在准备", "The sensor is getting ready"))
        }
        Guidance::ComeCloser => {
            (words("请靠近", "Come closer"), words("额头对准圆圈", "Bring your forehead to the ring"))
        }
        Guidance::HoldStill => (words("请别动", "Hold still"), words("马上就好", "Nearly done")),
        Guidance::WaitInside => (
            words("请到里面等", "Wait inside"),
            words("额头太凉，没有测准，请到里面稍等再测", "Too cold to measure. We will try again"),
        ),
        Guidance::AskAttendant => {
            (words("请稍等", "Please wait"), words("工作人员为您测量", "The attendant will measure"))
        }
    };
    Request { verb, how }
}

/// The barrier stands open, or does not move: nobody may go on by that alone.
pub const BARRIER_OPEN: Words = words("道闸未关，请等放行", "Barrier not shut: wait for the signal");

/// A step of a lane where the first thing to attest is `attest`.
pub const fn step(kind: StepKind, attest: Option<Attestation>) -> Words {
    match kind {
        StepKind::Credential => words("出示码", "Code"),
        StepKind::Temperature => words("测体温", "Temperature"),
        StepKind::Registration => words("登记", "Register"),
        StepKind::Attest => match attest {
            Some(Attestation::Mask) => words("口罩", "Mask"),
            Some(Attestation::UnverifiedCredential) => words("看码", "Code seen"),
            Some(Attestation::TravelRecord) => words("行程", "Travel"),
            Some(Attestation::Papers) => words("证件", "Papers"),
            None => words("查看", "Look"),
        },
        StepKind::Plate => words("车牌", "Plate"),
        StepKind::Occupants => words("乘员", "Occupants"),
        StepKind::Disinfection => words("消毒", "Disinfect"),
    }
}

/// Before the seconds until disinfection may be stopped.
pub const SPRAY_AT_LEAST: Words = words("消毒至少还要", "Spraying: at least");

/// Before the seconds until disinfection stops by itself.
pub const SPRAY_AT_MOST: Words = words("消毒最多还有", "Spraying: at most");

/// Why a typed identity number was not taken.
pub const BAD_NUMBER: Words = words("号码不对，请再看一遍", "That number is not right. Please check it");

/// Nothing can be typed at this moment.
pub const NOT_NOW: Words = words("请稍等，或告诉工作人员", "Please wait, or tell the attendant");

/// Words that would tell a queue something about somebody's health.
#[cfg(test)]
const NEVER: [&str; 22] = [
    "发热",
    "发烧",
    "高温",
    "偏高",
    "异常",
    "正常",
    "阳性",
    "阴性",
    "疑似",
    "隔离",
    "感染",
    "确诊",
    "病",
    "fever",
    "elevated",
    "normal",
    "positive",
    " infect",
    " ill",
    "sick",
    "quarantine",
    "isolat",
];

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPTS: [Prompt; 14] = [
        Prompt::Welcome,
        Prompt::ShowCode,
        Prompt::OneCode,
        Prompt::ShowForehead,
        Prompt::Register,
        Prompt::WaitForAttendant,
        Prompt::StopVehicle,
        Prompt::ShutWindows,
        Prompt::OneMoment,
        Prompt::Go,
        Prompt::SeeAttendant,
        Prompt::TurnBack,
        Prompt::WaitHere,
        Prompt::OutOfService,
    ];

    const GUIDANCE: [Guidance; 5] = [
        Guidance::WarmingUp,
        Guidance::ComeCloser,
        Guidance::HoldStill,
        Guidance::WaitInside,
        Guidance::AskAttendant,
    ];

    const STEPS: [StepKind; 7] = [
        StepKind::Credential,
        StepKind::Temperature,
        StepKind::Registration,
        StepKind::Attest,
        StepKind::Plate,
        StepKind::Occupants,
        StepKind::Disinfection,
    ];

    #[test]
    fn every_request_says_something_short_in_both_languages() {
        for request in requests() {
            let Request { verb, how } = request;
            assert!(!verb.zh.is_empty() && !verb.en.is_empty() && !how.zh.is_empty() && !how.en.is_empty());
            assert!(verb.zh.chars().count() <= 7, "{} is not one verb", verb.zh);
            assert!(how.zh.chars().count() <= 19, "{} takes too long to say", how.zh);
            assert!(how.en.len() <= 42, "{} takes too long to say", how.en);
        }
        assert!(
            STEPS.into_iter().all(|kind| !step(kind, None).zh.is_empty() && !step(kind, None).en.is_empty())
        );
    }

    #[test]
    fn no_request_names_a_reason_of_health() {
        for Request { verb, how } in requests() {
            for text in [verb.zh, verb.en, how.zh, how.en] {
                let text = format!(" {}", text.to_lowercase());
                assert!(NEVER.iter().all(|never| !text.contains(never)), "{text}");
            }
        }
    }

    fn requests() -> impl Iterator<Item = Request> {
        let subjects = [SubjectKind::Person, SubjectKind::Vehicle];
        let prompts = PROMPTS.into_iter().flat_map(move |p| subjects.map(|subject| prompt(p, subject)));
        prompts.chain(GUIDANCE.map(guidance)).chain([NO_PHONE])
    }
}
