//! What the attendant sees of one lane.

use maud::{Markup, html};

use super::standing::{plate_origin, standing};
use super::{address, manifest, practice, prepared};
use crate::control::{
    BarrierState, CardStatus, CompanionStatus, KioskStatus, LaneStatus, OccupantStatus, Phase, StepState,
    StepStatus, TakenOut, TemperatureStatus, TurnedBackStatus, VerdictStatus,
};
use crate::model::{Attestation, Reason, SubjectKind, Zone};
use crate::web::countdown::{countdown, next_reading};
use crate::web::lane::{step_name, window};
use crate::web::page::labelled;
use crate::web::place_code;
use crate::web::symbol;
use crate::web::words::{Words, desk, face, words};

/// Most occupants in the list; of more, those who are done are only counted.
const OCCUPANTS_SHOWN: usize = 6;

/// Characters of a name or plate that fit in large; an identity number is longer.
const SUBJECT_LARGE: usize = 12;

/// The lanes to choose from, and the way to everything else.
pub fn rail(status: &KioskStatus, shown: &LaneStatus) -> Markup {
    html! {
        nav.rail {
            @for lane in &status.lanes {
                a.tab href=(address(lane, "")) aria-current=[(lane.lane == shown.lane).then_some("page")] {
                    (symbol::phase(lane.phase))
                    b { (lane.title) }
                    span.since data-since=(lane.lane) {}
                }
            }
            @for practice in &status.practice {
                a.tab.practice href=(address(&practice.lane, "")) aria-current=[(practice.lane.lane == shown.lane).then_some("page")] {
                    (symbol::ATTENTION) b { (practice.lane.title) }
                }
                @if practice.lane.lane == shown.lane {
                    a.tab.practice href=(address(&practice.lane, "/practice")) { (symbol::DEVICES) b { (practice::INPUTS) } }
                }
            }
            a.tab.more href="/attendant/more" { (symbol::MORE) span { (words("更多", "More")) } }
        }
    }
}

/// Most steps in the list; of more, those around the one that is asked.
const STEPS_SHOWN: usize = 5;

/// Before how many of all steps are settled.
const STEPS_SETTLED: Words = words("已完成", "Settled");

/// Before the number of an occupant.
const OCCUPANT: Words = words("第几位乘员", "occupant");

/// Of a step that nobody settled before the session ended.
const NOT_SETTLED: Words = words("没有完成", "Not settled");

/// One lane, with what its thermal array sees.
pub fn card(status: &KioskStatus, lane: &LaneStatus, thermal: Markup) -> Markup {
    html! {
        section.card.{ "is-" (kebab(&lane.phase)) } {
            h1 {
                (symbol::phase(lane.phase))
                span { (desk::phase(lane.phase)) }
                span.since data-since=(lane.lane) {}
            }
            (subject(lane))
            @if let Some(TakenOut { by, reason }) = lane.taken_out.as_ref().filter(|_| status.training(&lane.lane).is_none()) {
                p.trouble role="status" {
                    (symbol::ATTENTION)
                    span {
                        (words("中心令停用", "Taken out of service by the hub"))
                        span.small { (by) @if !reason.is_empty() { "：" (reason) } }
                    }
                }
            }
            @if let Some(manifest) = &lane.manifest { (manifest::note(manifest)) }
            @if let Some(companion) = &lane.companion { (with_companion(companion)) }
            @if let Some(hint) = lane.hint {
                @let face::Request { verb, how } = face::hint(hint);
                p.hint role="status" { (symbol::hint(hint)) span { (verb) span.small { (how) } } }
            }
            (prepared::note(lane))
            @for listed in &lane.cards { (list_card(listed)) }
            @for returned in &lane.turned_back { (turned_back(returned)) }
            @if let Some(trouble) = lane.trouble {
                p.trouble role="alert" { (symbol::ATTENTION) (desk::trouble(trouble)) }
            }
            @if let Some(verdict) = &lane.verdict { (verdict_box(verdict)) }
            @if lane.disinfecting.is_some() || lane.dwelling.is_some() {
                (countdown(lane))
                (next_reading(lane))
            } @else if let Some(temperature) = &lane.temperature {
                (thermometer(temperature))
            }
            div.lists {
                (steps(lane))
                @if lane.takes == SubjectKind::Vehicle { (occupants(lane)) }
            }
            (thermal)
            @if let Some(code) = status.place_code.as_ref().filter(|_| lane.attestations.contains(&Attestation::PlaceCode)) {
                (place_code::digits(code))
            }
            @if lane.steps.is_empty() && lane.subject.is_none() { (quiet(status, lane)) }
            (gate(lane))
        }
    }
}

