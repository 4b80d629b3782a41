//! A hub asks issuers about codes for its kiosks: over HTTP, with a made-up issuer that speaks as a published one does.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "hub_online/issuer.rs"]
mod issuer;

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use kakou::base::{KioskId, Pii, Wall};
use kakou::config::online_file::OnlineFile;
use kakou::hub::{Options, Running, start};
use kakou::journal::SigningKey;
use kakou::model::OnlineResult::{self, Expired, Invalid, Negative, Positive};
use kakou::model::{OnlineAnswer, Unanswered};
use kakou::platform::entropy::OsEntropy;
use kakou::platform::http::{Error, HubClient};
use kakou::platform::issuer::{Issuer, Trouble};
use kakou::platform::net;
use kakou::sync::enrolment::{PublicKey, Request};
use serde_json::{Value as Json, json};

use issuer::{MockIssuer, Reply, SECRET};

/// 2026-11-22 10:00 in China.
const NOW: Wall = Wall(1_795_312_800_000);
/// Longer than any adapter of these tests takes.
const WITHIN: Duration = Duration::from_secs(60);
const CODE: &str = "https://code.example/1";

/// A hub with an issuer, and kiosks enrolled.
struct Place {
    running: Running,
    client: HubClient,
    issuer: MockIssuer,
    folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        Self::with(|url| file(url, "hmac-sha256", 10_000)).await
    }

    async fn with(file: impl Fn(&str) -> String) -> Self {
        listen_to_logs();
        let issuer = MockIssuer::start().await;
        let folder = tempfile::tempdir().unwrap();
        private(&folder.path().join("gate-api.secret"), &format!("{SECRET}\n"));
        fs::write(folder.path().join("online.toml"), file(&issuer.url)).unwrap();
        let listen = "127.0.0.1:0".parse().unwrap();
        let options = Options { listen, data: folder.path().to_path_buf(), names: vec![] };
        let running = start(options, Arc::new(|| NOW), Box::new(OsEntropy::new())).await.unwrap();
        let client = HubClient::at(&running.url, None).unwrap();
        let place = Self { running, client, issuer, folder };
        place.enrol("east-1", 1).await;
        place
    }

    async fn enrol(&self, name: &str, seed: u8) {
        let token = self.running.hub.make_token(Some(name.parse().unwrap())).await.unwrap();
        let key = PublicKey(SigningKey::from_seed(&[seed; 32]).verifying().0);
        let request = Request { token: token.to_string(), kiosk: None, key, tls_key: None };
        self.client.enrol(&request).await.unwrap();
    }

    async fn ask(&self, code: &str) -> Result<OnlineAnswer, Unanswered> {
        let code = Pii::new(code.to_owned());
        self.client.ask_issuer(&east(), &code, WITHIN).await.unwrap()
    }

    /// What becomes of a reply of the issuer.
    async fn becomes(&self, reply: Reply) -> Result<OnlineResult, Unanswered> {
        self.issuer.replies(reply);
        self.ask(CODE).await.map(|answer| answer.result)
    }
}

/// Everything that this process logged, at every level and of every library.
static LOGGED: Mutex<Vec<u8>> = Mutex::new(vec![]);

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn listen_to_logs() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        subscriber.with_writer(|| Log).init();
    });
}

fn east() -> KioskId {
    "east-1".parse().unwrap()
}

