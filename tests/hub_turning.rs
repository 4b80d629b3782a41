//! A pass on a telephone whose code changes: issued on the hub's page, fetched as the telephone does, checked as a kiosk does.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use data_encoding::BASE64;
use kakou::base::{ClockTrust, Mono, Wall};
use kakou::credential::{Trust, check};
use kakou::hub::{Options, Running, start};
use kakou::model::{Authenticity, Currency};
use kakou::platform::entropy::OsEntropy;
use kakou::vision::{Frame, Reader};
use serde_json::{Value, json};

/// 2026-11-22 10:00:10 in Beijing.
const NOW: Wall = Wall::from_secs(1_795_312_810);

struct Hub {
    running: Running,
    browser: reqwest::Client,
    _folder: tempfile::TempDir,
}

async fn hub() -> Hub {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().to_path_buf();
    let options = Options { listen: "127.0.0.1:0".parse().unwrap(), data, names: vec![] };
    let running = start(options, Arc::new(|| NOW), Box::new(OsEntropy::new())).await.unwrap();
    let _ = rustls::crypto::ring::default_provider().install_default();
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    Hub { running, browser: browser.build().unwrap(), _folder: folder }
}

impl Hub {
    /// What the hub's page answers to whoever is signed in and asks for a pass.
    async fn issue(&self, fields: &str) -> String {
        let signed_in = self.browser.get(&self.running.sign_in_url).send().await.unwrap();
        let cookie =
            signed_in.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let form = self.browser.post(format!("{}/passes", self.running.url));
        let form = form.header("cookie", cookie).header("origin", &self.running.url);
        let form = form.header("content-type", "application/x-www-form-urlencoded");
        form.body(fields.to_owned()).send().await.unwrap().text().await.unwrap()
    }

