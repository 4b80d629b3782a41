//! What a shift left open when it handed over, as its record says.

use maud::{Markup, html};

use super::super::words::Words;
use super::frame::two;
use crate::model::OpenItems;

/// What a shift left open, where that is on record. Zeros are left out, and what could not be looked up is named.
pub(super) fn facts(open: Option<&OpenItems>) -> Markup {
    let Some(open) = open else { return html! {} };
    html! {
        dt { (two(("交班时未办", "left open"))) }
        dd {
            @for (words, count) in counts(open) {
                (two(words)) " " b { @match count { Some(count) => (count), None => "—" } } br;
            }
            @if open.is_clear() { (two(("无", "nothing"))) }
        }
    }
}

/// What a shift left open, and how many of each: none is what could not be looked up.
fn counts(open: &OpenItems) -> Vec<(Words, Option<u64>)> {
    let some = |count: u32| Some(u64::from(count)).filter(|count| *count > 0);
    let counted = [
        (("通道上正在办理", "being served"), some(open.served)),
        (("通道上待人工处理", "referred at a lane"), some(open.referred)),
        (("设备故障", "devices failed"), some(open.devices_failed)),
        (("通道停用", "lanes out of service"), some(open.lanes_out)),
        (("道闸开着或卡住", "barriers open or stuck"), some(open.barriers_open)),
        (("待传记录", "records not sent"), open.unsent.filter(|count| *count > 0)),
        (("待阅知策略版本", "policy to read, version"), open.policy_waits),
        (("超时未出", "overdue"), open.overdue.filter(|count| *count > 0)),
        (("可能超时", "perhaps overdue"), open.perhaps_overdue.filter(|count| *count > 0)),
    ];
    let looked_up = [
        (("待处理对象", "open cases"), open.cases),
        (("在内车辆", "vehicles inside"), open.vehicles_inside),
        (("在内人员", "people inside"), open.people_inside),
    ];
    let counted = counted.into_iter().filter(|(_, count)| count.is_some());
    looked_up.into_iter().filter(|(_, count)| *count != Some(0)).chain(counted).collect()
}
