//! The whole checkpoint as a guard meets it: the program itself, its screens in real browsers, its hub, its files.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "demo/guard.rs"]
mod guard;
#[allow(dead_code, reason = "shared with tests/web, which uses the rest")]
#[path = "web/harness.rs"]
mod harness;
#[path = "demo/program.rs"]
mod program;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use guard::{Guard, picture};
use harness::Browser;
use kakou::config::bundle::time;
use kakou::platform::clock::Clock;
use program::Demo;

/// Longest time from a passage at the kiosk to its row at the hub.
const ARRIVES_WITHIN: Duration = Duration::from_secs(20);

/// The policy that comes with the program, in a sealed area, from yesterday on.
fn sealed() -> String {
    let now = Clock::new().unwrap().wall();
    let day = Duration::from_secs(86_400);
    let (from, until) = (time(Some(now - day)), time(Some(now + 30 * day)));
    format!(
        r#"
version = 1
sites = ["jinhe-garden"]
from = "{from}"
until = "{until}"
mode = "sealed"
mode_after = "normal"
shipped = ["residential"]
"#
    )
}

const PLATE: &str = "川A8K476";

/// The visitor who is turned back, as written into the registration.
const VISITOR: [(&str, &str); 3] =
    [("name", "诸葛青云"), ("phone", "13987650123"), ("origin", "绵阳市涪城区")];

