//! Steps of the newer kinds on both faces: what a guard with gloves presses, what the subject reads.

use kakou::base::{CentiCelsius, Pii};
use kakou::control::{
    Act, AnswerStatus, AreaStatus, Asks, CompanionStatus, DwellState, DwellStatus, Entry, LaneStatus, Phase,
    Prompt, ReadBy, Stay, StepState, StepStatus, TurnedBackStatus,
};
use kakou::model::{Custody, Direction, ModuleColour, Role, StepKind, Title};

use super::attendant::{measure, sign_in};
use super::fake::Fake;
use super::harness::Browser;
use super::states;

const LANE: &str = "/attendant/lane/in-1";

fn title(zh: &str, en: &str) -> Title {
    Title { zh: zh.to_owned(), en: en.to_owned() }
}

/// A lane with `steps`, of which the first is asked.
fn lane(steps: Vec<StepStatus>, prompt: Prompt) -> LaneStatus {
    LaneStatus { phase: Phase::Steps, direction: Some(Direction::Inbound), steps, prompt, ..states::idle() }
}

fn step(id: &str, kind: StepKind, named: Title, asks: Asks) -> StepStatus {
    let plain = StepStatus::plain(id.parse().expect("a slug"), kind, StepState::Asked);
    StepStatus { title: Some(named), asks, ..plain }
}

pub fn question() -> LaneStatus {
    let answer = |id: &str, zh, en, asks_stay| AnswerStatus {
        id: id.parse().expect("a slug"),
        title: title(zh, en),
        asks_stay,
    };
    let area = |id: &str, zh, en| AreaStatus { id: id.parse().expect("a slug"), title: title(zh, en) };
    let asks = Asks::Question {
        text: title(
            "十四天内是否途经下列地区？",
            "In the last 14 days, have you passed through one of these areas?",
        ),
        answers: vec![
            answer("no", "没有", "No", false),
            answer("yes", "有", "Yes", true),
            answer("unsure", "记不清", "Not sure", false),
        ],
        areas: vec![
            area("jinjiang", "成都市锦江区", "Jinjiang, Chengdu"),
            area("yubei", "重庆市渝北区", "Yubei, Chongqing"),
            area("yuzhong", "重庆市渝中区", "Yuzhong, Chongqing"),
            area("wuhou", "成都市武侯区", "Wuhou, Chengdu"),
        ],
        to_confirm: false,
    };
    lane(vec![step("passed", StepKind::Question, title("途经", "Passed through"), asks)], Prompt::Answer)
}

fn confirm() -> LaneStatus {
    let mut lane = question();
    let reason = kakou::model::Reason::AnswerToConfirm;
    lane.steps[0].state = StepState::Failed { reason };
    if let Asks::Question { to_confirm, .. } = &mut lane.steps[0].asks {
        *to_confirm = true;
    }
    lane
}

/// The last steps of a truck on a pig farm: it is being dried.
pub fn drying() -> LaneStatus {
    let degrees = |value| CentiCelsius::from_degrees(value).expect("a temperature");
    let (range, read_by) = (Some([degrees(65.0), degrees(75.0)]), ReadBy::Attendant);
    let asks = Asks::Dwell { seconds: 2_700, range, read_by, state: DwellState::Runs };
    let done = |id: &str, kind, zh, en| StepStatus {
        state: StepState::Done,
        ..step(id, kind, title(zh, en), Asks::Plain)
    };
    let steps = vec![
        done("plate", StepKind::Plate, "车牌", "Plate"),
        done("downtime", StepKind::Question, "间隔时间", "Downtime"),
        done("wash", StepKind::Disinfection, "清洗", "Wash"),
        done("stand", StepKind::Dwell, "沥干十五分钟", "Stand 15 min"),
        done("spray", StepKind::Disinfection, "消毒", "Disinfect"),
        done("wet", StepKind::Dwell, "湿润十五分钟", "Keep wet 15 min"),
        step("dry", StepKind::Dwell, title("烘干四十五分钟", "Dry 45 min"), asks),
        StepStatus {
            state: StepState::Open,
            ..step("pigs", StepKind::Count, title("清点", "Count"), Asks::Plain)
        },
        StepStatus {
            state: StepState::Open,
            ..step("washed", StepKind::SignOff, title("洗消合格", "Passed"), Asks::Plain)
        },
    ];
    let dwelling = Some(DwellStatus { ends_ms: 1_205_000, reading_ms: Some(640_000) });
    LaneStatus { dwelling, ..lane(steps, Prompt::StayHere) }
}

