//! The page that is printed: codes for a camera, and beside them the same numbers for people.

use std::collections::BTreeSet;

use anyhow::Result;
use data_encoding::BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use super::Signed;
use super::rows::{self, Row};
use crate::base::LaneId;
use crate::hub::words::{self, Words};
use crate::model::Verdict;
use crate::sync::sheet::Summary;

const STYLE: &str = include_str!("sheet.css");
/// More rows than this are set in smaller type, so that a day stays on one page.
const ROWS_USUAL: usize = 14;
/// More columns than this as well.
const VERDICTS_USUAL: usize = 5;
/// More rows than this, below one or two codes and below more, do not fit even so: classes are then in the codes only.
const ROWS_MAX: [usize; 2] = [28, 15];

/// One page a log, on A4.
pub fn whole(title: &str, sheets: &[Signed]) -> Result<String> {
    let pages = sheets.iter().map(|sheet| page(title, sheet)).collect::<Result<Vec<_>>>()?;
    let whole = html! {
        (DOCTYPE)
        html lang="zh-CN" {
            head {
                meta charset="utf-8";
                title { "卡口日报 Kakou daily sheet" }
                style { (PreEscaped(STYLE)) }
            }
            body { @for page in &pages { (page) } }
        }
    };
    Ok(whole.into_string())
}

fn page(title: &str, Signed { summary, texts }: &Signed) -> Result<Markup> {
    let Summary { kiosk, epoch, day, first, last, root, counts } = summary;
    let codes = texts.iter().map(|text| code(text)).collect::<Result<Vec<_>>>()?;
    let mut rows = rows::rows(counts);
    let verdicts: BTreeSet<Verdict> = rows.iter().flat_map(|row| row.verdicts.keys().copied()).collect();
    let folded = rows.len() > ROWS_MAX[usize::from(codes.len() > 2)];
    if folded {
        rows = rows::folded(rows);
    }
    Ok(html! {
        article.dense[rows.len() > ROWS_USUAL || codes.len() > 2 || verdicts.len() > VERDICTS_USUAL] {
            header {
                h1 { "卡口日报 " small lang="en" { "Kakou daily sheet" } }
                p.day { (day) small { " UTC" (offset(day.offset_minutes)) } }
            }
            p.place { b { (kiosk) } @if !title.is_empty() { " · " (title) }
                " · " (two(("第", "records"))) (first) " – " (last) " · " (two(("到达", "arrivals"))) b { (counts.passages()) } }
            div class={ "codes of-" (codes.len()) } {
                @for (index, code) in codes.iter().enumerate() {
                    figure { (PreEscaped(code)) figcaption { (index + 1) " / " (codes.len()) } }
                }
            }
            (table(&rows, &verdicts, folded))
            @if folded {
                p.hint { "各类别人数只在码里。" small lang="en" { "Numbers by class are in the codes only." } }
            }
            ul.others { @for (zh, en, count) in rows::others(counts) {
                li { (zh) " " small lang="en" { (en) } " " b { (count) } }
            } }
            footer {
                p { "日志 log " code { (epoch) } " · 根 root " code { (BASE64.encode(root)) } }
                p { "拍下或扫描整页，在中心运行 " code { "kakou hub sheet 照片.jpg" }
                    "。签名由终端的日志密钥作出；本页不含任何人的信息。 "
                    small lang="en" { "Photograph or scan the whole page and run kakou hub sheet PHOTO.jpg at the hub. Signed with the kiosk's log key; this sheet names nobody." } }
            }
        }
    })
}

fn table(rows: &[Row], verdicts: &BTreeSet<Verdict>, folded: bool) -> Markup {
    let names = if folded { 3 } else { 4 };
    let parts: Vec<(bool, Vec<&Row>)> = [true, false]
        .into_iter()
        .map(|sure| (sure, rows.iter().filter(|row| row.sure == sure).collect::<Vec<_>>()))
        .filter(|(_, rows)| !rows.is_empty())
        .collect();
    html! {
        table {
            thead { tr {
                th { (two(("通道", "lane"))) } th { (two(("方向", "way"))) } th { (two(("对象", "who"))) } @if !folded { th { (two(("类别", "class"))) } }
                th.number { (two(("合计", "total"))) }
                @for verdict in verdicts { th.number { (two(words::verdict(*verdict))) } }
                th.number { (two(("随车", "occupants"))) }
            } }
            @for (sure, rows) in &parts {
                tbody {
                    @if !sure {
                        tr.unsure { th colspan=(names + 2 + verdicts.len()) { (two(("以下时间不可信", "time not trusted below"))) } }
                    }
                    @for row in rows {
                        tr {
                            td { (row.lane.as_ref().map_or("—", LaneId::as_str)) }
                            td { (two(words::direction(row.direction))) }
                            td { (two(words::subject(row.subject))) }
                            @if !folded { td { (two(words::class(row.class))) } }
                            td.number { b { (row.total) } }
                            @for verdict in verdicts { (number(row.verdicts.get(verdict).copied().unwrap_or(0))) }
                            (number(row.occupants))
                        }
                    }
                    tr.sum {
                        th colspan=(names) { (two(("合计", "total"))) }
                        td.number { b { (rows.iter().map(|row| row.total).sum::<u64>()) } }
                        @for verdict in verdicts {
                            (number(rows.iter().filter_map(|row| row.verdicts.get(verdict)).sum()))
                        }
                        (number(rows.iter().map(|row| row.occupants).sum()))
                    }
                }
            }
        }
    }
}

fn number(count: u64) -> Markup {
    html! { td.number { @if count == 0 { span.zero { "·" } } @else { (count) } } }
}

fn two((zh, en): Words) -> Markup {
    html! { (zh) " " small lang="en" { (en) } " " }
}

fn offset(minutes: i16) -> String {
    let sign = if minutes < 0 { '−' } else { '+' };
    format!("{sign}{:02}:{:02}", minutes.unsigned_abs() / 60, minutes.unsigned_abs() % 60)
}

/// A symbol as SVG, with the quiet zone that readers need.
fn code(text: &str) -> Result<String> {
    let symbol = QrCode::with_error_correction_level(text, EcLevel::M)?;
    let drawn = symbol.render::<svg::Color<'_>>().module_dimensions(4, 4).build();
    Ok(drawn.split_once("?>").map_or(drawn.clone(), |(_, svg)| svg.to_owned()))
}