    async fn codes(&self, ask: &Value, origin: &str) -> (u16, Value) {
        let request = self.browser.post(format!("{}/turn/codes", self.running.url));
        let request = request.header("origin", origin).header("content-type", "application/json");
        let answer = request.body(ask.to_string()).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap_or_default())
    }

    fn trust(&self) -> Trust {
        Trust::new("east".parse().unwrap(), vec![self.running.hub.keys().pass_key().0])
    }

    /// What a lane's camera sees of a code, and what the kiosk makes of it at a time.
    fn counts(&self, code: &Value, at: i64) -> (Authenticity, Currency) {
        let size = usize::try_from(code["size"].as_u64().unwrap()).unwrap();
        let bits = BASE64.decode(code["modules"].as_str().unwrap().as_bytes()).unwrap();
        let (scale, quiet) = (4, 4);
        let side = (size + 2 * quiet) * scale;
        let mut pixels = vec![255_u8; side * side];
        for (at, pixel) in pixels.iter_mut().enumerate() {
            let module = |along: usize| (along / scale).checked_sub(quiet).filter(|module| *module < size);
            if let Some((x, y)) = module(at % side).zip(module(at / side)) {
                let bit = y * size + x;
                *pixel = if bits[bit / 8] & (0x80 >> (bit % 8)) == 0 { 255 } else { 0 };
            }
        }
        let payload = read(side, pixels);
        let credential = check(&payload, &self.trust(), Wall(at), ClockTrust::Synced);
        (credential.authentic, credential.current)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_telephone_shows_counts_at_the_gate_in_its_half_minute() {
    let hub = hub().await;
    let (pass, secret) = link(&hub.issue(FIELDS).await);
    let (status, got) = hub.codes(&json!({ "pass": pass, "secret": secret }), &hub.running.url).await;
    assert_eq!((status, got["now"].as_i64(), got["label"].as_str()), (200, Some(NOW.0), Some("王*")));
    let codes = got["codes"].as_array().unwrap();
    assert_eq!(codes.len(), 40, "twenty minutes ahead");
    let good = (Authenticity::Genuine, Currency::Current);
    for code in [&codes[0], &codes[1], &codes[39]] {
        let [from, until] = ["from", "until"].map(|key| code[key].as_i64().unwrap());
        assert_eq!(hub.counts(code, from), good);
        assert_eq!(hub.counts(code, until - 1), good);
        assert_eq!(hub.counts(code, until + 30_000), (Authenticity::Genuine, Currency::OutOfWindow));
    }
    assert!(codes[0]["from"].as_i64().unwrap() <= NOW.0 && NOW.0 < codes[0]["until"].as_i64().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_codes_without_the_secret_nor_from_another_page() {
    let hub = hub().await;
    let (pass, secret) = link(&hub.issue(FIELDS).await);
    let (_, other) = link(&hub.issue(FIELDS).await);
    let own = hub.running.url.clone();
    let ask = |pass: &str, secret: &str| json!({ "pass": pass, "secret": secret });
    assert_eq!(hub.codes(&ask(&pass, &other), &own).await.0, 403, "another pass's secret");
    assert_eq!(hub.codes(&ask(&pass, ""), &own).await.0, 403);
    assert_eq!(hub.codes(&ask(&pass[..40], &secret), &own).await.0, 403);
    assert_eq!(hub.codes(&json!({ "pass": pass }), &own).await.0, 400);
    assert_eq!(
        hub.codes(&ask(&"K".repeat(2_000), &secret), &own).await.0,
        400,
        "no more than it needs is read"
    );
    assert_eq!(hub.codes(&ask(&pass, &secret), "https://elsewhere.example").await.0, 403);
    let stranger = self::hub().await;
    assert_eq!(stranger.codes(&ask(&pass, &secret), &stranger.running.url).await.0, 403, "another hub's");
    // The page itself says nothing of anybody, and needs no key.
    let page = hub.browser.get(format!("{own}/turn")).send().await.unwrap();
    assert_eq!(page.status().as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_issues_passes_for_what_they_are_for_and_says_what_does_not_go_together() {
    let hub = hub().await;
    let with = |fields: &str| format!("site=east&name=&plate=&first=2026-11-22&last=2026-11-24&{fields}");
    let issued = async |fields: &str| hub.issue(&with(fields)).await;
    assert!(issued("class=transit&purpose=transit&to=%E6%88%90%E9%83%BD").await.contains("KK1:"));
    assert!(issued("class=observed&purpose=contact-card&to=").await.contains("KK1:"));
    assert!(issued("class=resident&purpose=re-entry&to=").await.contains("KK1:"));
    for bad in [
        "class=transit&purpose=transit&to=",
        "class=resident&purpose=entry&to=x",
        "class=resident&purpose=contact-card&to=",
        "class=observed&purpose=entry&to=",
        "class=resident&purpose=other&to=",
    ] {
        let page = issued(bad).await;
        assert!(page.contains("未签发") && !page.contains("KK1:"), "{bad}");
    }
    let long = "site=east&name=&plate=&first=2026-11-22&last=2026-12-22&class=resident&shown=turning";
    assert!(hub.issue(long).await.contains("seven days"), "a month does not turn");
}

const FIELDS: &str =
    "site=east&class=resident&name=%E7%8E%8B%E5%B0%8F&plate=&first=2026-11-22&last=2026-11-24&shown=turning";

/// The pass and the secret in the address that the page shows to be scanned.
fn link(page: &str) -> (String, String) {
    assert!(!page.contains("KK1:"), "the pass alone is of no use to anybody");
    let start = page.find("data-link=\"").expect("there is a link") + 11;
    let link = &page[start..start + page[start..].find('"').unwrap()];
    let (_, behind) = link.split_once("/turn#").expect("what is behind the # stays on the telephone");
    let (pass, secret) = behind.split_once('.').unwrap();
    (pass.to_owned(), secret.to_owned())
}

/// What a camera reads in a picture.
fn read(side: usize, luma: Vec<u8>) -> Vec<u8> {
    let frame = Frame::new(side, side, luma, Mono::ZERO).unwrap();
    let seen = Reader::default().read(&frame);
    seen.codes[0].payload.expose().clone()
}
