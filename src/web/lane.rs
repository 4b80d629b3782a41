//! The subject's face: one verb, one symbol, for a wet panel at night and somebody who cannot read.
//!
//! It shows what to do, never why. Steps that did not go well look like steps still to come, and a verdict takes
//! the steps off the screen: nobody in the queue learns which of them it was.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::countdown::countdown;
use super::live::{self, Regions};
use super::page::{self, Frame, labelled, not_found};
use super::shared::{Shared, lane};
use super::symbol::{self, Symbol};
use super::words::face::{self, NO_PHONE, Request};
use super::words::words;
use crate::base::LaneId;
use crate::control::{BarrierState, KioskStatus, LaneStatus, Phase, Prompt, StepState, StepStatus};
use crate::model::Guidance;

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
    let theme = shared.lane_theme.subscribe();
    let render = move |status: &KioskStatus| -> Option<Regions> {
        let lane = lane(status, &id)?;
        let theme = html! { (theme.borrow().name()) };
        Some(vec![("face", content(status, lane, camera)), ("theme", theme)])
    };
    live::stream(&shared, preview, Box::new(render))
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
    matches!(lane.prompt, Prompt::ShowCode | Prompt::OneCode)
}

fn has_camera(shared: &Shared, id: &LaneId) -> bool {
    shared.handle.previews.contains_key(id)
}

/// Colour and shape of the symbol's ground; the style sheet knows both by this name.
const fn ground(prompt: Prompt, guidance: Option<Guidance>) -> &'static str {
    match prompt {
        Prompt::Welcome => "idle",
        Prompt::ShowCode | Prompt::OneCode | Prompt::StopVehicle | Prompt::ShutWindows => "ask",
        Prompt::ShowForehead => match guidance {
            Some(Guidance::WarmingUp | Guidance::WaitInside) => "wait",
            Some(Guidance::AskAttendant) => "attendant",
            Some(Guidance::ComeCloser | Guidance::HoldStill) | None => "ask",
        },
        Prompt::Register | Prompt::WaitForAttendant | Prompt::SeeAttendant => "attendant",
        Prompt::OneMoment | Prompt::WaitHere => "wait",
        Prompt::Go => "go",
        Prompt::TurnBack => "back",
        Prompt::OutOfService => "out",
    }
}

/// What is asked, and its symbol: the guidance of the temperature step goes before its prompt.
fn request(lane: &LaneStatus) -> (Request, Symbol) {
    match (lane.prompt, lane.guidance) {
        (Prompt::ShowForehead, Some(guidance)) => (face::guidance(guidance), symbol::guidance(guidance)),
        (prompt, _) => (face::prompt(prompt, lane.takes), symbol::prompt(prompt, lane.takes)),
    }
}

fn content(status: &KioskStatus, lane: &LaneStatus, camera: bool) -> Markup {
    let (Request { verb, how }, symbol) = request(lane);
    let camera = camera && asks_code(lane);
    html! {
        div.face.(ground(lane.prompt, lane.guidance)).camera[camera] {
            header {
                span.where { (lane.title) }
                @if matches!(lane.barrier, BarrierState::StandsOpen | BarrierState::Stuck) {
                    span.open role="alert" { (symbol::ATTENTION) (face::BARRIER_OPEN) }
                }
                @if let Some(subject) = &lane.subject { span.subject { (subject) } }
            }
            section.ask-for {
                div.ground { (symbol) }
                div.said role="status" {
                    h1.{ "of-" (verb.zh.chars().count()) } { (verb) }
                    p { (how) }
                    (countdown(lane))
                    @if lane.phase == Phase::Idle || lane.prompt == Prompt::TurnBack { (notice(status)) }
                }
                @if camera { (viewfinder(&lane.lane)) }
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
                @for step in served(lane) {
                    @let state = shown_state(&step.state);
                    li.(state) {
                        (symbol::step(step.kind, step.attest))
                        @if state == "done" { span.mark { (symbol::TICK) } }
                        span.name { (face::step(step.kind, step.attest).zh) }
                    }
                }
                @if let Some(declared) = lane.declared {
                    li.count { (symbol::PEOPLE) span.name { (settled(lane)) "/" (declared) } }
                }
            }
        }
    }
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
