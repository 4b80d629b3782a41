//! Training: where it begins and ends, what stands for the devices, and the banner that nobody can overlook.
//!
//! The pages of a lane that is practised at are those of any lane, under another name. An emergency is real on all of
//! them.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::SignedIn;
use super::actions::{Action, leads, posts};
use super::card::kebab;
use super::dialog::{Turn, choice_page, turned};
use crate::base::LaneId;
use crate::control::{Act, KioskStatus, LaneStatus, Phase, Practice, duty};
use crate::model::Role;
use crate::model::training::PRACTICE_NAMES;
use crate::web::page::not_found;
use crate::web::shared::{Shared, lane};
use crate::web::symbol;
use crate::web::words::{Words, face, words};

/// Leads to what stands for the devices.
pub const INPUTS: Words = words("模拟输入", "Inputs");

/// `GET …/practice`: whether training is to begin; once it has, what devices would have seen.
pub async fn inputs(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Path(id): Path<LaneId>,
    Query(turn): Query<Turn>,
    headers: HeaderMap,
) -> Response {
    let status = shared.status();
    let Some(lane) = lane(&status, &id) else { return gone(&id) };
    if status.practice.iter().all(|practice| practice.lane.lane != id) {
        let begin = posts(symbol::ATTENTION, words("开始练习", "Begin training"), fields(Practice::Begin));
        let said = words("通道停用，只放行紧急", "The lane is closed but for an emergency");
        return choice_page(lane, face::TRAINING, Some(said), &[begin], &headers).into_response();
    }
    let choices = Practice::SEEN.into_iter().map(seen).collect();
    let choices = turned(choices, &turn, "/practice");
    choice_page(lane, INPUTS, None::<Words>, &choices, &headers).into_response()
}

/// Answers that a lane is not there: one that was practised at is over.
pub fn gone(id: &LaneId) -> Response {
    if id.as_str().starts_with(PRACTICE_NAMES) {
        Redirect::to("/attendant").into_response()
    } else {
        not_found()
    }
}

/// Class of a lane's page.
pub fn kind(status: &KioskStatus, lane: &LaneStatus) -> &'static str {
    if status.training(&lane.lane).is_some() { "desk training" } else { "desk" }
}

/// Says on both pages of a lane in training that it is.
pub fn banner(status: &KioskStatus, lane: &LaneStatus) -> Markup {
    let Some(training) = status.training(&lane.lane) else { return html! {} };
    let said = if training.of == lane.lane {
        words("本通道停用，只放行紧急", "Closed but for an emergency")
    } else {
        words("不留记录，紧急是真的", "Emergencies are real")
    };
    html! {
        p.banner.training role="alert" { (symbol::ATTENTION) b { (face::TRAINING) } (said) }
    }
}

/// What somebody with this role can do about training at a lane where nobody is served.
pub fn action(shared: &Shared, status: &KioskStatus, lane: &LaneStatus, role: Role) -> Option<Action> {
    let (words, what) = match status.training(&lane.lane) {
        Some(_) => (words("结束练习", "End training"), Practice::End),
        None if lane.phase != Phase::Idle => return None,
        None => (words("练习", "Training"), Practice::Begin),
    };
    let act = Act::Practice(what);
    duty::may(shared.answers_as(role, &act), &act, Some(lane)).ok()?;
    // A lane is not taken away from everybody by one touch.
    let begins = what == Practice::Begin;
    Some(if begins {
        leads(symbol::ATTENTION, words, "/practice")
    } else {
        posts(symbol::ATTENTION, words, fields(what))
    })
}

fn seen(what: Practice) -> Action {
    let (symbol, said) = match what {
        Practice::Cool => (symbol::THERMOMETER, words("测得 36.5", "36.5 °C")),
        Practice::Warm => (symbol::THERMOMETER, words("测得 38.5", "38.5 °C")),
        Practice::TooCold => (symbol::THERMOMETER, words("额头太凉", "Too cold to measure")),
        Practice::GoodPass => (symbol::TICK, words("有效通行码", "A good pass")),
        Practice::ExpiredPass => (symbol::CROSS, words("过期通行码", "An expired pass")),
        Practice::PassesThrough => (symbol::AHEAD, words("通过道闸", "Goes through")),
        Practice::Begin | Practice::End => (symbol::ATTENTION, face::TRAINING),
    };
    posts(symbol, said, fields(what))
}

fn fields(what: Practice) -> Vec<(&'static str, String)> {
    vec![("act", "practice".to_owned()), ("what", kebab(&what))]
}