/// A list names somebody who is here. It says what to do, and decides nothing.
fn list_card(card: &CardStatus) -> Markup {
    html! {
        div.list-card role="alert" {
            (symbol::ATTENTION)
            div {
                p { b { (card.title.zh) } " " span lang="en" { (card.title.en) }
                    @if let Some(number) = card.occupant { " · " (OCCUPANT) " " (number) }
                    @if card.unsure { " · " (words("时钟不准，可能已过期", "may be over: the clock is unsure")) } }
                p { (card.advice.zh) " " span lang="en" { (card.advice.en) } }
            }
        }
    }
}

/// Who answers for whoever is here.
fn with_companion(companion: &CompanionStatus) -> Markup {
    html! {
        @match companion {
            CompanionStatus::MayAnswer => {}
            CompanionStatus::Awaited => {
                p.trouble role="status" { (symbol::PEOPLE) (words("等陪同人的码或证件号", "Companion's code or ID")) }
            }
            CompanionStatus::Answers { name } => {
                p.companion { (symbol::PEOPLE) (words("由陪同人代办", "A companion answers")) @if let Some(name) = name { b { (name) } } }
            }
        }
    }
}

/// Somebody here was turned back before. It decides nothing.
fn turned_back(returned: &TurnedBackStatus) -> Markup {
    let TurnedBackStatus { kiosk, minutes, occupant } = returned;
    html! {
        div.list-card role="alert" {
            (symbol::ATTENTION)
            div {
                p { b { (desk::reason(Reason::TurnedBackBefore)) }
                    @if let Some(number) = occupant { " · " (OCCUPANT) " " (number) } }
                p {
                    @match kiosk { Some(kiosk) => (kiosk), None => (words("本卡口", "at this checkpoint")) }
                    " · " (ago(*minutes))
                }
            }
        }
    }
}

/// So long ago at least.
fn ago(minutes: u64) -> Markup {
    let (hours, minutes) = (minutes / 60, minutes % 60);
    html! {
        @if hours > 0 { (hours) " 小时 " } (minutes) " 分钟前 "
        span lang="en" { @if hours > 0 { (hours) " h " } (minutes) " min ago" }
    }
}

/// Who is here, masked, and which way they go.
fn subject(lane: &LaneStatus) -> Markup {
    html! {
        p.subject {
            @if let Some(direction) = lane.direction {
                span.direction { (symbol::direction(direction)) (desk::direction(direction)) }
            }
            @if let Some(subject) = &lane.subject { (symbol::subject(lane.takes)) b.long[subject.chars().count() > SUBJECT_LARGE] { (subject) } }
            @if let Some(origin) = lane.plate_origin { span.chip { (plate_origin(origin)) } }
            @if let Some(class) = lane.class { span.chip { (standing(class, lane.takes, &lane.steps)) } }
        }
    }
}

fn verdict_box(verdict: &VerdictStatus) -> Markup {
    html! {
        div.verdict.{ "is-" (verdict.verdict.name()) } {
            (symbol::verdict(verdict.verdict))
            div {
                b { (desk::verdict(verdict.verdict)) }
                @for reason in &verdict.reasons { p.reason { (desk::reason(*reason)) } }
                p.record {
                    @if verdict.durable {
                        (symbol::TICK) (words("已记录", "Recorded"))
                        @if let Some(seq) = verdict.seq { " № " (seq) }
                    } @else {
                        (symbol::HOURGLASS) (words("正在写入", "Being written"))
                    }
                }
            }
        }
    }
}

/// The value and what it means; without a value, why: never anything that looks like one.
fn thermometer(temperature: &TemperatureStatus) -> Markup {
    let (class, said) = match temperature.zone {
        Ok(zone @ Zone::Below) => ("below", desk::zone(zone)),
        Ok(zone @ (Zone::Recheck | Zone::Refer)) => ("look", desk::zone(zone)),
        Err(why) => ("none", desk::not_measured(why)),
    };
    html! {
        p.temperature.(class) {
            (symbol::THERMOMETER)
            @if let (Ok(_), Some(skin)) = (temperature.zone, temperature.skin) {
                b { (skin) " °C" } span.small { (words("皮肤", "skin")) }
            }
            span { (said) }
        }
    }
}

fn steps(lane: &LaneStatus) -> Markup {
    let shown = window(&lane.steps, STEPS_SHOWN);
    let settled = lane.steps.iter().filter(|step| state_is_settled(&step.state)).count();
    html! {
        ol.steps {
            @if shown.len() < lane.steps.len() {
                li.count { span.mark { (symbol::LIST) } span.name { (STEPS_SETTLED) } span.state { b { (settled) "/" (lane.steps.len()) } } }
            }
            @for step in shown {
                @let over = is_over(lane, &step.state);
                @let shown = if over { &StepState::Open } else { &step.state };
                li.(state_class(shown)) {
                    span.mark { (symbol::step_state(shown)) }
                    span.name { (symbol::step(step.kind, step.attest)) (step_name(step)) }
                    span.state {
                        (if over { NOT_SETTLED } else { desk::step_state(&step.state) })
                        (detail(&step.state, lane))
                        @if let Some(colour) = step.colour.filter(|_| !over) { span.why { (desk::module_colour(colour)) } }
                    }
                }
            }
        }
    }
}

