//! The six places for actions, and which action is where.
//!
//! ```text
//! F1 admit, begin, next     F2 emergency, always
//! F3 the step's own way     F4 other ways, waive
//! F5 other decisions, or     F6 turn back
//!    training while idle
//! ```
//! What opens the barrier is in the first row, what refuses or closes in the last, and a row lies between them. While
//! somebody is served, closing a barrier that stands open is among the other ways.

use maud::{Markup, html};

use super::address;
use super::card::kebab;
use super::{entries, prepared};
use crate::control::{
    BarrierState, CompanionStatus, Decision, Direct, LaneStatus, Phase, StepState, StepStatus,
};
use crate::model::{Attestation, Direction, Reason, Role, StepKind, SubjectKind};
use crate::web::page::labelled;
use crate::web::symbol::{self, Symbol};
use crate::web::words::{Said, Words, desk, words};

/// Why disinfection cannot be ended yet; the seconds stand on the card.
const TOO_EARLY: Words = words("时间还不够", "Not long enough yet");

/// One action of the attendant.
pub struct Action {
    /// Its symbol.
    pub symbol: Symbol,
    /// What it says.
    pub words: Said,
    /// What it does.
    pub does: Does,
    /// How it looks.
    pub look: &'static str,
}

/// What an action does.
pub enum Does {
    /// Leads to a page under the lane's.
    Leads(String),
    /// Posts these fields at once.
    Posts(Vec<(&'static str, String)>),
    /// Posts these fields after a hold of one second, or after a page that asks.
    Holds(Vec<(&'static str, String)>),
    /// Nothing now, and says why.
    Waits(Words),
}

/// The emergency: on every page of a lane.
pub fn emergency() -> Action {
    Action {
        symbol: symbol::URGENT,
        words: words("紧急放行", "Emergency").into(),
        does: Does::Holds(vec![("act", "emergency".to_owned())]),
        look: "urgent",
    }
}

/// Where the emergency is among them.
const EMERGENCY: usize = 1;

/// Where training begins and ends, where nobody is served.
const TRAINING: usize = 4;

/// The six places of the lane's page; whoever only looks on has the emergency's. The fifth is for `training` while nothing
/// else is there.
pub fn panel(lane: &LaneStatus, role: Role, training: Option<Action>) -> Markup {
    let mut places = places(lane);
    places[TRAINING] = places[TRAINING].take().or(training);
    html! {
        div.actions {
            @for (index, action) in places.iter().enumerate() {
                div.place {
                    @if let Some(action) = action.as_ref().filter(|_| role.staffs() || index == EMERGENCY) { (button(lane, action, index + 1)) }
                }
            }
        }
    }
}

/// What is in each of the six places.
fn places(lane: &LaneStatus) -> [Option<Action>; 6] {
    let (mut first, mut rest) = (None, [None, None, None, None]);
    match lane.phase {
        Phase::Idle => {
            let [one, two] = begins(lane);
            first = one;
            rest[0] = two;
        }
        Phase::Steps | Phase::Referred => {
            first = Some(admit(lane));
            rest = [step_way(lane), other_ways(lane), Some(other_decisions()), Some(turn_back(lane))];
        }
        Phase::Ended => first = Some(next()),
        Phase::Recording | Phase::Crossing | Phase::OutOfService => {}
    }
    rest[3] = rest[3].take().or_else(|| close_barrier(lane));
    let [third, fourth, fifth, sixth] = rest;
    [first, Some(emergency()), third, fourth, fifth, sixth]
}

/// Begins a session for a subject that no sensor announced, one way or either.
fn begins(lane: &LaneStatus) -> [Option<Action>; 2] {
    let begin = |direction: Direction| {
        let words = match (lane.takes, direction) {
            (SubjectKind::Person, Direction::Inbound) => words("来人，进", "Person in"),
            (SubjectKind::Person, Direction::Outbound) => words("来人，出", "Person out"),
            (SubjectKind::Vehicle, Direction::Inbound) => words("来车，进", "Vehicle in"),
            (SubjectKind::Vehicle, Direction::Outbound) => words("来车，出", "Vehicle out"),
        };
        let fields = vec![
            ("act", "begin".to_owned()),
            ("subject", kebab(&lane.takes)),
            ("direction", kebab(&direction)),
        ];
        Action {
            symbol: symbol::direction(direction),
            words: words.into(),
            does: Does::Posts(fields),
            look: "plain",
        }
    };
    match lane.direct {
        Direct::Inbound => [Some(begin(Direction::Inbound)), None],
        Direct::Outbound => [Some(begin(Direction::Outbound)), None],
        Direct::Both => [Some(begin(Direction::Inbound)), Some(begin(Direction::Outbound))],
    }
}

fn next() -> Action {
    Action {
        symbol: symbol::TICK,
        words: words("下一位", "Next").into(),
        does: Does::Posts(vec![("act", "next".to_owned())]),
        look: "plain",
    }
}

/// Admits, once nothing stands in the way; until then it says what does.
fn admit(lane: &LaneStatus) -> Action {
    let does = if open_steps(lane).next().is_none() {
        Does::Posts(decision(Decision::Admit, Reason::AttendantDecision))
    } else {
        Does::Waits(words("还有项目未完成", "Steps still open"))
    };
    Action { symbol: symbol::AHEAD, words: desk::decision(Decision::Admit).into(), does, look: "admit" }
}

fn turn_back(lane: &LaneStatus) -> Action {
    let fields = decision(Decision::TurnBack, likely_reason(lane));
    Action {
        symbol: symbol::U_TURN,
        words: desk::decision(Decision::TurnBack).into(),
        does: Does::Holds(fields),
        look: "refuse",
    }
}

fn other_decisions() -> Action {
    Action {
        symbol: symbol::TALK,
        words: words("其他决定", "Other decisions").into(),
        does: Does::Leads("/decide".to_owned()),
        look: "plain",
    }
}

/// Closes a barrier that stands open or is stuck, while nothing is below.
fn close_barrier(lane: &LaneStatus) -> Option<Action> {
    let does = match lane.barrier {
        BarrierState::StandsOpen | BarrierState::Stuck if lane.beam_blocked => {
            Does::Waits(words("杆下有物", "Something is under it"))
        }
        BarrierState::StandsOpen | BarrierState::Stuck => {
            Does::Holds(vec![("act", "close-barrier".to_owned())])
        }
        BarrierState::Opening | BarrierState::Open | BarrierState::Closing | BarrierState::Closed => {
            return None;
        }
    };
    Some(Action {
        symbol: symbol::BARRIER_CLOSED,
        words: words("关闸", "Close barrier").into(),
        does,
        look: "plain",
    })
}

fn other_ways(lane: &LaneStatus) -> Option<Action> {
    if open_steps(lane).next().is_none() {
        return close_barrier(lane);
    }
    Some(Action {
        symbol: symbol::LIST,
        words: words("其他办法", "Other ways").into(),
        does: Does::Leads("/ways".to_owned()),
        look: "plain",
    })
}

/// The first way to settle the first open step; a follow-up once none is open.
fn step_way(lane: &LaneStatus) -> Option<Action> {
    match open_steps(lane).next() {
        Some(step) => {
            let way = step_ways(lane, step).into_iter().next()?;
            let early = step.kind == StepKind::Disinfection
                && lane.disinfecting.is_some_and(|running| running.may_stop_ms > 0);
            Some(if early { Action { does: Does::Waits(TOO_EARLY), ..way } } else { way })
        }
        None => Some(Action {
            symbol: symbol::AHEAD,
            words: desk::decision(Decision::AdmitWithFollowUp).into(),
            does: Does::Posts(decision(Decision::AdmitWithFollowUp, Reason::AttendantDecision)),
            look: "plain",
        }),
    }
}

/// Every way to settle the open steps, likeliest first; before them, to close a barrier that stands open.
pub fn ways(lane: &LaneStatus) -> Vec<Action> {
    let of_steps = open_steps(lane).flat_map(|step| step_ways(lane, step));
    close_barrier(lane).into_iter().chain(of_steps).chain(stays_behind(lane)).chain(not_here(lane)).collect()
}

/// Where somebody in a vehicle is being served, and others would go on: they stay here.
fn stays_behind(lane: &LaneStatus) -> Option<Action> {
    let goes_on = lane.occupants.iter().filter(|occupant| occupant.apart.is_none()).count();
    let served = lane.occupants.iter().any(|occupant| !occupant.settled);
    let words = words("此人留下，车辆继续", "One stays, vehicle goes on");
    (served && goes_on > 1).then(|| leads(symbol::HAND, words, "/apart"))
}

/// Where only a passenger list says that whoever is served is in the vehicle: they are not.
fn not_here(lane: &LaneStatus) -> Option<Action> {
    let goes_on = lane.occupants.iter().filter(|occupant| occupant.apart.is_none()).count();
    let served = lane.occupants.iter().find(|occupant| !occupant.settled)?;
    let fields = vec![("act", "not-here".to_owned())];
    (served.only_listed && goes_on > 1)
        .then(|| posts(symbol::CROSS, words("此人不在车上", "Not in the vehicle"), fields))
}

/// Ways to settle one step.
fn step_ways(lane: &LaneStatus, step: &StepStatus) -> Vec<Action> {
    let attest = |what: Attestation| {
        let fields = vec![("act", "attest".to_owned()), ("what", kebab(&what))];
        posts(symbol::attestation(what), desk::attestation(what), fields)
    };
    let act = |name: &str| vec![("act", name.to_owned())];
    let mut ways = match step.kind {
        StepKind::Credential => {
            let mut ways = vec![leads(symbol::CARD, words("输身份证号", "Type ID number"), "/pad/id")];
            ways.extend(
                lane.attestations.iter().copied().filter(|what| in_place_of_credential(*what)).map(attest),
            );
            ways.extend(companion(lane));
            ways
        }
        StepKind::Temperature => {
            let contact =
                leads(symbol::THERMOMETER, words("体温计复测", "Contact thermometer"), "/pad/contact");
            let again = posts(symbol::AGAIN, words("重新测温", "Measure again"), act("again"));
            if wants_attendant(&step.state) { vec![contact, again] } else { vec![again, contact] }
        }
        StepKind::Registration => prepared::ways(lane),
        StepKind::Attest => step.attest.map(attest).into_iter().collect(),
        StepKind::Plate => vec![
            leads(symbol::PLATE, words("输入车牌", "Type the plate"), "/pad/plate"),
            posts(symbol::CROSS, words("无牌", "No plate"), act("no-plate")),
        ],
        StepKind::Occupants => {
            let count = leads(symbol::PEOPLE, words("输入人数", "How many people"), "/pad/count");
            let list = leads(symbol::CLIPBOARD, words("乘客名单", "Passenger list"), "/manifest");
            if lane.manifest.is_some() { vec![list, count] } else { vec![count, list] }
        }
        StepKind::Disinfection if lane.disinfecting.is_some() => {
            vec![posts(symbol::TICK, words("消毒完成", "Disinfection done"), act("stop-disinfection"))]
        }
        StepKind::Disinfection => lane.agents.iter().map(start_disinfection).collect(),
        StepKind::Question
        | StepKind::Dwell
        | StepKind::Pledge
        | StepKind::Custody
        | StepKind::Escort
        | StepKind::Count
        | StepKind::SignOff => entries::ways(step),
        // Records and the time say it, or an attendant sets it aside.
        StepKind::Entitlement => vec![],
    };
    if !step.waivers.is_empty() {
        ways.push(leads(symbol::LEAP, waive_words(step.kind), &format!("/waive/{}", step.id)));
    }
    ways
}

/// Somebody who shows nothing of their own, and for whom whoever came with them answers.
fn companion(lane: &LaneStatus) -> Option<Action> {
    let (words, act) = match lane.companion.as_ref()? {
        CompanionStatus::MayAnswer => (words("由陪同人代办", "A companion answers"), "companion"),
        CompanionStatus::Awaited => (words("不用陪同人", "No companion"), "no-companion"),
        CompanionStatus::Answers { .. } => return None,
    };
    Some(posts(symbol::PEOPLE, words, vec![("act", act.to_owned())]))
}

/// An action that leads to a page under the lane's.
pub fn leads(symbol: Symbol, words: impl Into<Said>, to: &str) -> Action {
    Action { symbol, words: words.into(), does: Does::Leads(to.to_owned()), look: "plain" }
}

/// An action that posts `fields`.
pub fn posts(symbol: Symbol, words: impl Into<Said>, fields: Vec<(&'static str, String)>) -> Action {
    Action { symbol, words: words.into(), does: Does::Posts(fields), look: "plain" }
}

/// Whether an attendant's look can stand for a credential that no machine here can check.
const fn in_place_of_credential(what: Attestation) -> bool {
    match what {
        Attestation::UnverifiedCredential | Attestation::Papers => true,
        Attestation::Mask | Attestation::TravelRecord | Attestation::Companion | Attestation::PlaceCode => {
            false
        }
    }
}

fn start_disinfection(agent: &crate::base::Slug) -> Action {
    let fields = vec![("act", "start-disinfection".to_owned()), ("agent", agent.to_string())];
    let words = desk::slug(agent).unwrap_or(words("开始消毒", "Start disinfection"));
    posts(symbol::SPRAY, words, fields)
}

/// Names the step that is set aside.
const fn waive_words(step: StepKind) -> Words {
    match step {
        StepKind::Credential => words("免出示码", "Waive the code"),
        StepKind::Temperature => words("免测温", "Waive temperature"),
        StepKind::Registration => words("免登记", "Waive registration"),
        StepKind::Attest => words("免查看", "Waive the look"),
        StepKind::Plate => words("免车牌", "Waive the plate"),
        StepKind::Occupants => words("免查乘员", "Waive occupants"),
        StepKind::Disinfection => words("免消毒", "Waive disinfection"),
        StepKind::Question => words("免询问", "Waive the question"),
        StepKind::Dwell => words("免停留", "Waive the stay"),
        StepKind::Pledge => words("免承诺", "Waive the pledge"),
        StepKind::Custody => words("免寄存", "Waive the items"),
        StepKind::Escort => words("免接送", "Waive the escort"),
        StepKind::Count => words("免清点", "Waive the count"),
        StepKind::SignOff => words("免签名", "Waive the signature"),
        StepKind::Entitlement => words("准予例外", "Let through all the same"),
    }
}

/// Open steps of whoever is being served: first those that need the attendant, then in order. A vehicle's
/// occupants come before its own later steps.
pub fn open_steps(lane: &LaneStatus) -> impl Iterator<Item = &StepStatus> {
    let occupant = lane.occupants.iter().find(|occupant| !occupant.settled);
    let occupants = occupant.map(|occupant| occupant.steps.as_slice()).unwrap_or_default();
    let mut open: Vec<&StepStatus> =
        occupants.iter().chain(&lane.steps).filter(|step| is_open(step)).collect();
    open.sort_by_key(|step| match step.state {
        StepState::NeedsAttendant { .. } | StepState::Failed { .. } => 0,
        StepState::Asked => 1,
        StepState::Open | StepState::Done | StepState::Waived { .. } => 2,
    });
    open.into_iter()
}

const fn is_open(step: &StepStatus) -> bool {
    match step.state {
        StepState::Open | StepState::Asked | StepState::NeedsAttendant { .. } | StepState::Failed { .. } => {
            true
        }
        StepState::Done | StepState::Waived { .. } => false,
    }
}

const fn wants_attendant(state: &StepState) -> bool {
    match state {
        StepState::NeedsAttendant { .. } | StepState::Failed { .. } => true,
        StepState::Open | StepState::Asked | StepState::Done | StepState::Waived { .. } => false,
    }
}

/// Why the attendant most likely refuses: what the lane itself found, else their own judgement.
pub fn likely_reason(lane: &LaneStatus) -> Reason {
    let verdict = lane.verdict.as_ref().and_then(|verdict| verdict.reasons.first().copied());
    let step = open_steps(lane).find_map(|step| match step.state {
        StepState::NeedsAttendant { reason } | StepState::Failed { reason } => Some(reason),
        StepState::Open | StepState::Asked | StepState::Done | StepState::Waived { .. } => None,
    });
    verdict.or(step).unwrap_or(Reason::AttendantDecision)
}

/// The fields of a decision.
pub fn decision(decision: Decision, reason: Reason) -> Vec<(&'static str, String)> {
    vec![("act", "decide".to_owned()), ("decision", kebab(&decision)), ("reason", kebab(&reason))]
}

/// The fields of what becomes of an occupant who stays here.
pub fn set_down(decision: Decision, reason: Reason) -> Vec<(&'static str, String)> {
    vec![("act", "set-down".to_owned()), ("decision", kebab(&decision)), ("reason", kebab(&reason))]
}

/// One action as a button; `key` is the function key that presses it.
pub fn button(lane: &LaneStatus, action: &Action, key: usize) -> Markup {
    let id = format!("f{key}");
    let name = format!("F{key}");
    let inside = html! { kbd { (name) } (labelled(action.symbol, &action.words)) };
    let form = |fields: &[(&'static str, String)], button: Markup| {
        html! {
            form method="post" action=(address(lane, "/do")) {
                input type="hidden" name="seen" value=(lane.passages);
                @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
                (button)
            }
        }
    };
    match &action.does {
        Does::Leads(to) => html! {
            a.act.(action.look) id=(id) data-key=(name) href=(address(lane, to)) { (inside) }
        },
        Does::Posts(fields) => form(
            fields,
            html! {
                button.act.(action.look) id=(id) data-key=(name) type="submit" {
                    (inside)
                    @if let Some(name) = unworded(fields) { span.hint { (name) } }
                }
            },
        ),
        Does::Holds(fields) => form(
            fields,
            html! {
                button.act.hold.(action.look) id=(id) data-key=(name) type="submit"
                    formaction=(address(lane, "/sure")) {
                    (inside)
                    span.hint { (words("按住一秒", "Hold 1 s")) }
                }
            },
        ),
        Does::Waits(why) => html! {
            button.act.(action.look) id=(id) data-key=(name) type="button" disabled {
                (inside) span.hint { (why) }
            }
        },
    }
}

/// The site's own name of a waiver's reason or an agent that the tables of words do not know.
fn unworded<'a>(fields: &'a [(&'static str, String)]) -> Option<&'a str> {
    let named = |name: &str| fields.iter().find(|field| field.0 == name).map(|field| field.1.as_str());
    let given = match named("act")? {
        "waive" => named("reason")?,
        "start-disinfection" => named("agent")?,
        _ => return None,
    };
    let slug = given.parse().ok()?;
    desk::slug(&slug).is_none().then_some(given)
}
