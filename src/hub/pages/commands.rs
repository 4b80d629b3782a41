//! One kiosk: how its thermometers are, a form to ask something of it, and what became of what was asked.

use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::state::Hub;
use super::super::words::{self, Words};
use super::frame::{self, failure, full_time, of, time, two};
use super::{Answer, Failed, thermometers};
use crate::base::{KioskId, Wall};
use crate::ledger::{Officer, Sent};
use crate::model::{Ordered, Service};
use crate::sync::command::{TEXT_MAX, What};

/// Most commands on the page.
const LINES: u32 = 200;

const COLUMNS: [Words; 6] = [
    ("编号", "number"),
    ("内容", "what"),
    ("下令人", "officer"),
    ("事由", "reason"),
    ("时限", "not after"),
    ("状态", "state"),
];

/// What can be asked on the page.
const KINDS: [(&str, Words); 10] = [
    ("notice", ("更换通告", "another public notice")),
    ("no-notice", ("撤下中心通告", "take the hub's notice away")),
    ("lane-out", ("通道停用", "take a lane out of service")),
    ("lane-in", ("通道恢复", "a lane back in service")),
    ("normal", ("转为平时", "area as usual")),
    ("watch", ("转为加强", "area under watch")),
    ("sealed", ("转为封控", "area sealed")),
    ("drill", ("转为演练", "a drill in the area")),
    ("send-now", ("立即上报", "send at once")),
    ("renew-key", ("更换连接密钥", "renew the connection key")),
];

/// How long a command may be begun, in minutes; 0: for ever.
const SPANS: [(u64, Words); 4] = [
    (60, ("1 小时内", "within an hour")),
    (1_440, ("1 天内", "within a day")),
    (10_080, ("7 天内", "within a week")),
    (0, ("不限", "whenever it arrives")),
];

/// A command as the form asks for it.
#[derive(Deserialize)]
pub struct Ask {
    what: String,
    number: String,
    text: String,
    lane: String,
    minutes: u64,
    officer: String,
    reason: String,
}

pub async fn page(State(hub): State<Arc<Hub>>, Path(kiosk): Path<String>) -> Response {
    show(&hub, &kiosk, html! {}).await
}

pub async fn issue(State(hub): State<Arc<Hub>>, Path(name): Path<String>, Form(ask): Form<Ask>) -> Response {
    let Ok(kiosk) = name.parse::<KioskId>() else { return missing() };
    let (what, officer) = match (what_of(&ask), Officer::new(&ask.officer, &ask.reason)) {
        (Ok(what), Some(officer)) => (what, officer),
        (Err(why), _) => return show(&hub, &name, refused(why)).await,
        (Ok(_), None) => {
            let why =
                ("请填写姓名和事由，各 2 至 200 字。", "Name and reason need 2 to 200 characters each.");
            return show(&hub, &name, refused(why)).await;
        }
    };
    let not_after = (ask.minutes > 0).then(|| hub.now() + Duration::from_mins(ask.minutes.min(525_600)));
    match hub.command(kiosk, what, officer, not_after).await {
        Err(error) => Failed::from(error).into_response(),
        Ok(Ok(number)) => {
            let above = html! { p.notice.go role="status" {
                "指令 " (number) " 已下达，终端在线时即刻领取。"
                small lang="en" { "Command " (number) " is issued; a kiosk that is up fetches it at once." }
            } };
            show(&hub, &name, above).await
        }
        Ok(Err(why)) => {
            let why = why.to_string();
            show(&hub, &name, refused(("指令未下达。", &why))).await
        }
    }
}

fn what_of(ask: &Ask) -> Result<What, (&'static str, &'static str)> {
    let text = ask.text.trim().to_owned();
    let lane = || ask.lane.trim().parse().map_err(|_| ("通道代号不对。", "That is no lane's name."));
    match ask.what.as_str() {
        "notice" => {
            let number = ask.number.trim().parse().ok().filter(|number| *number > 0);
            let number = number.ok_or(("通告须有编号。", "A notice needs a number."))?;
            if text.is_empty() {
                return Err(("通告须有内容。", "A notice needs a text."));
            }
            Ok(What::Notice { number, text })
        }
        "no-notice" => Ok(What::Notice { number: 0, text: String::new() }),
        "lane-out" => Ok(What::LaneService { lane: lane()?, service: Service::Out }),
        "lane-in" => Ok(What::LaneService { lane: lane()?, service: Service::In }),
        "send-now" => Ok(What::SendNow),
        "renew-key" => Ok(What::RenewKey),
        mode => {
            let mode = mode.parse().map_err(|_| ("没有这种指令。", "There is no such command."))?;
            Ok(What::Mode { mode })
        }
    }
}

fn refused((chinese, english): (&str, &str)) -> Markup {
    html! { p.notice role="alert" { (chinese) " " small lang="en" { (english) } } }
}

fn missing() -> Response {
    failure(StatusCode::NOT_FOUND, "没有登记这台终端", "No such kiosk is enrolled.")
}

