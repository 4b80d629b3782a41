//! What a thermal array sees, on the attendant's page: while somebody is screened, for whoever is signed in, and why not.

use kakou::base::{Mono, NoReading, Random};
use kakou::model::Guidance;
use kakou::sim::thermal_array::{Person, Scene, Worn};
use kakou::web::Thermal;

use super::attendant::{obey, sign_in};
use super::fake::Fake;
use super::harness::Browser;
use super::states;

const LANE: &str = "/attendant/lane/in-1";
/// Asks for the picture as the page does.
const FETCH: &str = "return (async () => {
    const answer = await fetch('/attendant/lane/in-1/thermal.bmp');
    return [answer.status, answer.headers.get('content-type'), answer.headers.get('cache-control')];
})()";

/// What an array sees of `scene`, the `n`th time.
pub fn seen(scene: &Scene, n: u64) -> Thermal {
    let frame = scene.frame(32, 24, 0.2, &mut Random::new(n)).expect("a frame");
    Thermal { at: Mono::from_millis(n), frame: Ok(frame) }
}

/// Somebody in the middle of a room.
pub fn visitor() -> Scene {
    Scene::empty(23.0).with(Person::new(34.6))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_picture_is_shown_while_somebody_is_screened_with_its_legend_and_why_nothing_is_measured() {
    let (fake, browser) = start().await;
    browser.open(&fake.url(LANE)).await;
    browser.wait_for_text("#card", "空闲").await;
    assert!(browser.text("#card").await.contains("空闲") && !has_picture(&browser).await, "nobody is there");

    fake.set_lane(states::temperature(Guidance::ComeCloser));
    browser.wait_for("#thermal").await;
    fake.thermal.send_replace(Some(seen(&visitor(), 1)));
    browser.wait_until("document.querySelector('#thermal').src.endsWith('?n=1')").await;
    browser.wait_until("document.querySelector('#thermal').naturalWidth === 320").await;
    assert_eq!(browser.text("#thermal-said").await, "", "one face is measured");
    let legend = browser.text(".legend").await.replace('\n', " ");
    for said in ["22 26 30 34 38 °C", "比皮肤热 Over 43 °C", "测量处 Measured here"] {
        assert!(legend.contains(said), "{said} in {legend}");
    }

    let pair =
        Scene::empty(23.0).with(Person::new(34.6).at(9.0, 10.5)).with(Person::new(35.0).at(23.0, 10.5));
    let cases = [
        (pair, "画面里有几个人", "several people in view"),
        (Scene::empty(23.0).with(Person::new(34.6).wearing(Worn::Hat)), "额头被遮住", "forehead is covered"),
        (Scene::empty(23.0).with(Person::new(34.6).wide(5.0)), "没有人靠近", "nobody came close"),
        (Scene::empty(23.0), "没有人靠近", "nobody came close"),
    ];
    for (n, (scene, zh, en)) in (2..).zip(cases) {
        fake.thermal.send_replace(Some(seen(&scene, n)));
        browser.wait_until(&format!("document.querySelector('#thermal').src.endsWith('?n={n}')")).await;
        let said = browser.text("#thermal-said").await;
        assert!(said.contains(zh) && said.contains(en), "{zh}: {said}");
    }
    // An array that gives nothing leaves no old picture.
    let gone = Thermal { at: Mono::from_millis(9), frame: Err(NoReading::Absent) };
    fake.thermal.send_replace(Some(gone));
    browser.wait_for_text("#thermal-said", "设备没有应答").await;
    browser.wait_for("#thermal.none").await;
    assert_eq!(browser.script(FETCH).await[0], 404);

    fake.set_lane(states::go());
    browser.wait_until_gone("#thermal").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_for_whoever_is_signed_in_while_somebody_is_screened_and_is_stored_nowhere() {
    let (fake, browser) = start().await;
    fake.set_lane(states::temperature(Guidance::HoldStill));
    browser.open(&fake.url(LANE)).await;
    browser.wait_for("#thermal").await;
    fake.thermal.send_replace(Some(seen(&visitor(), 1)));
    let given = serde_json::json!([200, "image/bmp", "no-store"]);
    assert_eq!(browser.script(FETCH).await, given);
    fake.set_lane(states::idle());
    browser.wait_until_gone("#thermal").await;
    assert_eq!(browser.script(FETCH).await[0], 404, "the array is nobody's window");
    fake.set_lane(states::temperature(Guidance::HoldStill));
    browser.wait_for("#thermal").await;
    assert_eq!(browser.script(FETCH).await, given);

    browser.open(&fake.url("/attendant/more")).await;
    browser.click("[data-key=F5]").await;
    browser.wait_for_address("/attendant/sign-in").await;
    assert_eq!(browser.script(FETCH).await[0], 401, "nobody is signed in");
    // The subject's face shows nothing of it.
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for("#face").await;
    assert!(!has_picture(&browser).await);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lane_without_an_array_has_no_picture_and_nothing_of_it() {
    let (fake, browser) = start().await;
    let mut lane = states::temperature(Guidance::HoldStill);
    lane.lane = "car-1".parse().expect("a slug");
    fake.set(|status| status.lanes[1] = lane);
    browser.open(&fake.url("/attendant/lane/car-1")).await;
    browser.wait_for_text("#card .now", "测体温").await;
    assert!(!has_picture(&browser).await);
    let fetch = FETCH.replace("in-1", "car-1");
    assert_eq!(browser.script(&fetch).await[0], 404);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_card_is_cut_off_by_the_picture() {
    let (fake, browser) = start().await;
    fake.set_lane(states::temperature(Guidance::OneAtATime));
    fake.set(states::trouble);
    browser.open(&fake.url(LANE)).await;
    browser.wait_for("#thermal").await;
    let pair =
        Scene::empty(23.0).with(Person::new(34.6).at(9.0, 10.5)).with(Person::new(35.0).at(23.0, 10.5));
    fake.thermal.send_replace(Some(seen(&pair, 1)));
    browser.wait_for_text("#thermal-said", "画面里有几个人").await;
    let cut = "const of = (css) => document.querySelector(css).getBoundingClientRect();
        const within = (inner, outer) => inner.bottom <= outer.bottom + 1 && inner.right <= outer.right + 1;
        const [card, thermal, image, gate] = ['.card', '.thermal', '.thermal img', '.gate'].map(of);
        return [within(gate, card), thermal.bottom <= gate.top + 1, within(image, thermal),
            within(of('.legend'), thermal), of('.steps').bottom <= thermal.top + 1, image.height >= 130]";
    assert_eq!(browser.script(cut).await, serde_json::json!([true, true, true, true, true, true]));
    browser.close().await;
}

async fn start() -> (Fake, Browser) {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    sign_in(&browser, &fake).await;
    (fake, browser)
}

async fn has_picture(browser: &Browser) -> bool {
    browser.script("return document.querySelector('#thermal') !== null").await == true
}
