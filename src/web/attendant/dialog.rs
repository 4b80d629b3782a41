//! Pages behind the lane's page: other ways, other decisions, reasons, pads, the registration, and "are you sure".
//!
//! Each has at most four choices, the emergency (F2) and the way back (F6), always in the same places.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use maud::{Markup, Render, html};
use serde::Deserialize;

use super::act::{Fields, field, named};
use super::actions::{self, Action, Does, button, emergency, posts};
use super::{SignedIn, address, entries, prepared};
use crate::base::{LaneId, Slug};
use crate::control::{Decision, FieldStatus, LaneStatus, Refused};
use crate::model::{FieldForm, Reason};
use crate::web::lane::step_name;
use crate::web::pad::{Kind, Pad};
use crate::web::page::{self, Frame, labelled, not_found};
use crate::web::shared::{Shared, lane};
use crate::web::words::{Words, desk, own, words};
use crate::web::{session, symbol};

/// Choices on one page.
const CHOICES: usize = 4;

/// Which page of many choices.
#[derive(Deserialize)]
pub struct Turn {
    /// The first choice on it.
    #[serde(default)]
    pub from: usize,
}

/// `GET …/ways`: every way to settle the open steps.
pub async fn ways(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path(id): Path<LaneId>,
    Query(turn): Query<Turn>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return not_found() };
    let choices = turned(actions::ways(lane), &turn, "/ways");
    choice_page(lane, words("其他办法", "Other ways"), None::<Words>, &choices, &headers).into_response()
}

/// `GET …/decide`: decisions beside admitting and turning back.
pub async fn decide(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path(id): Path<LaneId>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return not_found() };
    let reason = actions::likely_reason(lane);
    let decide = |decision, symbol| Action {
        symbol,
        words: desk::decision(decision).into(),
        does: Does::Holds(actions::decision(decision, reason)),
        look: "refuse",
    };
    let left = Action {
        symbol: symbol::LEFT,
        words: words("人已离开", "The subject left").into(),
        does: Does::Holds(vec![("act", "leave".to_owned())]),
        look: "plain",
    };
    let choices = [
        decide(Decision::Advise, symbol::TALK),
        decide(Decision::Hold, symbol::HAND),
        decide(Decision::HandOff, symbol::HAND_OFF),
        left,
    ];
    choice_page(lane, words("其他决定", "Other decisions"), Some(desk::reason(reason)), &choices, &headers)
        .into_response()
}

/// `GET …/apart`: what becomes of the occupant who stays here while the vehicle goes on?
pub async fn apart(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path(id): Path<LaneId>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return not_found() };
    let reason = actions::likely_reason(lane);
    let stays = |decision, symbol| Action {
        symbol,
        words: desk::decision(decision).into(),
        does: Does::Holds(actions::set_down(decision, reason)),
        look: "refuse",
    };
    let choices = [
        stays(Decision::Hold, symbol::HAND),
        stays(Decision::HandOff, symbol::HAND_OFF),
        stays(Decision::TurnBack, symbol::U_TURN),
    ];
    let title = words("此人留下，车辆继续", "This one stays, the vehicle goes on");
    choice_page(lane, title, Some(desk::reason(reason)), &choices, &headers).into_response()
}

/// `GET …/waive/{step}`: why is this step set aside?
pub async fn waive(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path((id, step)): Path<(LaneId, Slug)>,
    Query(turn): Query<Turn>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return not_found() };
    let open = actions::open_steps(lane).find(|open| open.id == step);
    let reasons = open.map(|open| open.waivers.as_slice()).unwrap_or_default();
    let choice = |reason: &Slug| Action {
        symbol: symbol::LEAP,
        words: desk::slug(reason).unwrap_or(words("其他原因", "Other reason")).into(),
        does: Does::Posts(vec![
            ("act", "waive".into()),
            ("step", step.to_string()),
            ("reason", reason.to_string()),
        ]),
        look: "plain",
    };
    let choices = turned(reasons.iter().map(choice).collect(), &turn, &format!("/waive/{step}"));
    let title = words("为什么免做？", "Why is it waived?");
    choice_page(lane, title, open.map(step_name), &choices, &headers).into_response()
}

