//! Commands as people issue them: the kiosk's page, the program in a terminal.

use std::path::Path;
use std::process::Command;

use crate::link::{Place, place};

impl Place {
    async fn cookie(&self) -> String {
        let answer = self.browser.get(&self.running.sign_in_url).send().await.unwrap();
        answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned()
    }

    async fn page(&self, cookie: &str, path: &str) -> (u16, String) {
        let request = self.browser.get(format!("{}{path}", self.running.url)).header("cookie", cookie);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn form(&self, cookie: &str, path: &str, fields: &str) -> String {
        let request = self.browser.post(format!("{}{path}", self.running.url)).header("cookie", cookie);
        let request = request.header("origin", &self.running.url);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        request.body(fields.to_owned()).send().await.unwrap().text().await.unwrap()
    }
}

fn kakou(place: &Place, arguments: &[&str]) -> (bool, String) {
    command(&place.folder.path().join("hub"), "east-1", arguments)
}

/// `kakou hub command KIOSK …` beside the hub that runs on `data`.
pub fn command(data: &Path, kiosk: &str, arguments: &[&str]) -> (bool, String) {
    let done = Command::new(env!("CARGO_BIN_EXE_kakou"))
        .args(["hub", "command", kiosk, "--data"])
        .arg(data)
        .args(arguments)
        .output()
        .unwrap();
    (done.status.success(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_issued_on_the_page_by_name_and_reason_and_stands_in_the_access_log() {
    let place = place().await;
    let cookie = place.cookie().await;
    let path = "/kiosks/east-1";
    assert!(place.page(&cookie, "/kiosks").await.1.contains("href=\"/kiosks/east-1\""));
    assert_eq!(place.page(&cookie, "/kiosks/west-9").await.0, 404);
    let (status, page) = place.page(&cookie, path).await;
    assert!(status == 200 && page.contains("还没有下达过指令"), "{page}");
    let ask = |what: &str, officer: &str| {
        format!(
            "what={what}&number=12&text=%E5%87%AD%E7%A0%81&lane=in-1&minutes=60&officer={officer}&reason=drill"
        )
    };
    for (fields, why) in [
        (ask("notice", ""), "请填写姓名和事由"),
        (ask("open-barrier", "Chen"), "没有这种指令"),
        (ask("notice", "Chen").replace("number=12", "number=0"), "须有编号"),
        (ask("lane-out", "Chen").replace("lane=in-1", "lane=In+1"), "通道代号不对"),
    ] {
        let page = place.form(&cookie, path, &fields).await;
        assert!(page.contains(why) && page.contains("还没有下达过指令"), "{fields}: {page}");
    }
    for (what, shown) in [("notice", "№ 12 凭码"), ("lane-out", "通道停用"), ("send-now", "立即上报")]
    {
        let page = place.form(&cookie, path, &ask(what, "Chen")).await;
        assert!(page.contains("已下达") && page.contains(shown) && page.contains("等待终端领取"), "{page}");
    }
    let log = place.page(&cookie, "/access").await.1;
    assert!(log.contains("Chen") && log.contains("drill") && log.contains("command 3 to east-1"), "{log}");
    assert_eq!(
        place.form("", path, &ask("send-now", "Chen")).await.matches("已下达").count(),
        0,
        "signed in only"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_is_issued_and_listed_in_a_terminal() {
    let place = place().await;
    let by = ["--officer", "王站长", "--reason", "演练"];
    let (done, said) = kakou(&place, &[&["lane-out", "in-1"][..], &by].concat());
    assert!(done && said.contains("issued: east-1 1"), "{said}");
    assert!(kakou(&place, &[&["notice", "12", "凭码通行"][..], &by].concat()).0);
    let (done, said) = kakou(&place, &["send-now"]);
    assert!(!done && said.contains("--officer"), "{said}");
    let (done, said) = kakou(&place, &["list"]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(done && lines.len() == 2, "{said}");
    assert!(lines[0].contains("№ 12 凭码通行") && lines[0].contains("王站长：演练"), "{said}");
    assert!(lines[1].contains("lane out of service in-1") && lines[1].contains("等待终端领取"), "{said}");
}
