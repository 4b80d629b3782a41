//! What the subject's face says: polite, short enough to be spoken in two seconds, and never why.

use super::{Words, words};
use crate::control::Prompt;
use crate::model::{Attestation, BodySite, CodeHint, Guidance, StepKind, SubjectKind};

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

/// Whoever came with somebody who shows nothing of their own.
const COMPANION: (Words, Words) = (
    words("请陪同人出示码", "Companion: show your code"),
    words("也可报身份证号", "Or say your identity number"),
);

const OUT: (Words, Words) =
    (words("暂停使用", "Out of service"), words("请找工作人员", "Please see the attendant"));

/// What a prompt asks of a `subject`.
pub const fn prompt(prompt: Prompt, subject: SubjectKind) -> Request {
    let (verb, how) = match prompt {
        Prompt::Welcome => (words("您好", "Welcome"), come_up(subject)),
        Prompt::ShowCode => {
            (words("请出示码", "Show your code"), words("把码对准镜头", "Hold it in front of the camera"))
        }
        Prompt::CompanionCode => COMPANION,
        Prompt::OneCode => (
            words("请只出示一个码", "One code at a time"),
            words("请让别的码离开镜头", "Keep other codes out of view"),
        ),
        Prompt::ShowForehead => (
            words("请测体温", "Temperature check"),
            words("麻烦您配合测量体温，请靠近一点", "Please come a little closer"),
        ),
        Prompt::Register => {
            (words("请登记", "Please register"), words("请口述或出示登记码", "Say it, or show a code"))
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
        Prompt::Disinfect => (
            words("请消毒", "Disinfect, please"),
            words("请按工作人员的提示做", "The attendant shows you how"),
        ),
        Prompt::Answer => (
            words("请回答问题", "A few questions"),
            words("工作人员问您几个问题", "The attendant asks you something"),
        ),
        Prompt::StayHere => {
            (words("请停留", "Please stay"), words("时间到了会通知您", "We tell you when the time is over"))
        }
        Prompt::Pledge => (
            words("请阅读", "Please read"),
            words("看完请按确认，或告诉工作人员", "Then confirm, or tell the attendant"),
        ),
        Prompt::LeaveItems => (
            words("请寄存物品", "Leave your items"),
            words("请交给工作人员，收好号牌", "Hand them over and keep the tag"),
        ),
        Prompt::CollectItems => (
            words("请取回物品", "Collect your items"),
            words("请把号牌交给工作人员", "Give the attendant your tag"),
        ),
        Prompt::WaitForEscort => {
            (words("请等人来接", "You are being met"), words("接您的人马上到", "Somebody is coming for you"))
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
        Prompt::OutOfService => OUT,
    };
    Request { verb, how }
}

/// How to begin.
const fn come_up(subject: SubjectKind) -> Words {
    match subject {
        SubjectKind::Person => words("请走到机器前", "Please come up to the kiosk"),
        SubjectKind::Vehicle => words("请减速，停在线前", "Slow down and stop at the line"),
    }
}

/// Which part of the body to bring to the sensor.
const fn shown_at(site: BodySite) -> (Words, Words) {
    match site {
        BodySite::ForeheadCentre | BodySite::ForeheadMax | BodySite::Canthus | BodySite::FaceMax => {
            (words("请靠近", "Come closer"), words("额头对准圆圈", "Bring your forehead to the ring"))
        }
        BodySite::Neck => {
            (words("请测颈部", "Show your neck"), words("颈侧对准圆圈", "Side of the neck to the ring"))
        }
        BodySite::Wrist => (
            words("请测手腕", "Show your wrist"),
            words("手腕内侧对准圆圈", "Inside of the wrist to the ring"),
        ),
        BodySite::Temple => (
            words("请测太阳穴", "Show your temple"),
            words("太阳穴对准圆圈", "Bring your temple to the ring"),
        ),
    }
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
        Guidance::StepBack => (words("请退一步", "Step back"), words("离得太近了", "You are too close")),
        Guidance::OneAtATime => {
            (words("一次一人", "One at a time"), words("其他人请在线外等", "Others wait behind the line"))
        }
        Guidance::BareForehead => (
            words("请露出额头", "Bare your forehead"),
            words("摘帽、撩开头发，再测一次", "Hat and hair aside, then once more"),
        ),
        Guidance::TooCold => (
            words("此处不能测温", "No measuring here now"),
            words("太冷或太热，工作人员为您测量", "Too cold or hot. The attendant will measure"),
        ),
        Guidance::Measured => {
            (words("已测", "Measured"), words("稍等，再测一次", "One moment, then once more"))
        }
        Guidance::Show(site) => shown_at(site),
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

/// What helps to read the code that is held up.
pub const fn hint(hint: CodeHint) -> Request {
    let (verb, how) = match hint {
        CodeHint::ComeCloser => {
            (words("请靠近一点", "Come closer"), words("码太小，看不清", "The code is too small to read"))
        }
        CodeHint::HoldFurther => (
            words("请拿远一点", "Hold it further away"),
            words("让整个码进入画面", "The whole code must be in view"),
        ),
        CodeHint::TooDark => {
            (words("光线太暗", "Too dark"), words("请把码移到亮处", "Hold the code where there is light"))
        }
        CodeHint::LightComing => {
            (words("正在补光", "More light coming"), words("太暗了，请稍候", "Too dark. One moment"))
        }
        CodeHint::Glare => {
            (words("请转一下", "Tilt it a little"), words("屏幕反光，看不清", "Something shines on the code"))
        }
        CodeHint::HoldStill => (words("请拿稳别动", "Hold it still"), words("马上就好", "Nearly done")),
        CodeHint::BrighterScreen => (
            words("请调亮屏幕", "Brighten the screen"),
            words("屏幕太暗，看不清", "The screen is too dark to read"),
        ),
    };
    Request { verb, how }
}

/// The barrier stands open, or does not move: nobody may go on by that alone.
pub const BARRIER_OPEN: Words = words("道闸未关，请等放行", "Barrier not shut: wait for the signal");

/// The lane is in training: nobody is let through by what is done there.
pub const TRAINING: Words = words("练习", "TRAINING");

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
            Some(Attestation::Companion) => words("陪同人", "Companion"),
            Some(Attestation::PlaceCode) => words("扫码", "Place code"),
            None => words("查看", "Look"),
        },
        StepKind::Plate => words("车牌", "Plate"),
        StepKind::Occupants => words("乘员", "Occupants"),
        StepKind::Disinfection => words("消毒", "Disinfect"),
        StepKind::Question => words("询问", "Question"),
        StepKind::Dwell => words("停留", "Stay"),
        StepKind::Pledge => words("承诺", "Pledge"),
        StepKind::Custody => words("寄存", "Items"),
        StepKind::Escort => words("接送", "Escort"),
        StepKind::Count => words("清点", "Count"),
        StepKind::SignOff => words("签名", "Sign-off"),
        StepKind::Entitlement => words("资格", "Entitled"),
    }
}

