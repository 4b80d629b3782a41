//! The attendant's face: sign-in, steps, waivers, holds, live updates, banners, hostile text, sizes.

use std::time::Duration;

use kakou::base::{AttendantId, CentiCelsius, Pii};
use kakou::control::{
    Act, BarrierState, Command, Decision, KioskStatus, LaneStatus, OddPlate, Phase, Prompt, Refused,
    StepState,
};
use kakou::model::{AreaMode, Attestation, Reason, StepKind};
use kakou::web::Attendance;

use super::common::samples;
use super::fake::Fake;
use super::harness::Browser;
use super::states;

/// A press that is too short to confirm anything, and one that is long enough.
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_millis(1_300);

const LANE: &str = "/attendant/lane/in-1";

/// Carries out what its lane can do, refuses what a real one would.
pub fn obey(command: &Command, status: &mut KioskStatus) -> Result<(), Refused> {
    let lane = status.lanes.iter_mut().find(|lane| lane.lane == command.lane).expect("a lane of the kiosk");
    match &command.act {
        Act::TypeIdNumber(_) if lane.phase == Phase::Crossing => {
            return Err(Refused::NotNow { why: "the subject is going through" });
        }
        Act::TypeIdNumber(text) if text.expose().len() != 18 => {
            return Err(Refused::BadIdNumber { why: "18 characters" });
        }
        Act::TypeIdNumber(_) => {
            *lane = states::temperature(kakou::model::Guidance::ComeCloser);
        }
        Act::Waive { step, .. } => {
            let by = command.by.clone().ok_or(Refused::NeedsAttendant)?;
            let found = lane.steps.iter_mut().find(|known| known.id == *step);
            found.expect("a step of the profile").state = StepState::Waived { by };
        }
        Act::Attest(_) => set(lane, StepKind::Attest, StepState::Done),
        Act::Register(_) => set(lane, StepKind::Registration, StepState::Done),
        Act::ContactTemperature(_) => set(lane, StepKind::Temperature, StepState::Done),
        Act::TypePlate { odd: OddPlate::Ask, text } if text.expose().chars().count() < 7 => {
            return Err(Refused::OddPlate);
        }
        Act::Decide { decision: Decision::Admit, .. } => *lane = states::go(),
        Act::Decide { .. } => *lane = states::turned_back(),
        Act::SetDown { decision, .. } => {
            let served = lane.occupants.iter_mut().find(|occupant| !occupant.settled).expect("somebody");
            (served.settled, served.apart) = (true, Some(decision.verdict()));
        }
        Act::OfferManifest(manifest) => lane.manifest = Some(states::offered(manifest)),
        Act::TakeManifest { .. } => lane.manifest = None,
        Act::Emergency => lane.phase = Phase::Recording,
        Act::Leave => return Err(Refused::NotNow { why: "the barrier moves" }),
        Act::Next => *lane = states::idle(),
        Act::Begin { .. } => *lane = states::asking_code(),
        Act::CloseBarrier => lane.barrier = BarrierState::Closed,
        Act::TypePlate { .. }
        | Act::NoPlate
        | Act::DeclareOccupants(_)
        | Act::NotHere
        | Act::AwaitCompanion
        | Act::NoCompanion
        | Act::MeasureAgain
        | Act::Enter { .. }
        | Act::Practice(_)
        | Act::ShowIdCard(_)
        | Act::StartDisinfection { .. } => {}
        Act::StopDisinfection => {
            let left = lane.disinfecting.map_or(0, |running| running.may_stop_ms);
            if left > 0 {
                return Err(Refused::TooEarly { seconds_left: left.div_ceil(1_000) });
            }
            set(lane, StepKind::Disinfection, StepState::Done);
        }
    }
    Ok(())
}

fn set(lane: &mut LaneStatus, kind: StepKind, state: StepState) {
    let step = lane.steps.iter_mut().find(|step| step.kind == kind).expect("a step of the profile");
    step.state = state;
}

/// Signs `zhou` in.
pub async fn sign_in(browser: &Browser, fake: &Fake) {
    browser.open(&fake.url("/attendant")).await;
    browser.click("a[href$='/zhou']").await;
    browser.wait_for("form.pad").await;
    browser.press("2468").await;
    browser.click("button.enter").await;
    browser.wait_for("#actions").await;
}

async fn start(lane: LaneStatus) -> (Fake, Browser) {
    let mut status = states::kiosk();
    status.lanes[0] = lane;
    let (fake, browser) = (Fake::start(status, obey).await, Browser::start().await);
    sign_in(&browser, &fake).await;
    browser.wait_for_address(LANE).await;
    (fake, browser)
}

