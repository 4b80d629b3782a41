//! The tables of a shift's sheet.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::bar::named;
use crate::base::{AttendantId, LaneId};
use crate::control::KioskStatus;
use crate::model::leak::Leak;
use crate::model::shift::{LaneCounts, LaneKey, Practised, ShiftSheet};
use crate::model::{StepKind, Verdict};
use crate::web::handle::Attendant;
use crate::web::shared::lane;
use crate::web::symbol;
use crate::web::words::{desk, face, words};

/// What passed, a line for each lane and direction, and all together.
pub fn counts(sheet: &ShiftSheet, status: &KioskStatus) -> Markup {
    let total = sheet.total();
    // Columns of what happened at all, in the order of the records; those that matter at every gate always.
    let always = [Verdict::Admitted, Verdict::TurnedBack, Verdict::Held, Verdict::Referred];
    let columns: Vec<Verdict> = Verdict::ALL
        .into_iter()
        .filter(|verdict| always.contains(verdict) || total.with(*verdict) > 0)
        .collect();
    html! {
        table.numbers {
            thead {
                tr {
                    th {} th { (words("车辆", "Vehicles")) } th { (words("步行", "On foot")) } th { (words("人员", "People")) }
                    @for verdict in &columns { th { (desk::verdict(*verdict)) } }
                }
            }
            tbody {
                @for (key, lane) in &sheet.lanes { tr { th { (lane_name(key, status)) } (row(lane, &columns)) } }
                tr.total { th { (words("合计", "Total")) } (row(&total, &columns)) }
            }
        }
        p.referrals {
            (symbol::ATTENTION) b { (words("待人工处理", "Referred")) } " " b.n { (total.referred) }
            @for (verdict, count) in &total.referrals_ended { " · " (desk::verdict(*verdict)) " " b.n { (count) } }
            " · " (words("未处理", "still open")) " " b.n { (total.referrals_open()) }
        }
        p.referrals {
            (symbol::ATTENDANT) (words("接上一班", "Taken over")) " " b.n { (total.taken_over) }
            " · " (words("到达未判定", "Arrived, no verdict")) " " b.n { (total.waiting) }
        }
        p.how { (words("判定按车辆和步行人员计数", "Verdicts count vehicles and persons on foot")) }
        @if total.unsure > 0 {
            p.unsure {
                (symbol::CLOCK)
                span.zh { "其中 " b { (total.unsure) } " 个对象的时间没有授时担保" } " "
                span.en { "of these " (total.unsure) " with untrusted time" }
            }
        }
    }
}

fn row(lane: &LaneCounts, columns: &[Verdict]) -> Markup {
    html! {
        td { (lane.vehicles) } td { (lane.on_foot) } td { (lane.people) }
        @for verdict in columns { td { (lane.with(*verdict)) } }
    }
}

fn lane_name((id, direction): &LaneKey, status: &KioskStatus) -> Markup {
    html! { (title(id.as_ref(), status)) " " (symbol::direction(*direction)) (desk::direction(*direction).zh) }
}

/// What the attendant is called here; staff names stand for those who no longer sign in.
pub fn name<'a>(attendants: &'a [Attendant], id: &'a AttendantId) -> &'a str {
    let known = attendants.iter().find(|attendant| attendant.id == *id);
    known.map_or(id.as_str(), |attendant| attendant.name.as_str())
}

fn title(id: Option<&LaneId>, status: &KioskStatus) -> String {
    let Some(id) = id else { return "—".to_owned() };
    lane(status, id).map_or_else(|| id.to_string(), |lane| lane.title.clone())
}

