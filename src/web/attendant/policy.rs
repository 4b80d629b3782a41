//! The policy: what rules, what waits, and that a named person has read it.

use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{SignedIn, flashed};
use crate::config::list::Named;
use crate::web::handle::{Acknowledge, NamedList, NotTaken, PolicyPending, PolicyView};
use crate::web::page::{self, Frame, labelled};
use crate::web::place_time::PlaceTime;
use crate::web::session::{self, Flash};
use crate::web::shared::Shared;
use crate::web::symbol;
use crate::web::words::{Words, desk, words};

/// How long the record of an acknowledgement may take before the page says that there is no answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Differences that fit on the screen; the rest are counted.
const LINES_MAX: usize = 6;

/// `GET /attendant/policy`
pub async fn show(State(shared): State<Arc<Shared>>, signed_in: SignedIn, headers: HeaderMap) -> Markup {
    let view = Arc::clone(&shared.handle.policy.view.borrow());
    let content = html! {
        (whole(&view, shared.handle.place_time))
        @if let Some(flash) = shared.sessions.take(&signed_in.token) { (flashed(&flash)) }
    };
    let theme = session::theme(&headers);
    page::page(&Frame { title: "策略", kind: "desk-list", theme, live: None, subject: None }, &content)
}

fn whole(view: &PolicyView, place: PlaceTime) -> Markup {
    html! {
        main.list.policy {
            header {
                a.act.back href="/attendant/lists" data-key="F6" { kbd { "F6" } (labelled(symbol::BACK, words("返回", "Back"))) }
                h1 { (words("策略", "Policy")) }
                @if let Some(pending) = &view.pending {
                    form method="post" {
                        input type="hidden" name="version" value=(pending.version);
                        input type="hidden" name="bundle" value=(pending.bundle);
                        button.act.go type="submit" data-key="F1" { kbd { "F1" } (labelled(symbol::TICK, words("我已阅知", "I have read it"))) }
                    }
                }
            }
            (rules(view, place))
            (lists(&view.lists, place))
            @if let Some(pending) = &view.pending { (waiting(pending, place)) }
            @if let Some(why) = &view.refused {
                p.message role="alert" {
                    (symbol::ATTENTION) (words("上一份策略包被拒绝，现行策略不变", "The last bundle is refused; what rules goes on"))
                }
                p.note { (why) }
            }
        }
    }
}

fn rules(view: &PolicyView, place: PlaceTime) -> Markup {
    html! {
        p.in-force {
            @match (view.rules, view.expired) {
                (Some((version, until)), _) => {
                    b.zh { "现行：第" (version) "版" @if let Some(until) = until { "，至 " (place.date_and_time(until)) } }
                    span.en { "In force: version " (version) @if let Some(until) = until { ", until " (place.date_and_time(until)) } }
                }
                (None, Some(version)) => {
                    b.zh { (symbol::CLOCK) "第" (version) "版已到期，按本站自己的策略" }
                    span.en { "Version " (version) " has ended: the site's own policy rules" }
                }
                (None, None) => {
                    b.zh { "按本站自己的策略" }
                    span.en { "The site's own policy rules" }
                }
            }
        }
        @if let Some((version, from)) = view.next {
            p {
                b.zh { "第" (version) "版已阅知，" (place.date_and_time(from)) " 生效" }
                span.en { "Version " (version) " is read and rules from " (place.date_and_time(from)) " on" }
            }
        }
    }
}

/// The lists that a bundle names, and how each stands here.
fn lists(named: &[NamedList], place: PlaceTime) -> Markup {
    html! {
        @if !named.is_empty() {
            ul.lists {
                @for NamedList { name, sha256, here } in named {
                    li.bad[*here == Named::Absent] {
                        (words("名单", "List")) " " b { (name) } " " code title=(sha256) { (sha256.get(..16).unwrap_or(sha256)) "…" } " "
                        @match here {
                            Named::InForce => { (symbol::TICK) (words("已生效", "in force here")) }
                            Named::Other { edition, pushed } => {
                                (symbol::ATTENTION) (words("本机是另一版", "another edition is here")) " "
                                code { (edition) } " · " (place.day_and_time(*pushed))
                            }
                            Named::Absent => { (symbol::ATTENTION) (words("本机没有，请导入", "not here: import it")) }
                        }
                    }
                }
            }
        }
    }
}

