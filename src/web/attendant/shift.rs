//! Hand-over: the sheet of a shift on the screen and on paper, what is open, and a note to the next one.
//!
//! What a note says is shown in full to whoever is signed in, because it is written for them; each look is logged by
//! name. It is not printed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::{SignedIn, flashed, open_items, shift_sheet};
use crate::base::{AttendantId, Pii};
use crate::model::OpenItems;
use crate::model::shift::SHIFT_MAX;
use crate::web::handle::{HandOver, NoteView, ShiftView};
use crate::web::page::{self, Frame, labelled};
use crate::web::session::{self, Flash};
use crate::web::shared::Shared;
use crate::web::symbol;
use crate::web::words::{Words, words};

/// Longest note, in characters.
const NOTE_MAX: usize = 500;

/// Longest wait for the last hand-over while somebody signs in.
const LOOK_UP_MAX: Duration = Duration::from_secs(1);

/// Notes that are written with one touch, for hands in gloves.
const READY: [Words; 4] = [
    words("无特殊情况", "Nothing to report"),
    words("设备有故障", "A device fails"),
    words("有人待处理", "Somebody waits for a decision"),
    words("物资不足", "Supplies run low"),
];

/// Which shift, and which half of its sheet.
#[derive(Deserialize)]
pub struct Turn {
    #[serde(default)]
    back: usize,
    #[serde(default)]
    part: Part,
}

/// A screen holds half a sheet; paper holds both.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// What passed.
    #[default]
    Counts,
    /// Waivers, devices, gaps, notes.
    Details,
}

/// `GET /attendant/shift`
pub async fn show(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    Query(turn): Query<Turn>,
    headers: HeaderMap,
) -> Markup {
    let (source, by) = (Arc::clone(&shared.handle.recent), signed_in.by.id.clone());
    let read = tokio::task::spawn_blocking(move || source.shift(&by, turn.back)).await;
    let found = read.unwrap_or_else(|_| Err("读取失败 could not be read".to_owned()));
    let notes = found.as_ref().ok().and_then(Option::as_ref).map_or(0, |shift| shift.notes.len());
    // What is open now belongs to the shift that goes on, and to whoever comes next.
    let open = if turn.back == 0 { Some(open_items::now(&shared).await) } else { None };
    tracing::info!(attendant = %signed_in.by.id, back = turn.back, notes, "shift viewed");
    let content = html! {
        main.list.shift.{ @if turn.part == Part::Details { "is-details" } @else { "is-counts" } } {
            (actions(&turn, found.as_ref().ok().and_then(Option::as_ref)))
            @match &found {
                Ok(Some(shift)) => (whole(&shared, shift, open.as_ref())),
                Ok(None) => p.note { (words("还没有班次记录", "No shift is on record yet")) },
                Err(why) => p.message role="alert" { (symbol::ATTENTION) span { (why) } },
            }
        }
        @if let Some(flash) = shared.sessions.take(&signed_in.token) { (flashed(&flash)) }
    };
    page::page(&frame("交接班", "desk-list", &headers), &content)
}

fn actions(turn: &Turn, shift: Option<&ShiftView>) -> Markup {
    let other = match turn.part {
        Part::Counts => ("details", symbol::LIST, words("明细", "Details")),
        Part::Details => ("counts", symbol::LIST, words("总数", "Totals")),
    };
    let at = |back: usize, part: &str| format!("/attendant/shift?back={back}&part={part}");
    let link = |key: &str, to: String, symbol, words: Words| {
        html! { a.act data-key=(key) href=(to) { kbd { (key) } (labelled(symbol, words)) } }
    };
    html! {
        header {
            a.act.back href="/attendant/more" data-key="F6" { kbd { "F6" } (labelled(symbol::BACK, words("返回", "Back"))) }
            h1 { (words("交接班", "Hand-over")) }
            @if shift.is_some() {
                (link("F1", at(turn.back, other.0), other.1, other.2))
                button.act type="button" data-key="F2" data-print { kbd { "F2" } (labelled(symbol::PRINT, words("打印", "Print"))) }
            }
            (link("F3", "/attendant/shift/note".to_owned(), symbol::WRITE, words("留言", "Note")))
            @if turn.back > 0 {
                (link("F4", at(turn.back - 1, "counts"), symbol::MORE, words("较晚", "Later")))
            }
            @if shift.is_some_and(|shift| shift.has_earlier) {
                (link("F5", at(turn.back + 1, "counts"), symbol::MORE, words("上一班", "Earlier")))
            }
        }
    }
}

fn whole(shared: &Shared, shift: &ShiftView, open: Option<&OpenItems>) -> Markup {
    let (status, place) = (shared.status(), shared.handle.place_time);
    let attendants = &shared.handle.attendants;
    html! {
        div.sheet {
            p.whose {
                b { (status.title) } " · "
                (symbol::ATTENDANT) b { (shift_sheet::name(attendants, &shift.attendant)) }
                " · " (place.date_and_time(shift.begun)) " – "
                @match shift.ended {
                    Some(ended) => (place.date_and_time(ended)),
                    None => (words("现在", "now")),
                }
            }
            section.counts { (shift_sheet::counts(&shift.sheet, &status)) }
            section.details {
                @if let Some(open) = open { (open_items::line(open)) }
                (shift_sheet::details(&shift.sheet, &status, attendants))
                (notes(shared, &shift.notes))
                (shift_sheet::proof(&shift.sheet, shift.root.as_deref()))
            }
            // Only on paper.
            footer.sign {
                p { (words("备注", "Remarks")) } p.lines {}
                p { (words("交班人", "Handed over by")) } p.line {}
                p { (words("接班人", "Taken over by")) } p.line {}
            }
        }
    }
}

