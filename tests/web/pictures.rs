//! Pictures of every screen: `KAKOU_PICTURES=dir cargo test --test web pictures` writes them as PNG files.

use std::path::Path;
use std::sync::Arc;

use kakou::control::{KioskStatus, LaneStatus};
use kakou::model::{CodeHint, Guidance, ModuleColour};
use kakou::sim::thermal_array::Person;

use super::asks;
use super::attendant::{obey, sign_in};
use super::fake::Fake;
use super::harness::Browser;
use super::hub::{Centre, every_page};
use super::{policy, states, thermal};

#[tokio::test(flavor = "multi_thread")]
async fn every_screen_can_be_drawn() {
    let Some(folder) = std::env::var_os("KAKOU_PICTURES") else { return };
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let fake = Fake::start(states::kiosk(), obey).await;
    fake.show(states::picture());
    fake.policy.send_replace(Arc::new(policy::sample()));
    let browser = Browser::start().await;
    sign_in(&browser, &fake).await;
    for theme in ["day", "sunlight", "night"] {
        subjects(&browser, &fake, folder, theme).await;
        attendants(&browser, &fake, folder, theme).await;
        for switch in ["desk", "lanes"] {
            browser.open(&fake.url("/attendant/screens")).await;
            browser.click(&format!("form:has(input[value={switch}]) button")).await;
            browser.wait_for("form.none, main.choices").await;
        }
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_the_hub_can_be_drawn() {
    let Some(folder) = std::env::var_os("KAKOU_PICTURES") else { return };
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder).expect("the folder can be made");
    let centre = Centre::start().await;
    for (width, height) in [(1_024, 600), (360, 740), (1_440, 900)] {
        let browser = Browser::sized(width, height).await;
        centre.sign_in(&browser).await;
        let draw =
            async |name: &str| browser.screenshot(&folder.join(format!("hub-{name}-{width}.png"))).await;
        every_page(&centre, &browser, draw).await;
        browser.close().await;
    }
}

async fn subjects(browser: &Browser, fake: &Fake, folder: &Path, theme: &str) {
    for (name, lane) in states::scenes() {
        fake.set_lane(lane);
        browser.open(&fake.url("/lane/in-1")).await;
        if name == "asking-code" {
            browser.wait_for("#outline polygon").await;
        } else if name.starts_with("shut-windows") {
            browser.wait_until("document.querySelector('.countdown .left').textContent !== ''").await;
        }
        browser.screenshot(&folder.join(format!("lane-{name}-{theme}.png"))).await;
    }
    browser.open(&fake.url("/lane/in-1/id")).await;
    browser.press("51010719").await;
    browser.screenshot(&folder.join(format!("lane-id-{theme}.png"))).await;
}

async fn attendants(browser: &Browser, fake: &Fake, folder: &Path, theme: &str) {
    let scenes: [(&str, LaneStatus); 8] = [
        ("idle", states::idle()),
        ("steps", states::asking_code()),
        ("hinted", states::hinted(CodeHint::HoldFurther)),
        ("unverified", states::unverified(ModuleColour::Green)),
        ("referred", states::referred()),
        ("crossing", states::go()),
        ("turned-back", states::turned_back()),
        ("taken-out", states::taken_out()),
    ];
    for (name, lane) in scenes {
        fake.set_lane(lane);
        shot(browser, fake, folder, "/attendant/lane/in-1", &format!("desk-{name}-{theme}")).await;
    }
    screened(browser, fake, folder, theme).await;
    for (name, lane, pages) in asks::pages() {
        fake.set_lane(lane);
        for (number, page) in pages.into_iter().enumerate() {
            let page = format!("/attendant/lane/in-1{page}");
            shot(browser, fake, folder, &page, &format!("desk-{name}-{number}-{theme}")).await;
        }
    }
    fake.set_lane(states::referred());
    let pages = [
        ("/attendant/lane/in-1/ways", "ways"),
        ("/attendant/lane/in-1/decide", "decide"),
        ("/attendant/lane/in-1/waive/temperature", "waive"),
        ("/attendant/lane/in-1/pad/contact", "contact"),
        ("/attendant/lane/in-1/register", "register"),
        ("/attendant/recent", "recent"),
        ("/attendant/devices", "devices"),
        ("/attendant/more", "more"),
        ("/attendant/screens", "screens"),
        ("/attendant/lists", "lists"),
        ("/attendant/inside", "inside"),
        ("/attendant/open", "open"),
        ("/attendant/policy", "policy"),
        ("/attendant/shift", "shift"),
        ("/attendant/shift?back=1&part=details", "shift-details"),
        ("/attendant/shift/note", "shift-note"),
    ];
    for (page, name) in pages {
        shot(browser, fake, folder, page, &format!("desk-{name}-{theme}")).await;
    }
    let before = fake_status(fake, |status| {
        status.lanes[1] = states::vehicle();
        states::trouble(status);
    });
    shot(browser, fake, folder, "/attendant/lane/car-1", &format!("desk-vehicle-{theme}")).await;
    let spraying = states::disinfecting(12_000, 37_000);
    fake.set(|status| status.lanes[1] = spraying);
    browser.open(&fake.url("/attendant/lane/car-1")).await;
    browser.wait_for_text(".countdown .left", "1").await;
    browser.screenshot(&folder.join(format!("desk-spraying-{theme}.png"))).await;
    shot(browser, fake, folder, "/attendant/lane/car-1/pad/plate", &format!("desk-plate-{theme}")).await;
    browser.press("川A1").await;
    browser.screenshot(&folder.join(format!("desk-plate-typed-{theme}.png"))).await;
    fake.set(|status| *status = before);
}

/// Somebody before a thermal array, and two who are.
async fn screened(browser: &Browser, fake: &Fake, folder: &Path, theme: &str) {
    let pair = thermal::visitor().with(Person::new(35.0).at(25.0, 11.0));
    for (n, name, scene) in [(1, "array", thermal::visitor()), (2, "array-several", pair)] {
        fake.set_lane(states::temperature(Guidance::HoldStill));
        browser.open(&fake.url("/attendant/lane/in-1")).await;
        browser.wait_for("#thermal").await;
        fake.thermal.send_replace(Some(thermal::seen(&scene, n)));
        browser.wait_until(&format!("document.querySelector('#thermal').src.endsWith('?n={n}')")).await;
        browser.screenshot(&folder.join(format!("desk-{name}-{theme}.png"))).await;
    }
    fake.thermal.send_replace(None);
}

async fn shot(browser: &Browser, fake: &Fake, folder: &Path, page: &str, name: &str) {
    browser.open(&fake.url(page)).await;
    browser.screenshot(&folder.join(format!("{name}.png"))).await;
}

/// Changes the status and gives what it was before.
fn fake_status(fake: &Fake, change: impl FnOnce(&mut KioskStatus)) -> KioskStatus {
    let mut before = None;
    fake.set(|status| {
        before = Some(status.clone());
        change(status);
    });
    before.expect("the change was made")
}