fn waiting(pending: &PolicyPending, place: PlaceTime) -> Markup {
    let mode = |mode| desk::mode(mode).unwrap_or(words("平时", "Normal"));
    let (version, from) = (pending.version, place.date_and_time(pending.from));
    let until = pending.until.map_or_else(|| "…".to_owned(), |until| place.date_and_time(until));
    html! {
        section.pending {
            h2 { b.zh { "第" (version) "版待阅知" } span.en { "Version " (version) " waits to be read" } }
            p { (from) " – " (until) }
            @if let Some((number, zh, en)) = &pending.notice {
                p { b.zh { "依据第" (number) "号通告：" (zh) } span.en { "Rests on notice " (number) ": " (en) } }
            }
            p {
                b.zh { "区域状态：" (mode(pending.mode).zh) "；到期后：" (mode(pending.mode_after).zh) }
                span.en { "Area: " (mode(pending.mode).en) "; after its end: " (mode(pending.mode_after).en) }
            }
            (lists(&pending.lists, place))
            h3 { b.zh { "与现行的不同" } span.en { "What differs" } }
            ul {
                @for line in pending.differs.iter().take(LINES_MAX) { li { (line) } }
                @if pending.differs.is_empty() { li { (words("没有不同", "Nothing")) } }
            }
            @if pending.differs.len() > LINES_MAX {
                p { "… 另有 and " (pending.differs.len() - LINES_MAX) " 处 more" }
            }
        }
    }
}

/// Which bundle somebody has read.
#[derive(Deserialize)]
pub struct Read {
    version: u64,
    bundle: String,
}

/// `POST /attendant/policy`
pub async fn acknowledge(
    State(shared): State<Arc<Shared>>,
    signed_in: SignedIn,
    Form(read): Form<Read>,
) -> Response {
    let Ok(bundle) = read.bundle.parse() else { return StatusCode::BAD_REQUEST.into_response() };
    if !signed_in.by.role().staffs() {
        let said = Flash { zh: "观察不能办理".to_owned(), en: "An observer cannot do this".to_owned() };
        shared.sessions.leave(&signed_in.token, said);
        return Redirect::to("/attendant/policy").into_response();
    }
    let (reply, answer) = oneshot::channel();
    let asked = Acknowledge { by: signed_in.by.id.clone(), version: read.version, bundle, reply };
    let done = match shared.handle.policy.asks.try_send(asked) {
        Ok(()) => match timeout(ANSWERS_WITHIN, answer).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(NotTaken::NotRecorded),
            Err(_) => Err(NotTaken::NoAnswer),
        },
        Err(_) => Err(NotTaken::NotRecorded),
    };
    let said = match done {
        Ok(()) => words("已记录，策略按期生效", "Recorded: the policy rules from its time on"),
        Err(why) => refused(why),
    };
    tracing::info!(attendant = %signed_in.by.id, version = read.version, taken = done.is_ok(), "policy read");
    shared.sessions.leave(&signed_in.token, Flash { zh: said.zh.to_owned(), en: said.en.to_owned() });
    Redirect::to("/attendant/policy").into_response()
}

fn refused(why: NotTaken) -> Words {
    match why {
        NotTaken::Another => words("待阅知的已是另一份，请再看", "Another one waits by now: look again"),
        NotTaken::NotRecorded => words("没有记下，策略未变", "Not recorded: what rules goes on"),
        NotTaken::NoAnswer => words("还没有答复，请过一会儿再看", "No answer yet: look again in a while"),
        NotTaken::Lists => words(
            "名单与策略所列不符：请用 kakou list import 导入所列文件，再阅知",
            "A list is not here as the policy names it: kakou list import that file, then read it again",
        ),
        NotTaken::NotKept => words("存不下，策略未变", "Cannot be kept: what rules goes on"),
    }
}
