//! What a step of the newer kinds asks of the attendant: answers, times, texts, things, names, numbers, signatures.
//!
//! Each is an action on the lane's page where one press will do, else a page behind it with at most four choices or a pad.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::act::{self, Fields, bad, contact, field, named};
use super::actions::{self, Action, button, emergency, leads, posts};
use super::dialog::{Turn, choice_page, frame, turned};
use super::{SignedIn, address};
use crate::base::{LaneId, Pii, Slug};
use crate::control::{AnswerStatus, Asks, DwellState, Entry, LaneStatus, ReadBy, Refused, Stay, StepStatus};
use crate::model::{Custody, Role, field::day};
use crate::web::lane::step_name;
use crate::web::pad::{Kind, Pad};
use crate::web::page::{self, labelled, not_found};
use crate::web::shared::{Shared, lane};
use crate::web::symbol;
use crate::web::words::{Said, Words, desk, words};

/// In the place of an area: one that the table does not have.
const ELSEWHERE: &str = "elsewhere";

/// Fields that enter `entry` into `step`.
fn entry(step: &StepStatus, entry: &str) -> Vec<(&'static str, String)> {
    vec![("act", "enter".to_owned()), ("step", step.id.to_string()), ("entry", entry.to_owned())]
}

/// Ways to settle `step`, likeliest first.
pub fn ways(step: &StepStatus) -> Vec<Action> {
    let page = format!("/step/{}", step.id);
    let named = |symbol| leads(symbol, step_name(step), &page);
    match &step.asks {
        Asks::Plain => vec![],
        Asks::Question { to_confirm: true, .. } => vec![
            posts(symbol::TICK, words("已核实，可以", "Looked into: all right"), entry(step, "confirm")),
            leads(symbol::TALK, words("重新回答", "Answer again"), &page),
        ],
        Asks::Question { .. } => vec![named(symbol::TALK)],
        Asks::Dwell { read_by, state, .. } => dwell_ways(step, *read_by, *state),
        Asks::Pledge { .. } => {
            vec![posts(
                symbol::WRITE,
                words("已读给本人，同意", "Read out and agreed"),
                entry(step, "pledge"),
            )]
        }
        Asks::Custody { way, .. } => {
            let mut none = entry(step, "items");
            none.extend([("number", "0".to_owned())]);
            let (take, nothing) = match way {
                Custody::Leave => (words("收下物品", "Take items"), words("没有物品", "Nothing to leave")),
                Custody::Collect => (words("交还物品", "Give items back"), words("没有寄存", "Left nothing")),
            };
            let take = leads(symbol::BAG, take, &format!("{page}/pad/number"));
            vec![take, posts(symbol::TICK, nothing, none)]
        }
        Asks::Escort => vec![named(symbol::HAND_OFF)],
        Asks::Count { .. } => vec![leads(symbol::LIST, step_name(step), &format!("{page}/pad/count"))],
        Asks::SignOff { wanted, signed, by } => {
            let said = match (wanted, signed.len()) {
                _ if *by == [Role::Lead] => words("带班签名", "Shift lead signs"),
                (2.., 1..) => words("第二人签名", "Second signature"),
                (2.., _) => words("第一人签名", "First signature"),
                _ => words("签名确认", "Sign"),
            };
            vec![posts(symbol::WRITE, said, entry(step, "sign-off"))]
        }
    }
}

fn dwell_ways(step: &StepStatus, read_by: ReadBy, state: DwellState) -> Vec<Action> {
    let start = || posts(symbol::HOURGLASS, words("开始计时", "Start the time"), entry(step, "start-dwell"));
    let stop = || posts(symbol::CROSS, words("中断，重新来", "Broken off"), entry(step, "stop-dwell"));
    let read = || {
        let to = format!("/step/{}/pad/reading", step.id);
        leads(symbol::THERMOMETER, words("输入温度", "Type the reading"), &to)
    };
    match (read_by, state) {
        (ReadBy::Nobody | ReadBy::Sensor, DwellState::NotBegun) => vec![start()],
        (ReadBy::Nobody | ReadBy::Sensor, DwellState::Armed | DwellState::Runs) => vec![stop()],
        (ReadBy::Attendant, DwellState::NotBegun | DwellState::Armed) => vec![read()],
        (ReadBy::Attendant, DwellState::Runs) => vec![read(), stop()],
    }
}

