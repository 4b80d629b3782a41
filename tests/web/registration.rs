//! A registration code on the attendant's face: seen, masked, and confirmed with one press; what does not fit is typed.

use kakou::control::{Act, LaneStatus, PreparedStatus, Registration, StepState};
use kakou::model::StepKind;
use kakou::model::registration_code::BadRegistrationCode;

use super::attendant::{obey, sign_in};
use super::fake::Fake;
use super::harness::Browser;
use super::states;

const LANE: &str = "/attendant/lane/in-1";

/// Only the registration is still asked, and a code says so much for name, phone and origin.
fn said(phone: Result<String, &'static str>, fault: Option<BadRegistrationCode>) -> LaneStatus {
    let mut lane = states::asking_code();
    for step in &mut lane.steps {
        step.state = if step.kind == StepKind::Registration { StepState::Asked } else { StepState::Done };
    }
    lane.prepared = Some(PreparedStatus { number: 7, fault });
    if fault.is_none() {
        let says = [Ok("李*".to_owned()), phone, Ok("成都".to_owned())];
        lane.fields.iter_mut().zip(says).for_each(|(field, says)| field.coded = Some(says));
    }
    lane
}

async fn show(lane: LaneStatus) -> (Fake, Browser) {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    sign_in(&browser, &fake).await;
    fake.set(|status| status.lanes[0] = lane);
    browser.open(&fake.url(LANE)).await;
    (fake, browser)
}

fn registered(fake: &Fake) -> Registration {
    let act = fake.commands().pop().expect("an act").act;
    let Act::Register(registration) = act else { panic!("{act:?}") };
    registration
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_seen_masked_and_confirmed_with_one_press() {
    let (fake, browser) = show(said(Ok("138****1234".to_owned()), None)).await;
    browser.wait_for_text(".prepared", "138****1234").await;
    let shown = browser.text(".prepared").await;
    assert!(shown.contains("本人自述") && shown.contains("李*") && shown.contains("成都"), "{shown}");
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        browser.screenshot(&std::path::Path::new(&folder).join("desk-registration-code.png")).await;
    }
    browser.wait_for_text("#f3", "登记无误").await;
    browser.click("#f3").await;
    // Nothing more is asked then, so that they may be let through.
    browser.wait_for("button#f1:not([disabled])").await;
    let registration = registered(&fake);
    assert_eq!((registration.code, registration.name), (Some(7), None), "nothing was typed");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_code_says_wrongly_is_typed_and_the_rest_is_not() {
    let (fake, browser) = show(said(Err("is no telephone number"), None)).await;
    browser.wait_for_text(".prepared", "不合要求").await;
    browser.wait_for_text("#f3", "填写登记").await;
    browser.click("#f3").await;
    browser.wait_for_text("main.register", "登记码上的不合要求").await;
    browser.script("document.querySelector('input[name=phone]').value = '13900001234'").await;
    browser.click("button.enter").await;
    browser.wait_for("#actions").await;
    let registration = registered(&fake);
    assert_eq!((registration.code, registration.phone.is_some(), registration.name), (Some(7), true, None));

    fake.set(|status| status.lanes[0] = said(Ok(String::new()), Some(BadRegistrationCode::NoCode)));
    browser.wait_for_text(".trouble", "登记码读不出").await;
    browser.wait_for_text("#f3", "填写登记").await;
    browser.close().await;
}