/// `POST …/sure`: asks once more what a hold of one second would have confirmed.
pub async fn sure(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path(id): Path<LaneId>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return not_found() };
    let yes = |symbol, words: Words, fields| Action { look: "refuse", ..posts(symbol, words, fields) };
    let decision = named::<Decision>(&fields, "decision");
    let (title, choices) = match (field(&fields, "act"), decision) {
        ("decide", Ok(decision)) => {
            let likely = named(&fields, "reason").unwrap_or(Reason::AttendantDecision);
            let choice =
                |reason| yes(symbol::TICK, desk::reason(reason), actions::decision(decision, reason));
            (desk::decision(decision), reasons(likely).into_iter().map(choice).collect())
        }
        ("set-down", Ok(decision)) => {
            let reason = named(&fields, "reason").unwrap_or(Reason::AttendantDecision);
            let stays = yes(symbol::TICK, desk::reason(reason), actions::set_down(decision, reason));
            (desk::decision(decision), vec![stays])
        }
        ("leave", _) => {
            let fields = vec![("act", "leave".to_owned())];
            (
                words("人已离开？", "Has the subject left?"),
                vec![yes(symbol::LEFT, words("是", "Yes"), fields)],
            )
        }
        ("close-barrier", _) => {
            let fields = vec![("act", "close-barrier".to_owned())];
            (
                words("关闸？请看清杆下没有人和车", "Close it? Look that nobody is below"),
                vec![yes(symbol::BARRIER_CLOSED, words("是，关闸", "Yes, close it"), fields)],
            )
        }
        _ => {
            let fields = vec![("act", "emergency".to_owned())];
            let urgent = yes(symbol::URGENT, words("是，紧急放行", "Yes, let them through"), fields);
            (words("紧急放行？", "Emergency?"), vec![Action { look: "urgent", ..urgent }])
        }
    };
    choice_page(lane, title, Some(words("请确认", "Please confirm")), &choices, &headers).into_response()
}

/// The likely reason and those an attendant gives most.
fn reasons(likely: Reason) -> Vec<Reason> {
    let usual = [Reason::Declined, Reason::ClassNotAdmitted, Reason::AttendantDecision];
    std::iter::once(likely)
        .chain(usual.into_iter().filter(|reason| *reason != likely))
        .take(CHOICES)
        .collect()
}

/// At most four choices; of more, three and the way to the others.
pub fn turned(choices: Vec<Action>, turn: &Turn, here: &str) -> Vec<Action> {
    if choices.len() <= CHOICES {
        return choices;
    }
    let (from, count) = (if turn.from < choices.len() { turn.from } else { 0 }, choices.len());
    let mut shown: Vec<_> = choices.into_iter().skip(from).take(CHOICES - 1).collect();
    let next = if from + CHOICES > count { 0 } else { from + CHOICES - 1 };
    let join = if here.contains('?') { '&' } else { '?' };
    shown.push(Action {
        symbol: symbol::MORE,
        words: words("更多", "More").into(),
        does: Does::Leads(format!("{here}{join}from={next}")),
        look: "plain",
    });
    shown
}

pub fn frame<'a>(lane: &'a LaneStatus, kind: &'static str, headers: &HeaderMap) -> Frame<'a> {
    Frame {
        title: &lane.title,
        kind,
        theme: session::theme(headers),
        live: Some(address(lane, "/live")),
        subject: Some((lane.lane.to_string(), lane.passages, address(lane, ""))),
    }
}