const fn state_is_settled(state: &StepState) -> bool {
    match state {
        StepState::Done | StepState::Waived { .. } => true,
        StepState::Open | StepState::Asked | StepState::NeedsAttendant { .. } | StepState::Failed { .. } => {
            false
        }
    }
}

/// Whether a step called for the attendant and no longer does: the session has ended without it.
const fn is_over(lane: &LaneStatus, state: &StepState) -> bool {
    matches!((lane.phase, state), (Phase::Ended, StepState::NeedsAttendant { .. }))
}

/// Why a step stands as it does, unless the verdict says so already, or who set it aside.
fn detail(state: &StepState, lane: &LaneStatus) -> Markup {
    let said = lane.verdict.as_ref().map(|verdict| verdict.reasons.as_slice()).unwrap_or_default();
    html! {
        @match state {
            StepState::NeedsAttendant { reason } | StepState::Failed { reason } => {
                @if !said.contains(reason) { span.why { (desk::reason(*reason)) } }
            }
            StepState::Waived { by } => span.why { (by) },
            StepState::Open | StepState::Asked | StepState::Done => {}
        }
    }
}

const fn state_class(state: &StepState) -> &'static str {
    match state {
        StepState::Open => "open",
        StepState::Asked => "now",
        StepState::NeedsAttendant { .. } => "needs",
        StepState::Done => "done",
        StepState::Waived { .. } => "waived",
        StepState::Failed { .. } => "failed",
    }
}

/// The occupants: those who are not settled first, then as many others as there is room for.
fn occupants(lane: &LaneStatus) -> Markup {
    let numbered = lane.occupants.iter().enumerate();
    let mut shown: Vec<_> = numbered.collect();
    shown.sort_by_key(|(_, occupant)| occupant.settled);
    shown.truncate(OCCUPANTS_SHOWN);
    let settled = lane.occupants.iter().filter(|occupant| occupant.settled).count();
    html! {
        @if let Some(declared) = lane.declared {
            div.occupants {
                h2 { (symbol::PEOPLE) b { (settled) "/" (declared) } " " (words("乘员已查", "occupants checked")) }
                ol { @for (index, person) in shown { (occupant(index, person)) } }
            }
        }
    }
}

fn occupant(index: usize, occupant: &OccupantStatus) -> Markup {
    const NAMELESS: Words = words("未知", "Unknown");
    html! {
        li.settled[occupant.settled] {
            span.number { (index + 1) }
            span.name { @match &occupant.name { Some(name) => (name), None => (NAMELESS.zh) } }
            span.class { (standing(occupant.class, SubjectKind::Person, &occupant.steps).zh) }
            @if let Some(verdict) = occupant.apart {
                span.apart { (desk::verdict(verdict).zh) }
            } @else {
                span.row { @for step in &occupant.steps { (mark(step)) } }
            }
        }
    }
}

/// An occupant's step in as little room as there is.
fn mark(step: &StepStatus) -> Markup {
    let symbol = match step.state {
        StepState::Open | StepState::Asked => symbol::step(step.kind, step.attest),
        StepState::NeedsAttendant { .. }
        | StepState::Done
        | StepState::Waived { .. }
        | StepState::Failed { .. } => symbol::step_state(&step.state),
    };
    html! { span.(state_class(&step.state)) title=(step_name(step).zh()) { (symbol) } }
}

/// Lamp, barrier, and what stands under it.
fn gate(lane: &LaneStatus) -> Markup {
    html! {
        footer.gate {
            span.lamp.{ "is-" (kebab(&lane.lamp)) } { (labelled(symbol::aspect(lane.lamp), desk::aspect(lane.lamp))) }
            span.bad[matches!(lane.barrier, BarrierState::Stuck | BarrierState::StandsOpen)] {
                (labelled(symbol::barrier(lane.barrier), desk::barrier(lane.barrier)))
            }
            @if lane.beam_blocked {
                span { (labelled(symbol::CAR, words("杆下有物", "Something under the barrier"))) }
            }
        }
    }
}

/// What an empty lane shows: what it has done so far.
fn quiet(status: &KioskStatus, lane: &LaneStatus) -> Markup {
    html! {
        dl.quiet {
            dt { (words("本次开机以来通过", "Passages since start")) } dd { (lane.passages) }
            dt { (words("最后一条记录", "Last record")) } dd { "№ " (status.journal.durable) }
        }
    }
}

/// The name of a value as serde writes it.
pub fn kebab<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        Ok(_) | Err(_) => String::new(),
    }
}