/// Before the seconds until disinfection may be stopped.
pub const SPRAY_AT_LEAST: Words = words("消毒至少还要", "Spraying: at least");

/// Before the time until a dwell is over.
pub const STAY_STILL: Words = words("还要停留", "Still to stay");

/// Before the time until the next reading must have come.
pub const NEXT_READING: Words = words("下次读数不晚于", "Next reading within");

/// On the button under a text to confirm.
pub const PLEDGED: Words = words("我已阅读并同意", "I have read this and agree");

/// Before the seconds until disinfection stops by itself.
pub const SPRAY_AT_MOST: Words = words("消毒最多还有", "Spraying: at most");

/// Why a typed identity number was not taken.
pub const BAD_NUMBER: Words = words("号码不对，请再看一遍", "That number is not right. Please check it");

/// Nothing can be typed at this moment.
pub const NOT_NOW: Words = words("请稍等，或告诉工作人员", "Please wait, or tell the attendant");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::courtesy::names_health;

    const PROMPTS: [Prompt; 22] = [
        Prompt::Welcome,
        Prompt::ShowCode,
        Prompt::CompanionCode,
        Prompt::OneCode,
        Prompt::ShowForehead,
        Prompt::Register,
        Prompt::WaitForAttendant,
        Prompt::StopVehicle,
        Prompt::ShutWindows,
        Prompt::Disinfect,
        Prompt::Answer,
        Prompt::StayHere,
        Prompt::Pledge,
        Prompt::LeaveItems,
        Prompt::CollectItems,
        Prompt::WaitForEscort,
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
            StepKind::ALL
                .into_iter()
                .all(|kind| !step(kind, None).zh.is_empty() && !step(kind, None).en.is_empty())
        );
    }

    #[test]
    fn no_request_names_a_reason_of_health() {
        for Request { verb, how } in requests() {
            for text in [verb.zh, verb.en, how.zh, how.en] {
                assert!(!names_health(text), "{text}");
            }
        }
    }

    fn requests() -> impl Iterator<Item = Request> {
        let subjects = [SubjectKind::Person, SubjectKind::Vehicle];
        let prompts = PROMPTS.into_iter().flat_map(move |p| subjects.map(|subject| prompt(p, subject)));
        let hints = CodeHint::ALL.into_iter().map(hint);
        prompts.chain(GUIDANCE.map(guidance)).chain(hints).chain([NO_PHONE])
    }
}