/// Somebody the demo made up: those with an even index are on its roster.
fn id_number(index: u8) -> String {
    let head = format!("5101041990010100{index}");
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: usize =
        head.bytes().zip(weights).map(|(digit, weight)| usize::from(digit - b'0') * weight).sum();
    format!("{head}{}", &"10X98765432"[sum % 11..=sum % 11])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_and_a_vehicle_go_through_the_screens_and_stand_in_the_hubs_ledger() {
    let data = tempfile::tempdir().unwrap();
    let demo = Demo::start(data.path());
    let face = Browser::start().await;
    let guard = Guard::sign_in(&demo.kiosk).await;

    a_resident_walks_in(&guard, &face, &demo.kiosk).await;
    a_resident_drives_in(&guard).await;
    a_visitor_is_turned_back(&guard, &face).await;
    another_policy_is_read_and_rules(&guard, &face, &demo.kiosk, data.path()).await;
    the_hub_shows_all_three(&face, &demo.hub).await;

    guard.desk.close().await;
    face.close().await;
    let ended = demo.interrupt().await;
    assert!(ended.success(), "the demo ends well when it is interrupted: {ended}");
    for log in ["kiosk/journal", "kiosk/urgent"] {
        let verified = Command::new(env!("CARGO_BIN_EXE_kakou"))
            .args(["journal", "verify", "--dir"])
            .arg(data.path().join(log))
            .output()
            .unwrap();
        assert!(verified.status.success(), "{verified:?}");
    }
    every_decision_comes_out_again(data.path());
    nothing_personal_lies_about(data.path());
}

/// What the gate decided, decided again from its journal; and what a draft that knows no class would have made of it.
fn every_decision_comes_out_again(data: &Path) {
    let kakou = |arguments: &[&str]| {
        let journal = data.join("kiosk/journal");
        let command =
            Command::new(env!("CARGO_BIN_EXE_kakou")).args(arguments).arg("--dir").arg(journal).output();
        let output = command.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = kakou(&["replay"]);
    assert_eq!(code, Some(0), "{said}");
    let same = said.lines().find_map(|line| line.strip_prefix("一致 the same       ")).unwrap();
    let same: u64 = same.split(',').next().unwrap().parse().unwrap();
    assert!(same >= 3, "{said}");
    let draft = data.join("draft.toml");
    let (code, said) = kakou(&["what-if", draft.to_str().unwrap()]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("admit (admitted) → wait (not-settled): "), "somebody would have to sign: {said}");
}

/// The subject sees what to do, and is let through when the record is durable and the barrier open.
async fn a_resident_walks_in(guard: &Guard, face: &Browser, kiosk: &str) {
    face.open(&format!("{kiosk}/lane/person-in")).await;
    face.wait_for_text("#face", "您好").await;
    guard.tap_when("#f1", "来人").await;
    face.wait_for_text("#face", "请出示码").await;
    face.wait_until("document.querySelector('#preview')?.naturalWidth > 0").await;
    picture(face, "face-code").await;
    guard.desk.wait_for_text("#card .subject", "等待出示").await;
    // Whatever time service the machine has: a simulated kiosk raises no alarm about it.
    assert!(!guard.desk.text("#banners").await.contains("时钟"));
    picture(&guard.desk, "desk-person").await;
    guard.check_person(&id_number(0)).await;
    face.wait_for_text(".face.go", "请通行").await;
    picture(face, "face-go").await;
    guard.desk.wait_for_text(".verdict.is-admitted", "已记录").await;
    guard.desk.wait_for_text(".gate", "已打开").await;
    guard.reads_everything().await;
    picture(&guard.desk, "desk-go").await;
    assert!(!face.text("#face").await.contains(&id_number(0)), "a face shows nobody's number");
}

/// Plate, who is inside, where from, disinfection.
async fn a_resident_drives_in(guard: &Guard) {
    let desk = &guard.desk;
    guard.tap("a.tab[href$='/vehicle']").await;
    guard.tap_when("#f1", "来车，进").await;
    guard.type_on_pad("输入车牌", PLATE).await;
    desk.wait_for_text("#card", "川A***76").await;
    guard.type_on_pad("输入人数", "1").await;
    guard.check_person(&id_number(2)).await;
    guard.tap_when("#f3", "登记").await;
    guard.register(&[("origin", "成都")]).await;
    desk.wait_for_text("#f3", "含氯消毒液").await;
    picture(desk, "desk-vehicle").await;
    guard.reads_everything().await;
    guard.tap("#f3").await;
    desk.wait_for_text("#f3", "消毒完成").await;
    desk.wait_for("#f3[disabled]").await;
    desk.wait_for_text(".countdown", "至少").await;
    picture(desk, "desk-spraying").await;
    // The lane itself says when it is enough, and for how long it may go on.
    desk.wait_for("#f3:not([disabled])").await;
    desk.wait_for_text(".countdown", "最多").await;
    guard.tap("#f3").await;
    desk.wait_for_text(".verdict.is-admitted", "已记录").await;
    desk.wait_for_text(".gate", "已打开").await;
    picture(desk, "desk-vehicle-go").await;
}

/// Signed by two, handed in, read by the guard: the next who comes is asked for a signature, because the area is sealed.
async fn another_policy_is_read_and_rules(guard: &Guard, face: &Browser, kiosk: &str, data: &Path) {
    let policy = |arguments: &[&str]| {
        let said = Command::new(env!("CARGO_BIN_EXE_kakou"))
            .arg("policy")
            .args(arguments)
            .current_dir(data)
            .output();
        let said = said.unwrap();
        assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));
    };
    fs::write(data.join("draft.toml"), sealed()).unwrap();
    policy(&["sign", "draft.toml", "--key", "signer-1.key", "--out", "one.bundle"]);
    policy(&["sign", "one.bundle", "--key", "signer-2.key", "--out", "two.bundle"]);
    policy(&["hand-in", "two.bundle", "--config", "kiosk.toml"]);
    guard.desk.wait_for_text("#banners", "新策略第1版待阅知").await;
    picture(&guard.desk, "desk-policy-waits").await;
    guard.desk.open(&format!("{kiosk}/attendant/policy")).await;
    guard.desk.wait_for_text(".pending", "区域状态 area mode: normal → sealed").await;
    picture(&guard.desk, "desk-policy").await;
    guard.tap("[data-key=F1]").await;
    guard.desk.wait_for_text(".in-force", "现行：第1版").await;
    guard.desk.open(&format!("{kiosk}/attendant/lane/person-in")).await;
    guard.desk.wait_for_text("#bar", "封控").await;
    guard.desk.wait_for_text("#card", "空闲").await;
    guard.tap_when("#f1", "来人").await;
    face.wait_for_text("#face", "请出示码").await;
    guard.desk.wait_for_text("#card", "封控放行").await;
    picture(&guard.desk, "desk-sealed").await;
}