pub fn choice_page(
    lane: &LaneStatus,
    title: impl Render,
    about: Option<impl Render>,
    choices: &[Action],
    headers: &HeaderMap,
) -> Markup {
    // Function keys by place: F2 is the emergency and F6 the way back, on every page.
    const KEYS: [usize; CHOICES] = [1, 3, 4, 5];
    let content = html! {
        main.choices {
            header {
                h1 { (title) }
                p.subject { @if let Some(subject) = &lane.subject { b { (subject) } } }
                @if let Some(about) = about { p { (about) } }
            }
            @for (choice, key) in choices.iter().zip(KEYS) {
                div.place.{ "at-" (key) } { (button(lane, choice, key)) }
            }
            div.place.at-2 { (button(lane, &emergency(), 2)) }
            div.place.at-6 { (button(lane, &back(), 6)) }
        }
    };
    page::page(&frame(lane, "dialog", headers), &content)
}

fn back() -> Action {
    let does = Does::Leads(String::new());
    Action { symbol: symbol::BACK, words: words("返回", "Back").into(), does, look: "back" }
}

/// The pad that an address names.
pub fn pad_kind(name: &str) -> Option<Kind> {
    match name {
        "id" => Some(Kind::IdNumber),
        "plate" => Some(Kind::Plate),
        "contact" => Some(Kind::Contact),
        "count" => Some(Kind::Count),
        _ => None,
    }
}

/// `GET …/pad/{kind}`
pub async fn pad(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path((id, kind)): Path<(LaneId, String)>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    match (lane(&status, &id), pad_kind(&kind)) {
        (Some(lane), Some(kind)) => pad_page(lane, kind, "", None, &headers).into_response(),
        _ => not_found(),
    }
}

/// A pad with `text` typed so far, and what was wrong with it.
pub fn pad_page(
    lane: &LaneStatus,
    kind: Kind,
    text: &str,
    refused: Option<&Refused>,
    headers: &HeaderMap,
) -> Markup {
    let (name, title) = match kind {
        Kind::IdNumber | Kind::Pin => ("id", words("身份证号", "ID number")),
        Kind::Plate => ("plate", words("车牌", "Plate")),
        Kind::Contact => ("contact", words("体温计读数", "Contact thermometer")),
        Kind::Number | Kind::Date => ("count", words("数量", "Number")),
        Kind::Count => ("count", words("车上一共几人（含司机）", "People in the vehicle, driver included")),
    };
    let seen = lane.passages.to_string();
    let mut fields = vec![("act", name), ("seen", seen.as_str())];
    let mut message = refused.map(desk::refused);
    if refused == Some(&Refused::OddPlate) {
        // Nothing but the same plate again counts as confirmed: any key takes this field away.
        fields.push(("odd", "confirmed"));
        message = Some((
            "车牌不常见，没错请再按确定".into(),
            "Unusual plate: press OK again if it is right".into(),
        ));
    }
    let (action, home) = (address(lane, &format!("/pad/{name}")), address(lane, ""));
    let no_plate = Action {
        symbol: symbol::CROSS,
        words: words("无牌", "No plate").into(),
        does: Does::Posts(vec![("act", "no-plate".to_owned())]),
        look: "plain",
    };
    let pad = Pad {
        kind,
        title: title.into(),
        action: &action,
        fields: &fields,
        text,
        message,
        back: &home,
        corner: Some(html! { div.corner { (button(lane, &emergency(), 2)) } }),
        other: (kind == Kind::Plate).then(|| html! { div.other { (button(lane, &no_plate, 5)) } }),
    };
    page::page(&frame(lane, "desk-pad", headers), &pad.markup())
}

/// `GET …/register`
pub async fn register(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path(id): Path<LaneId>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    match lane(&status, &id) {
        Some(lane) => register_page(lane, &Fields::new(), None, &headers).into_response(),
        None => not_found(),
    }
}