pub fn pledge() -> LaneStatus {
    let text = title(
        "进山不带火种，不野外用火，见火情马上报告",
        "I carry no fire, make none, and report any I see at once",
    );
    let asks = Asks::Pledge { text: text.clone() };
    let steps = vec![step("pledge", StepKind::Pledge, title("承诺", "Pledge"), asks)];
    LaneStatus { pledge: Some(("pledge".parse().expect("a slug"), text)), ..lane(steps, Prompt::Pledge) }
}

pub fn custody() -> LaneStatus {
    let asks = Asks::Custody { way: Custody::Leave, items_max: 20 };
    lane(
        vec![step("fire-things", StepKind::Custody, title("寄存火种", "Left here"), asks)],
        Prompt::LeaveItems,
    )
}

pub fn count() -> LaneStatus {
    let asks = Asks::Count { what: title("一共几人进山", "People in the party"), min: 1, max: 60 };
    lane(vec![step("party", StepKind::Count, title("同行人数", "Party"), asks)], Prompt::WaitForAttendant)
}

pub fn signatures() -> LaneStatus {
    let asks = Asks::SignOff { wanted: 2, signed: vec!["li".parse().expect("a slug")], by: vec![] };
    lane(vec![step("washed", StepKind::SignOff, title("洗消合格", "Passed"), asks)], Prompt::WaitForAttendant)
}

/// Somebody who was out already: the attendant reads why, and for which reasons they may go all the same.
pub fn quota_used() -> LaneStatus {
    let reason = kakou::model::Reason::QuotaUsed;
    let waivers = ["work-permit", "medical-reason", "urgent-need"];
    let quota = StepStatus {
        state: StepState::NeedsAttendant { reason },
        waivers: waivers.map(|name| name.parse().expect("a slug")).to_vec(),
        ..step("exit-quota", StepKind::Entitlement, title("出门次数", "Times out"), Asks::Plain)
    };
    lane(vec![quota], Prompt::WaitForAttendant)
}

pub fn escort() -> LaneStatus {
    let steps = vec![step("escort", StepKind::Escort, title("护理员来接", "Carer fetches"), Asks::Escort)];
    lane(steps, Prompt::WaitForEscort)
}

async fn start(lane: LaneStatus) -> (Fake, Browser) {
    let mut status = states::kiosk();
    status.lanes[0] = lane;
    let (fake, browser) = (Fake::start(status, |_, _| Ok(())).await, Browser::start().await);
    sign_in(&browser, &fake).await;
    (fake, browser)
}

/// Presses the third action of the lane's page and waits for the page that follows.
async fn press_third(browser: &Browser) {
    browser.script("window.old = true").await;
    browser.click("#f3").await;
    browser.wait_until("!window.old && document.querySelector('#actions')").await;
}