/// A refusal is held; the subject reads it without a reason.
async fn a_visitor_is_turned_back(guard: &Guard, face: &Browser) {
    guard.tap("a.tab[href$='/person-in']").await;
    // Nobody walked through: the lane closes by itself and is free again.
    guard.desk.wait_for_text("#card", "空闲").await;
    guard.tap_when("#f1", "来人").await;
    guard.type_on_pad("身份证号", &id_number(1)).await;
    guard.waive_temperature().await;
    // The look at the mask stays open, or the lane would decide by itself.
    guard.tap_when("#f4", "其他办法").await;
    guard.tap("a[href$='/register']").await;
    guard.register(&VISITOR).await;
    guard.turn_back().await;
    guard.desk.wait_for_text(".verdict.is-turned-back", "已记录").await;
    face.wait_for_text("#face", "请返回").await;
    picture(face, "face-back").await;
}

/// One row a passage, masked, newest first.
async fn the_hub_shows_all_three(office: &Browser, sign_in: &str) {
    office.open(sign_in).await;
    office.wait_for_text("#gates", "east-gate").await;
    picture(office, "hub-overview").await;
    let address = office.client.current_url().await.unwrap();
    let ledger = address.join("/ledger").unwrap();
    assert!(!address.as_str().contains("key="), "the key is not left in the address");
    let wanted = [["人员", "劝返", "诸*"], ["车辆", "放行", "川A***76"], ["人员", "放行", "510***********"]];
    let all_there = async {
        loop {
            office.open(ledger.as_str()).await;
            let rows = rows(office).await;
            let has = |words: &[&str; 3]| rows.iter().any(|row| words.iter().all(|word| row.contains(word)));
            if wanted.iter().all(has) {
                return rows;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    match tokio::time::timeout(ARRIVES_WITHIN, all_there).await {
        Ok(rows) => assert_eq!(rows.len(), wanted.len(), "{rows:?}"),
        Err(_) => panic!("not all of {wanted:?} arrive; the ledger says:\n{}", office.text("main").await),
    }
    picture(office, "hub-ledger").await;
    let page = office.script("return document.documentElement.outerHTML").await.to_string();
    for word in personal() {
        assert!(!page.contains(&word), "the ledger shows {word}");
    }
}

async fn rows(office: &Browser) -> Vec<String> {
    let script =
        "return [...document.querySelectorAll('table.passages tbody tr')].map((row) => row.innerText)";
    serde_json::from_value(office.script(script).await).unwrap()
}

/// What was typed at the screens and nobody may find on a stolen machine.
fn personal() -> Vec<String> {
    let typed = [id_number(0), id_number(1), id_number(2), PLATE.to_owned()];
    typed.into_iter().chain(VISITOR.map(|(_, text)| text.to_owned())).collect()
}

/// No file of the kiosk or the hub holds what was typed, in the clear.
fn nothing_personal_lies_about(data: &Path) {
    let files = files(data);
    assert!(files.len() > 5, "{files:?}");
    let holding = |word: &str| -> Vec<String> {
        let has = |file: &&PathBuf| contains(&fs::read(file).unwrap(), word);
        files.iter().filter(has).map(|file| format!("{word} in {}", file.display())).collect()
    };
    assert!(!holding("east-gate").is_empty(), "what is public is found, or this looks in the wrong place");
    // Nor the name on a pass that the hub issued.
    let words = personal().into_iter().chain(["王小明".to_owned()]);
    let found: Vec<String> = words.flat_map(|word| holding(&word)).collect();
    assert!(found.is_empty(), "in the clear: {found:#?}");
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
