//! Issuing passes: a form, and the pass as a symbol to print.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use maud::{Markup, html};
use serde::Deserialize;

use super::super::passes::{Issued, Wanted, issue};
use super::super::state::Hub;
use super::super::words;
use super::Answer;
use super::frame::{self, full_time, two};
use super::kiosks::qr;
use crate::base::Pii;
use crate::ledger::Day;
use crate::model::{Class, SubjectKind};

const CLASSES: [(Class, &str); 5] = [
    (Class::Resident, "resident"),
    (Class::Worker, "worker"),
    (Class::Visitor, "visitor"),
    (Class::Transit, "transit"),
    (Class::KeyPerson, "key-person"),
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
}

pub async fn page(State(hub): State<Arc<Hub>>) -> Answer {
    Ok(frame::page("/passes", ("通行证", "Passes"), &form(&hub, html! {})))
}

pub async fn issue_pass(State(hub): State<Arc<Hub>>, Form(ask): Form<Ask>) -> Answer {
    let above = match wanted(&ask).and_then(|wanted| Ok((issue(&hub, &wanted)?, wanted))) {
        Ok((pass, wanted)) => issued(&pass, &wanted),
        Err(why) => html! { p.notice role="alert" { "未签发：" (why) } },
    };
    Ok(frame::page("/passes", ("通行证", "Passes"), &form(&hub, above)))
}

fn wanted(ask: &Ask) -> Result<Wanted, String> {
    let text = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty()).map(Pii::new);
    let day = |text: &str| text.parse::<Day>().map_err(str::to_owned);
    let class = CLASSES.iter().find(|(_, name)| *name == ask.class).ok_or("类别不明 unknown class")?;
    let plate = text(&ask.plate);
    Ok(Wanted {
        subject: if plate.is_some() { SubjectKind::Vehicle } else { SubjectKind::Person },
        class: class.0,
        site: ask.site.trim().parse().map_err(|error: crate::base::id::BadSlug| error.to_string())?,
        not_before: day(&ask.first)?.start(),
        expires: day(&ask.last)?.plus(1).start(),
        name: text(&ask.name),
        plate,
    })
}

fn issued(pass: &Issued, wanted: &Wanted) -> Markup {
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
                details { summary { (two(("文本", "as text"))) } pre { (pass.text) } }
            }
            (qr(&pass.text))
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
            label { (two(("起", "from"))) input type="date" name="first" value=(today) required; }
            label { (two(("止", "through"))) input type="date" name="last" value=(today.plus(30)) required; }
            button { (two(("签发", "Issue"))) }
        }
        p.hint { "通行证离线可验，中心不保存持证人信息。"
            small lang="en" { "Kiosks verify a pass offline; the hub keeps nothing about its holder." } }
    }
}