fn private(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// The published shape, as `systemd/online.toml` has it.
fn file(url: &str, how: &str, timeout_ms: u32) -> String {
    let text = include_str!("../systemd/online.toml");
    let mut text = text.replace("https://issuer.example/health/decode", url);
    text = text.replace("\"hmac-sha256\"\n", &format!("{how:?}\n"));
    text.replace("timeout_ms = 3000", &format!("timeout_ms = {timeout_ms}"))
}

/// What the issuer says of a code that is good, with changes.
fn green(changes: &Json) -> Json {
    let mut data = json!({
        "name": "王*明", "certificate_id": "1101**********002X", "certificate_type": "10",
        "risk_assessment_grade": "00", "reason": "", "report_date": "2026-11-20 08:00:00",
        "report_valid_date": "2026-11-22 10:00:01", "report_expired": false,
    });
    for (key, value) in changes.as_object().unwrap() {
        let data = data.as_object_mut().unwrap();
        if value.is_null() {
            data.remove(key)
        } else {
            data.insert(key.clone(), value.clone())
        };
    }
    json!({ "errcode": 0, "errmsg": "SUCCESS", "data": data })
}

#[test]
fn the_example_is_right() {
    let file = OnlineFile::parse("online.toml", include_str!("../systemd/online.toml")).unwrap();
    assert_eq!(file.adapters.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_as_good_as_its_issuer_says_outright() {
    let place = Place::new().await;
    place.issuer.replies(Reply::Json(green(&json!({}))));
    let answer = place.ask(CODE).await.unwrap();
    assert_eq!((answer.adapter.as_str(), answer.result), ("gate-api", Positive));
    assert_eq!(answer.expires, Some(Wall(NOW.0 + 1_000)));
    assert_eq!(answer.name.unwrap().expose(), "王*");
    assert_eq!(answer.id.unwrap().expose(), "1101**********002X");
    let grade = |grade: Json| green(&json!({ "risk_assessment_grade": grade }));
    let not_understood = Err(Unanswered::NotUnderstood);
    for (what, reply, becomes) in [
        ("yellow", grade(json!("01")), Ok(Negative)),
        ("red", grade(json!("10")), Ok(Negative)),
        (
            "code past its time",
            json!({"errcode":0,"errmsg":"SUCCESS","data":{"qrcode_expired":true,"report_expired":false}}),
            Ok(Expired),
        ),
        ("code past its time, and green", green(&json!({ "qrcode_expired": true })), Ok(Expired)),
        ("report past its time", green(&json!({ "report_expired": true })), Ok(Expired)),
        ("valid until now", green(&json!({ "report_valid_date": "2026-11-22 10:00:00" })), Ok(Expired)),
        ("valid for ever", green(&json!({ "report_valid_date": Json::Null })), not_understood),
        ("unknown code", json!({"errcode":4001,"errmsg":"no such code"}), Ok(Invalid)),
        (
            "unknown error",
            json!({"errcode":5000,"errmsg":"FAIL","data":{"risk_assessment_grade":"00"}}),
            not_understood,
        ),
        ("unknown colour", grade(json!("11")), not_understood),
        ("no grade", grade(Json::Null), not_understood),
        ("grade as a number", grade(json!(0)), not_understood),
        ("no data", json!({"errcode":0,"errmsg":"SUCCESS"}), not_understood),
        (
            "prototype",
            json!({"errcode":0,"data":{"__proto__":{"risk_assessment_grade":"00"}}}),
            not_understood,
        ),
        ("green again", green(&json!({})), Ok(Positive)),
    ] {
        assert_eq!(place.becomes(Reply::Json(reply)).await, becomes, "{what}");
    }
    assert_eq!(place.issuer.asked().len(), 16, "each once");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_answer_speaks_neither_for_nor_against_a_code() {
    let place = Place::new().await;
    let good = green(&json!({})).to_string();
    let (unreachable, not_understood) = (Err(Unanswered::Unreachable), Err(Unanswered::NotUnderstood));
    let twice = good.replace("\"errcode\":0", "\"errcode\":0,\"errcode\":0");
    let turned = good.replace("\"data\":{", "\"data\":{\"risk_assessment_grade\":\"10\",");
    for (what, reply, becomes) in [
        ("broken server", Reply::Status(500, good.clone()), unreachable),
        ("busy server", Reply::Status(429, good.clone()), unreachable),
        ("refusal", Reply::Status(403, good.clone()), not_understood),
        ("another good status", Reply::Status(201, good.clone()), not_understood),
        ("redirect", Reply::Redirect, not_understood),
        ("no JSON", Reply::Status(200, "<html>00</html>".to_owned()), not_understood),
        ("nothing", Reply::Status(200, String::new()), not_understood),
        ("10 MB", Reply::Status(200, format!("{good}{}", " ".repeat(10 << 20))), not_understood),
        ("a key twice", Reply::Status(200, twice), not_understood),
        ("two grades", Reply::Status(200, turned), not_understood),
        ("half of it", Reply::Status(200, good[..good.len() / 2].to_owned()), not_understood),
        ("all of it", Reply::Status(200, good.clone()), Ok(Positive)),
    ] {
        assert_eq!(place.becomes(reply).await, becomes, "{what}");
    }
    assert_eq!(place.issuer.elsewhere(), 0, "no redirect was followed");
    // Another secret than the issuer's.
    let place = Place::with(|url| file(url, "sha256-key-last", 10_000)).await;
    assert_eq!(place.becomes(Reply::Json(green(&json!({})))).await, not_understood);
    assert_eq!(place.issuer.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issuer_that_never_answers_is_waited_for_no_longer_than_its_file_says() {
    let place = Place::with(|url| file(url, "hmac-sha256", 200)).await;
    assert_eq!(place.becomes(Reply::Never).await, Err(Unanswered::Unreachable));
    assert_eq!(
        place.becomes(Reply::Begun).await,
        Err(Unanswered::Unreachable),
        "nor for the rest of an answer"
    );
    assert_eq!(place.becomes(Reply::Json(green(&json!({})))).await, Ok(Positive));
    // Nobody listens where the issuer was.
    let place = Place::with(|_| file("http://127.0.0.1:1/decode", "hmac-sha256", 10_000)).await;
    assert_eq!(place.ask(CODE).await, Err(Unanswered::Unreachable));
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_stands_in_a_code_stays_in_its_field_and_the_secret_is_never_sent() {
    let place = Place::new().await;
    place.issuer.replies(Reply::Json(green(&json!({}))));
    let codes = [
        "https://code.example/\",\"appId\":\"other\",\"x\":\"",
        "https://code.example/&appId=other&sign=0",
        "https://code.example/{unix}{code}{nonce}",
        "https://code.example/\r\n\t\u{0}健康码\\\u{202E}'",
        &format!("https://code.example/{}", "码".repeat(1_400)),
    ];
    for code in codes {
        assert_eq!(place.ask(code).await.map(|answer| answer.result), Ok(Positive), "{code:?}");
    }
    for (asked, code) in place.issuer.asked().iter().zip(codes) {
        let read: Json = serde_json::from_slice(&asked.body).unwrap();
        let fields = read.as_object().unwrap();
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(names, ["appId", "code_content", "sign", "timestamp"]);
        assert_eq!((&fields["appId"], &fields["code_content"]), (&json!("kakou"), &json!(code)));
        assert_eq!(fields["timestamp"], NOW.0.to_string());
        let all = format!("{}{}", asked.head, String::from_utf8_lossy(&asked.body));
        assert!(!all.contains(SECRET), "{all}");
        assert!(!asked.head.contains("code.example"), "{}", asked.head);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_log_tells_of_a_code_a_name_or_a_secret() {
    let place = Place::new().await;
    let named = green(&json!({ "name": "欧阳清风", "certificate_id": "11010519491231002X" }));
    assert_eq!(place.becomes(Reply::Json(named.clone())).await, Ok(Positive));
    let mut unusable = named;
    unusable["data"]["risk_assessment_grade"] = json!("欧阳清风");
    assert_eq!(place.becomes(Reply::Json(unusable)).await, Err(Unanswered::NotUnderstood));
    assert_eq!(place.becomes(Reply::Status(500, "欧阳清风".into())).await, Err(Unanswered::Unreachable));
    assert_eq!(place.ask("https://elsewhere.example/欧阳清风").await, Err(Unanswered::NoAdapter));
    let logged = String::from_utf8_lossy(&LOGGED.lock().unwrap()).into_owned();
    // Whatever else this process logged meanwhile is looked at too.
    for says in ["an issuer gives no usable answer", "no value that is listed at /data/risk_assessment_grade"]
    {
        assert!(logged.contains(says), "{says}\n{logged}");
    }
    for secret in [SECRET, "code.example", "elsewhere.example", "欧", "19491231"] {
        let line = logged.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_believed_when_its_own_authorities_vouch_for_it() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let names = ["127.0.0.1".to_owned()];
    let (tls, _) = net::server_tls(folder.path(), &names).unwrap();
    net::server_tls(other.path(), &names).unwrap();
    let listener = net::listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    let router = axum::Router::new().route("/", axum::routing::post(|| async { "{}" }));
    let config = axum_server::tls_rustls::RustlsConfig::from_config(tls);
    let server = axum_server::from_tcp_rustls(listener, config).unwrap();
    let server = tokio::spawn(server.serve(router.into_make_service()));
    let ask = async |folder: &Path| {
        let authorities = fs::read(folder.join("hub.crt")).unwrap();
        let issuer = Issuer::new(&url, Some(&authorities)).unwrap();
        issuer.post("application/json", vec![], WITHIN).await
    };
    assert_eq!(ask(folder.path()).await, Ok(b"{}".to_vec()));
    assert!(matches!(ask(other.path()).await, Err(Trouble::Unreachable(_))));
    let systems = Issuer::new(&url, None).unwrap().post("application/json", vec![], WITHIN).await;
    assert!(matches!(systems, Err(Trouble::Unreachable(_))), "{systems:?}");
    server.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_about_what_is_none_of_an_issuers_codes_or_no_question() {
    let place = Place::new().await;
    for code in ["https://other.example/1", "https://code.example", "x", "HTTPS://CODE.EXAMPLE/1"] {
        assert_eq!(place.ask(code).await, Err(Unanswered::NoAdapter), "{code}");
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let browser = reqwest::Client::builder().no_proxy().build().unwrap();
    let long = json!({ "code": format!("{CODE}{}", "x".repeat(4_300)) }).to_string();
    for (name, body, status) in [
        ("east-1", r#"{"code":1}"#.to_owned(), 400),
        ("east-1", r#"{"code":"https://code.example/a","code":"https://code.example/b"}"#.to_owned(), 400),
        ("east-1", format!("{CODE}\""), 400),
        ("east-1", r#"{"code":""}"#.to_owned(), 413),
        ("east-1", long, 413),
        ("east-1", " ".repeat(100_000), 413),
        ("nobody-1", json!({ "code": CODE }).to_string(), 404),
        ("East", json!({ "code": CODE }).to_string(), 400),
    ] {
        let url = format!("{}/v1/kiosks/{name}/online", place.running.url);
        let answer = browser.post(url).body(body.clone()).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{body:.80}");
        assert!(!answer.text().await.unwrap().contains("code.example"), "nothing of it is quoted");
    }
    let empty = place.client.ask_issuer(&east(), &Pii::new(String::new()), WITHIN).await;
    assert!(matches!(empty, Err(Error::Setup(_))), "{empty:?}");
    assert_eq!(place.issuer.asked().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_has_two_questions_under_way_and_an_issuer_eight() {
    let place = Place::new().await;
    place.issuer.replies(Reply::Never);
    let mut waiting = tokio::task::JoinSet::new();
    for (number, name) in ["east-1", "west-1", "south-1", "north-1"].iter().enumerate() {
        if number > 0 {
            place.enrol(name, 1 + u8::try_from(number).unwrap()).await;
        }
        for _ in 0..2 {
            let (client, name) = (place.client.clone(), name.parse().unwrap());
            waiting.spawn(async move { client.ask_issuer(&name, &Pii::new(CODE.to_owned()), WITHIN).await });
        }
        place.issuer.until_asked(2 * (number + 1)).await;
        if number == 0 {
            assert_eq!(place.ask(CODE).await, Err(Unanswered::Busy));
        }
    }
    place.enrol("last-1", 9).await;
    let last = "last-1".parse().unwrap();
    let asked = place.client.ask_issuer(&last, &Pii::new(CODE.to_owned()), WITHIN).await.unwrap();
    assert_eq!(asked, Err(Unanswered::Busy));
    place.issuer.release();
    while let Some(answer) = waiting.join_next().await {
        assert_eq!(
            answer.unwrap().unwrap().unwrap_err(),
            Unanswered::NotUnderstood,
            "it answers nothing at last"
        );
    }
    assert_eq!(place.issuer.asked().len(), 8);
    assert_eq!(place.becomes(Reply::Json(green(&json!({})))).await, Ok(Positive), "there is room again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_whose_file_is_wrong_starts_and_has_nobody_to_ask() {
    for wrong in ["nonsense", "[[adapter]]\nname = \"a\"\n"] {
        let place = Place::with(|_| wrong.to_owned()).await;
        assert_eq!(place.ask(CODE).await, Err(Unanswered::NoAdapter));
    }
    // The secret is everybody's.
    let place =
        Place::with(|url| file(url, "hmac-sha256", 10_000).replace("gate-api.secret", "online.toml")).await;
    assert_eq!(place.ask(CODE).await, Err(Unanswered::NoAdapter));
    assert_eq!(place.issuer.asked().len(), 0);
    // Nothing of a question is left behind.
    let place = Place::new().await;
    place.issuer.replies(Reply::Json(green(&json!({}))));
    place.ask(CODE).await.unwrap();
    place.running.stop().await.unwrap();
    for entry in fs::read_dir(place.folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes =
            if path.is_file() && !path.ends_with("online.toml") { fs::read(&path).unwrap() } else { vec![] };
        assert!(!bytes.windows(CODE.len()).any(|window| window == CODE.as_bytes()), "{}", path.display());
    }
}
