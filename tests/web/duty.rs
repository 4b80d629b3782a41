//! Who is at the post: roles, agencies, badges, and whether somebody still is there.

use kakou::config::badge::Badge;
use kakou::control::{Act, PostStatus};
use kakou::model::{Post, Role, Title};
use kakou::web::Attendance;

use super::attendant::obey;
use super::fake::{Fake, badge};
use super::harness::Browser;
use super::states;

const LANE: &str = "/attendant/lane/in-1";

pub async fn sign_in_as(browser: &Browser, fake: &Fake, id: &str, pin: &str) {
    browser.open(&fake.url(&format!("/attendant/sign-in/{id}"))).await;
    browser.press(pin).await;
    browser.click("button.enter").await;
    browser.wait_for("#bar").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_on_for_an_agency_is_named_with_it_and_may_only_call_an_emergency() {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    fake.set_lane(states::asking_code());
    browser.open(&fake.url("/attendant/sign-in")).await;
    browser.wait_for_text("a[href$='/wu'] .post", "卫健").await;
    sign_in_as(&browser, &fake, "wu", "9753").await;
    browser.wait_for_text("#bar", "卫健 Health").await;
    browser.wait_for_text("#bar", "观察 Observer").await;
    let agency = Some(Title { zh: "卫健".to_owned(), en: "Health".to_owned() });
    let post = Some(Post { role: Role::Observer, agency });
    assert_eq!(
        fake.attendance(),
        [Attendance { attendant: "wu".parse().unwrap(), signed_in: true, post }],
        "as what and for whom goes on record"
    );
    let shown = "document.querySelectorAll('#actions .act').length === 1 && document.querySelector('#f2')";
    browser.wait_until(shown).await;

    // The pages behind the buttons are there by their address, and lead nowhere.
    browser.open(&fake.url(&format!("{LANE}/ways"))).await;
    browser.click("form:has(input[value=again]) button").await;
    browser.wait_for_text("#flash", "观察不能办理").await;
    assert!(fake.commands().is_empty(), "no lane hears of it");
    browser.open(&fake.url(LANE)).await;
    // From the keyboard: a page that asks whether they are sure.
    browser.fill("#f2", "\u{E007}").await;
    browser.wait_for_address("/sure").await;
    browser.click("form:has(input[value=emergency]) button[type=submit]").await;
    browser.wait_for_text("#card", "正在记录").await;
    let acts: Vec<Act> = fake.commands().into_iter().map(|command| command.act).collect();
    assert_eq!(acts, [Act::Emergency]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_on_puts_no_policy_in_force() {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    sign_in_as(&browser, &fake, "wu", "9753").await;
    fake.policy.send_replace(std::sync::Arc::new(super::policy::sample()));
    browser.open(&fake.url("/attendant/policy")).await;
    browser.click("[data-key=F1]").await;
    browser.wait_for_text("#flash", "观察不能办理").await;
    assert!(fake.read.lock().await.try_recv().is_err(), "nobody hears of it");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_badge_signs_in_with_one_scan_and_one_that_nobody_has_never() {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    browser.open(&fake.url("/attendant/sign-in")).await;
    browser.wait_for("form.badge input:focus").await;
    // What a reader does that types like a keyboard; nothing on the screen is touched.
    let scan = |badge: &Badge| format!("{}\u{E007}", badge.text().as_str());
    browser.keys(&scan(&Badge::new([0x5B; 16]))).await;
    browser.wait_for_text(".message", "没有这个工作证").await;
    browser.wait_for("form.badge input:focus").await;
    browser.keys(&scan(&badge())).await;
    browser.wait_for_text("#bar", "李师傅").await;
    let li = Attendance { attendant: "li".parse().unwrap(), signed_in: true, post: None };
    assert_eq!(fake.attendance(), [li]);

    browser.open(&fake.url("/attendant/more")).await;
    browser.click("[data-key=F5]").await;
    for _ in 0..5 {
        browser.wait_for("form.badge input:focus").await;
        browser.keys("1357\u{E007}").await;
        browser.wait_for(".message").await;
    }
    browser.wait_for("form.badge input:focus").await;
    browser.keys(&scan(&badge())).await;
    browser.wait_for_text(".message", "试错太多").await;
    assert_eq!(fake.attendance().len(), 1, "only the sign-out");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_at_the_post_says_so_with_one_big_button_or_by_doing_something() {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    fake.set_lane(states::asking_code());
    sign_in_as(&browser, &fake, "li", "1357").await;
    assert!(!fake.somebody_is_here(), "nothing was done yet");
    fake.set(|status| status.post = PostStatus::Asked);
    browser.wait_for_text(".still-here", "我在岗").await;
    let covers = "[...document.querySelectorAll('#actions .act')].some(act => { const a = act.getBoundingClientRect(), \
                  b = document.querySelector('.still-here').getBoundingClientRect(); return a.left < b.right && \
                  b.left < a.right && a.top < b.bottom && b.top < a.bottom })";
    assert_eq!(browser.script(&format!("return {covers}")).await, false, "no action is covered");
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        browser.screenshot(&std::path::Path::new(&folder).join("desk-still-here.png")).await;
    }
    browser.click(".still-here button").await;
    // The address is the same before and after.
    while !fake.somebody_is_here() {
        browser.wait_for("#card").await;
    }
    browser.wait_for(".still-here").await;
    browser.keys("\u{E037}").await; // F7
    while !fake.somebody_is_here() {
        browser.wait_for("#card").await;
    }
    fake.set(|status| status.post = PostStatus::Nobody);
    browser.wait_for_text("#banners", "岗位无人").await;
    browser.open(&fake.url(&format!("{LANE}/ways"))).await;
    browser.click("form:has(input[value=again]) button").await;
    browser.wait_for_address(LANE).await;
    assert!(fake.somebody_is_here(), "an act is an answer");
    fake.set(|status| status.post = PostStatus::Quiet);
    browser.wait_until_gone(".still-here").await;

    fake.set(|status| status.post = PostStatus::Asked);
    sign_in_as(&browser, &fake, "wu", "9753").await;
    browser.wait_for("#actions .act").await;
    assert_eq!(browser.text(".still-here").await, "", "whoever looks on does not staff the post");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_only_a_lead_may_waive_is_waived_by_no_attendant() {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    super::attendant::sign_in(&browser, &fake).await;
    let waivable = |only: Vec<Role>| {
        let mut lane = states::asking_code();
        lane.steps[0].waive_by = only;
        lane
    };
    let step = waivable(vec![]).steps[0].id.clone();
    for (only, waived) in [(vec![Role::Lead], 0), (vec![Role::Lead, Role::Attendant], 1), (vec![], 1)] {
        fake.set_lane(waivable(only.clone()));
        browser.open(&fake.url(&format!("{LANE}/waive/{step}"))).await;
        browser.click("form:has(input[value=waive]) button").await;
        if waived == 0 {
            browser.wait_for_text("#flash", "值守不能办理").await;
        } else {
            browser.wait_for_address(LANE).await;
        }
        assert_eq!(fake.commands().len(), waived, "{only:?}");
    }
    browser.close().await;
}
