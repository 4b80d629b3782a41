//! What every page has around it, and the small parts that pages are made of.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use maud::{DOCTYPE, Markup, html};

use super::super::words::{self, Words};
use crate::base::Wall;
use crate::model::Verdict;

/// The pages in the head of each, and what they are called.
const PAGES: [(&str, Words); 7] = [
    ("/", ("总览", "Overview")),
    ("/ledger", ("台账", "Ledger")),
    ("/tallies", ("统计", "Tallies")),
    ("/passes", ("通行证", "Passes")),
    ("/kiosks", ("终端", "Kiosks")),
    ("/carry", ("离线导入", "Carry in")),
    ("/access", ("查阅记录", "Access log")),
];

/// A whole page called `title`, under the head's entry `at`.
pub fn page(at: &str, title: Words, content: &Markup) -> Html<String> {
    let nav = html! {
        nav {
            @for (path, words) in PAGES {
                a href=(path) aria-current=[(path == at).then_some("page")] { (two(words)) }
            }
        }
    };
    whole(title, &nav, content)
}

fn whole(title: Words, nav: &Markup, content: &Markup) -> Html<String> {
    with_script("/hub.mjs", title, nav, content)
}

/// The page on a telephone that shows a pass.
pub fn turning(content: &Markup) -> Html<String> {
    with_script("/turn.mjs", ("通行码", "Pass"), &html! {}, content)
}

fn with_script(script: &str, title: Words, nav: &Markup, content: &Markup) -> Html<String> {
    let page = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title.0) " · 卡口 Kakou" }
                link rel="stylesheet" href="/hub.css";
                script type="module" src=(script) {}
            }
            body {
                header.top {
                    a.brand href="/" { b { "卡口" } span lang="en" { "Kakou hub" } }
                    (nav)
                }
                main {
                    h1 { (two(title)) }
                    (content)
                    p.hint.zone { "时间均为北京时间（UTC+8）。" small lang="en" { "All times are China's, UTC+8." } }
                }
            }
        }
    };
    Html(page.into_string())
}

/// A page that says why there is nothing else.
pub fn failure(status: StatusCode, chinese: &str, english: &str) -> Response {
    let content = html! { p.notice { (chinese) " " small lang="en" { (english) } } };
    (status, page("", ("无法显示", "Not available"), &content)).into_response()
}

/// The page that asks for the hub's key.
pub fn sign_in(status: StatusCode) -> Response {
    let content = html! {
        form.card.narrow method="post" action="/sign-in" {
            @if status == StatusCode::FORBIDDEN {
                p.notice role="alert" { "密钥不对。" small lang="en" { "That is not the hub's key." } }
            }
            label { (two(("中心密钥", "Hub key"))) input type="password" name="key" autocomplete="current-password" required; }
            p.hint { "启动中心时终端里会显示密钥。" small lang="en" { "The hub prints its key when it starts." } }
            button { (two(("登录", "Sign in"))) }
        }
    };
    (status, whole(("登录", "Sign in"), &html! {}, &content)).into_response()
}

/// Chinese, with the English beside it in small.
pub fn two((chinese, english): Words) -> Markup {
    html! { span.two { (chinese) " " small lang="en" { (english) } } }
}

/// What a cell of a table says it is where its column's head is not shown: on a phone.
pub fn of((chinese, english): Words) -> String {
    format!("{chinese} {english}")
}

/// A number in a table or a tile; nothing is shown as a dot, so that what counts stands out.
pub fn count(number: u64) -> Markup {
    html! { @if number == 0 { span.zero { "·" } } @else { (number) } }
}

/// A verdict as a mark with symbol, colour and word.
pub fn mark(verdict: Verdict) -> Markup {
    html! {
        span class={ "mark " (words::tone(verdict)) } {
            i aria-hidden="true" { (words::symbol(verdict)) }
            (two(words::verdict(verdict)))
        }
    }
}

/// A time in China's time zone, to the second.
pub fn time(at: Wall) -> Markup {
    html! { time datetime=(utc(at)) { (shown(at, "%m-%d %H:%M:%S")) } }
}

/// The same with the year.
pub fn full_time(at: Wall) -> Markup {
    html! { time datetime=(utc(at)) { (shown(at, "%Y-%m-%d %H:%M:%S")) } }
}

fn utc(at: Wall) -> String {
    Timestamp::from_millisecond(at.0).map(|time| time.to_string()).unwrap_or_default()
}

/// A time in China's time zone, in this form of `strftime`.
pub fn shown(at: Wall, form: &str) -> String {
    let china = TimeZone::fixed(Offset::constant(8));
    let time = Timestamp::from_millisecond(at.0).map(|time| time.to_zoned(china));
    time.map(|time| time.strftime(form).to_string()).unwrap_or_else(|_| "—".to_owned())
}

/// How long ago something was, in one unit.
pub fn ago(then: Wall, now: Wall) -> Markup {
    let secs = now.0.saturating_sub(then.0).max(0) / 1_000;
    let (number, chinese, english) = match secs {
        0..=59 => (secs, "秒前", "s ago"),
        60..=3_599 => (secs / 60, "分钟前", "min ago"),
        3_600..=86_399 => (secs / 3_600, "小时前", "h ago"),
        _ => (secs / 86_400, "天前", "d ago"),
    };
    html! { span.two { (number) " " (chinese) " " small lang="en" { (number) " " (english) } } }
}

/// The first bytes of a digest, as people compare them.
pub fn short(hash: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&hash[..hash.len().min(6)])
}

/// Choices of a form; `chosen` is marked.
pub fn options<'a>(choices: impl Iterator<Item = (&'a str, String)>, chosen: &str) -> Markup {
    html! {
        option value="" { "全部 all" }
        @for (value, shown) in choices {
            option value=(value) selected[value == chosen] { (shown) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_shown_as_in_china() {
        let at = Wall::from_secs(1_795_276_800);
        assert_eq!(shown(at, "%Y-%m-%d %H:%M:%S"), "2026-11-22 00:00:00");
        let shown_ago = ago(at, Wall(at.0 + 125_000)).into_string();
        assert!(shown_ago.contains("2 分钟前") && shown_ago.contains("2 min ago"), "{shown_ago}");
        assert_eq!(shown(Wall(i64::MAX), "%Y"), "—", "no panic at the edge");
    }
}
