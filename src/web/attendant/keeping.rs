//! What the attendant is told about the keeping of records: what is wrong with the hub's receipts.

use maud::{Markup, html};

use crate::control::{KioskStatus, LinkAlarm};
use crate::web::symbol;
use crate::web::words::words;

/// What is wrong, worst first, each on one line.
pub fn banners(status: &KioskStatus) -> Markup {
    html! {
        @match &status.hub.alarm {
            Some(LinkAlarm::Receipt { why }) => {
                p.banner.bad role="alert" {
                    (symbol::OFFLINE)
                    (words("中心的回执与本机记录不符，请报告主管", "The hub's receipt does not match the records here: tell the supervisor"))
                }
                p.banner.bad { (why) }
            },
            Some(LinkAlarm::Dropped { from, through }) => p.banner.bad role="alert" {
                (symbol::OFFLINE)
                span.zh { "中心索要本机已清除的第 " (from) " 至 " (through) " 条记录，请报告主管" }
                span.en { "The hub asks for records " (from) " to " (through) ", which were dropped here: tell the supervisor" }
            },
            None => {},
        }
    }
}
