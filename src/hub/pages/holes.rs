//! Records that are missing: what was lost at which kiosk.

use maud::{Markup, html};

use super::frame::two;
use crate::ledger::{Hole, Loss};

/// Most ranges that are listed.
const SHOWN_MAX: usize = 200;

/// What is lost for good, as a table; nothing when nothing is.
pub fn table(holes: &[Hole]) -> Markup {
    let lost = lost(holes);
    html! {
        @if !lost.is_empty() {
            section #holes {
                h2 { (two(("缺失的记录", "Missing records"))) }
                table {
                    thead { tr {
                        th { (two(("终端", "kiosk"))) } th { (two(("日志", "log"))) }
                        th { (two(("记录", "records"))) } th { (two(("原因", "why"))) }
                    } }
                    tbody { @for hole in lost.iter().take(SHOWN_MAX) { tr {
                        th scope="row" { (hole.kiosk) }
                        td { code title=(hole.epoch) { (hole.epoch.to_string().get(..8).unwrap_or_default()) "…" } }
                        td { (range(hole)) }
                        td { (why(&hole.loss)) }
                    } } }
                }
                @if lost.len() > SHOWN_MAX { p.hint { "…" } }
            }
        }
    }
}

/// One line above the ledger, with the way to the table.
pub fn notice(holes: &[Hole]) -> Markup {
    let lost = lost(holes);
    let count: u64 = lost.iter().map(|hole| hole.last - hole.first + 1).sum();
    html! {
        @if let Some(first) = lost.first() {
            p.notice { a href="/kiosks#holes" { "有 " b { (count) } " 条记录已丢失" } "："
                (first.kiosk) " " (range(first)) @if lost.len() > 1 { " …" }
                small lang="en" { "Records are lost: " (first.kiosk) ", " (range(first)) @if lost.len() > 1 { " and more" } } }
        }
    }
}

fn lost(holes: &[Hole]) -> Vec<&Hole> {
    holes.iter().filter(|hole| hole.loss != Loss::NotDelivered).collect()
}

fn range(hole: &Hole) -> Markup {
    html! { @if hole.first == hole.last { (hole.first) } @else { (hole.first) " – " (hole.last) } }
}

fn why(loss: &Loss) -> Markup {
    html! {
        @match loss {
            Loss::Lost => (two(("终端存储损坏，日志其后继续", "lost at the kiosk; the log goes on behind them"))),
            Loss::Ended => (two(("终端存储损坏，该日志已终止", "lost at the kiosk; that log has ended"))),
            Loss::Declared(found) => (found),
            Loss::NotDelivered => (two(("尚未上传", "not delivered yet"))),
        }
    }
}
