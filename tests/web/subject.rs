//! The subject's face: what is asked, what is never said, the way without a phone.

use std::time::Duration;

use kakou::base::Pii;
use kakou::control::{Act, PlaceCodeStatus, Prompt, StepState};
use kakou::model::{Attestation, CodeHint, Guidance, StepKind, StepWords, Title};

use super::attendant::{obey, sign_in};
use super::fake::Fake;
use super::harness::Browser;
use super::states;

/// Words that would tell a queue something about somebody's health.
const NEVER: [&str; 16] = [
    "发热",
    "发烧",
    "偏高",
    "异常",
    "正常",
    "阳性",
    "疑似",
    "隔离",
    "阈值",
    "37.6",
    "复测",
    " fever",
    "elevated",
    "threshold",
    "normal",
    "referred",
];

#[tokio::test(flavor = "multi_thread")]
async fn each_scene_has_one_verb_one_symbol_and_no_reason() {
    let fake = Fake::start(states::kiosk(), obey).await;
    let browser = Browser::start().await;
    browser.open(&fake.url("/lane/in-1")).await;
    for (name, lane) in states::scenes() {
        let (prompt, guidance) = (lane.prompt, lane.guidance);
        let verb = match (lane.hint, guidance) {
            (Some(hint), _) => kakou::web::words::face::hint(hint).verb,
            (None, Some(guidance)) => kakou::web::words::face::guidance(guidance).verb,
            (None, None) => kakou::web::words::face::prompt(prompt, lane.takes).verb,
        };
        fake.set_lane(lane);
        browser.wait_for_text("h1", verb.zh).await;
        browser.wait_for_text("h1", verb.en).await;
        assert_eq!(
            browser.script("return document.querySelectorAll('.ground svg').length").await,
            1,
            "{name}"
        );
        // A lane that serves nobody sends everybody to the attendant; any other has a way without a phone.
        let without_phone = browser.text(".no-phone").await.contains("没有手机也可以");
        assert_eq!(without_phone, prompt != Prompt::OutOfService, "{name}");
        let page = browser.client.source().await.unwrap();
        let page = page.replace(include_str!("../../src/web/assets/kakou.css"), "").to_lowercase();
        assert!(NEVER.iter().all(|never| !page.contains(never)), "{name}: {page}");
        let cut = "const h = document.querySelector('h1 .zh').getBoundingClientRect();
            const f = document.querySelector('footer').getBoundingClientRect();
            const s = document.querySelector('.said').getBoundingClientRect();
            const wide = (n) => n.getBoundingClientRect().width > n.parentElement.getBoundingClientRect().width;
            const ticks = [...document.querySelectorAll('.ticks .name')];
            return [h.right > 1024, s.bottom > f.top, s.top < 0, ticks.some(wide)]";
        let whole = serde_json::json!([false, false, false, false]);
        assert_eq!(browser.script(cut).await, whole, "{name} is cut off");
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_tick_off_and_the_camera_shows_the_code_it_sees() {
    let mut status = states::kiosk();
    status.lanes[0] = states::asking_code();
    let fake = Fake::start(status, obey).await;
    let browser = Browser::start().await;
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for_text(".ticks .now", "出示码").await;
    fake.show(states::picture());
    browser.wait_for("#outline polygon").await;
    browser.wait_until("document.querySelector('#preview').naturalWidth === 160").await;
    fake.set_lane(states::temperature(Guidance::HoldStill));
    browser.wait_for_text(".ticks .done", "出示码").await;
    browser.wait_for_text(".ticks .now", "测体温").await;
    browser.wait_until_gone("#preview").await;
    let camera = "return (async () => (await fetch('/lane/in-1/preview.bmp')).status)()";
    assert_eq!(browser.script(camera).await, 404, "the camera is nobody's window");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_helps_to_read_a_code_is_said_large_beside_the_picture_and_goes_with_it() {
    let mut asking = states::asking_code();
    let own = Title { zh: "请出示通行证".to_owned(), en: "Show your permit".to_owned() };
    asking.words = StepWords { show: Some(own), ..StepWords::default() };
    let mut status = states::kiosk();
    status.lanes[0] = asking.clone();
    let fake = Fake::start(status, obey).await;
    let browser = Browser::start().await;
    sign_in(&browser, &fake).await;
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for_text("h1", "请出示通行证").await;
    for hint in CodeHint::ALL {
        let words = kakou::web::words::face::hint(hint);
        asking.hint = Some(hint);
        fake.set_lane(asking.clone());
        browser.wait_for_text("h1", words.verb.zh).await;
        browser.wait_for_text(".said p", words.how.en).await;
        browser.wait_for("#preview").await;
        // 58 pixels on a 7-inch panel are 9 mm: read at two metres. One line: no character is left alone on a second.
        let large = "return parseFloat(getComputedStyle(document.querySelector('h1 .zh')).fontSize) >= 58 \
            && document.querySelector('h1 .zh').getBoundingClientRect().height < 90";
        assert_eq!(browser.script(large).await, true, "{hint:?}");
    }
    browser.open(&fake.url("/attendant/lane/in-1")).await;
    browser.wait_for_text("#card .hint", "请调亮屏幕").await;
    asking.hint = None;
    fake.set_lane(asking);
    browser.wait_until_gone("#card .hint").await;
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for_text("h1", "请出示通行证").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_a_phone_types_their_number_on_large_keys() {
    let fake = Fake::start(states::kiosk(), obey).await;
    let browser = Browser::start().await;
    browser.open(&fake.url("/lane/in-1")).await;
    browser.click(".no-phone").await;
    browser.press("51").await;
    browser.click("button.enter").await;
    browser.wait_for_text(".message", "号码不对").await;
    browser.press("0107").await;
    browser.click("button[value=back]").await;
    browser.press("719900307123X").await;
    browser.click("button.enter").await;
    browser.wait_for_address("/lane/in-1").await;
    browser.wait_for_text("h1", "请靠近").await;
    let acts: Vec<_> = fake.commands().into_iter().map(|command| (command.by, command.act)).collect();
    let number = |text: &str| Act::TypeIdNumber(Pii::new(text.to_owned()));
    assert_eq!(acts, [(None, number("51")), (None, number("51010719900307123X"))]);

    // What the lane cannot take now is a person's business, said without a reason.
    fake.set_lane(states::go());
    browser.open(&fake.url("/lane/in-1/id")).await;
    browser.press("1").await;
    browser.click("button.enter").await;
    browser.wait_for_text("h1", "告诉工作人员").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_go_does_not_stay_on_the_screen() {
    let mut status = states::kiosk();
    status.lanes[0] = states::go();
    let fake = Fake::start(status, obey).await;
    let browser = Browser::start().await;
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for_text("h1", "请通行").await;
    fake.stop();
    browser.wait_for("html.lost").await;
    let covered =
        "const box = document.querySelector('#lost').getBoundingClientRect(); return [box.width, box.height]";
    assert_eq!(browser.script(covered).await, serde_json::json!([1024, 600]));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_work_without_their_script() {
    let fake = Fake::start(states::kiosk(), obey).await;
    let http = Http { address: fake.address };
    let page = http.post("/lane/in-1/id", "text=51&key=X").await;
    assert!(page.contains(r#"name="text" value="51X""#), "a key is a submit button: {page}");
    let page = http.post("/attendant/sign-in/zhou", "text=2468").await;
    let cookie = page.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect("a session");
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    assert!(fake.commands().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_of_other_pages_and_endless_bodies_are_refused() {
    let fake = Fake::start(states::kiosk(), obey).await;
    let http = Http { address: fake.address };
    let foreign = http.send("POST /lane/in-1/id HTTP/1.1\r\nOrigin: http://evil.example\r\n", "text=1").await;
    assert!(foreign.starts_with("HTTP/1.1 403"), "{foreign}");
    let long = http.post("/lane/in-1/id", &format!("text={}", "1".repeat(100_000))).await;
    assert!(long.starts_with("HTTP/1.1 413"), "{long}");
    for path in ["/lane/nowhere", "/attendant/lane/nowhere", "/assets/../Cargo.toml", "/lane/%3Cb%3E"] {
        let answer = http.send(&format!("GET {path} HTTP/1.1\r\n"), "").await;
        assert!(!answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
    }
    assert!(fake.commands().is_empty());
}

/// Requests by hand.
struct Http {
    address: std::net::SocketAddr,
}

impl Http {
    async fn post(&self, path: &str, body: &str) -> String {
        let head = format!("POST {path} HTTP/1.1\r\nOrigin: http://{}\r\n", self.address);
        self.send(&head, body).await
    }

    async fn send(&self, head: &str, body: &str) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let request = format!(
            "{head}Host: {}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        let exchange = async {
            let mut stream = tokio::net::TcpStream::connect(self.address).await.expect("the kiosk listens");
            // A server that refuses a long body may close before it has read all of it.
            let _ = stream.write_all(request.as_bytes()).await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            String::from_utf8_lossy(&answer).into_owned()
        };
        tokio::time::timeout(Duration::from_secs(10), exchange).await.expect("an answer")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_place_code_is_on_an_idle_lane_and_where_it_is_asked_and_changes_with_its_period() {
    let fake = Fake::start(states::kiosk(), obey).await;
    let browser = Browser::start().await;
    let code =
        |text: &str, digits: &str| Some(PlaceCodeStatus { text: text.to_owned(), digits: digits.to_owned() });
    fake.set(|status| status.place_code = code("KKL1:a/b/c1/00", "012345"));
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for_text(".place-code b", "012345").await;
    let drawn = "return document.querySelector('.place-code svg')?.innerHTML ?? ''";
    let first = browser.script(drawn).await;
    assert_ne!(first.as_str().unwrap_or_default(), "");
    fake.set(|status| status.place_code = code("KKL1:a/b/c2/00", "678901"));
    browser.wait_for_text(".place-code b", "678901").await;
    assert_ne!(browser.script(drawn).await, first, "another code is drawn");
    let fits = "const b = document.querySelector('.place-code b').getBoundingClientRect();
        return b.bottom <= document.querySelector('footer').getBoundingClientRect().top;";
    assert_eq!(browser.script(fits).await, true);
    // Somebody is asked for something else; then for the place code.
    fake.set_lane(states::asking_code());
    browser.wait_for_text("h1", "请出示码").await;
    assert_eq!(browser.script(drawn).await, "");
    let mut asking = states::asking_code();
    asking.prompt = Prompt::SeeAttendant;
    for step in &mut asking.steps {
        let scan = step.kind == StepKind::Attest;
        step.state = if scan { StepState::Asked } else { StepState::Done };
        step.attest = scan.then_some(Attestation::PlaceCode);
    }
    fake.set_lane(asking);
    browser.wait_for_text(".place-code b", "678901").await;
}
