//! What kiosks count at their lanes beside their records.

use maud::{Markup, html};

use super::super::words::Words;
use super::frame::{of, two};
use crate::base::KioskId;
use crate::ledger::Counted;

const COLUMNS: [Words; 7] = [
    ("终端", "kiosk"),
    ("通道", "lane"),
    ("起杆", "barrier rose"),
    ("开闸记录", "openings on record"),
    ("光束", "beam"),
    ("到达感应", "presence"),
    ("判定", "verdicts"),
];

/// A row a lane; nothing before a kiosk has counted anything.
pub fn table(counted: &[(KioskId, Counted)]) -> Markup {
    html! {
        @if !counted.is_empty() {
            h2 { (two(("现场计数（本次开机以来）", "Counted at the lanes since the kiosk started"))) }
            p.hint { "起杆次数由终端独立计数并签名；多于开闸记录时报警。"
                small lang="en" { "Kiosks count rises on their own and sign them; more than openings on record is an alarm." } }
            table {
                thead { tr { @for words in COLUMNS { th { (two(words)) } } } }
                tbody { @for (kiosk, Counted { count, recorded, .. }) in counted { tr {
                    th scope="row" { (kiosk) }
                    td data-of=(of(COLUMNS[1])) { (count.lane) }
                    @for (words, number) in COLUMNS[2..].iter().zip([count.raised, *recorded, count.beam, count.present, count.passages]) {
                        td data-of=(of(*words)) { (number) }
                    }
                } } }
            }
        }
    }
}