/// `GET …/step/{step}`: the answers of a question, or the name of who fetches somebody.
pub async fn page(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path((id, step)): Path<(LaneId, Slug)>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    let Some((lane, step)) = open(lane(&status, &id), &step) else { return gone(&id) };
    match &step.asks {
        Asks::Question { text, answers, .. } => {
            let choices: Vec<Action> = answers.iter().map(|answer| choice(step, answer)).collect();
            let title = html! { (text) };
            choice_page(lane, title, None::<Words>, &choices, &headers).into_response()
        }
        Asks::Escort => escort_page(lane, step, "", None, &headers).into_response(),
        Asks::Plain
        | Asks::Dwell { .. }
        | Asks::Pledge { .. }
        | Asks::Custody { .. }
        | Asks::Count { .. }
        | Asks::SignOff { .. } => gone(&id),
    }
}

/// The step called `id` of whoever is served, while it is open.
fn open<'a>(lane: Option<&'a LaneStatus>, id: &Slug) -> Option<(&'a LaneStatus, &'a StepStatus)> {
    let lane = lane?;
    Some((lane, actions::open_steps(lane).find(|step| step.id == *id)?))
}

/// The step has been dealt with meanwhile: back to the lane.
fn gone(id: &LaneId) -> Response {
    Redirect::to(&format!("/attendant/lane/{id}")).into_response()
}

fn choice(step: &StepStatus, answer: &AnswerStatus) -> Action {
    if answer.asks_stay {
        return leads(symbol::IN, &answer.title, &format!("/step/{}/area?answer={}", step.id, answer.id));
    }
    let mut fields = entry(step, "answer");
    fields.push(("answer", answer.id.to_string()));
    posts(symbol::TALK, &answer.title, fields)
}

/// What is known so far of an answer that asks where and when.
#[derive(Default, Deserialize)]
pub struct SoFar {
    #[serde(default)]
    answer: String,
    #[serde(default)]
    area: String,
    #[serde(default)]
    number: String,
}

/// `GET …/step/{step}/area`: which area?
pub async fn areas(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path((id, step)): Path<(LaneId, Slug)>,
    Query(so_far): Query<SoFar>,
    Query(turn): Query<Turn>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    let Some((lane, step)) = open(lane(&status, &id), &step) else { return gone(&id) };
    let Asks::Question { answers, areas, .. } = &step.asks else { return gone(&id) };
    let Some(answer) = answers.iter().find(|answer| answer.id.as_str() == so_far.answer) else {
        return gone(&id);
    };
    let to = |area: &str| format!("/step/{}/pad/date?answer={}&area={area}", step.id, answer.id);
    let mut choices: Vec<Action> =
        areas.iter().map(|area| leads(symbol::IN, &area.title, &to(area.id.as_str()))).collect();
    choices.push(leads(symbol::OUT, words("都不是", "None of these"), &to(ELSEWHERE)));
    let choices = turned(choices, &turn, &format!("/step/{}/area?answer={}", step.id, answer.id));
    let title = words("哪个地区？", "Which area?");
    choice_page(lane, title, Some(Said::from(&answer.title)), &choices, &headers).into_response()
}

/// `GET …/step/{step}/pad/{what}`
pub async fn pad(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path((id, step, what)): Path<(LaneId, Slug, String)>,
    Query(so_far): Query<SoFar>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    let Some((lane, step)) = open(lane(&status, &id), &step) else { return gone(&id) };
    match typed(&what) {
        Some(typed) => pad_page(lane, step, &typed, &so_far, "", None, &headers).into_response(),
        None => not_found(),
    }
}

/// `POST …/step/{step}/pad/{what}`: one key without the script, or the whole.
pub async fn key(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    Path((id, step, what)): Path<(LaneId, Slug, String)>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let status = shared.status();
    let Some((shown, asked)) = open(lane(&status, &id), &step) else { return gone(&id) };
    let Some(typed) = typed(&what) else { return not_found() };
    match field(&fields, "key") {
        // First how many things, then under which tag.
        "" | "enter" if typed.name == "number" && field(&fields, "text").parse().is_ok_and(|n: u8| n > 0) => {
            let to = format!("/step/{step}/pad/tag?number={}", field(&fields, "text"));
            Redirect::to(&address(shown, &to)).into_response()
        }
        "" | "enter" => act::perform(State(shared), signed_in, Path(id), headers, Form(fields)).await,
        key => {
            let text = typed.kind.press(field(&fields, "text"), key);
            pad_page(shown, asked, &typed, &so_far(&fields), &text, None, &headers).into_response()
        }
    }
}

