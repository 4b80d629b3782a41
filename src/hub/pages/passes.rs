//! Issuing passes: a form, and the pass as a symbol to print.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use maud::{Markup, html};
use serde::Deserialize;

use super::super::passes::{Issued, Shown, Wanted, issue};
use super::super::state::Hub;
use super::super::turning::link;
use super::super::words::{self, Words};
use super::Answer;
use super::frame::{self, full_time, two};
use super::kiosks::qr;
use crate::base::Pii;
use crate::browser;
use crate::ledger::Day;
use crate::model::credential::Purpose;
use crate::model::{Class, SubjectKind};

const CLASSES: [(Class, &str); 6] = [
    (Class::Resident, "resident"),
    (Class::Worker, "worker"),
    (Class::Visitor, "visitor"),
    (Class::Transit, "transit"),
    (Class::KeyPerson, "key-person"),
    (Class::Observed, "observed"),
];

/// A pass as a form asks for it.
#[derive(Deserialize)]
pub struct Ask {
    site: String,
    class: String,
    name: String,
    plate: String,
    first: String,
    last: String,
    #[serde(default)]
    purpose: String,
    #[serde(default)]
    to: String,
    #[serde(default)]
    shown: String,
}

const PURPOSES: [(&str, Words); 4] = [
    ("entry", ("通行证", "entry")),
    ("re-entry", ("返回证", "re-entry")),
    ("transit", ("过境证", "transit")),
    ("contact-card", ("观察联系卡", "contact card")),
];

pub async fn page(State(hub): State<Arc<Hub>>) -> Answer {
    Ok(frame::page("/passes", ("通行证", "Passes"), &form(&hub, html! {})))
}

pub async fn issue_pass(State(hub): State<Arc<Hub>>, headers: HeaderMap, Form(ask): Form<Ask>) -> Answer {
    // The telephone reaches the hub by the name that this browser reached it by.
    let scheme = if hub.certificate().is_some() { "https" } else { "http" };
    let host = browser::text(&headers, header::HOST).unwrap_or_default();
    let origin = browser::text(&headers, header::ORIGIN).filter(|origin| *origin != "null");
    let origin = origin.map_or_else(|| format!("{scheme}://{host}"), str::to_owned);
    let above = match wanted(&ask).and_then(|wanted| Ok((issue(&hub, &wanted)?, wanted))) {
        Ok((pass, wanted)) => issued(&pass, &wanted, &origin),
        Err(why) => html! { p.notice role="alert" { "未签发：" (why) } },
    };
    Ok(frame::page("/passes", ("通行证", "Passes"), &form(&hub, above)))
}

fn wanted(ask: &Ask) -> Result<Wanted, String> {
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty()).map(Pii::new);
    let day = |text: &str| text.parse::<Day>().map_err(str::to_owned);
    let class = CLASSES.iter().find(|(_, name)| *name == ask.class).ok_or("类别不明 unknown class")?;
    let plate = text(&ask.plate);
    let purpose = match (ask.purpose.as_str(), text(&ask.to)) {
        ("" | "entry", None) => Purpose::Entry,
        ("re-entry", None) => Purpose::ReEntry { screened: None },
        ("transit", Some(to)) => Purpose::Transit { to },
        ("contact-card", None) => Purpose::ContactCard,
        ("transit", None) => return Err("过境证要写目的地 a pass for transit says where to".to_owned()),
        (_, Some(_)) => return Err("只有过境证写目的地 only a pass for transit says where to".to_owned()),
        (_, None) => return Err("用途不明 unknown purpose".to_owned()),
    };
    Ok(Wanted {
        subject: if plate.is_some() { SubjectKind::Vehicle } else { SubjectKind::Person },
        class: class.0,
        site: ask.site.trim().parse().map_err(|error: crate::base::id::BadSlug| error.to_string())?,
        not_before: day(&ask.first)?.start(),
        expires: day(&ask.last)?.plus(1).start(),
        name: text(&ask.name),
        plate,
        purpose,
        shown: if ask.shown == "turning" { Shown::Turning } else { Shown::Printed },
    })
}

fn issued(pass: &Issued, wanted: &Wanted, origin: &str) -> Markup {
    let link = link(pass).map(|path| Pii::new(format!("{origin}{}", path.expose())));
    html! {
        section.card.pass {
            div {
                h2 { (two(("通行证已签发", "Pass issued"))) }
                dl {
                    dt { (two(("场所", "site"))) } dd { (wanted.site) }
                    dt { (two(("类别", "class"))) } dd { (two(words::class(wanted.class))) }
                    @if let Some(name) = wanted.masked_name() { dt { (two(("姓名", "name"))) } dd { (name) } }
                    @if let Some(plate) = &wanted.plate { dt { (two(("车牌", "plate"))) } dd { (plate.expose()) } }
                    dt { (two(("有效期", "valid"))) }
                    dd { (full_time(wanted.not_before)) " – " (full_time(wanted.expires)) }
                }
                dl {
                    dt { (two(("撤销用编号，请记下", "to revoke it by: write it down"))) } dd { code { (pass.id) } }
                }
                @if link.is_none() { details { summary { (two(("文本", "as text"))) } pre { (pass.text) } } }
            }
            @if let Some(link) = &link {
                div data-link=(link.expose()) {
                    (qr(link.expose()))
                    p.hint { "请持证人本人用手机扫描并收藏该页；码每 30 秒更换。"
                        small lang="en" { "For the holder's own telephone: scan it and keep the page. Its code changes every 30 seconds." } }
                }
            } @else { (qr(&pass.text)) }
        }
    }
}

fn form(hub: &Hub, above: Markup) -> Markup {
    let today = Day::of(hub.now());
    html! {
        (above)
        form.filters method="post" action="/passes" {
            label { (two(("场所代号", "site"))) input name="site" required maxlength="32" placeholder="east-village"; }
            label { (two(("类别", "class"))) select name="class" {
                @for (class, name) in CLASSES { option value=(name) { (words::class(class).0) " " (words::class(class).1) } }
            } }
            label { (two(("姓名（只写入掩码）", "name, stored masked"))) input name="name" maxlength="40" autocomplete="off"; }
            label { (two(("车牌（车辆通行证）", "plate, for a vehicle"))) input name="plate" maxlength="16" autocomplete="off"; }
            label { (two(("用途", "for"))) select name="purpose" {
                @for (purpose, shown) in PURPOSES { option value=(purpose) { (shown.0) " " (shown.1) } }
            } }
            label { (two(("目的地（过境证）", "where to, for transit"))) input name="to" maxlength="10" autocomplete="off"; }
            label { (two(("出示方式", "shown"))) select name="shown" {
                option value="printed" { "固定码，可打印 one code, may be printed" }
                option value="turning" { "手机动态码，最长七天 on a telephone, changing, seven days at most" }
            } }
            label { (two(("起", "from"))) input type="date" name="first" value=(today) required; }
            label { (two(("止", "through"))) input type="date" name="last" value=(today.plus(30)) required; }
            button { (two(("签发", "Issue"))) }
        }
        p.hint { "通行证离线可验，中心不保存持证人信息。"
            small lang="en" { "Kiosks verify a pass offline; the hub keeps nothing about its holder." } }
    }
}