fn notes(shared: &Shared, notes: &[NoteView]) -> Markup {
    let (place, attendants) = (shared.handle.place_time, &shared.handle.attendants);
    html! {
        @for note in notes {
            div.left-note {
                p { (symbol::WRITE) b { (shift_sheet::name(attendants, &note.by)) } " · " (place.day_and_time(note.wall)) " · #" (note.seq) }
                @if let Some(open) = &note.open { (open_items::line(open)) }
                p.text {
                    @match &note.text {
                        Some(text) => (text.expose()),
                        None => (words("无法打开", "does not open any more")),
                    }
                }
            }
        }
    }
}

/// `GET /attendant/shift/note`
pub async fn note(State(shared): State<Arc<Shared>>, _: SignedIn, headers: HeaderMap) -> Markup {
    note_page(("", None), &open_items::now(&shared).await, &headers)
}

/// The page with what was typed so far, and what is wrong with it.
fn note_page((text, message): (&str, Option<Words>), open: &OpenItems, headers: &HeaderMap) -> Markup {
    let content = html! {
        main.hand-over {
            header {
                a.act.back href="/attendant/shift" data-key="F6" { kbd { "F6" } (labelled(symbol::BACK, words("返回", "Back"))) }
                h1 { (words("给下一班留言", "A note to the next shift")) }
                (open_items::line(open))
                @if let Some(message) = message { p.message role="alert" { (symbol::ATTENTION) (message) } }
            }
            div.ready {
                @for (index, ready) in READY.iter().enumerate() {
                    form method="post" {
                        input type="hidden" name="text" value={ (ready.zh) " " (ready.en) };
                        button.act.plain type="submit" data-key={ "F" (index + 1) } {
                            kbd { "F" (index + 1) } (labelled(symbol::WRITE, ready))
                        }
                    }
                }
            }
            form.write method="post" autocomplete="off" {
                textarea name="text" maxlength=(NOTE_MAX) required placeholder="也可以写几句 Or in your own words" { (text) }
                button.act.enter type="submit" data-key="F5" { kbd { "F5" } (labelled(symbol::TICK, words("留下", "Leave it"))) }
            }
        }
    };
    page::page(&frame("留言", "dialog", headers), &content)
}

/// `POST /attendant/shift/note`
pub async fn hand_over(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    headers: HeaderMap,
    Form(mut fields): Form<BTreeMap<String, String>>,
) -> Response {
    let text = fields.remove("text").unwrap_or_default();
    let open = open_items::now(&shared).await;
    let kept: String = text.trim().chars().take(NOTE_MAX).collect();
    if kept.is_empty() {
        let message = words("还没有写", "Nothing is written yet");
        return (StatusCode::UNPROCESSABLE_ENTITY, note_page(("", Some(message)), &open, &headers))
            .into_response();
    }
    let note = HandOver { by: signed_in.by.id.clone(), note: Pii::new(kept), open };
    if shared.handle.hand_overs.try_send(note).is_err() {
        tracing::warn!(attendant = %signed_in.by.id, "hand-over note could not be recorded");
        let message = words("没有记下，请再试一次", "Not recorded: try again");
        return (StatusCode::SERVICE_UNAVAILABLE, note_page((&text, Some(message)), &open, &headers))
            .into_response();
    }
    tracing::info!(attendant = %signed_in.by.id, "hand-over note written");
    let flash = Flash { zh: "留言已交去记录".to_owned(), en: "The note is being recorded".to_owned() };
    shared.sessions.leave(&signed_in.token, flash);
    Redirect::to("/attendant/shift?part=details").into_response()
}

/// What somebody who signs in is told of the hand-over before them: by whom, what was open, and where the note stands.
///
/// None where the last hand-over is their own or as old as a shift may be, or cannot be looked up soon: nobody waits
/// for it to sign in.
pub async fn taken_over(shared: &Shared, by: &AttendantId) -> Option<Flash> {
    let source = Arc::clone(&shared.handle.recent);
    let read = tokio::task::spawn_blocking(move || source.last_hand_over());
    let found = tokio::time::timeout(LOOK_UP_MAX, read).await.ok()?.ok()?;
    let note = found.ok()??;
    let age_ms = shared.status().wall.0.abs_diff(note.wall.0);
    if note.by == *by || u128::from(age_ms) > SHIFT_MAX.as_millis() {
        return None;
    }
    let name = shift_sheet::name(&shared.handle.attendants, &note.by);
    let at = shared.handle.place_time.time_of_day(note.wall);
    let counts = note.open.as_ref().map(open_items::counts).unwrap_or_default();
    let said = |word: fn(&Words) -> &'static str| {
        let one = |(words, count): &(Words, Option<u64>)| match count {
            Some(count) => format!("{} {count}", word(words)),
            None => format!("{} —", word(words)),
        };
        counts.iter().map(one).collect::<Vec<_>>().join(" · ")
    };
    let (zh, en) = (said(|words| words.zh), said(|words| words.en));
    Some(Flash {
        zh: format!(
            "{name} {at} 交班。{zh}{}留言：更多 → 交接班 → 明细",
            if zh.is_empty() { "" } else { "。" }
        ),
        en: format!(
            "{name} handed over at {at}. {en}{}Note: More → Hand-over → Details",
            if en.is_empty() { "" } else { ". " }
        ),
    })
}

fn frame(title: &'static str, kind: &'static str, headers: &HeaderMap) -> Frame<'static> {
    Frame { title, kind, theme: session::theme(headers), live: None, subject: None }
}