fn so_far(fields: &Fields) -> SoFar {
    let of = |name| field(fields, name).to_owned();
    SoFar { answer: of("answer"), area: of("area"), number: of("number") }
}

/// Something that is typed on a pad.
struct Typed {
    name: &'static str,
    kind: Kind,
    entry: &'static str,
    title: Words,
}

fn typed(what: &str) -> Option<Typed> {
    let (name, kind, entry, title) = match what {
        "number" => ("number", Kind::Count, "items", words("几件物品", "How many items")),
        "tag" => ("tag", Kind::Number, "items", words("号牌号码", "Number of the tag")),
        "count" => ("count", Kind::Number, "count", words("数量", "Number")),
        "date" => ("date", Kind::Date, "answer", words("最后一天（年月日）", "Last day there: YYYYMMDD")),
        "reading" => ("reading", Kind::Contact, "reading", words("现在的温度", "Temperature now")),
        _ => return None,
    };
    Some(Typed { name, kind, entry, title })
}

fn pad_page(
    lane: &LaneStatus,
    step: &StepStatus,
    typed: &Typed,
    so_far: &SoFar,
    text: &str,
    refused: Option<&Refused>,
    headers: &HeaderMap,
) -> Markup {
    let seen = lane.passages.to_string();
    let fields = [
        ("act", "enter"),
        ("seen", &seen),
        ("step", step.id.as_str()),
        ("entry", typed.entry),
        ("pad", typed.name),
        ("answer", &so_far.answer),
        ("area", &so_far.area),
        ("number", &so_far.number),
    ];
    let title = match &step.asks {
        Asks::Count { what, .. } => Said::from(what),
        Asks::Plain
        | Asks::Question { .. }
        | Asks::Dwell { .. }
        | Asks::Pledge { .. }
        | Asks::Custody { .. }
        | Asks::Escort
        | Asks::SignOff { .. } => typed.title.into(),
    };
    let pad = Pad {
        kind: typed.kind,
        title,
        action: &address(lane, &format!("/step/{}/pad/{}", step.id, typed.name)),
        fields: &fields,
        text,
        message: refused.map(desk::refused),
        back: &address(lane, ""),
        corner: Some(html! { div.corner { (button(lane, &emergency(), 2)) } }),
        other: None,
    };
    page::page(&frame(lane, "desk-pad", headers), &pad.markup())
}

/// Who fetches them?
fn escort_page(
    lane: &LaneStatus,
    step: &StepStatus,
    name: &str,
    refused: Option<&Refused>,
    headers: &HeaderMap,
) -> Markup {
    let back = Action { look: "back", ..leads(symbol::BACK, words("返回", "Back"), "") };
    let content = html! {
        main.register {
            header {
                (button(lane, &back, 6))
                h1 { (step_name(step)) }
                @if let Some((zh, en)) = refused.map(desk::refused) {
                    p.message role="alert" { (symbol::ATTENTION) span { b lang="zh" { (zh) } " " (en) } }
                }
                div.corner { (button(lane, &emergency(), 2)) }
            }
            form method="post" action=(address(lane, "/do")) autocomplete="off" {
                input type="hidden" name="seen" value=(lane.passages);
                @for (name, value) in entry(step, "escort") { input type="hidden" name=(name) value=(value); }
                label { span { (words("接的人的姓名", "Name of who fetches them")) }
                    input name="text" value=(name) maxlength="40" required autofocus;
                }
                button.act.enter type="submit" data-key="F1" {
                    kbd { "F1" } (labelled(symbol::TICK, words("已接走", "Fetched")))
                }
            }
        }
    };
    page::page(&frame(lane, "desk-form", headers), &content)
}

