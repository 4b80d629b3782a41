//! What the attendant sees of the kiosk: the line at the top, and what is wrong.

use maud::{Markup, html};

use crate::base::{ClockTrust, NoReading};
use crate::control::{
    DeviceStatus, DiskStatus, KioskStatus, OverdueStatus, PolicyStatus, PostStatus, RoomMark,
};
use crate::model::Role;
use crate::web::handle::Attendant;
use crate::web::place_time::PlaceTime;
use crate::web::symbol;
use crate::web::words::{desk, words};

/// The line at the top: where, who, when, and what is wrong.
pub fn bar(status: &KioskStatus, by: &Attendant, place_time: PlaceTime) -> Markup {
    html! {
        header.bar {
            span.title { (status.title) }
            @if status.simulated { span.chip { (words("模拟", "Simulated")) } }
            @if let Some(mode) = desk::mode(status.mode) { span.chip.mode { (mode) } }
            span.who { (symbol::ATTENDANT) (by.name) (post(by)) }
            span.hub { (hub(status)) }
            time data-time { (place_time.time_of_day(status.wall)) }
        }
    }
}

/// For whom and as what, where the site says so and it is not the usual.
pub fn post(of: &Attendant) -> Markup {
    let role = (of.role() != Role::default()).then(|| desk::role(of.role()));
    html! {
        @if let Some(agency) = of.agency() { span.post { (agency.zh) " " span.en { (agency.en) } } }
        @if let Some(role) = role { span.chip { (role) } }
    }
}

fn hub(status: &KioskStatus) -> Markup {
    let (mark, said) = match (status.hub.enrolled, status.hub.online) {
        (false, _) => (symbol::RING, words("未接中心", "No hub")),
        (true, true) => (symbol::TICK, words("已连中心", "Hub")),
        (true, false) => (symbol::OFFLINE, words("离线", "Offline")),
    };
    html! { (mark) (said) @if status.hub.waiting > 0 { " · " (status.hub.waiting) } }
}

/// A device by what it is, and by its name at the site.
pub fn named(device: &DeviceStatus) -> Markup {
    html! {
        @if let Some(what) = desk::device(device.driver) { b { (what.zh) } " " }
        span.name { (device.device) }
    }
}

/// What is the matter with the disk, if anything is.
fn disk(disk: &DiskStatus) -> Markup {
    let room = match disk.mark {
        RoomMark::Ample => None,
        RoomMark::Low => Some(("存储空间不足，请报修", "Storage is nearly full: report it")),
        RoomMark::Reserve => {
            Some(("存储已满，正在用备用空间，立即报修", "Storage is full, reserve in use: report it now"))
        }
    };
    let worn = (disk.faults >= DiskStatus::FAULTS_MANY)
        .then_some(("存储卡多次写入失败，须更换", "Storage card keeps failing: it must be replaced"));
    html! {
        @for (zh, en) in room.into_iter().chain(worn) {
            p.banner.bad role="alert" { (symbol::DEVICES) (words(zh, en)) }
        }
    }
}

/// Whoever has not come out in time.
fn overdue(overdue: OverdueStatus) -> Markup {
    html! {
        @match overdue {
            OverdueStatus::Counted(counted) => @if let Some(said) = super::inside::late(counted) {
                p.banner.bad[counted.certain > 0] role="alert" { (symbol::CLOCK) (said) }
            },
            OverdueStatus::Unreadable => p.banner.bad role="alert" {
                (symbol::CLOCK) (words("无法得知谁超时未出", "Nobody can say who is overdue"))
            },
            OverdueStatus::Unseen => {}
        }
    }
}

/// A policy that somebody has to read, or one that has ended.
fn policy(policy: &PolicyStatus) -> Markup {
    html! {
        @if let Some(version) = policy.waits {
            p.banner role="status" {
                (symbol::WRITE)
                span.zh { "新策略第" (version) "版待阅知：更多 → 记录 → 策略" }
                span.en { "Policy " (version) " to read" }
            }
        }
        @for list in &policy.lacks {
            p.banner.bad role="alert" {
                (symbol::ATTENTION)
                span.zh { "策略所列名单 " b { (list) } " 本机没有，名单上的人不会被认出" }
                span.en { "List " (list) ", which the policy names, is not here: nobody on it is noticed" }
            }
        }
        @if let Some(version) = policy.expired {
            p.banner role="status" {
                (symbol::CLOCK)
                span.zh { "策略第" (version) "版已到期，按本站自己的策略" }
                span.en { "Policy " (version) " has ended: the site's own rules" }
            }
        }
    }
}

/// What is wrong, worst first, each on one line. They stand above the lane, so that no action moves.
///
/// A clock that nothing vouches for is wrong with a kiosk. A simulated one has the clock of whatever computer it
/// runs on: its records are stamped as honestly, and the list of devices says how far they are trusted.
pub fn banners(status: &KioskStatus, place_time: PlaceTime) -> Markup {
    let hub = &status.hub;
    html! {
        @if let Some(why) = &status.journal.failed {
            p.banner.bad role="alert" {
                (symbol::OUT_OF_SERVICE)
                (words("记录写不进去，停止放行", "Cannot record: no lane admits anybody"))
            }
            p.banner.bad { (why) }
        }
        @if status.post == PostStatus::Nobody {
            p.banner.bad role="alert" { (symbol::ATTENDANT) (words("岗位无人，已报警", "Nobody at the post: alarm raised")) }
        }
        (overdue(status.overdue))
        (disk(&status.journal.disk))
        (super::keeping::banners(status))
        (policy(&status.policy))
        @if hub.enrolled && !hub.online {
            p.banner role="status" {
                (symbol::OFFLINE)
                span.zh {
                    "离线" @if let Some(last) = hub.last { "，自 " (place_time.day_and_time(last)) } "，" (hub.waiting) " 条待传"
                }
                span.en {
                    "Offline" @if let Some(last) = hub.last { " since " (place_time.time_of_day(last)) } ", " (hub.waiting) " waiting"
                }
            }
        }
        @if status.trust == ClockTrust::None && !status.simulated {
            p.banner role="status" { (symbol::CLOCK) (desk::CLOCK_NOT_SET) }
        }
        @for device in status.devices.iter().filter(|device| device.fault.is_some()).take(2) {
            p.banner role="status" {
                (symbol::DEVICES) (named(device))
                (desk::no_reading(device.fault.unwrap_or(NoReading::Absent)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_spoken_of_only_when_somebody_must_see_to_it() {
        let said = |mark, faults| disk(&DiskStatus { mark, free_mib: Some(9), faults }).into_string();
        assert_eq!(said(RoomMark::Ample, 1), "");
        assert!(said(RoomMark::Low, 0).contains("存储空间不足"));
        assert!(said(RoomMark::Reserve, 0).contains("reserve in use"));
        let both = said(RoomMark::Low, 2);
        assert!(both.contains("nearly full") && both.contains("须更换"), "{both}");
    }
}
