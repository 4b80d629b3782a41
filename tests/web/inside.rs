//! Lists: who is inside, whom somebody has to see to, passages by lane and time.

use kakou::base::{ClockTrust, Wall};
use kakou::control::OverdueStatus;
use kakou::model::{Class, Overdue, Reached, SubjectKind};
use kakou::web::{InsideDay, InsideRow, InsideView, Listed};

use super::attendant::{obey, sign_in};
use super::common::samples;
use super::fake::Fake;
use super::harness::Browser;
use super::states;

async fn start() -> (Fake, Browser) {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    sign_in(&browser, &fake).await;
    (fake, browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_inside_is_counted_by_day_and_listed_by_masks() {
    let (fake, browser) = start().await;
    browser.open(&fake.url("/attendant/more")).await;
    browser.click("[data-key=F1]").await;
    browser.wait_for_address("/attendant/lists").await;
    browser.click("[data-key=F3]").await;
    browser.wait_for_address("/attendant/inside").await;
    browser.wait_for_text("aside tbody tr:nth-child(1)", "今天").await;
    browser.wait_for_text("aside tbody tr:nth-child(2)", "01-31").await;
    // Seven days and one without a date: five lines, and the rest together.
    let words = async |css: &str| browser.text(css).await.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words("aside tbody tr:nth-child(6)").await, "更早 Earlier 0 9");
    assert_eq!(words("aside .total").await, "合计 Total 5 64");
    browser.wait_for_text(".unmatched", "进 in 4 · 出 out 3").await;
    browser.wait_for_text(".inside > table", &samples::masked_plate()).await;
    assert!(!browser.text("body").await.contains(samples::PLATE));
    assert!(browser.text(".inside > table").await.contains("≈"), "a time that nothing vouches for is marked");
    browser.click("[data-key=F5]").await;
    browser.wait_for_text(".inside > table", &samples::masked_name()).await;
    browser.wait_until_gone("[data-key=F5]").await;
    browser.click("[data-key=F4]").await;
    browser.wait_for_address("/attendant/inside").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_not_come_out_in_time_is_marked_counted_and_listed_alone() {
    let (fake, browser) = start().await;
    browser.open(&fake.url("/attendant")).await;
    let counted = OverdueStatus::Counted(Overdue { certain: 2, perhaps: 1 });
    fake.set(|status| status.overdue = counted);
    browser.wait_for_text("#banners .banner.bad", "超时未出 2").await;
    browser.wait_for_text("#banners .banner.bad", "可能超时 1").await;
    fake.set(|status| status.overdue = OverdueStatus::Unreadable);
    browser.wait_for_text("#banners .banner.bad", "无法得知谁超时未出").await;
    fake.set(|status| status.overdue = OverdueStatus::Counted(Overdue::default()));
    browser.wait_until_gone("#banners .banner.bad").await;

    browser.open(&fake.url("/attendant/inside")).await;
    browser.wait_for_text(".banner.bad", "Overdue: 2").await;
    browser.wait_for_text(".unmatched", "无从得知").await;
    browser.wait_until("document.querySelectorAll('.inside > table .overdue').length === 2").await;
    browser.wait_until("document.querySelectorAll('.inside > table tr.bad').length === 1").await;
    browser.click("[data-key=F3]").await;
    browser.wait_until("document.querySelectorAll('.inside > table tr').length === 3").await;
    browser.wait_for_text(".inside > table tr:nth-child(1)", "可能超时 Perhaps").await;
    browser.wait_for_text(".inside > table tr:nth-child(2)", "超时未出 Overdue").await;
    let colour =
        |css: &str| format!("return getComputedStyle(document.querySelector('{css}')).backgroundColor");
    let sure = browser.script(&colour("tr.bad .overdue")).await;
    assert_ne!(sure, browser.script(&colour(".overdue.perhaps")).await, "and not in words alone");
    browser.click("[data-key=F4]").await;
    browser.wait_until("document.querySelectorAll('.inside > table tr').length === 9").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn open_cases_are_a_list_of_their_own_and_passages_can_be_narrowed_by_lane_and_time() {
    let (fake, browser) = start().await;
    browser.open(&fake.url("/attendant/open")).await;
    browser.wait_for_text("table", "待人工处理").await;
    browser.wait_for_text("table", "留置等待").await;
    browser.open(&fake.url("/attendant/recent")).await;
    browser.wait_until("document.querySelectorAll('tr').length === 3").await;
    browser.click("[data-key=F1]").await;
    browser.wait_for_text("[data-key=F1]", "东门 人行入口").await;
    browser.wait_until("document.querySelectorAll('tr').length === 3").await;
    browser.click("[data-key=F1]").await;
    browser.wait_for_text("[data-key=F1]", "东门 车行道").await;
    browser.wait_for_text(".note", "没有记录").await;
    browser.click("[data-key=F1]").await;
    browser.wait_for_text("[data-key=F1]", "各通道").await;
    browser.click("[data-key=F2]").await;
    browser.wait_for_text("[data-key=F2]", "一小时").await;
    browser.click("[data-key=F2]").await;
    browser.wait_for_text("[data-key=F2]", "今天").await;
    // The status shows 00:45; all three passages were after that midnight.
    browser.wait_until("document.querySelectorAll('tr').length === 3").await;
    browser.close().await;
}

/// A page of who is inside: the first holds nine, the second one.
pub fn sample(today: Wall, (which, limit): (Listed, usize), before: Option<i64>) -> InsideView {
    let noon = |days: i64| Some(Wall(today.0 + 43_200_000 - days * 86_400_000));
    let day = |day, vehicles, people| InsideDay { day, vehicles, people };
    let mut days = vec![day(noon(0), 4, 31), day(noon(1), 1, 12)];
    days.extend((2..5).map(|days| day(noon(days), 0, 4)));
    days.extend([day(noon(9), 0, 6), day(noon(20), 0, 2), day(None, 0, 1)]);
    let row = |cursor: i64| InsideRow {
        cursor,
        seq: cursor.unsigned_abs() + 100,
        wall: Wall(today.0 + 3_600_000 + cursor * 60_000),
        trust: if cursor == 28 { ClockTrust::None } else { ClockTrust::Synced },
        lane: Some(if cursor % 3 == 0 { "car-1" } else { "in-1" }.parse().unwrap()),
        kind: if cursor % 3 == 0 { SubjectKind::Vehicle } else { SubjectKind::Person },
        class: if cursor % 2 == 0 { Class::Resident } else { Class::Visitor },
        label: Some(if cursor % 3 == 0 { samples::masked_plate() } else { samples::masked_name() }),
        over: match cursor {
            20 | 22 => Some(Reached::Yes),
            29 => Some(Reached::Unsure),
            _ => Some(Reached::No),
        },
    };
    let rows = (20..=30).rev().filter(|cursor| before.is_none_or(|before| *cursor < before)).map(row);
    let listed = |row: &InsideRow| which == Listed::All || row.over != Some(Reached::No);
    let rows = rows.filter(listed).take(limit).collect();
    let overdue = Overdue { certain: 2, perhaps: 1 };
    InsideView { days, rows, unmatched_in: 4, unmatched_out: 3, overdue }
}