fn acts(fake: &Fake) -> Vec<Act> {
    fake.commands().into_iter().map(|command| command.act).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_pin_signs_nobody_in_and_a_right_one_the_person_it_belongs_to() {
    let fake = Fake::start(states::kiosk(), obey).await;
    let browser = Browser::start().await;
    browser.open(&fake.url(LANE)).await;
    browser.wait_for_address("/attendant/sign-in").await;
    browser.click("a[href$='/li']").await;
    browser.wait_for("form.pad").await;
    browser.press("2468").await;
    assert_eq!(browser.text(".boxes").await.matches('•').count(), 4, "a PIN is not shown");
    browser.click("button.enter").await;
    browser.wait_for_text(".message", "密码不对").await;
    browser.keys("1357\u{E007}").await;
    browser.wait_for_text("#bar", "李师傅").await;
    let li: AttendantId = "li".parse().unwrap();
    assert_eq!(fake.attendance(), [Attendance { attendant: li.clone(), signed_in: true, post: None }]);

    browser.open(&fake.url("/attendant/more")).await;
    browser.click("[data-key=F5]").await;
    browser.wait_for_address("/attendant/sign-in").await;
    assert_eq!(fake.attendance(), [Attendance { attendant: li, signed_in: false, post: None }]);
    browser.open(&fake.url(LANE)).await;
    browser.wait_for_address("/attendant/sign-in").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_taken_by_number_form_look_and_thermometer_until_the_lane_may_admit() {
    let (fake, browser) = start(states::asking_code()).await;
    assert!(browser.wait_for("#f1").await.attr("disabled").await.unwrap().is_some(), "steps are open");

    browser.click("#f3").await;
    browser.press("5101").await;
    browser.click("button.enter").await;
    browser.wait_for_text(".message", "身份证号不对").await;
    assert_eq!(browser.text(".boxes").await.replace('\n', ""), "5101", "what was typed stays");
    browser.press("0719900307123X").await;
    browser.click("button.enter").await;
    browser.wait_for_text("#card", &samples::masked_name()).await;
    let typed = Act::TypeIdNumber(Pii::new("51010719900307123X".to_owned()));
    assert_eq!(acts(&fake).last(), Some(&typed));

    browser.open(&fake.url("/attendant/lane/in-1/pad/contact")).await;
    browser.press("365").await;
    browser.click("button.enter").await;
    browser.wait_for_text("#f3", "登记").await;
    assert_eq!(acts(&fake), [Act::ContactTemperature(CentiCelsius::new(3_650).unwrap())]);

    browser.click("#f3").await;
    // Whom they visit may stay empty.
    for name in ["name", "phone", "origin"] {
        browser.fill(&format!("input[name={name}]"), "x").await;
    }
    browser.click("button.enter").await;
    browser.wait_for_text("#f3", "口罩").await;
    assert!(matches!(acts(&fake)[..], [Act::Register(_)]));

    browser.click("#f3").await;
    browser.wait_for("#f1:not([disabled])").await;
    assert_eq!(acts(&fake), [Act::Attest(Attestation::Mask)]);
    browser.click("#f1").await;
    browser.wait_for_text("#card", "已打开").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_waived_by_the_person_signed_in_with_a_reason_of_the_profile() {
    let (fake, browser) = start(states::temperature(kakou::model::Guidance::ComeCloser)).await;
    browser.click("#f4").await;
    browser.click("a[href$='/waive/temperature']").await;
    browser.wait_for_text("main", "婴幼儿").await;
    browser.click("a[href*='from=3']").await;
    browser.wait_for_text("main", "语言不通").await;
    browser.click(".at-1 button").await;
    browser.wait_for_text(".steps .waived", "zhou").await;
    let commands = fake.commands();
    let reason = "elderly".parse().unwrap();
    assert_eq!(commands[0].act, Act::Waive { step: "temperature".parse().unwrap(), reason });
    assert_eq!(commands[0].by, Some("zhou".parse().unwrap()));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_takes_a_hold_of_one_second_or_a_second_page() {
    let (fake, browser) = start(states::referred()).await;
    browser.hold("#f6", SHORT).await;
    browser.wait_for("#f6.short").await;
    browser.wait_for_address(LANE).await;
    assert_eq!(acts(&fake), [], "a short press does nothing");
    browser.hold("#f6", LONG).await;
    browser.wait_for_text("#card", "劝返").await;
    let held = Act::Decide { decision: Decision::TurnBack, reason: Reason::TemperatureElevated };
    assert_eq!(acts(&fake), [held]);

    // From the keyboard: a page that asks why.
    fake.set_lane(states::referred());
    browser.fill("#f6", "\u{E007}").await;
    browser.wait_for_address("/sure").await;
    assert_eq!(acts(&fake), []);
    browser.click("form:has(input[value=declined]) button").await;
    browser.wait_for_text("#card", "已结束").await;
    let asked = Act::Decide { decision: Decision::TurnBack, reason: Reason::Declined };
    assert_eq!(acts(&fake), [asked]);

    // The emergency is there in every phase, and held as well.
    fake.set_lane(states::idle());
    browser.wait_for_text("#card", "空闲").await;
    browser.hold("#f2", LONG).await;
    browser.wait_for_text("#card", "正在记录").await;
    assert_eq!(acts(&fake), [Act::Emergency]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_barrier_that_stands_open_is_said_on_both_faces_and_closed_by_a_hold() {
    let (fake, browser) = start(states::stands_open()).await;
    browser.wait_for_text(".gate .bad", "开着没关").await;
    browser.hold("#f6", SHORT).await;
    browser.wait_for("#f6.short").await;
    assert_eq!(acts(&fake), [], "a short press does nothing");
    browser.hold("#f6", LONG).await;
    browser.wait_for_text(".gate", "已关闭").await;
    assert_eq!(acts(&fake), [Act::CloseBarrier]);
    browser.wait_until_gone("#f6").await;

    // While somebody is served it is among the other ways, and not at all while something is below.
    fake.set_lane(LaneStatus { barrier: BarrierState::StandsOpen, ..states::asking_code() });
    browser.open(&fake.url(&format!("{LANE}/ways"))).await;
    browser.hold("#f1", LONG).await;
    browser.wait_for_address(LANE).await;
    assert_eq!(acts(&fake), [Act::CloseBarrier]);
    fake.set_lane(LaneStatus { beam_blocked: true, ..states::stands_open() });
    browser.wait_for("#f6:disabled").await;
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for_text("header .open", "道闸未关").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_recorded_is_said_where_a_person_decides_again() {
    let (_fake, browser) = start(states::not_recorded()).await;
    browser.wait_for_text(".trouble", "没有写成").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_lane_refuses_is_said_and_what_was_meant_for_another_subject_is_not_done() {
    let (fake, browser) = start(states::referred()).await;
    browser.open(&fake.url("/attendant/lane/in-1/decide")).await;
    browser.hold(".at-5 button", LONG).await;
    browser.wait_for_text("#flash", "现在不能这样做").await;
    assert_eq!(acts(&fake), [Act::Leave]);

    // The page still shows the old subject when the next one arrives: no script, so nobody tells it.
    browser.script("window.stop(); document.querySelector('#f6').form.elements.seen.value = 7").await;
    browser.hold("#f6", LONG).await;
    browser.wait_for_text("#flash", "对象已经换了").await;
    assert_eq!(acts(&fake), []);

    // A page about one subject leaves by itself when the subject has gone.
    browser.open(&fake.url("/attendant/lane/in-1/pad/contact")).await;
    fake.set(|status| status.lanes[0].passages += 1);
    browser.wait_for_address(LANE).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unusual_plate_is_taken_only_when_it_is_confirmed_unchanged() {
    let (fake, browser) = start(states::idle()).await;
    fake.set(|status| status.lanes[1] = states::vehicle());
    browser.open(&fake.url("/attendant/lane/car-1/pad/plate")).await;
    browser.press("川A12").await;
    browser.click("[data-sheet=letters] .enter").await;
    browser.wait_for_text(".message", "不常见").await;
    browser.press("3").await;
    browser.click("[data-sheet=letters] .enter").await;
    browser.wait_for_text(".message", "不常见").await;
    browser.click("[data-sheet=letters] .enter").await;
    browser.wait_for_address("/attendant/lane/car-1").await;
    let plate = |text: &str, odd| Act::TypePlate { text: Pii::new(text.to_owned()), odd };
    let asked =
        [plate("川A12", OddPlate::Ask), plate("川A123", OddPlate::Ask), plate("川A123", OddPlate::Confirmed)];
    assert_eq!(acts(&fake), asked);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_follows_the_lane_and_says_so_when_it_cannot() {
    let (fake, browser) = start(states::idle()).await;
    fake.set_lane(states::asking_code());
    browser.wait_for_text(".steps .now", "出示码").await;
    browser.wait_for_text("#card .since", "0:0").await;
    browser.script("document.querySelector('#f4').focus()").await;
    fake.set(states::trouble);
    browser.wait_for_text("#banners", "37 条待传").await;
    browser.wait_for_text("#banners", "时钟未校准").await;
    browser.wait_for_text("#banners", "没有应答").await;
    assert_eq!(browser.script("return document.activeElement.id").await, "f4", "the focus stays");
    fake.set(|status| status.journal.failed = Some("disk full".to_owned()));
    browser.wait_for_text("#banners", "停止放行").await;
    fake.stop();
    browser.wait_for("html.lost").await;
    browser.wait_for_text("#lost", "失去联系").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_from_outside_stays_text() {
    let hostile = "<script>document.title='owned'</script><img src=x onerror=alert(1)>";
    let mut lane = states::asking_code();
    lane.subject = Some(hostile.to_owned());
    let (fake, browser) = start(lane.clone()).await;
    assert!(browser.text("#card").await.contains(hostile));
    lane.subject = Some(format!("{hostile}2"));
    lane.title = hostile.to_owned();
    fake.set_lane(lane);
    browser.wait_for_text("#card", &format!("{hostile}2")).await;
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for_text("header .subject", hostile).await;
    let found = "return document.querySelectorAll('main script, main img[onerror], #card script').length";
    assert_eq!(browser.script(found).await, 0);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn six_keys_are_enough() {
    let (fake, browser) = start(states::idle()).await;
    browser.keys("\u{E031}").await; // F1: begin
    browser.wait_for_text("#card", "检查中").await;
    browser.keys("\u{E033}").await; // F3: type the identity number
    browser.wait_for("form.pad").await;
    browser.wait_until("document.documentElement.classList.contains('js')").await;
    for _ in 0..2 {
        browser.keys("\u{E033}").await; // back, then the first key
    }
    browser.keys("\u{E034}").await; // press
    browser.wait_for_text(".boxes", "1").await;
    browser.keys("\u{E036}").await; // F6: back
    browser.wait_for_address(LANE).await;
    assert!(matches!(acts(&fake)[..], [Act::Begin { .. }]));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_glove_hits_every_target_and_no_page_has_more_than_six_actions() {
    let (fake, browser) = start(states::idle()).await;
    let mut pages: Vec<String> =
        ["ways", "decide", "waive/temperature", "pad/plate", "pad/id", "pad/contact", "register"]
            .map(|page| format!("{LANE}/{page}"))
            .to_vec();
    pages.extend(
        [
            "/attendant/more",
            "/attendant/screens",
            "/attendant/recent",
            "/attendant/lists",
            "/attendant/inside?before=30",
            "/attendant/open",
            "/attendant/sign-in",
        ]
        .map(str::to_owned),
    );
    pages.extend(
        ["/attendant/shift", "/attendant/shift?back=1&part=details", "/attendant/shift/note"]
            .map(str::to_owned),
    );
    pages.extend(["/lane/in-1", "/lane/in-1/id"].map(str::to_owned));
    fake.set_lane(states::referred());
    for page in pages {
        browser.open(&fake.url(&page)).await;
        measure(&browser, &page).await;
    }
    for lane in [
        states::idle(),
        states::asking_code(),
        states::referred(),
        states::go(),
        states::turned_back(),
        states::stands_open(),
        states::not_recorded(),
    ] {
        fake.set_lane(lane.clone());
        fake.set(states::trouble);
        browser.open(&fake.url(LANE)).await;
        measure(&browser, &format!("{:?}", lane.phase)).await;
        let overlap = browser
            .script("const c = document.querySelector('.card'); return c.scrollHeight - c.clientHeight")
            .await;
        assert!(overlap.as_i64().unwrap() <= 0, "{:?}: {overlap} px of the card are cut off", lane.phase);
    }
    apart(&browser, &fake).await;
    a_full_vehicle(&browser, &fake).await;
    browser.close().await;
}

/// With everything wrong at once, what is at the foot of the card is not written over.
async fn a_full_vehicle(browser: &Browser, fake: &Fake) {
    let mut lane = states::disinfecting(12_000, 37_000);
    let seats = lane.occupants.clone();
    lane.occupants.extend(seats);
    for lane in [lane, states::vehicle()] {
        fake.set(|status| status.lanes[1] = lane);
        fake.set(states::trouble);
        browser.open(&fake.url("/attendant/lane/car-1")).await;
        measure(browser, "a vehicle").await;
        let over = "const top = document.querySelector('.gate').getBoundingClientRect().top;
            const inside = (e) => e.getBoundingClientRect().right <= document.querySelector('.card').getBoundingClientRect().right;
            const rows = [...document.querySelectorAll('.occupants li')].filter(inside);
            return [rows.length, Math.ceil(Math.max(...rows.map((row) => row.getBoundingClientRect().bottom)) - top),
                Math.max(...rows.map((row) => row.getBoundingClientRect().height))]";
        let over = browser.script(over).await;
        assert!(over[0].as_u64() >= Some(2) && over[1].as_i64() <= Some(0), "rows over the foot: {over}");
        assert!(over[2].as_f64() <= Some(40.0), "a row takes two lines: {over}");
    }
}

/// Every target is at least 100 × 100 px and within the screen; at most six of them act.
pub async fn measure(browser: &Browser, page: &str) {
    let script =
        "return [...document.querySelectorAll('a, button, textarea, select, input:not([type=hidden])')]
        .filter((e) => e.offsetParent).map((e) => [e, (e.closest('label') ?? e).getBoundingClientRect()])
        .map(([e, r]) => [e.textContent.trim().slice(0, 12), Math.ceil(r.width), Math.ceil(r.height),
            Math.floor(r.left), Math.floor(r.top), Math.ceil(r.right), Math.ceil(r.bottom),
            e.matches('.act') && !e.disabled ? 1 : 0])";
    let targets = browser.script(script).await;
    let targets = targets.as_array().expect("a list");
    assert!(!targets.is_empty(), "{page}");
    for target in targets {
        let at = |index: usize| target[index].as_i64().expect("a number");
        assert!(at(1) >= 100 && at(2) >= 100, "{page}: {target} is too small");
        assert!(
            at(3) >= 0 && at(4) >= 0 && at(5) <= 1_024 && at(6) <= 600,
            "{page}: {target} is off the screen"
        );
    }
    let over = "const widest = (e) => e.scrollWidth - e.clientWidth;
        return Math.max(...[document.documentElement, ...document.querySelectorAll('.list, .list header')].map(widest))";
    let over = browser.script(over).await;
    assert!(over.as_i64() <= Some(0), "{page}: {over} px are cut off at the right");
    let acting = targets.iter().filter(|target| target[7] == 1).count();
    assert!(acting <= 6, "{page}: {acting} actions");
}

/// Admitting and turning back have a whole row between them.
async fn apart(browser: &Browser, fake: &Fake) {
    let mut lane = states::referred();
    states::settle(&mut lane.steps);
    fake.set_lane(lane);
    browser.open(&fake.url(LANE)).await;
    let gap = "const box = (id) => document.querySelector(id).getBoundingClientRect();
        return box('.refuse').top - box('.admit').bottom";
    assert!(browser.script(gap).await.as_f64().expect("a distance") >= 100.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn passages_are_listed_and_searched_without_a_number_in_the_address() {
    let (fake, browser) = start(states::idle()).await;
    browser.open(&fake.url("/attendant/recent")).await;
    browser.wait_for_text("table", &samples::masked_name()).await;
    browser.fill("input[name=text]", &format!("{}\u{E007}", samples::PLATE)).await;
    browser.wait_until("document.querySelectorAll('tr').length === 1").await;
    browser.wait_for_address("/attendant/recent").await;
    browser.fill("input[name=text]", "broken\u{E007}").await;
    browser.wait_for_text(".message", "读不出来").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prompts_of_a_lane_reach_the_subject_and_the_attendant_at_once() {
    let (fake, browser) = start(states::idle()).await;
    fake.set(|status| {
        status.lanes[0].phase = Phase::OutOfService;
        status.lanes[0].prompt = Prompt::OutOfService;
    });
    browser.wait_for_text("#card", "停用").await;
    fake.set(|status| status.lanes[0].taken_out = states::taken_out().taken_out);
    browser.wait_for_text("#card", "王站长：道路施工").await;
    assert!(!browser.text(".bar").await.contains("封控"));
    fake.set(|status| status.mode = AreaMode::Sealed);
    browser.wait_for_text(".bar", "封控 Sealed").await;
    assert!(browser.text(".actions").await.contains("紧急"), "an emergency can still be let through");
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for_text("h1", "暂停使用").await;
    assert!(!browser.text("main").await.contains("王站长"), "the subject's face never says why");
    assert!(!browser.text("body").await.contains("没有手机"), "nothing that is typed here would count");
    browser.close().await;
}
