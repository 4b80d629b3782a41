//! The attendant's face: what is not known yet, whose clock it is, how long disinfection has to run.

use kakou::base::ClockTrust;
use kakou::control::{Act, KioskStatus, StepState};
use kakou::model::Reason;

use super::attendant::{obey, sign_in};
use super::fake::Fake;
use super::harness::Browser;
use super::states;

const LANE: &str = "/attendant/lane/in-1";
const CARS: &str = "/attendant/lane/car-1";

async fn start(status: KioskStatus) -> (Fake, Browser) {
    let (fake, browser) = (Fake::start(status, obey).await, Browser::start().await);
    sign_in(&browser, &fake).await;
    browser.wait_for_address(LANE).await;
    (fake, browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_shown_nothing_yet_is_awaited_and_not_missing_from_the_roster() {
    let mut status = states::kiosk();
    status.lanes[0] = states::asking_code();
    let (fake, browser) = start(status).await;
    assert!(browser.text("#card .subject").await.contains("等待出示"));
    let mut lane = states::asking_code();
    lane.steps[0].state = StepState::NeedsAttendant { reason: Reason::NotOnRoster };
    fake.set_lane(lane);
    browser.wait_for_text("#card .subject", "未登记").await;
    // Of those in a vehicle, the one who is still to be asked.
    fake.set(|status| status.lanes[1] = states::vehicle());
    browser.open(&fake.url(CARS)).await;
    browser.wait_for_text(".occupants", "等待出示").await;
    assert!(!browser.text("#card").await.contains("未登记"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_it_is_over_no_step_calls_for_the_attendant() {
    let (fake, browser) = start(states::kiosk()).await;
    fake.set_lane(states::referred());
    browser.wait_for_text(".steps .needs", "请处理").await;
    fake.set_lane(states::turned_back());
    browser.wait_for_text("#card", "没有完成").await;
    browser.wait_until_gone(".steps .needs").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulated_kiosk_raises_no_alarm_about_its_host_and_says_what_its_clock_is() {
    let (fake, browser) = start(states::kiosk()).await;
    fake.set(|status| status.trust = ClockTrust::None);
    browser.wait_for_text("#banners", "时钟未校准").await;
    fake.set(|status| status.simulated = true);
    browser.wait_for_text("#bar", "模拟").await;
    assert_eq!(browser.text("#banners").await, "");
    browser.open(&fake.url("/attendant/devices")).await;
    browser.wait_for_text("table", "未校准，记录中照实注明").await;
    fake.set(|status| status.trust = ClockTrust::Synced);
    browser.open(&fake.url("/attendant/devices")).await;
    browser.wait_for_text("table", "已校时").await;
    for said in ["eu-dsc", "按时更新", "该更新了", "过旧，不再采用"] {
        browser.wait_for_text("table", said).await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn times_are_those_of_the_place_wherever_it_is() {
    let mut status = states::kiosk();
    states::trouble(&mut status);
    // 2026-01-31T16:45Z and, of the last exchange, 16:30Z, in Nepal.
    let fake = Fake::start_at(345, status, obey).await;
    let browser = Browser::start().await;
    sign_in(&browser, &fake).await;
    browser.wait_for_text("#bar time", "22:30").await;
    browser.wait_for_text("#banners", "自 01-31 22:15").await;
    fake.set(|status| status.wall.0 += 60_000);
    browser.wait_for_text("#bar time", "22:31").await;
    browser.open(&fake.url("/attendant/recent")).await;
    browser.wait_for_text("table", "01-31 22:56").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_attendant_sees_how_long_to_disinfect_and_cannot_stop_too_early() {
    let mut status = states::kiosk();
    status.lanes[1] = states::disinfecting(9_000, 34_000);
    let (fake, browser) = start(status).await;
    browser.open(&fake.url(CARS)).await;
    counts(&browser, "至少", 9).await;
    browser.wait_for("#f3[disabled]").await;
    assert!(browser.text("#f3").await.contains("时间还不够"));

    // Another way to the same act: the lane refuses it and says how long.
    browser.open(&fake.url(&format!("{CARS}/ways"))).await;
    browser.click("form:has(input[value=stop-disinfection]) button").await;
    browser.wait_for_text("#flash", "再等 9 秒").await;
    assert!(fake.commands().iter().any(|command| command.act == Act::StopDisinfection));

    fake.set(|status| status.lanes[1] = states::disinfecting(0, 25_000));
    browser.wait_for("#f3:not([disabled])").await;
    counts(&browser, "最多", 25).await;
    browser.click("#f3").await;
    browser.wait_for_text(".steps .done:nth-child(3)", "消毒").await;
    fake.set(|status| status.lanes[1].disinfecting = None);
    browser.wait_until_gone(".countdown").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_driver_sees_the_same_seconds() {
    let mut status = states::kiosk();
    status.lanes[1] = states::disinfecting(9_000, 34_000);
    let fake = Fake::start(status, obey).await;
    let browser = Browser::start().await;
    browser.open(&fake.url("/lane/car-1")).await;
    browser.wait_for_text("h1", "请关窗").await;
    counts(&browser, "至少", 9).await;
    fake.set(|status| status.lanes[1] = states::disinfecting(0, 25_000));
    counts(&browser, "最多", 25).await;
    fake.set(|status| status.lanes[1] = states::vehicle());
    browser.wait_until_gone(".countdown").await;
    browser.close().await;
}

/// The seconds are shown under `said`, and go down by themselves.
async fn counts(browser: &Browser, said: &str, from: u32) {
    browser.wait_for_text(".countdown", said).await;
    let shows = |seconds: u32| {
        let text = "document.querySelector('.countdown .left')?.textContent";
        format!("{text} === '{seconds}'")
    };
    browser.wait_until(&shows(from)).await;
    browser.wait_until(&shows(from - 1)).await;
}
