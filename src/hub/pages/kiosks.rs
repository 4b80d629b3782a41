//! Enrolled kiosks, and tokens for new ones.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;

use super::super::state::Hub;
use super::super::trust::look;
use super::super::words;
use super::Answer;
use super::frame::{self, ago, full_time, of, short, two};
use super::{counts, holes, trust};
use crate::sync::enrolment::Token;

const COLUMNS: [words::Words; 6] = [
    ("终端", "kiosk"),
    ("登记时间", "enrolled"),
    ("最后联系", "last heard"),
    ("日志公钥", "log's public key"),
    ("连接密钥", "TLS key"),
    ("吊销", "revoked"),
];

/// The name that a token is to be bound to.
#[derive(Deserialize)]
pub struct Ask {
    name: String,
}

pub async fn page(State(hub): State<Arc<Hub>>) -> Answer {
    show(&hub, html! {}).await
}

pub async fn make_token(State(hub): State<Arc<Hub>>, headers: HeaderMap, Form(ask): Form<Ask>) -> Answer {
    let name = ask.name.trim();
    let kiosk = if name.is_empty() { None } else { name.parse().ok() };
    if kiosk.is_none() && !name.is_empty() {
        let notice = html! {
            p.notice role="alert" { "名称须为 1 至 32 个小写字母、数字或连字符。"
                small lang="en" { "A name is 1 to 32 characters of a-z, 0-9 and -." } }
        };
        return show(&hub, notice).await;
    }
    let token = hub.make_token(kiosk).await?;
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("HUB");
    let scheme = if hub.certificate().is_some() { "https" } else { "http" };
    show(&hub, made(&token, &format!("{scheme}://{host}"))).await
}

fn made(token: &Token, url: &str) -> Markup {
    let command = format!("kakou enrol --hub {url} --token {token}");
    html! {
        section.card.token {
            div {
                h2 { (two(("一次性令牌，15 分钟内有效", "One-time token, good for 15 minutes"))) }
                p { "在终端上运行：" small lang="en" { "Run on the kiosk:" } }
                pre { (command) }
                p.hint { "令牌只显示这一次。" small lang="en" { "It is shown this once only." } }
            }
            (qr(&token.to_string()))
        }
    }
}

/// A text as a QR symbol; nothing when it is too long for one.
pub fn qr(text: &str) -> Markup {
    let symbol = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::M);
    let svg = symbol.map(|symbol| {
        let drawn = symbol.render::<qrcode::render::svg::Color<'_>>().min_dimensions(200, 200).build();
        drawn.split_once("?>").map_or(drawn.clone(), |(_, svg)| svg.to_owned())
    });
    html! { @if let Ok(svg) = svg { div.qr { (PreEscaped(svg)) } } }
}

async fn show(hub: &Arc<Hub>, above: Markup) -> Answer {
    let found = hub.read(|ledger| {
        let mut counted = vec![];
        let mut all = vec![];
        for kiosk in ledger.kiosks()? {
            let lanes = ledger.counted(&kiosk.kiosk)?;
            counted.extend(lanes.into_iter().map(|lane| (kiosk.kiosk.clone(), lane)));
            let (tls, revoked) = (ledger.tls_key_of(&kiosk.kiosk)?, ledger.revoked(&kiosk.kiosk)?);
            all.push((kiosk, tls, revoked));
        }
        Ok::<_, crate::ledger::Error>((all, counted, ledger.holes()?))
    });
    let (kiosks, counted, missing) = found.await??;
    let in_place = look(hub).await?;
    let now = hub.now();
    let content = html! {
        (above)
        form.filters method="post" action="/kiosks" {
            label { (two(("终端名称（可不填）", "kiosk name, optional")))
                input name="name" maxlength="32" placeholder="east-1" autocomplete="off"; }
            button { (two(("生成登记令牌", "Make a token"))) }
        }
        p.hint { "点终端名称可下达指令、查看结果和测温仪状况。"
            small lang="en" { "A kiosk's name leads to its commands, what became of them, and how its thermometers are." } }
        p.hint { "给已登记的名称生成令牌，会更换该终端的密钥；已吊销的终端由此重新启用。"
            small lang="en" { "A token for an enrolled name replaces that kiosk's key, and lets a revoked one in again." } }
        table {
            thead { tr { @for words in COLUMNS { th { (two(words)) } } } }
            tbody { @for (kiosk, tls, revoked) in &kiosks { tr {
                th scope="row" { a href={ "/kiosks/" (kiosk.kiosk) } { (kiosk.kiosk) } }
                td data-of=(of(COLUMNS[1])) { (full_time(kiosk.enrolled)) }
                td data-of=(of(COLUMNS[2])) { @match kiosk.seen { Some(seen) => (ago(seen, now)), None => "—" } }
                td data-of=(of(COLUMNS[3])) { code { (short(&kiosk.key.0)) "…" } }
                td data-of=(of(COLUMNS[4])) { @match tls {
                    Some(tls) => { code { (short(&tls.key.0)) "…" } " " small { (full_time(tls.pinned)) } },
                    None => "—",
                } }
                td data-of=(of(COLUMNS[5])) { @match revoked {
                    Some(revoked) => { b { (full_time(revoked.at)) } " " (revoked.officer) "：" (revoked.reason) },
                    None => a href={ "/kiosks/" (kiosk.kiosk) "/revoke" } { "吊销" small lang="en" { " revoke" } },
                } }
            } } }
        }
        (trust::section(&in_place, now))
        (counts::table(&counted))
        (holes::table(&missing))
    };
    Ok(frame::page("/kiosks", ("终端", "Kiosks"), &content))
}