fn entries(fake: &Fake) -> Vec<(String, Entry)> {
    let entry = |act| {
        if let Act::Enter { step, entry } = act { Some((step.to_string(), entry)) } else { None }
    };
    fake.commands().into_iter().filter_map(|command| entry(command.act)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_answered_with_a_place_and_a_day_in_six_presses_and_eight_digits() {
    let (fake, browser) = start(question()).await;
    browser.click("#f3").await;
    browser.wait_for_text("h1", "途经下列地区").await;
    browser.click("a[href*='answer=yes']").await;
    browser.wait_for_text("h1", "哪个地区").await;
    browser.click("a[href*='from=3']").await;
    browser.click("a[href*='area=wuhou']").await;
    browser.press("20261005").await;
    browser.click("button.enter").await;
    browser.wait_for("#actions").await;
    let stay =
        Some(Stay { area: Some("wuhou".parse().unwrap()), date: Pii::new("2026-10-05".parse().unwrap()) });
    let wanted = Entry::Answer { answer: "yes".parse().unwrap(), stay };
    assert_eq!(entries(&fake), [("passed".to_owned(), wanted)]);

    browser.open(&fake.url(&format!("{LANE}/step/passed"))).await;
    browser.click("form:has(input[value=no]) button").await;
    browser.wait_for("#actions").await;
    let wanted = Entry::Answer { answer: "no".parse().unwrap(), stay: None };
    assert_eq!(entries(&fake), [("passed".to_owned(), wanted)]);

    browser.open(&fake.url(&format!("{LANE}/step/passed/pad/date?answer=yes&area=wuhou"))).await;
    browser.press("20261332").await;
    browser.click("button.enter").await;
    browser.wait_for_text(".message", "日期").await;
    assert!(entries(&fake).is_empty(), "no such day is sent to the lane");
    fake.set_lane(confirm());
    browser.open(&fake.url(LANE)).await;
    press_third(&browser).await;
    assert_eq!(entries(&fake), [("passed".to_owned(), Entry::Confirm)]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn things_numbers_readings_names_and_signatures_are_entered_by_the_step_they_belong_to() {
    let (fake, browser) = start(custody()).await;
    let at = |page: &str| fake.url(&format!("{LANE}{page}"));
    browser.click("#f3").await;
    browser.press("2").await;
    browser.click("button.enter").await;
    browser.wait_for_text("h1", "号牌").await;
    browser.press("17").await;
    browser.click("button.enter").await;
    browser.wait_for("#actions").await;
    let items = Entry::Items { number: 2, tag: Some(17) };
    assert_eq!(entries(&fake), [("fire-things".to_owned(), items)]);
    browser.open(&at("/ways")).await;
    browser.click("form:has(input[name=number]) button").await;
    browser.wait_for("#actions").await;
    assert_eq!(entries(&fake), [("fire-things".to_owned(), Entry::Items { number: 0, tag: None })]);

    fake.set_lane(count());
    browser.open(&at("")).await;
    browser.click("#f3").await;
    browser.wait_for_text("h1", "一共几人进山").await;
    browser.press("12").await;
    browser.click("button.enter").await;
    browser.wait_for("#actions").await;
    assert_eq!(entries(&fake), [("party".to_owned(), Entry::Count(12))]);

    fake.set_lane(drying());
    browser.open(&at("")).await;
    browser.wait_for_text(".countdown.dwell .left", "20:0").await;
    browser.wait_for_text(".countdown.reading .left", "10:3").await;
    browser.click("#f3").await;
    browser.press("701").await;
    browser.click("button.enter").await;
    browser.wait_for("#actions").await;
    let reading = Entry::Reading(CentiCelsius::new(7_010).unwrap());
    assert_eq!(entries(&fake), [("dry".to_owned(), reading)]);

    fake.set_lane(signatures());
    browser.open(&at("")).await;
    browser.wait_for_text("#f3", "第二人签名").await;
    press_third(&browser).await;
    assert_eq!(entries(&fake), [("washed".to_owned(), Entry::SignOff { role: Role::Attendant })]);

    fake.set_lane(escort());
    browser.open(&at("/step/escort")).await;
    browser.fill("input[name=text]", "护士小陈\u{E007}").await;
    browser.wait_for("#actions").await;
    assert_eq!(entries(&fake), [("escort".to_owned(), Entry::Escort(Pii::new("护士小陈".to_owned())))]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_subject_confirms_a_pledge_on_a_large_button_and_an_old_page_confirms_nothing() {
    let (fake, browser) = start(pledge()).await;
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for_text(".pledge", "不带火种").await;
    measure(&browser, "a pledge").await;
    browser.click(".agree").await;
    browser.wait_for_text("h1", "请阅读").await;
    let sent = fake.commands();
    let enter = Act::Enter { step: "pledge".parse().unwrap(), entry: Entry::Pledge };
    assert_eq!(
        sent.into_iter().map(|command| (command.by, command.act)).collect::<Vec<_>>(),
        [(None, enter)]
    );
    let old = "return fetch('/lane/in-1/pledge', {method: 'POST', body: new URLSearchParams({step: 'pledge', seen: '1'})})
        .then((answer) => answer.status)";
    assert_eq!(browser.script(old).await, 200);
    assert!(fake.commands().is_empty(), "a button of a subject who is gone");
    browser.close().await;
}

/// Every page of the newer kinds, with its name.
pub fn pages() -> Vec<(&'static str, LaneStatus, Vec<&'static str>)> {
    vec![
        ("question", question(), vec!["", "/step/passed", "/step/passed/area?answer=yes", "/ways"]),
        ("question-date", question(), vec!["/step/passed/pad/date?answer=yes&area=wuhou"]),
        ("confirm", confirm(), vec!["", "/ways"]),
        ("drying", drying(), vec!["", "/ways", "/step/dry/pad/reading"]),
        ("pledge", pledge(), vec![""]),
        (
            "custody",
            custody(),
            vec!["", "/step/fire-things/pad/number", "/step/fire-things/pad/tag?number=2"],
        ),
        ("count", count(), vec!["", "/step/party/pad/count"]),
        ("signatures", signatures(), vec![""]),
        ("escort", escort(), vec!["", "/step/escort"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_glove_hits_every_target_of_the_newer_steps_too() {
    let (fake, browser) = start(states::idle()).await;
    for (name, lane, pages) in pages() {
        fake.set_lane(lane);
        for page in pages {
            browser.open(&fake.url(&format!("{LANE}{page}"))).await;
            measure(&browser, &format!("{name} {page}")).await;
            let cut =
                "const c = document.querySelector('.card'); return c ? c.scrollHeight - c.clientHeight : 0";
            let cut = browser.script(cut).await;
            assert!(cut.as_i64() <= Some(0), "{name}: {cut} px of the card are cut off");
        }
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_and_when_somebody_was_turned_back_is_shown_to_the_attendant_and_not_to_whoever_stands_there() {
    let before = |kiosk: Option<&str>, minutes, occupant| TurnedBackStatus {
        kiosk: kiosk.map(|name| name.parse().unwrap()),
        minutes,
        occupant,
    };
    let turned_back = vec![before(Some("north-gate"), 135, None)];
    let (fake, browser) = start(LaneStatus { turned_back, ..states::referred() }).await;
    let page = browser.text(".list-card").await;
    for part in ["不久前被劝返", "north-gate", "2 小时 15 分钟前", "2 h 15 min ago"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    measure(&browser, "turned back before").await;
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        browser.screenshot(&std::path::Path::new(&folder).join("desk-turned-back.png")).await;
    }
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for("main").await;
    let face = browser.text("body").await;
    assert!(!face.contains("劝返") && !face.contains("north-gate"), "{face}");
    fake.set_lane(LaneStatus { turned_back: vec![before(None, 7, Some(2))], ..states::referred() });
    browser.open(&fake.url(LANE)).await;
    let page = browser.text(".list-card").await;
    assert!(page.contains("本卡口") && page.contains("occupant 2") && page.contains("7 min ago"), "{page}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_is_waited_for_with_two_presses_and_named_masked_afterwards() {
    let may = LaneStatus { companion: Some(CompanionStatus::MayAnswer), ..states::asking_code() };
    let (fake, browser) = start(may.clone()).await;
    browser.open(&fake.url(&format!("{LANE}/ways"))).await;
    let page = browser.text("body").await;
    assert!(page.contains("由陪同人代办"), "{page}");
    browser.click("form:has(input[value=companion]) button").await;
    browser.wait_for("#actions").await;
    assert_eq!(fake.commands().last().map(|command| &command.act), Some(&Act::AwaitCompanion));
    let prompt = Prompt::CompanionCode;
    fake.set_lane(LaneStatus { companion: Some(CompanionStatus::Awaited), prompt, ..may.clone() });
    browser.open(&fake.url(LANE)).await;
    assert!(browser.text("body").await.contains("等陪同人的码"));
    measure(&browser, "companion awaited").await;
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        browser.screenshot(&std::path::Path::new(&folder).join("desk-companion.png")).await;
    }
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for("main").await;
    assert!(browser.text("body").await.contains("请陪同人出示码"));
    for lane in [None, Some(states::several_codes())] {
        if let Some(lane) = lane {
            fake.set_lane(lane);
            browser.open(&fake.url("/lane/in-1")).await;
            browser.wait_for("main").await;
        }
        let behind = "const w = document.createRange(); w.selectNodeContents(document.querySelector('h1 .zh'));
            return w.getBoundingClientRect().right - document.querySelector('#preview').getBoundingClientRect().left";
        let behind = browser.script(behind).await;
        assert!(behind.as_f64() <= Some(0.0), "{behind} px are behind the picture");
    }
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        browser.screenshot(&std::path::Path::new(&folder).join("face-companion.png")).await;
    }
    let name = Some("王*".to_owned());
    fake.set_lane(LaneStatus { companion: Some(CompanionStatus::Answers { name }), ..states::referred() });
    browser.open(&fake.url(LANE)).await;
    let page = browser.text(".companion").await;
    assert!(page.contains("由陪同人代办") && page.contains("王*"), "{page}");
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        browser.screenshot(&std::path::Path::new(&folder).join("desk-companion-answers.png")).await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_used_up_their_times_is_let_through_by_an_attendant_for_a_reason_that_has_words() {
    let (fake, browser) = start(quota_used()).await;
    let page = browser.text("body").await;
    assert!(page.contains("通行次数已用完") && page.contains("准予例外"), "{page}");
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        browser.screenshot(&std::path::Path::new(&folder).join("desk-quota.png")).await;
    }
    browser.click("#f3").await;
    browser.wait_for_text("body", "有工作证明").await;
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        browser.screenshot(&std::path::Path::new(&folder).join("desk-quota-why.png")).await;
    }
    browser.click("form:has(input[value=medical-reason]) button").await;
    browser.wait_for("#actions").await;
    let (step, reason) = ("exit-quota".parse().unwrap(), "medical-reason".parse().unwrap());
    assert_eq!(fake.commands().last().map(|command| &command.act), Some(&Act::Waive { step, reason }));
    // Whoever stands there is told to wait, and nothing of why.
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for("main").await;
    let face = browser.text("body").await;
    assert!(face.contains("请稍等") && !face.contains("用完") && !face.contains("allowed"), "{face}");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_colour_of_a_code_that_nothing_can_verify_is_said_to_the_attendant_alone_and_proves_nothing() {
    let mut status = states::kiosk();
    status.lanes[0] = states::unverified(ModuleColour::Yellow);
    let fake = Fake::start(status, |_, _| Ok(())).await;
    let browser = Browser::start().await;
    sign_in(&browser, &fake).await;
    browser.open(&fake.url(LANE)).await;
    browser.wait_for_text("#card .steps", "码呈黄色，不作凭证").await;
    browser.wait_for_text("#card .steps", "Yellow code, which proves nothing").await;
    browser.open(&fake.url("/lane/in-1")).await;
    browser.wait_for("h1").await;
    let told = browser.script("return document.body.textContent.includes('黄')").await;
    assert_eq!(told, false, "it is nobody else's affair");
    browser.close().await;
}
