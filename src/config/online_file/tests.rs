//! The file of whom to ask: its defaults, and that every mistake is named with its key.

use super::*;

const GOOD: &str = r#"
[[adapter]]
name = "gate-api"
begins = ["https://code.example/"]
url = "https://issuer.example/health/decode"
ca_file = "issuer-ca.pem"
[adapter.send]
code_content = "{code}"
appId = "kakou"
timestamp = "t{unix_ms}-{nonce}"
[adapter.sign]
field = "sign"
how = "hmac-sha256"
secret_file = "gate-api.secret"
[adapter.answer]
accepted = { at = "/errcode", is = [0] }
invalid = { at = "/errcode", is = [4001] }
expired = [{ at = "/data/qrcode_expired", is = [true, 1, "1"] }]
result = { at = "/data/grade", positive = ["00"], negative = ["01", "10"] }
expires = "/data/valid~1date"
utc_offset_minutes = 480
"#;

fn said(text: &str) -> String {
    OnlineFile::parse("online.toml", text).unwrap_err().to_string()
}

#[test]
fn a_file_is_read_with_its_defaults() {
    let file = OnlineFile::parse("online.toml", GOOD).unwrap();
    let [adapter] = &file.adapters[..] else { panic!("{file:?}") };
    assert_eq!((adapter.timeout, adapter.form), (Duration::from_secs(3), Form::Json));
    let names: Vec<&str> = adapter.send.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["appId", "code_content", "timestamp"]);
    let dash = || Part::Text("-".to_owned());
    let timestamp = vec![Part::Text("t".to_owned()), Part::UnixMs, dash(), Part::Nonce];
    assert_eq!(adapter.send[2].1, Template(timestamp));
    assert_eq!(adapter.sign.as_ref().unwrap().letters, Letters::Upper);
    let expired = [Literal::Truth(true), Literal::Whole(1), Literal::Text("1".to_owned())];
    assert_eq!(adapter.answer.expired[0].is, expired);
    assert_eq!(file.adapter_of("https://code.example/x").map(|found| found.name.as_str()), Some("gate-api"));
    for other in ["https://code.example", "HTTPS://CODE.EXAMPLE/x", " https://code.example/", ""] {
        assert_eq!(file.adapter_of(other), None, "{other:?}");
    }
}

#[test]
fn every_mistake_is_named_with_its_key() {
    let swap = |from: &str, to: &str| {
        assert!(GOOD.contains(from), "{from}");
        GOOD.replace(from, to)
    };
    let second = GOOD.replace("https://code.example/", "https://code.example/b/");
    for (text, says) in [
        (String::new(), "adapter"),
        (swap("\"gate-api\"", "\"Gate\""), "adapter[1].name = \"Gate\": must be a name"),
        (swap("https://code.example/", "https:/"), "adapter[gate-api].begins"),
        (swap("[\"https://code.example/\"]", "[]"), "begins = []: must say how the codes begin"),
        (swap("https://issuer", "http://issuer"), "adapter[gate-api].url = \"http://issuer"),
        (swap("https://issuer", "ftp://issuer"), "must be an address with https://"),
        (swap("https://issuer", "https://user@issuer"), "must be an address with https://"),
        (swap("ca_file", "timeout_ms = 100\nca_file"), "timeout_ms = 100: must be 200 to 10000"),
        (swap("ca_file", "form = \"xml\"\nca_file"), "form = \"xml\": must be \"json\" or \"form\""),
        (swap("ca_file", "method = \"GET\"\nca_file"), "method = \"GET\": unknown key"),
        (swap("\"{code}\"", "\"code\""), "adapter[gate-api].send: must have {code} somewhere"),
        (swap("\"kakou\"", "\"{secret}\""), "adapter[gate-api].send.appId: must be a text"),
        (swap("\"kakou\"", "\"{code\""), "send.appId: must be a text"),
        (swap("\"kakou\"", "\"code}\""), "send.appId: must be a text"),
        (swap("\"kakou\"", "7"), "send.appId: must be a text"),
        (swap("appId", "\"a&b\""), "send.a&b: must be a name of 1 to 64 characters"),
        (swap("\"sign\"", "\"appId\""), "sign.field = \"appId\": must be none of what is sent"),
        (swap("hmac-sha256", "md5"), "sign.how = \"md5\": must be \"hmac-sha256\" or \"sha256-key-last\""),
        (swap("secret_file = \"gate-api.secret\"", ""), "sign.secret_file: missing"),
        (swap("\"/errcode\", is = [0]", "\"errcode\", is = [0]"), "answer.accepted.at = \"errcode\""),
        (swap("/valid~1date", "/valid~date"), "answer.expires = "),
        (swap("[4001]", "[0]"), "answer.invalid = "),
        (swap("[0]", "[]"), "answer.accepted.is = []: must have 1 to 64 values"),
        (swap("[0]", "[0.0]"), "answer.accepted.is = 0.0: must be a text"),
        (swap("\"01\", \"10\"", "\"01\", \"00\""), "answer.result.negative = "),
        (swap("[true, 1, \"1\"]", "[true], is_not = [true]"), "answer.expired[1].is_not = "),
        (swap("= 480", "= 900"), "utc_offset_minutes = 900: must be -720 to 840"),
        (GOOD.split("[adapter.answer]").next().unwrap().to_owned(), "adapter[gate-api].answer: missing"),
        (GOOD.replace("result = ", "grade = "), "answer.result: missing"),
        (format!("{GOOD}{second}"), "\"https://code.example/b/\" must not begin as codes of another"),
        (format!("{GOOD}{GOOD}"), "adapter[gate-api].name = \"gate-api\": must be given to one adapter"),
    ] {
        let said = said(&text);
        assert!(said.contains(says), "{says}\n{said}");
        assert!(said.starts_with("online.toml"), "{said}");
    }
    let text = swap("https://issuer", "http://issuer").replace("480", "900").replace("[0]", "[]");
    assert_eq!(said(&text).lines().count(), 3, "all at once:\n{}", said(&text));
}

#[test]
fn a_secret_that_stands_in_the_file_is_not_repeated() {
    let said = said(&GOOD.replace("secret_file = \"gate-api.secret\"", "secret = \"hunter2hunter2\""));
    assert!(said.contains("sign.secret: must stand in a file of its own"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}
