//! Training on the screens: who begins it, that nobody can overlook it, and that it ends with a sign-out.

use kakou::control::{Act, LaneStatus, Practice, PracticeStatus, TakenOut};

use super::attendant::sign_in;
use super::fake::Fake;
use super::harness::Browser;
use super::states;

const LANE: &str = "/attendant/lane/in-1";
const PRACTISED: &str = "/attendant/lane/practice-1";

fn acts(fake: &Fake) -> Vec<(String, Act)> {
    fake.commands().into_iter().map(|command| (command.lane.to_string(), command.act)).collect()
}

/// What a kiosk shows once `zhou` practises at its first lane.
fn trains(fake: &Fake, practised: LaneStatus) {
    let lane = practised;
    let lane =
        LaneStatus { lane: "practice-1".parse().unwrap(), title: format!("练习 {}", lane.title), ..lane };
    fake.set(|status| {
        let out = TakenOut { by: "zhou".to_owned(), reason: "练习 training".to_owned() };
        status.lanes[0] = LaneStatus { taken_out: Some(out), ..states::out_of_service() };
        let (of, by) = ("in-1".parse().unwrap(), "zhou".parse().unwrap());
        status.practice = vec![PracticeStatus { of, by, lane }];
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn training_begins_with_two_touches_and_both_faces_say_so_until_who_began_it_signs_out() {
    let (fake, browser) = (Fake::start(states::kiosk(), |_, _| Ok(())).await, Browser::start().await);
    sign_in(&browser, &fake).await;
    browser.open(&fake.url(LANE)).await;
    browser.wait_for_text("#f5", "练习").await;
    browser.click("#f5").await;
    browser.wait_for_address("/practice").await;
    assert!(fake.commands().is_empty(), "one touch takes no lane away");
    browser.click("form:has(input[value=begin]) button").await;
    browser.wait_for("#actions").await;
    assert_eq!(acts(&fake), [("in-1".to_owned(), Act::Practice(Practice::Begin))]);

    trains(&fake, states::asking_code());
    browser.open(&fake.url(LANE)).await;
    browser.wait_for_text(".banner.training", "练习").await;
    browser.wait_for_text("#f5", "结束练习").await;
    assert!(!browser.text("#card").await.contains("中心令停用"), "the hub ordered nothing");
    browser.click("a.tab.practice").await;
    browser.wait_for_address(PRACTISED).await;
    browser.wait_for_text(".banner.training", "不留记录").await;
    picture(&browser, "desk-training").await;
    browser.click("a.tab[href$='/practice']").await;
    browser.click("form:has(input[value=cool]) button").await;
    browser.wait_for_address(PRACTISED).await;
    assert_eq!(acts(&fake), [("practice-1".to_owned(), Act::Practice(Practice::Cool))]);
    for face in ["/lane/in-1", "/lane/practice-1"] {
        browser.open(&fake.url(face)).await;
        browser.wait_for_text(".face .training", "练习").await;
    }
    picture(&browser, "face-training").await;

    browser.open(&fake.url("/attendant/more")).await;
    browser.click("[data-key=F5]").await;
    browser.wait_for_address("/attendant/sign-in").await;
    assert_eq!(acts(&fake), [("in-1".to_owned(), Act::Practice(Practice::End))]);
    fake.set(|status| status.practice.clear());
    sign_in(&browser, &fake).await;
    browser.open(&fake.url(PRACTISED)).await;
    browser.wait_for_address(LANE).await;
    browser.close().await;
}

async fn picture(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        browser.screenshot(&std::path::Path::new(&folder).join(format!("{name}.png"))).await;
    }
}
