//! What the next shift takes over: looked up when somebody asks, and shown as counts without a name.

use std::sync::Arc;

use maud::{Markup, html};

use crate::control::{BarrierState, KioskStatus, LaneStatus, OverdueStatus, Phase};
use crate::model::OpenItems;
use crate::web::handle::Unsettled;
use crate::web::shared::Shared;
use crate::web::symbol;
use crate::web::words::{Words, words};

/// What is open now. Passages that cannot be looked up are none: a hand-over does not wait for a disk that fails.
pub async fn now(shared: &Shared) -> OpenItems {
    let source = Arc::clone(&shared.handle.recent);
    let read = tokio::task::spawn_blocking(move || source.unsettled()).await;
    let unsettled = match read {
        Ok(Ok(unsettled)) => Some(unsettled),
        Ok(Err(why)) => {
            tracing::warn!(%why, "open cases could not be counted");
            None
        }
        Err(_) => None,
    };
    of(&shared.status(), unsettled)
}

/// What of `status` and of the passages is open.
fn of(status: &KioskStatus, unsettled: Option<Unsettled>) -> OpenItems {
    let lanes = |wanted: fn(&LaneStatus) -> bool| {
        u32::try_from(status.lanes.iter().filter(|lane| wanted(lane)).count()).unwrap_or(u32::MAX)
    };
    let counted = match status.overdue {
        OverdueStatus::Counted(counted) => Some(counted),
        OverdueStatus::Unseen | OverdueStatus::Unreadable => None,
    };
    let failed = status.devices.iter().filter(|device| device.fault.is_some()).count();
    OpenItems {
        served: lanes(|lane| is_served(lane.phase)),
        referred: lanes(|lane| lane.phase == Phase::Referred),
        cases: unsettled.map(|unsettled| unsettled.cases),
        vehicles_inside: unsettled.map(|unsettled| unsettled.vehicles),
        people_inside: unsettled.map(|unsettled| unsettled.people),
        devices_failed: u32::try_from(failed).unwrap_or(u32::MAX),
        lanes_out: lanes(|lane| lane.phase == Phase::OutOfService || lane.taken_out.is_some()),
        barriers_open: lanes(|lane| matches!(lane.barrier, BarrierState::StandsOpen | BarrierState::Stuck)),
        unsent: status.hub.enrolled.then_some(status.hub.waiting),
        policy_waits: status.policy.waits,
        overdue: counted.map(|counted| counted.certain),
        perhaps_overdue: counted.map(|counted| counted.perhaps),
    }
}

const fn is_served(phase: Phase) -> bool {
    match phase {
        Phase::Steps | Phase::Recording | Phase::Crossing => true,
        Phase::Idle | Phase::Referred | Phase::Ended | Phase::OutOfService => false,
    }
}

/// What is open in words, and how many: zeros are left out, and what could not be looked up has no number.
pub fn counts(open: &OpenItems) -> Vec<(Words, Option<u64>)> {
    let looked_up = [
        (words("待处理对象", "Open cases"), open.cases),
        (words("超时未出", "Overdue"), open.overdue),
        (words("可能超时", "Perhaps overdue"), open.perhaps_overdue.or(Some(0))),
        (words("在内车辆", "Vehicles inside"), open.vehicles_inside),
        (words("在内人员", "People inside"), open.people_inside),
    ];
    let counted = [
        (words("通道上正在办理", "Being served"), u64::from(open.served)),
        (words("通道上待人工处理", "Referred at a lane"), u64::from(open.referred)),
        (words("设备故障", "Devices failed"), u64::from(open.devices_failed)),
        (words("通道停用", "Lanes out of service"), u64::from(open.lanes_out)),
        (words("道闸开着或卡住", "Barriers open or stuck"), u64::from(open.barriers_open)),
        (words("待传记录", "Records to send"), open.unsent.unwrap_or(0)),
        (words("待阅知策略，版本", "Policy to read, version"), open.policy_waits.unwrap_or(0)),
    ];
    let counted = counted.into_iter().map(|(words, count)| (words, Some(count)));
    counted.chain(looked_up).filter(|(_, count)| *count != Some(0)).collect()
}

/// The counts in one paragraph.
pub fn line(open: &OpenItems) -> Markup {
    html! {
        p.open-items {
            (symbol::LIST) b { (words("未办", "Open")) } " "
            @if open.is_clear() { span.clear { (words("没有未办事项", "nothing is left to do")) } " " }
            @for (words, count) in counts(open) {
                span.item { (words) " " b.n { @match count { Some(count) => (count), None => "—" } } } " "
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_are_left_out_and_what_could_not_be_looked_up_is_not() {
        let open = OpenItems { referred: 2, policy_waits: Some(7), cases: Some(0), ..OpenItems::default() };
        let said: Vec<_> = counts(&open).into_iter().map(|(words, count)| (words.en, count)).collect();
        assert_eq!(
            said,
            [
                ("Referred at a lane", Some(2)),
                ("Policy to read, version", Some(7)),
                ("Overdue", None),
                ("Vehicles inside", None),
                ("People inside", None),
            ]
        );
        let text = line(&open).into_string();
        assert!(text.contains('—') && !text.contains("没有未办"), "{text}");
    }
}
