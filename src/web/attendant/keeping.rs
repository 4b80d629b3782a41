//! What the attendant is told about the keeping of records: what is wrong with the hub's receipts and with pictures.

use maud::{Markup, html};

use crate::control::{KioskStatus, LinkAlarm, PictureStatus};
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
        (pictures(&status.pictures))
    }
}

/// What is wrong with the pictures that are kept as evidence. The records are there in any case.
fn pictures(PictureStatus { not_taken, lost, damaged, .. }: &PictureStatus) -> Markup {
    html! {
        @if *not_taken > 0 {
            p.banner.bad role="alert" {
                (symbol::OUT_OF_SERVICE)
                span.zh { "现场画面无处存放，已有 " (not_taken) " 次未拍；通行记录不受影响" }
                span.en { "No room for pictures: " (not_taken) " were not taken. Records are not affected" }
            }
        }
        @if *lost > 0 || *damaged > 0 {
            p.banner.bad role="alert" {
                (symbol::OUT_OF_SERVICE)
                span.zh { "现场画面丢失 " (lost) " 张、损坏 " (damaged) " 张，请报告主管" }
                span.en { "Pictures lost: " (lost) ", damaged: " (damaged) ". Tell the supervisor" }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_was_not_taken_or_is_lost_is_said_and_one_that_waits_is_not() {
        let said = |status: &PictureStatus| pictures(status).into_string();
        let waiting = PictureStatus { waiting: 7, ..PictureStatus::default() };
        assert_eq!(said(&waiting), "");
        let full = said(&PictureStatus { not_taken: 3, ..PictureStatus::default() });
        assert!(full.contains("3 were not taken") && full.contains("已有 3 次未拍"), "{full}");
        for status in [
            PictureStatus { lost: 2, ..PictureStatus::default() },
            PictureStatus { damaged: 2, ..PictureStatus::default() },
        ] {
            assert!(said(&status).contains("Tell the supervisor"), "{status:?}");
        }
    }
}
