//! Everything that is not a lane: lists, themes, signing out.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::SignedIn;
use crate::web::page::{self, Frame, labelled};
use crate::web::session::{self, THEME_COOKIE};
use crate::web::shared::Shared;
use crate::web::symbol;
use crate::web::theme::Theme;
use crate::web::words::{Words, words};

/// `GET /attendant/more`
pub async fn more(signed_in: SignedIn, headers: HeaderMap) -> Markup {
    let content = html! {
        main.choices {
            header { h1 { (words("更多", "More")) } p.subject { b { (signed_in.by.name) } } }
            div.place.at-1 { (link("F1", "/attendant/lists", symbol::LIST, words("记录", "Records"))) }
            div.place.at-3 { (link("F3", "/attendant/devices", symbol::DEVICES, words("设备", "Devices"))) }
            // Not where the emergency is on a lane's pages: that place does nothing grave here.
            div.place.at-2 { (link("F2", "/attendant/shift", symbol::ATTENDANT, words("交接班", "Hand-over"))) }
            div.place.at-4 { (link("F4", "/attendant/screens", symbol::THEME, words("屏幕亮度", "Screens"))) }
            div.place.at-5 {
                form method="post" action="/attendant/sign-out" {
                    button.act.plain data-key="F5" type="submit" {
                        kbd { "F5" } (labelled(symbol::SIGN_OUT, words("退出登录", "Sign out")))
                    }
                }
            }
            div.place.at-6 { (link("F6", "/attendant", symbol::BACK, words("返回", "Back"))) }
        }
    };
    let theme = session::theme(&headers);
    page::page(&Frame { title: "更多", kind: "dialog", theme, live: None, subject: None }, &content)
}

/// `GET /attendant/screens`
pub async fn screens(State(shared): State<Arc<Shared>>, _: SignedIn, headers: HeaderMap) -> Markup {
    let (desk, lanes) = (session::theme(&headers), *shared.lane_theme.borrow());
    let content = html! {
        main.choices {
            header { h1 { (words("屏幕亮度", "Screens")) } }
            div.place.at-1 { (theme("F1", "desk", words("本屏亮度", "This screen"), desk)) }
            div.place.at-2 { (theme("F2", "lanes", words("通道屏亮度", "Lane screens"), lanes)) }
            div.place.at-6 { (link("F6", "/attendant/more", symbol::BACK, words("返回", "Back"))) }
        }
    };
    page::page(&Frame { title: "屏幕亮度", kind: "dialog", theme: desk, live: None, subject: None }, &content)
}

/// `POST /attendant/theme`: the next theme for this screen or for the lanes'.
pub async fn set_theme(
    State(shared): State<Arc<Shared>>,
    _: SignedIn,
    Form(fields): Form<BTreeMap<String, String>>,
) -> Response {
    let field = |name: &str| fields.get(name).map(String::as_str).unwrap_or_default();
    let theme = Theme::named(field("theme")).unwrap_or_default();
    let back = Redirect::to("/attendant/screens");
    if field("screen") == "lanes" {
        shared.lane_theme.send_replace(theme);
        return back.into_response();
    }
    let cookie =
        format!("{THEME_COOKIE}={}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000", theme.name());
    ([(header::SET_COOKIE, cookie)], back).into_response()
}

fn link(key: &str, to: &str, symbol: symbol::Symbol, words: Words) -> Markup {
    html! { a.act.plain data-key=(key) href=(to) { kbd { (key) } (labelled(symbol, words)) } }
}

/// A button that says the theme in force and turns to the next.
fn theme(key: &str, screen: &str, of: Words, now: Theme) -> Markup {
    let (said, next) = match now {
        Theme::Day => (words("白天", "Day"), Theme::Sunlight),
        Theme::Sunlight => (words("强光", "Sunlight"), Theme::Night),
        Theme::Night => (words("夜间", "Night"), Theme::Day),
    };
    html! {
        form method="post" action="/attendant/theme" {
            input type="hidden" name="screen" value=(screen);
            input type="hidden" name="theme" value=(next.name());
            button.act.plain data-key=(key) type="submit" {
                kbd { (key) } (labelled(symbol::THEME, of)) b.now { (said) }
            }
        }
    }
}
