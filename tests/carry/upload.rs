//! The hub's page: a form that takes files in, and the receipt for the way back.

use std::sync::Arc;

use kakou::base::Wall;
use kakou::hub::{Options, Running, start};
use kakou::platform::entropy::OsEntropy;
use kakou::sync::receipt::Receipt;

use super::common::kiosk::NOW;
use super::fixtures::{Kiosk, hub as keys_hub, kiosk, one_file};
use super::sheets::sheet;

struct Place {
    running: Running,
    browser: reqwest::Client,
    cookie: String,
    east: Kiosk,
    _folder: tempfile::TempDir,
}

async fn place(count: usize) -> Place {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hub.secret"), [1; 32]).unwrap();
    let options =
        Options { listen: "127.0.0.1:0".parse().unwrap(), data: folder.path().to_owned(), names: vec![] };
    let running =
        start(options, Arc::new(|| Wall(NOW.0 + 60_000)), Box::new(OsEntropy::new())).await.unwrap();
    let east = kiosk("east-1", count, &keys_hub());
    let (name, key) = (east.log.kiosk.clone(), east.log.key.verifying());
    let enrolled = running.hub.write(move |ledger| {
        ledger.add_token(&[9; 32], Some(&name), NOW).unwrap();
        ledger.enrol(&[9; 32], None, key, NOW).unwrap()
    });
    enrolled.await.unwrap();
    let browser =
        reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let answer = browser.get(&running.sign_in_url).send().await.unwrap();
    let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    Place { running, browser, cookie, east, _folder: folder }
}

impl Place {
    async fn get(&self, path: &str) -> (u16, String) {
        let request = self.browser.get(format!("{}{path}", self.running.url)).header("cookie", &self.cookie);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn bring(&self, files: &[(&str, &[u8])]) -> (u16, String) {
        let mut body = vec![];
        for (name, content) in files {
            let head = "Content-Disposition: form-data; name=\"file\"; filename=";
            body.extend_from_slice(format!("--edge\r\n{head}\"{name}\"\r\n\r\n").as_bytes());
            body.extend_from_slice(content);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        self.send(body, true).await
    }

    async fn send(&self, body: Vec<u8>, signed_in: bool) -> (u16, String) {
        let request = self.browser.post(format!("{}/carry", self.running.url));
        let request = request.header("origin", &self.running.url);
        let request = request.header("cookie", if signed_in { self.cookie.as_str() } else { "" });
        let request = request.header("content-type", "multipart/form-data; boundary=edge");
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn next(&self) -> u64 {
        let (kiosk, epoch) = (self.east.log.kiosk.clone(), self.east.name.epoch);
        let head = self.running.hub.read(move |ledger| ledger.head(&kiosk, epoch).unwrap()).await.unwrap();
        head.0.get()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_brought_by_a_plain_form_and_the_receipt_is_given_back() {
    let place = place(3_000).await;
    let whole = one_file(&place.east);
    assert!(place.get("/carry").await.1.contains("multipart/form-data"));
    let (status, page) = place.bring(&[("late.kkp", &place.east.carry(2_990, u64::from(u32::MAX))[0])]).await;
    assert!(status == 200 && page.contains("需从第 1 条起") && page.contains("class=\"bad\""), "{page}");
    assert_eq!(place.get("/carry/east-1").await.0, 404, "nothing to acknowledge yet");
    let (status, page) = place.bring(&[("east&amp;1.kkp", &whole), ("cut.kkp", &whole[..5_000])]).await;
    assert!(status == 200 && page.contains("新收 3000 条，已有 0 条"), "{page}");
    assert!(page.contains("cut off at byte 5000") && page.contains("href=\"/carry/east-1\""), "{page}");
    assert_eq!(place.next().await, 3_001);
    let (status, receipt) = place.get("/carry/east-1").await;
    assert_eq!((status, Receipt::from_bytes(receipt.as_bytes()).unwrap().notes.len()), (200, 1));
    for (name, page) in [("", "没有选择文件"), ("photo.kkp", "这不是卡口的离线文件")] {
        let (status, said) = place.bring(&[(name, b"\xFF\xD8\xFF")]).await;
        assert!(status == 200 && said.contains(page), "{said}");
    }
    for path in ["/carry/West", "/carry/west-1"] {
        assert_eq!(place.get(path).await.0, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_on_paper_is_shown_apart_until_its_records_confirm_it() {
    let place = place(60).await;
    assert!(!place.get("/tallies").await.1.contains("纸质日报"));
    let (sheet, summary) = sheet(&place.east, 60);
    place.running.hub.write(move |ledger| ledger.take_sheet(&sheet, NOW).unwrap()).await.unwrap();
    let page = place.get("/tallies").await.1;
    assert!(page.contains("凭日报，记录待补") && page.contains("by sheet, records to follow"), "{page}");
    assert!(page.contains(&format!("<b>{}</b>", summary.counts.passages())), "{page}");
    place.bring(&[("a.kkp", &one_file(&place.east))]).await;
    let page = place.get("/tallies").await.1;
    assert!(page.contains("已与记录核对") && !page.contains("记录待补"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_upload_keeps_what_came_and_strangers_bring_nothing() {
    let place = place(3_000).await;
    let whole = place.east.parcel(50);
    let head = b"--edge\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.kkp\"\r\n\r\n";
    let body = [&head[..], &whole[..whole.len() - 100]].concat();
    assert_eq!(place.send(body.clone(), false).await.0, 401);
    assert_eq!(place.next().await, 1);
    let (status, page) = place.send(body, true).await;
    assert!(status == 200 && page.contains("上传中断"), "{page}");
    let kept = place.next().await - 1;
    assert!(kept > 0 && kept < 3_000 && kept.is_multiple_of(50), "{kept} records");
    let (_, page) = place.bring(&[("a.kkp", &whole)]).await;
    assert!(page.contains(&format!("新收 {} 条，已有 {kept} 条", 3_000 - kept)), "{page}");
}
