//! Hand-over: the sheet on the screen and on paper, the note to the next shift.

use std::time::Duration;

use kakou::base::{AttendantId, NoReading, Pii, Seq, Wall};
use kakou::control::{OverdueStatus, TakenOut};
use kakou::model::leak::Crossings;
use kakou::model::shift::{BarrierCounts, DeviceCounts, LaneCounts, Practised, ShiftSheet, Waiver};
use kakou::model::{Direction, OpenItems, Overdue, StepKind, Verdict};
use kakou::web::{NoteView, ShiftView};

use super::attendant::{obey, sign_in};
use super::duty::sign_in_as;
use super::fake::Fake;
use super::harness::Browser;
use super::states;

const PAGE: &str = "/attendant/shift";

async fn start() -> (Fake, Browser) {
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::start().await);
    sign_in(&browser, &fake).await;
    (fake, browser)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shift_shows_its_numbers_and_says_how_many_of_them_no_clock_vouches_for() {
    let (fake, browser) = start().await;
    browser.open(&fake.url("/attendant/more")).await;
    browser.click("[data-key=F2]").await;
    browser.wait_for_address(PAGE).await;
    let numbers = browser.text(".numbers .total").await;
    let numbers: Vec<_> = numbers.split_whitespace().skip_while(|word| *word != "Total").skip(1).collect();
    // Vehicles, on foot, people, admitted, advised, turned back, referred, held.
    assert_eq!(numbers, ["131", "229", "412", "345", "2", "11", "1", "1"]);
    browser.wait_for_text(".counts", "接上一班 Taken over 2").await;
    browser.wait_for_text(".unsure", "其中 7").await;
    browser.wait_for_text(".referrals", "未处理 still open 1").await;
    browser.wait_for_text(".whose", "周师傅").await;
    browser.wait_for_text(".whose", "2026-02-01 08:00").await;
    assert_eq!(browser.text(".details").await, "", "the other half is on the next screen");
    browser.click("[data-key=F1]").await;
    browser.wait_for_text(".details > .open-items", "在内人员 People inside 31").await;
    browser.wait_for_text(".left-note .open-items", "待处理对象 Open cases 4").await;
    browser.wait_for_text(".lines", "李师傅 3 · 周师傅 1").await;
    browser.wait_for_text(".lines", "手动打开 by hand 2").await;
    browser.wait_for_text(".lines", "漏登估计 Went unrecorded").await;
    browser.wait_for_text(".lines", "放行 openings 131 · 0.76 %").await;
    browser.wait_for_text(".lines", "设备应答超时").await;
    browser.wait_for_text(".lines", "超时未出 Overdue").await;
    browser.wait_for_text(".lines .practised", "2 次 times").await;
    browser.wait_for_text(".lines .practised", "25 分钟 minutes · 断电中止，时长不明 cut short").await;
    browser.wait_for_text(".lines", "第 301 – 303 条").await;
    browser.wait_for_text(".proof", "c29tZSByb290").await;
    browser.click("[data-key=F5]").await;
    browser.wait_for_text(".whose", "李师傅").await;
    assert!(
        browser.client.find(fantoccini::Locator::Css("[data-key=F5]")).await.is_err(),
        "nothing is before it"
    );
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_is_left_with_one_touch_or_in_words_and_an_empty_one_is_not() {
    let (fake, browser) = start().await;
    browser.open(&fake.url("/attendant/shift/note")).await;
    browser.keys("\u{E032}").await; // F2: the second of those that are ready
    browser.wait_for_text("#flash", "留言已交去记录").await;
    browser.open(&fake.url("/attendant/shift/note")).await;
    browser.fill("textarea", "王小明在二号岗亭等家属").await;
    browser.click("button.enter").await;
    browser.wait_for_text("#flash", "留言已交去记录").await;
    let written: Vec<_> =
        fake.hand_overs().into_iter().map(|note| (note.by, note.note.expose().clone())).collect();
    let zhou: AttendantId = "zhou".parse().unwrap();
    assert_eq!(
        written,
        [(zhou.clone(), "设备有故障 A device fails".to_owned()), (zhou, "王小明在二号岗亭等家属".to_owned())]
    );
    let address = browser.client.current_url().await.unwrap();
    assert!(!address.as_str().contains("%E7"), "no word of it is in an address");
    browser.open(&fake.url("/attendant/shift/note")).await;
    browser.fill("textarea", "   ").await;
    browser.click("button.enter").await;
    browser.wait_for_text(".message", "还没有写").await;
    assert!(fake.hand_overs().is_empty());
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn paper_holds_both_halves_and_no_note() {
    // A4 at 96 dots an inch.
    let (fake, browser) = (Fake::start(states::kiosk(), obey).await, Browser::sized(794, 1_123).await);
    sign_in(&browser, &fake).await;
    browser.open(&fake.url("/attendant/shift?part=details")).await;
    browser.wait_for_text(".left-note .text", "王小明").await;
    let pdf = browser.paper().await;
    assert!(pdf.starts_with(b"%PDF"));
    // What the printer would draw: by the style sheet's own rules for paper.
    let shown = "const sheet = document.styleSheets[0];
        const rules = [...sheet.cssRules].filter((rule) => rule.media?.mediaText === 'print');
        for (const rule of rules.flatMap((media) => [...media.cssRules])) sheet.insertRule(rule.cssText, sheet.cssRules.length);
        const seen = (css) => [...document.querySelectorAll(css)].some((e) => e.offsetParent);
        return ['.counts', '.details', '.sign', '.left-note', 'a.act', 'button.act'].map(seen)";
    assert_eq!(browser.script(shown).await, serde_json::json!([true, true, true, false, false, false]));
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        browser.screenshot(&std::path::Path::new(&folder).join("shift-paper.png")).await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_keeps_what_is_open_and_whoever_signs_in_next_is_told() {
    let (fake, browser) = start().await;
    fake.set_lane(states::referred());
    fake.set(|status| {
        status.hub.waiting = 12;
        status.policy.waits = Some(7);
        status.devices[0].fault = Some(NoReading::Timeout);
        status.overdue = OverdueStatus::Counted(Overdue { certain: 3, perhaps: 1 });
        status.lanes[1].taken_out = Some(TakenOut { by: "hub".to_owned(), reason: String::new() });
    });
    browser.open(&fake.url("/attendant/shift/note")).await;
    browser.wait_for_text(".open-items", "通道上待人工处理 Referred at a lane 1").await;
    browser.wait_for_text(".open-items", "在内人员 People inside 31").await;
    browser.wait_for_text(".open-items", "超时未出 Overdue 3 可能超时 Perhaps overdue 1").await;
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        browser.screenshot(&std::path::Path::new(&folder).join("desk-hand-over.png")).await;
    }
    browser.keys("\u{E031}").await; // F1
    browser.wait_for_text("#flash", "留言已交去记录").await;
    let written = fake.hand_overs().pop().unwrap();
    let expected = OpenItems {
        served: 0,
        referred: 1,
        cases: Some(2),
        vehicles_inside: Some(5),
        people_inside: Some(31),
        devices_failed: 1,
        lanes_out: 1,
        barriers_open: 0,
        unsent: Some(12),
        policy_waits: Some(7),
        overdue: Some(3),
        perhaps_overdue: Some(1),
    };
    assert_eq!(written.open, expected);

    // Zhou wrote it: only the next one is told, and only while it is news.
    let note = |wall| NoteView { seq: 9, by: written.by.clone(), wall, text: None, open: Some(written.open) };
    let now = states::kiosk().wall;
    *fake.handed_over.lock().unwrap() = Some(note(now));
    sign_in_as(&browser, &fake, "zhou", "2468").await;
    assert_eq!(browser.text("#flash").await, "", "it is their own");
    sign_in_as(&browser, &fake, "li", "1357").await;
    browser.wait_for_text("#flash", "周师傅").await;
    browser.wait_for_text("#flash", "通道上待人工处理 1").await;
    browser.wait_for_text("#flash", "交接班").await;
    *fake.handed_over.lock().unwrap() = Some(note(Wall(now.0 - 17 * 3_600_000)));
    sign_in_as(&browser, &fake, "li", "1357").await;
    assert_eq!(browser.text("#flash").await, "", "that was yesterday");
    browser.close().await;
}

/// The present shift of whoever asks, and one before it.
pub fn sample(by: &AttendantId, back: usize) -> ShiftView {
    let mut sheet = ShiftSheet {
        first: Seq::new(120),
        last: Seq::new(1_024),
        records: 902,
        missing: vec![(301, 303)],
        starts: 1,
        unclean: 1,
        overdue: 3,
        practised: Practised { times: 2, span: Duration::from_mins(25), cut: 1, running: 0 },
        ..ShiftSheet::default()
    };
    let lane = |id: &str, direction| (Some(id.parse().unwrap()), direction);
    sheet.lanes.insert(lane("in-1", Direction::Inbound), people());
    sheet.lanes.insert(lane("car-1", Direction::Inbound), cars());
    let brow = DeviceCounts { failures: 3, fault: Some(NoReading::Timeout) };
    sheet.devices.insert("brow".parse().unwrap(), brow);
    let opened =
        BarrierCounts { opened_by_hand: 2, found_open: 1, closed_by_attendant: 1, crossings: crossings() };
    sheet.barriers.insert(Some("car-1".parse().unwrap()), opened);
    let morning = Wall::from_secs(1_769_904_000);
    let note = NoteView {
        seq: 1_001,
        by: "li".parse().unwrap(),
        wall: morning,
        text: Some(Pii::new("王小明在二号岗亭等家属，请联系".to_owned())),
        open: Some(OpenItems { referred: 1, cases: Some(4), ..OpenItems::default() }),
    };
    ShiftView {
        attendant: if back == 0 { by.clone() } else { "li".parse().unwrap() },
        begun: morning,
        ended: (back > 0).then_some(Wall::from_secs(1_769_947_200)),
        sheet,
        root: Some("c29tZSByb290IG9mIGEgbG9nIHRoYXQgaXMgbWFkZSB1cA==".to_owned()),
        notes: vec![note],
        has_earlier: back == 0,
    }
}

/// 131 vehicles, of which one was followed and three were not counted by all that counts.
fn crossings() -> Crossings {
    Crossings { both: [[0, 1, 0], [1, 127, 1], [0, 0, 1]], ..Crossings::default() }
}

fn people() -> LaneCounts {
    let mut lane = LaneCounts {
        on_foot: 229,
        people: 229,
        referred: 4,
        taken_over: 2,
        waiting: 1,
        unsure: 7,
        ..LaneCounts::default()
    };
    lane.verdicts.extend([
        (Verdict::Admitted, 220),
        (Verdict::TurnedBack, 7),
        (Verdict::Referred, 1),
        (Verdict::Held, 1),
    ]);
    lane.referrals_ended.extend([(Verdict::Admitted, 2), (Verdict::Held, 1)]);
    for (step, reason, by, count) in [
        (StepKind::Temperature, "infant", "li", 3),
        (StepKind::Temperature, "infant", "zhou", 1),
        (StepKind::Credential, "no-phone", "zhou", 12),
    ] {
        let (reason, by) = (reason.parse().unwrap(), by.parse().unwrap());
        lane.waivers.insert(Waiver { step, reason, by }, count);
    }
    lane
}

fn cars() -> LaneCounts {
    let mut lane = LaneCounts { vehicles: 131, people: 183, ..LaneCounts::default() };
    lane.verdicts.extend([(Verdict::Admitted, 125), (Verdict::Advised, 2), (Verdict::TurnedBack, 4)]);
    lane
}
