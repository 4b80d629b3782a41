//! Who went through beside the records, by shift and lane: as the kiosk's own sheet says it.

use maud::{Markup, html};

use super::super::words::Words;
use super::frame::{count, of, time, two};
use crate::base::LaneId;
use crate::ledger::{KioskShift, LaneShift, Unknown};
use crate::model::leak::Leak;

/// Shifts on the page.
pub const SHIFTS_MAX: usize = 30;

const COLUMNS: [Words; 6] = [
    ("终端", "kiosk"),
    ("班次", "shift"),
    ("通道", "lane"),
    ("放行", "let through"),
    ("未计数", "not counted"),
    ("漏登估计（95 %）", "went unrecorded, 95 %"),
];

/// A lane of a shift, with the estimate, which takes some milliseconds.
pub struct Estimated {
    shift: KioskShift,
    lanes: Vec<(Option<LaneId>, LaneShift, Result<Leak, Unknown>)>,
}

/// Estimates every lane of a shift.
pub fn estimated(shift: KioskShift) -> Estimated {
    let lanes = shift.lanes.iter();
    let lanes =
        lanes.map(|(lane, counts)| (lane.clone(), counts.clone(), counts.leak(shift.missing))).collect();
    Estimated { shift, lanes }
}

/// A row a lane of each shift; nothing where nobody was on duty.
pub fn table(shifts: &[Estimated]) -> Markup {
    html! {
        @if !shifts.is_empty() {
            section {
                h2 { (two(("漏登估计，按班次", "Went unrecorded, by shift"))) }
                p.hint { "由道闸处的计数器与记录比对估计，与终端交接班表同一算法、同一数字；只列区间，不单列一个数。最近 " (SHIFTS_MAX) " 班。"
                    small lang="en" { "Estimated from what counts at the barrier beside the records, as on the kiosk's own sheet; never
                        without its interval. The last " (SHIFTS_MAX) " shifts." } }
                table {
                    thead { tr { @for words in COLUMNS { th { (two(words)) } } } }
                    tbody { @for Estimated { shift, lanes } in shifts { @for (lane, counts, leak) in lanes {
                        tr {
                            th scope="row" { (shift.kiosk) }
                            td data-of=(of(COLUMNS[1])) { (when(shift)) }
                            td data-of=(of(COLUMNS[2])) { @match lane { Some(lane) => (lane), None => "—" } }
                            td.number data-of=(of(COLUMNS[3])) { (count(counts.opened)) }
                            td.number data-of=(of(COLUMNS[4])) { (count(counts.uncounted())) }
                            td data-of=(of(COLUMNS[5])) { (said(leak, shift.missing)) }
                        }
                    } } }
                }
            }
        }
    }
}

fn when(shift: &KioskShift) -> Markup {
    html! {
        (shift.attendant) " · " (time(shift.begun)) " – "
        @match shift.ended { Some(ended) => (time(ended)), None => (two(("未签退", "not signed out"))) }
    }
}

fn said(leak: &Result<Leak, Unknown>, missing: u64) -> Markup {
    html! {
        @match leak {
            Ok(leak) => {
                @let rate = leak.rate(leak.likely);
                span.mark.stop[leak.low > 0] {
                    b { (leak.likely) } " (" (leak.low) "–" (leak.high) ") / " (leak.openings) " · "
                    (rate / 100) "." (format!("{:02}", rate % 100)) " %"
                }
                @if missing > 0 {
                    " " span.quiet { (two(("缺记录", "records missing"))) " " (missing) }
                }
            }
            Err(Unknown::NoCounter) => span.quiet { (two(("无法得知：没有计数器", "not known: nothing counts there"))) },
            Err(Unknown::Missing) => span.quiet {
                (two(("无法得知：缺记录", "not known: records missing"))) " " (missing)
            },
        }
    }
}