/// The registration: only the fields that the profile asks for.
fn register_page(
    lane: &LaneStatus,
    filled: &Fields,
    refused: Option<&Refused>,
    headers: &HeaderMap,
) -> Markup {
    let content = html! {
        main.register {
            header {
                a.act.back href=(address(lane, "")) data-key="F6" { kbd { "F6" } (labelled(symbol::BACK, words("返回", "Back"))) }
                h1 { (words("登记", "Register")) }
                @if let Some(subject) = &lane.subject { p.subject { b { (subject) } } }
                @if let Some((zh, en)) = refused.map(desk::refused) {
                    p.message role="alert" { (symbol::ATTENTION) span { b lang="zh" { (zh) } " " (en) } }
                }
                div.corner { (button(lane, &emergency(), 2)) }
            }
            form method="post" action=(address(lane, "/do")) autocomplete="off" {
                input type="hidden" name="act" value="register";
                input type="hidden" name="seen" value=(lane.passages);
                @if let Some(prepared) = &lane.prepared { input type="hidden" name="code" value=(prepared.number); }
                @for (index, asked) in lane.fields.iter().enumerate() {
                    label {
                        span {
                            (own(asked.title.as_ref(), desk::field(asked.name.as_str())))
                            (prepared::beside(asked))
                        }
                        (entry_of(asked, field(filled, asked.name.as_str()), index == 0))
                    }
                }
                button.act.enter type="submit" data-key="F1" {
                    kbd { "F1" } (labelled(symbol::TICK, words("登记完成", "Done")))
                }
            }
        }
    };
    page::page(&frame(lane, "desk-form", headers), &content)
}

/// Where a field of the registration is filled in.
fn entry_of(asked: &FieldStatus, filled: &str, first: bool) -> Markup {
    let kind = match asked.form {
        FieldForm::Date => "date",
        FieldForm::Text
        | FieldForm::Phone
        | FieldForm::Number
        | FieldForm::Choice { .. }
        | FieldForm::Plate
        | FieldForm::IdNumber => "text",
    };
    let mode = match asked.form {
        FieldForm::Phone => Some("tel"),
        FieldForm::Number => Some("numeric"),
        FieldForm::Text
        | FieldForm::Date
        | FieldForm::Choice { .. }
        | FieldForm::Plate
        | FieldForm::IdNumber => None,
    };
    html! {
        @if let FieldForm::Choice { choices } = &asked.form {
            select name=(asked.name) required[asked.required && asked.said().is_none()] autofocus[first] {
                option value="" {}
                @for choice in choices {
                    option value=(choice.id) selected[choice.id.as_str() == filled] {
                        (choice.title.zh) " " (choice.title.en)
                    }
                }
            }
        } @else {
            input name=(asked.name) type=(kind) value=(filled) maxlength=(asked.length_max) autofocus[first]
                inputmode=[mode] required[asked.required && asked.said().is_none()];
        }
    }
}

/// The page that an act was typed on, once more, with what is wrong; `None` for acts that were only pressed.
pub fn again(lane: &LaneStatus, fields: &Fields, refused: &Refused, headers: &HeaderMap) -> Option<Markup> {
    let act = field(fields, "act");
    if act == "register" {
        return Some(register_page(lane, fields, Some(refused), headers));
    }
    if act == "enter" {
        return entries::again(lane, fields, refused, headers);
    }
    match refused {
        Refused::BadIdNumber { .. }
        | Refused::OddPlate
        | Refused::BadField { .. }
        | Refused::BadEntry { .. }
        | Refused::OutOfRange { .. } => {
            let kind = pad_kind(act)?;
            Some(pad_page(lane, kind, &kind.press(field(fields, "text"), "enter"), Some(refused), headers))
        }
        Refused::NoSuchLane { .. }
        | Refused::NeedsAttendant
        | Refused::RoleMayNot { .. }
        | Refused::SignatureOf { .. }
        | Refused::NotNow { .. }
        | Refused::StepNotOpen { .. }
        | Refused::StepsOpen { .. }
        | Refused::WaiverNotAllowed { .. }
        | Refused::TooEarly { .. }
        | Refused::CannotRecord => None,
    }
}
