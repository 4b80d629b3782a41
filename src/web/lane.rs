//! The subject's face: one verb, one symbol, for a wet panel at night and somebody who cannot read.
//!
//! It shows what to do, never why. Steps that did not go well look like steps still to come, and a verdict takes
//! the steps off the screen: nobody in the queue learns which of them it was.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::countdown::countdown;
use super::live::{self, Pictures, Regions};
use super::page::{self, Frame, labelled, not_found};
use super::place_code;
use super::shared::{Shared, lane};
use super::symbol::{self, Symbol};
use super::words::face::{self, NO_PHONE, PLEDGED, Request};
use super::words::{Said, own, words};
use crate::base::{LaneId, Slug};
use crate::control::{
    Act, BarrierState, Entry, KioskStatus, LaneStatus, Phase, Prompt, StepState, StepStatus,
};
use crate::model::{Attestation, Guidance, Title};

/// Most characters of a step's name in the row at the foot.
const TICK_CHARACTERS: usize = 4;

/// Most steps in the row at the foot.
const TICKS: usize = 6;

/// Most characters of a request in large.
const LARGE_MAX: usize = 7;

/// `GET /lane/{lane}`
pub async fn face(State(shared): State<Arc<Shared>>, Path(id): Path<LaneId>) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return not_found() };
    let frame = Frame {
        title: &lane.title,
        kind: "face",
        theme: *shared.lane_theme.borrow(),
        live: Some(format!("/lane/{id}/live")),
        subject: None,
    };
    page::page(&frame, &html! { main #face { (content(&status, lane, has_camera(&shared, &id))) } })
        .into_response()
}

/// `GET /lane/{lane}/live`
pub async fn events(State(shared): State<Arc<Shared>>, Path(id): Path<LaneId>) -> Response {
    if lane(&shared.status(), &id).is_none() {
        return not_found();
    }
    let camera = has_camera(&shared, &id);
    let preview = shared.handle.previews.get(&id).cloned();
    let pictures = preview.map_or(Pictures::None, Pictures::Camera);
    let theme = shared.lane_theme.subscribe();
    let render = move |status: &KioskStatus| -> Option<Regions> {
        let lane = lane(status, &id)?;
        let theme = html! { (theme.borrow().name()) };
        Some(vec![("face", content(status, lane, camera)), ("theme", theme)])
    };
    live::stream(&shared, pictures, Box::new(render))
}

/// `GET /lane/{lane}/preview.bmp`: what the camera sees, while a code is asked for and at no other time.
pub async fn preview(State(shared): State<Arc<Shared>>, Path(id): Path<LaneId>) -> Response {
    let status = shared.status();
    let asked = lane(&status, &id).is_some_and(asks_code);
    let preview = shared.handle.previews.get(&id).map(|preview| Arc::clone(&preview.borrow()));
    match preview {
        Some(preview) if asked && !preview.bmp.is_empty() => {
            ([(header::CONTENT_TYPE, "image/bmp")], preview.bmp.clone()).into_response()
        }
        Some(_) | None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn asks_code(lane: &LaneStatus) -> bool {
    matches!(lane.prompt, Prompt::ShowCode | Prompt::CompanionCode | Prompt::OneCode)
}

/// Idle, so that whoever comes may scan it, and while a step asks for it.
fn shows_place_code(lane: &LaneStatus) -> bool {
    let asks =
        |step: &StepStatus| step.attest == Some(Attestation::PlaceCode) && shown_state(&step.state) == "now";
    match lane.phase {
        Phase::Idle => lane.taken_out.is_none(),
        Phase::Steps | Phase::Referred => served(lane).iter().any(asks),
        Phase::Recording | Phase::Crossing | Phase::Ended | Phase::OutOfService => false,
    }
}

fn has_camera(shared: &Shared, id: &LaneId) -> bool {
    shared.handle.previews.contains_key(id)
}

/// Colour and shape of the symbol's ground; the style sheet knows both by this name.
const fn ground(prompt: Prompt, guidance: Option<Guidance>) -> &'static str {
    match prompt {
        Prompt::Welcome => "idle",
        Prompt::ShowCode
        | Prompt::CompanionCode
        | Prompt::OneCode
        | Prompt::StopVehicle
        | Prompt::ShutWindows
        | Prompt::Disinfect
        | Prompt::Pledge => "ask",
        Prompt::ShowForehead => match guidance {
            Some(Guidance::WarmingUp | Guidance::WaitInside | Guidance::Measured) => "wait",
            Some(Guidance::AskAttendant | Guidance::TooCold) => "attendant",
            Some(
                Guidance::ComeCloser
                | Guidance::StepBack
                | Guidance::HoldStill
                | Guidance::OneAtATime
                | Guidance::BareForehead
                | Guidance::Show(_),
            )
            | None => "ask",
        },
        Prompt::Register
        | Prompt::WaitForAttendant
        | Prompt::SeeAttendant
        | Prompt::Answer
        | Prompt::LeaveItems
        | Prompt::CollectItems => "attendant",
        Prompt::OneMoment | Prompt::WaitHere | Prompt::StayHere | Prompt::WaitForEscort => "wait",
        Prompt::Go => "go",
        Prompt::TurnBack => "back",
        Prompt::OutOfService => "out",
    }
}

/// What is asked, and its symbol: the guidance of the temperature step goes before its prompt, and what helps to read a code
/// before whatever the profile says, for as long as it is true.
fn request(lane: &LaneStatus) -> (Said, Said, Symbol) {
    if let Some(hint) = lane.hint {
        let Request { verb, how } = face::hint(hint);
        return (verb.into(), how.into(), symbol::hint(hint));
    }
    let (Request { verb, how }, symbol) = match (lane.prompt, lane.guidance) {
        (Prompt::ShowForehead, Some(guidance)) => (face::guidance(guidance), symbol::guidance(guidance)),
        (prompt, _) => (face::prompt(prompt, lane.takes), symbol::prompt(prompt, lane.takes)),
    };
    (own(lane.words.show.as_ref(), verb), own(lane.words.say.as_ref(), how), symbol)
}

fn content(status: &KioskStatus, lane: &LaneStatus, camera: bool) -> Markup {
    let (verb, how, symbol) = request(lane);
    let camera = camera && asks_code(lane);
    let code = status.place_code.as_ref().filter(|_| !camera && shows_place_code(lane));
    html! {
        div.face.(ground(lane.prompt, lane.guidance)).camera[camera || code.is_some()] {
            header {
                span.where { (lane.title) }
                @if status.training(&lane.lane).is_some() { span.training role="status" { (symbol::ATTENTION) (face::TRAINING) } }
                @if matches!(lane.barrier, BarrierState::StandsOpen | BarrierState::Stuck) {
                    span.open role="alert" { (symbol::ATTENTION) (face::BARRIER_OPEN) }
                }
                @if let Some(subject) = &lane.subject { span.subject { (subject) } }
            }
            section.ask-for {
                div.ground { (symbol) }
                div.said role="status" {
                    h1.{ "of-" (verb.zh().chars().count()) }.small[LARGE_MAX < verb.zh().chars().count()] { (verb) }
                    p { (how) }
                    @if let Some((step, text)) = &lane.pledge { (pledge(lane, step, text)) }
                    (countdown(lane))
                    @if lane.phase == Phase::Idle || lane.prompt == Prompt::TurnBack { (notice(status)) }
                }
                @if camera { (viewfinder(&lane.lane)) }
                @if let Some(code) = code { (place_code::place_code(code)) }
            }
            footer {
                (ticks(lane))
                // Nothing that is typed counts at a lane that is out of service: there the attendant is the way.
                @if lane.phase != Phase::OutOfService {
                    a.act.no-phone href={ "/lane/" (lane.lane) "/id" } {
                        (symbol::CARD)
                        span.label { b { (NO_PHONE.verb) } span { (NO_PHONE.how) } }
                    }
                }
            }
        }
    }
}

/// The public notice in force: the basis of what is asked here.
fn notice(status: &KioskStatus) -> Markup {
    html! {
        @if let Some(notice) = &status.notice {
            p.notice {
                span.number { (symbol::CLIPBOARD) span { "第" (notice.number) "号通告" } " " span.en { "Notice " (notice.number) } }
                span.title { (notice.title) }
            }
        }
    }
}

/// The live picture; the script draws the outline of a code over it.
fn viewfinder(id: &LaneId) -> Markup {
    html! {
        div.viewfinder {
            img #preview data-lane=(id) src={ "/lane/" (id) "/preview.bmp" } alt="";
            svg #outline aria-hidden="true" {}
            span.aim {}
        }
    }
}

/// The steps as a row of symbols, ticked as they are done.
fn ticks(lane: &LaneStatus) -> Markup {
    let shown = match lane.phase {
        Phase::Steps => true,
        Phase::Idle
        | Phase::Recording
        | Phase::Referred
        | Phase::Crossing
        | Phase::Ended
        | Phase::OutOfService => false,
    };
    html! {
        ol.ticks {
            @if shown {
                @for step in window(served(lane), if lane.declared.is_some() { TICKS - 1 } else { TICKS }) {
                    @let state = shown_state(&step.state);
                    li.(state) {
                        (symbol::step(step.kind, step.attest))
                        @if state == "done" { span.mark { (symbol::TICK) } }
                        span.name { (tick_name(step).zh()) }
                    }
                }
                @if let Some(declared) = lane.declared {
                    li.count { (symbol::PEOPLE) span.name { (settled(lane)) "/" (declared) } }
                }
            }
        }
    }
}

/// At most `most` of `steps`: the last one that is settled before the first that is not, and what comes after it.
pub fn window(steps: &[StepStatus], most: usize) -> &[StepStatus] {
    let open = steps.iter().position(|step| shown_state(&step.state) != "done").unwrap_or(steps.len());
    let from = open.saturating_sub(1).min(steps.len().saturating_sub(most));
    &steps[from..steps.len().min(from + most)]
}

/// What a step is called: by the profile, else by its kind.
pub fn step_name(step: &StepStatus) -> Said {
    own(step.title.as_ref(), face::step(step.kind, step.attest))
}

/// The same in the row at the foot, where four characters fit.
fn tick_name(step: &StepStatus) -> Said {
    let short = step.title.as_ref().filter(|title| title.zh.chars().count() <= TICK_CHARACTERS);
    own(short, face::step(step.kind, step.attest))
}

/// A text to confirm, and the button that does.
fn pledge(lane: &LaneStatus, step: &Slug, text: &Title) -> Markup {
    html! {
        p.pledge { (text) }
        form method="post" action={ "/lane/" (lane.lane) "/pledge" } {
            input type="hidden" name="step" value=(step);
            input type="hidden" name="seen" value=(lane.passages);
            button.act.agree type="submit" { (labelled(symbol::TICK, PLEDGED)) }
        }
    }
}

/// `POST /lane/{lane}/pledge`: the subject has read the text and confirms it.
pub async fn agree(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<LaneId>,
    Form(form): Form<BTreeMap<String, String>>,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return not_found() };
    let named = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
    // A button of a subject who is gone confirms nothing for the next one.
    let present = named("seen").parse() == Ok(lane.passages);
    if let Some(step) = named("step").parse().ok().filter(|_| present) {
        // Refused where it is no longer asked: the page then shows what is.
        let _ = shared.ask(&id, None, Act::Enter { step, entry: Entry::Pledge }).await;
    }
    Redirect::to(&format!("/lane/{id}")).into_response()
}

/// The steps of whoever is being served: the first unsettled occupant, else the subject.
fn served(lane: &LaneStatus) -> &[StepStatus] {
    lane.occupants.iter().find(|occupant| !occupant.settled).map_or(&lane.steps, |occupant| &occupant.steps)
}

fn settled(lane: &LaneStatus) -> usize {
    lane.occupants.iter().filter(|occupant| occupant.settled).count()
}

/// Done, now or to come: a step that needs the attendant or failed is nobody else's affair.
const fn shown_state(state: &StepState) -> &'static str {
    match state {
        StepState::Done | StepState::Waived { .. } => "done",
        StepState::Asked => "now",
        StepState::Open | StepState::NeedsAttendant { .. } | StepState::Failed { .. } => "open",
    }
}

/// Title of the keypad for an identity number.
pub const ID_TITLE: super::words::Words = words("请输入身份证号", "Type your ID number");

/// A large message on the subject's face, in place of the keypad.
pub fn told(lane: &LaneStatus, theme: super::theme::Theme, said: super::words::Words) -> Markup {
    let frame = Frame { title: &lane.title, kind: "face", theme, live: None, subject: None };
    let content = html! {
        main { div.face.attendant {
            header { span.where { (lane.title) } }
            section.ask-for {
                div.ground { (symbol::ATTENDANT) }
                div.said role="status" { h1.small { (said) } }
            }
            footer { ol.ticks {} a.act.no-phone href={ "/lane/" (lane.lane) } { (labelled(symbol::BACK, words("返回", "Back"))) } }
        } }
    };
    page::page(&frame, &content)
}