async fn show(hub: &Hub, name: &str, above: Markup) -> Response {
    let Ok(kiosk) = name.parse::<KioskId>() else { return missing() };
    let asked = kiosk.clone();
    let found = hub.read(move |ledger| {
        let known = ledger.key_of(&asked)?.is_some();
        let found = || {
            let notes = ledger.drift_notes(&asked, thermometers::NOTES)?;
            Ok::<_, crate::ledger::Error>((ledger.commands(Some(&asked), LINES)?, notes))
        };
        known.then(found).transpose()
    });
    let found = match found.await {
        Ok(Ok(found)) => found,
        Ok(Err(error)) => return Failed::from(error).into_response(),
        Err(error) => return Failed::from(error).into_response(),
    };
    let Some((commands, notes)) = found else { return missing() };
    let below = thermometers::charts(&notes);
    let answer: Answer = Ok(whole(&kiosk, (above, below), &commands, hub.now()));
    answer.into_response()
}

fn whole(
    kiosk: &KioskId,
    (above, below): (Markup, Markup),
    commands: &[Sent],
    now: Wall,
) -> axum::response::Html<String> {
    let content = html! {
        (above)
        p { (two(("终端", "kiosk"))) " " b { (kiosk) } " · " a href={ "/ledger?kiosk=" (kiosk) } { "台账 ledger" } }
        (form(kiosk))
        p.hint { "指令由中心签名，终端先记录后执行，每条只执行一次。中心不能开闸；停用的通道仍可由值守人员紧急放行。"
            small lang="en" { "Commands are signed; a kiosk records each before it carries it out, once. None opens a barrier, "
                "and an attendant can let an emergency through a lane that is out of service." } }
        table {
            thead { tr { @for words in COLUMNS { th { (two(words)) } } } }
            tbody { @for command in commands { (row(command, now)) } }
        }
        @if commands.is_empty() { p.notice { "还没有下达过指令。" small lang="en" { "Nothing was asked of it yet." } } }
        (below)
    };
    frame::page("/kiosks", ("终端", "Kiosk"), &content)
}

fn form(kiosk: &KioskId) -> Markup {
    html! {
        form.filters method="post" action={ "/kiosks/" (kiosk) } {
            label.wide { (two(("指令", "command"))) select name="what" {
                @for (name, words) in KINDS { option value=(name) { (words.0) " " (words.1) } }
            } }
            label { (two(("通告编号", "notice number"))) input name="number" inputmode="numeric" maxlength="9" autocomplete="off"; }
            label.wide { (two(("通告内容", "its text"))) input name="text" maxlength=(TEXT_MAX) autocomplete="off"; }
            label { (two(("通道代号", "lane"))) input name="lane" maxlength="32" placeholder="in-1" autocomplete="off"; }
            label.wide { (two(("何时前执行", "begin"))) select name="minutes" {
                @for (minutes, words) in SPANS { option value=(minutes) { (words.0) " " (words.1) } }
            } }
            label { (two(("姓名", "your name"))) input name="officer" required maxlength="200" autocomplete="off"; }
            label.wide { (two(("事由", "reason"))) input name="reason" required maxlength="200" autocomplete="off"; }
            button { (two(("下达", "Issue"))) }
        }
    }
}

fn row(command: &Sent, now: Wall) -> Markup {
    let [number, what, officer, reason, limit, state] = COLUMNS.map(of);
    let (tone, symbol, words) = words::sent_state(command.state(now));
    let steps = [
        (("下达", "issued"), Some(command.issued)),
        (("领取", "sent"), command.sent),
        (("接收", "taken"), command.taken),
        (("结果", "settled"), command.settled.map(|(at, _)| at)),
    ];
    html! { tr {
        th scope="row" data-of=(number) { (command.number) }
        td data-of=(what) { @if let Some(ordered) = &command.ordered { (two(words::ordered(ordered))) " " (about(ordered, command)) } @else { "—" } }
        td data-of=(officer) { (command.officer) }
        td data-of=(reason) {
            (command.reason)
            @if !command.is_ours { (two(("仅见于终端记录", "only the kiosk's records tell of it"))) }
        }
        td data-of=(limit) { @match command.not_after { Some(at) => (full_time(at)), None => "—" } }
        td data-of=(state) {
            span class={ "mark " (tone) } { i aria-hidden="true" { (symbol) } (two(words)) }
            @for (words, at) in steps { @if let Some(at) = at { " " small { (words.0) " " (time(at)) } } }
        }
    } }
}

/// What a command is about beside its kind.
fn about(ordered: &Ordered, command: &Sent) -> Markup {
    html! { @match ordered {
        Ordered::Notice { number: 0 } | Ordered::RenewKey | Ordered::SendNow | Ordered::Mode { .. } => {}
        Ordered::Notice { number } => { "№ " (number) @if let Some(text) = &command.text { " " (text) } }
        Ordered::LaneService { lane, .. } => { code { (lane) } }
    } }
}
