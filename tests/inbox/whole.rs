//! The program itself: a whole kiosk and its hub over TLS, commands from a terminal, and what they bring about.

use std::path::Path;
use std::time::Duration;

use crate::pages::command;
use crate::program::Demo;

/// Longest time until something comes about.
const WITHIN: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_commanded_in_a_terminal_comes_about_at_a_whole_kiosk_and_outlives_its_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (data, kiosk) = (folder.path().join("hub"), "east-gate");
    let demo = Demo::start_with_hub_at(folder.path(), "0.0.0.0:0");
    assert!(demo.hub.starts_with("https://"), "{}", demo.hub);
    let key = folder.path().join("kiosk/tls.key");
    until("the kiosk has a TLS key", async || key.exists()).await;
    let first = std::fs::read(&key).unwrap();
    let by = ["--officer", "王站长", "--reason", "演练", "--minutes", "0"];
    for what in [
        &["notice", "31", "凭码通行，请戴口罩"][..],
        &["lane-out", "person-in"],
        &["lane-out", "nowhere"],
        &["renew-key"],
        &["mode", "sealed"],
        &["send-now"],
    ] {
        let (issued, said) = command(&data, kiosk, &[what, &by].concat());
        assert!(issued, "{said}");
    }
    until("all are settled", async || states(&data, kiosk).iter().all(|(_, settled)| *settled)).await;
    let (_, list) = command(&data, kiosk, &["list"]);
    let lines: Vec<&str> = list.lines().collect();
    let outcomes = ["已执行", "已执行", "终端无法执行", "已执行", "已执行", "已执行"];
    for (line, outcome) in lines.iter().rev().zip(outcomes) {
        assert!(line.contains(outcome), "{outcome}: {list}");
    }
    assert_ne!(std::fs::read(&key).unwrap(), first, "a new key");
    let page = |demo: &Demo| format!("{}/lane/person-in", demo.kiosk);
    assert!(shown(&page(&demo)).await.contains("暂停使用"));
    // The kiosk remembers where its hub was.
    let port = demo.hub.split(['/', ':']).find_map(|part| part.parse::<u16>().ok()).unwrap();
    assert!(demo.interrupt().await.success());

    let demo = Demo::start_with_hub_at(folder.path(), &format!("0.0.0.0:{port}"));
    assert!(shown(&page(&demo)).await.contains("暂停使用"), "from the first moment on");
    let (issued, said) = command(&data, kiosk, &[&["lane-in", "person-in"][..], &by].concat());
    assert!(issued, "{said}");
    until("the notice is on the idle screen", async || {
        shown(&page(&demo)).await.contains("凭码通行，请戴口罩")
    })
    .await;
    until("it is settled", async || states(&data, kiosk).iter().all(|(_, settled)| *settled)).await;
    assert_eq!(states(&data, kiosk).len(), 7, "nothing was done twice");
    assert!(demo.interrupt().await.success());
}

/// Of each command its line and whether it is settled.
fn states(data: &Path, kiosk: &str) -> Vec<(String, bool)> {
    let (done, list) = command(data, kiosk, &["list"]);
    assert!(done, "{list}");
    let open = ["waits for the kiosk", "sent", "taken, under way"];
    let settled = |line: &str| !open.iter().any(|word| line.contains(&format!(" {word}  ")));
    list.lines().map(|line| (line.to_owned(), settled(line))).collect()
}

async fn shown(url: &str) -> String {
    crate::browser().get(url).send().await.unwrap().text().await.unwrap()
}

async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let comes_about = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    assert!(tokio::time::timeout(WITHIN, comes_about).await.is_ok(), "never: {what}");
}
