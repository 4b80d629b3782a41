//! A vehicle whose occupants do not all go on with it, on the attendant's face.

use std::time::Duration;

use kakou::control::{Act, Decision};
use kakou::model::Reason;

use super::attendant::{obey, sign_in};
use super::fake::Fake;
use super::harness::Browser;
use super::states;

/// Long enough a press to confirm.
const LONG: Duration = Duration::from_millis(1_300);

/// Puts `text` into the page's list and sends it.
async fn paste(browser: &Browser, text: &str) {
    browser.wait_for("main.manifest textarea").await;
    let script = format!("document.querySelector('textarea').value = {}", serde_json::json!(text));
    browser.script(&script).await;
    browser.click("main.manifest button.enter").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passenger_list_is_pasted_checked_masked_and_taken_without_who_is_missing() {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    sign_in(&browser, &fake).await;
    fake.set(|status| {
        status.lanes[1] = states::vehicle();
        status.lanes[1].occupants.clear();
        status.lanes[1].declared = None;
    });
    let page = fake.url("/attendant/lane/car-1/manifest");
    browser.open(&page).await;
    paste(&browser, "姓名,身份证号\n王小明,11010519491231002X\n李四,110105194912310021\n").await;
    browser.wait_for_text(".message", "第 3 行：身份证号不对").await;
    assert!(fake.commands().is_empty(), "nothing of a list with a fault is taken");
    paste(&browser, "姓名,身份证号\n王小明,11010519491231002X\n=1+1,\n").await;
    browser.wait_for_text(".message", "第 3 行：姓名像公式").await;

    paste(&browser, "姓名,身份证号\n王小明,11010519491231002X\n李四,\n").await;
    browser.wait_for("ol.rows li:nth-child(2)").await;
    let shown = browser.text("main.manifest").await;
    assert!(!shown.contains("王小明") && !shown.contains("1231002X"), "{shown}");
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        browser.screenshot(&std::path::Path::new(&folder).join("desk-manifest.png")).await;
    }
    browser.click("ol.rows li:nth-child(2) label").await;
    browser.click("main.manifest button.enter").await;
    browser.wait_for("#actions").await;
    let taken = Act::TakeManifest { offer: 1, absent: vec![1] };
    assert_eq!(fake.commands().last().map(|command| &command.act), Some(&taken));

    // What is too long is refused as that, and the page is still there.
    browser.open(&page).await;
    browser.wait_for("textarea").await;
    browser.script("document.querySelector('textarea').removeAttribute('maxlength')").await;
    paste(&browser, &"王".repeat(40_000)).await;
    browser.wait_for_text(".message", "名单太大").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_a_vehicle_stays_behind_after_a_hold_and_the_others_go_on() {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    sign_in(&browser, &fake).await;
    fake.set(|status| status.lanes[1] = states::vehicle());
    browser.open(&fake.url("/attendant/lane/car-1/ways")).await;
    // It may be on a further page of the ways.
    while browser.client.find(fantoccini::Locator::Css("a[href$='/apart']")).await.is_err() {
        browser.click("a[href*='/ways?']").await;
    }
    browser.click("a[href$='/apart']").await;
    browser.wait_for_text("main", "此人留下，车辆继续").await;
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        browser.screenshot(&std::path::Path::new(&folder).join("desk-apart.png")).await;
    }
    browser.hold("#f1", LONG).await;
    browser.wait_for_text(".occupants .apart", "留置等待").await;
    let asked = fake.commands();
    let held = Act::SetDown { decision: Decision::Hold, reason: Reason::AttendantDecision };
    assert_eq!(asked.last().map(|command| &command.act), Some(&held), "{asked:?}");
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        browser.screenshot(&std::path::Path::new(&folder).join("desk-one-stays.png")).await;
    }
    browser.close().await;
}
