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