/// Steps set aside, barriers, devices, holes.
pub fn details(sheet: &ShiftSheet, status: &KioskStatus, attendants: &[Attendant]) -> Markup {
    html! {
        table.lines {
            tbody {
                (waivers(sheet, attendants))
                @if sheet.absences > 0 {
                    tr.bad { td { (symbol::ATTENDANT) (words("岗位无人", "Nobody at the post")) } td {} td { b { (sheet.absences) } } }
                }
                (out_late(sheet.overdue))
                (practised(&sheet.practised))
                @for (id, barrier) in &sheet.barriers {
                    tr {
                        td { (symbol::GATE) (words("道闸", "Barrier")) } td { (title(id.as_ref(), status)) }
                        td {
                            (words("手动打开", "by hand")) " " b { (barrier.opened_by_hand) } " · "
                            (words("开机时开着", "found open")) " " b { (barrier.found_open) } " · "
                            (words("值守关闭", "closed by attendant")) " " b { (barrier.closed_by_attendant) }
                        }
                    }
                    @if let Some(leak) = barrier.crossings.leak() { (unrecorded(id.as_ref(), leak, status)) }
                }
                (devices(sheet, status))
                @for (from, through) in &sheet.missing {
                    tr.bad {
                        td { (symbol::ATTENTION) (words("缺失记录", "Missing")) } td {}
                        td { "第 " (from) " – " (through) " 条" }
                    }
                }
                @if sheet.starts > 0 {
                    tr.bad[sheet.unclean > 0] {
                        td { (symbol::DEVICES) (words("终端启动", "Kiosk starts")) } td {}
                        td { b { (sheet.starts) } " · " (words("断电等异常", "after a power cut or crash")) " " b { (sheet.unclean) } }
                    }
                }
            }
        }
    }
}

/// How many were found not to have come out in time.
fn out_late(overdue: u64) -> Markup {
    html! {
        @if overdue > 0 {
            tr.bad { td { (symbol::CLOCK) (words("超时未出", "Overdue")) } td {} td { b { (overdue) } (words(" 批进入者", " entries")) } }
        }
    }
}

/// How often and how long lanes were used to practise.
fn practised(Practised { times, span, cut, running }: &Practised) -> Markup {
    html! {
        @if *times > 0 {
            tr.practised {
                td { (symbol::ATTENDANT) (words("练习", "Training")) }
                td { b { (times) } (words(" 次", " times")) }
                td {
                    b { (span.as_secs().div_ceil(60)) } (words(" 分钟", " minutes"))
                    @if *running > 0 { " · " (words("仍在练习", "still going on")) " " b { (running) } }
                    @if *cut > 0 { " · " (words("断电中止，时长不明", "cut short, for how long is not known")) " " b { (cut) } }
                }
            }
        }
    }
}

/// Who went through beside the records, as far as what counts at the barrier can tell.
fn unrecorded(id: Option<&LaneId>, leak: Leak, status: &KioskStatus) -> Markup {
    let rate = leak.rate(leak.likely);
    html! {
        tr.bad[leak.low > 0] {
            td { (symbol::ATTENTION) (words("漏登估计", "Went unrecorded")) } td { (title(id, status)) }
            td {
                b { (leak.likely) } " (" (leak.low) "–" (leak.high) ", 95 %) · "
                (words("放行", "openings")) " " b { (leak.openings) } " · " (rate / 100) "." (format!("{:02}", rate % 100)) " %"
            }
        }
    }
}

fn waivers(sheet: &ShiftSheet, attendants: &[Attendant]) -> Markup {
    let all = sheet.total().waivers;
    let mut by_reason: BTreeMap<(StepKind, _), Vec<String>> = BTreeMap::new();
    for (waiver, count) in &all {
        let line = format!("{} {count}", name(attendants, &waiver.by));
        by_reason.entry((waiver.step, &waiver.reason)).or_default().push(line);
    }
    html! {
        @for ((step, reason), who) in &by_reason {
            tr {
                td { (symbol::TICK) (words("免做", "Waived")) " " (face::step(*step, None).zh) }
                td { @match desk::slug(reason) { Some(reason) => (reason.zh), None => (reason) } }
                td { (who.join(" · ")) }
            }
        }
    }
}

fn devices(sheet: &ShiftSheet, status: &KioskStatus) -> Markup {
    html! {
        @for (id, device) in &sheet.devices {
            tr.bad[device.fault.is_some()] {
                td {
                    (symbol::DEVICES)
                    @match status.devices.iter().find(|known| known.device == *id) {
                        Some(known) => (named(known)), None => (id),
                    }
                }
                td { (words("故障", "failed")) " " b { (device.failures) } }
                td {
                    @match device.fault {
                        Some(fault) => (desk::no_reading(fault)),
                        None => (words("已恢复", "works again")),
                    }
                }
            }
        }
    }
}

/// From which record to which, and what proves it.
pub fn proof(sheet: &ShiftSheet, root: Option<&str>) -> Markup {
    html! {
        p.proof {
            @if let (Some(first), Some(last)) = (sheet.first, sheet.last) {
                (words("记录", "Records")) " " b { (first) " – " (last) } " · "
            }
            (words("共", "in all")) " " b { (sheet.records) } br;
            (words("日志根", "Root of the log")) " " code { (root.unwrap_or("—")) }
        }
    }
}