/// The entry that the fields ask for, of somebody who is here as `role`.
pub fn parse(fields: &Fields, role: Role) -> Result<Entry, Refused> {
    let text = field(fields, "text").trim();
    let number = |text: &str| text.parse::<u32>().map_err(|_| bad("count", "a number"));
    Ok(match field(fields, "entry") {
        "answer" => Entry::Answer { answer: named(fields, "answer")?, stay: stay(fields)? },
        "confirm" => Entry::Confirm,
        "start-dwell" => Entry::StartDwell,
        "stop-dwell" => Entry::StopDwell,
        "reading" => Entry::Reading(contact(text)?),
        "pledge" => Entry::Pledge,
        "items" => {
            // Typed on two pads: the number is then a field of the second, whose text is the tag.
            let (count, tag) = match (field(fields, "number"), text) {
                ("", count) => (count, None),
                (count, "") => (count, None),
                (count, tag) => (count, Some(tag.parse().map_err(|_| bad("tag", "a number"))?)),
            };
            Entry::Items { number: count.parse().map_err(|_| bad("count", "a number"))?, tag }
        }
        "escort" => Entry::Escort(Pii::new(text.to_owned())),
        "count" => Entry::Count(number(text)?),
        "sign-off" => Entry::SignOff { role },
        _ => return Err(bad("entry", "a known entry")),
    })
}

fn stay(fields: &Fields) -> Result<Option<Stay>, Refused> {
    let area = match field(fields, "area") {
        "" => return Ok(None),
        ELSEWHERE => None,
        _ => Some(named(fields, "area")?),
    };
    let date = day(field(fields, "text")).ok_or(bad("date", "eight digits, such as 20260301"))?;
    Ok(Some(Stay { area, date: Pii::new(date) }))
}

/// The page that an entry was typed on, once more, with what is wrong.
pub fn again(lane: &LaneStatus, fields: &Fields, refused: &Refused, headers: &HeaderMap) -> Option<Markup> {
    match refused {
        Refused::BadField { .. } | Refused::BadEntry { .. } | Refused::OutOfRange { .. } => {}
        Refused::NoSuchLane { .. }
        | Refused::NeedsAttendant
        | Refused::RoleMayNot { .. }
        | Refused::SignatureOf { .. }
        | Refused::NotNow { .. }
        | Refused::StepNotOpen { .. }
        | Refused::StepsOpen { .. }
        | Refused::WaiverNotAllowed { .. }
        | Refused::BadIdNumber { .. }
        | Refused::OddPlate
        | Refused::TooEarly { .. }
        | Refused::CannotRecord => return None,
    }
    let id = field(fields, "step").parse().ok()?;
    let (lane, step) = open(Some(lane), &id)?;
    if step.asks == Asks::Escort {
        return Some(escort_page(lane, step, field(fields, "text"), Some(refused), headers));
    }
    let typed = typed(field(fields, "pad"))?;
    let text = typed.kind.press(field(fields, "text"), "enter");
    Some(pad_page(lane, step, &typed, &so_far(fields), &text, Some(refused), headers))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_the_entry_they_name() {
        let date = Pii::new("2026-03-01".parse().unwrap());
        let table = [
            ("entry=confirm", Entry::Confirm),
            ("entry=count&text=120", Entry::Count(120)),
            ("entry=items&text=2&number=", Entry::Items { number: 2, tag: None }),
            ("entry=items&text=17&number=2", Entry::Items { number: 2, tag: Some(17) }),
            ("entry=items&number=0", Entry::Items { number: 0, tag: None }),
            ("entry=answer&answer=no", Entry::Answer { answer: "no".parse().unwrap(), stay: None }),
            (
                "entry=answer&answer=yes&area=jia&text=20260301",
                Entry::Answer {
                    answer: "yes".parse().unwrap(),
                    stay: Some(Stay { area: Some("jia".parse().unwrap()), date: date.clone() }),
                },
            ),
            (
                "entry=answer&answer=yes&area=elsewhere&text=20260301",
                Entry::Answer { answer: "yes".parse().unwrap(), stay: Some(Stay { area: None, date }) },
            ),
        ];
        for (post, entry) in table {
            assert_eq!(parse(&fields(post), Role::Lead), Ok(entry), "{post}");
        }
        for post in [
            "",
            "entry=admit",
            "entry=count&text=many",
            "entry=items&number=x&text=1",
            "entry=items&number=2&text=66000",
            "entry=answer&answer=yes&area=jia&text=20260230",
            "entry=answer&answer=A%20B",
        ] {
            assert!(parse(&fields(post), Role::Lead).is_err(), "{post}");
        }
    }

    fn fields(post: &str) -> Fields {
        let pairs = post.split('&').filter_map(|pair| pair.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}
