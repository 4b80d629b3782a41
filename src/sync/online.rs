//! How a kiosk asks its hub about a code that only its issuer's server can judge.
//!
//! `POST /v1/kiosks/{kiosk}/online` with the JSON `{"code": "…"}`, a text of 1 to [`CODE_MAX`] bytes, answers `200` with one of two
//! JSON objects:
//!
//! | key | meaning |
//! |---|---|
//! | `adapter` | the hub's name for whom it asked |
//! | `result` | `positive`, `negative`, `expired` or `invalid` |
//! | `expires` | until when that holds, milliseconds since 1970; may be missing |
//! | `name`, `id` | whose code it is, masked by the hub; may be missing |
//!
//! or `{"unanswered": "no-adapter"}`, and so on: see [`Unanswered`]. A hub that knows no such request answers `404`.
//!
//! The kiosk itself never meets the internet, and nothing of this is stored anywhere. The answer is the hub's word, on the
//! connection that the kiosk authenticated; what an issuer says is as good as its server.

use serde::{Deserialize, Serialize};

use crate::base::{Pii, Slug, Wall};
use crate::model::width::is_obeyed;
use crate::model::{OnlineAnswer, OnlineResult, Unanswered};

/// Longest code, in bytes: what the largest QR symbol holds is 4,296 letters.
pub const CODE_MAX: usize = 4_300;
/// Longest question: each byte of a code may take six as JSON.
pub const QUESTION_MAX: usize = 6 * CODE_MAX + 64;
/// Longest answer; ours have some two hundred bytes.
pub const ANSWER_MAX: usize = 4 << 10;
/// Most characters of a name or a number.
pub const IDENTITY_MAX: usize = 32;

/// What the hub answers.
pub type Said = Result<OnlineAnswer, Unanswered>;

/// Why bytes are no question or no answer. It never quotes them: they are about a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadOnline {
    /// They are no such JSON.
    #[error("no such JSON")]
    Json,
    /// A code that is empty or too long.
    #[error("a code has 1 to {CODE_MAX} bytes, this one {0}")]
    Length(usize),
    /// More bytes than an answer has.
    #[error("an answer has at most {ANSWER_MAX} bytes, this one {0}")]
    TooLong(usize),
}

#[derive(Serialize)]
struct Question<'a> {
    code: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    code: String,
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Wire {
    Unanswered(WhyNot),
    Answer(Box<Answer>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WhyNot {
    unanswered: Unanswered,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    adapter: Slug,
    result: OnlineResult,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<Wall>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// The question about `code` as it travels.
///
/// # Errors
///
/// [`BadOnline::Length`].
pub fn encode_question(code: &Pii<String>) -> Result<Vec<u8>, BadOnline> {
    let code = code.expose();
    checked(code.len())?;
    serde_json::to_vec(&Question { code }).map_err(|_| BadOnline::Json)
}

/// The code that a question is about.
///
/// # Errors
///
/// [`BadOnline`].
pub fn decode_question(bytes: &[u8]) -> Result<Pii<String>, BadOnline> {
    if bytes.len() > QUESTION_MAX {
        return Err(BadOnline::Length(bytes.len()));
    }
    let Asked { code } = serde_json::from_slice(bytes).map_err(|_| BadOnline::Json)?;
    checked(code.len())?;
    Ok(Pii::new(code))
}

const fn checked(length: usize) -> Result<(), BadOnline> {
    if length == 0 || length > CODE_MAX { Err(BadOnline::Length(length)) } else { Ok(()) }
}

/// An answer as it travels.
///
/// # Errors
///
/// None that is known: it is written into memory.
pub fn encode_answer(said: &Said) -> Result<Vec<u8>, BadOnline> {
    let wire = match said {
        Err(unanswered) => Wire::Unanswered(WhyNot { unanswered: *unanswered }),
        Ok(answer) => {
            let OnlineAnswer { adapter, result, expires, name, id } = answer;
            let written = |text: &Option<Pii<String>>| text.as_ref().map(|text| text.expose().clone());
            let (name, id) = (written(name), written(id));
            Wire::Answer(Box::new(Answer {
                adapter: adapter.clone(),
                result: *result,
                expires: *expires,
                name,
                id,
            }))
        }
    };
    serde_json::to_vec(&wire).map_err(|_| BadOnline::Json)
}

/// Reads an answer.
///
/// # Errors
///
/// [`BadOnline`].
pub fn decode_answer(bytes: &[u8]) -> Result<Said, BadOnline> {
    if bytes.len() > ANSWER_MAX {
        return Err(BadOnline::TooLong(bytes.len()));
    }
    match serde_json::from_slice(bytes).map_err(|_| BadOnline::Json)? {
        Wire::Unanswered(WhyNot { unanswered }) => Ok(Err(unanswered)),
        Wire::Answer(answer) => {
            let Answer { adapter, result, expires, name, id } = *answer;
            let shown = |text: Option<String>| text.as_deref().and_then(shown).map(Pii::new);
            Ok(Ok(OnlineAnswer { adapter, result, expires, name: shown(name), id: shown(id) }))
        }
    }
}

/// What a screen may show of a stranger's text: without what a screen obeys, and not long. None where nothing is left.
pub fn shown(text: &str) -> Option<String> {
    let shown: String = text.chars().filter(|character| !is_obeyed(*character)).take(IDENTITY_MAX).collect();
    let shown = shown.trim();
    (!shown.is_empty()).then(|| shown.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> OnlineAnswer {
        OnlineAnswer {
            adapter: "gate-api".parse().unwrap(),
            result: OnlineResult::Positive,
            expires: Some(Wall(1_795_312_800_000)),
            name: Some(Pii::new("王*".to_owned())),
            id: None,
        }
    }

    #[test]
    fn questions_and_answers_are_read_as_they_were_written() {
        let code = Pii::new("\"},\n{unix}\u{0}健康".to_owned());
        assert_eq!(decode_question(&encode_question(&code).unwrap()), Ok(code));
        let said = Ok(answer());
        let bytes = encode_answer(&said).unwrap();
        assert_eq!(
            String::from_utf8(bytes.clone()).unwrap(),
            r#"{"adapter":"gate-api","result":"positive","expires":1795312800000,"name":"王*"}"#
        );
        assert_eq!(decode_answer(&bytes), Ok(said));
        let why_not = [
            (Unanswered::NoAdapter, "no-adapter"),
            (Unanswered::Unreachable, "unreachable"),
            (Unanswered::NotUnderstood, "not-understood"),
            (Unanswered::Busy, "busy"),
        ];
        for (unanswered, name) in why_not {
            let bytes = encode_answer(&Err(unanswered)).unwrap();
            assert_eq!(bytes, format!("{{\"unanswered\":\"{name}\"}}").into_bytes());
            assert_eq!(decode_answer(&bytes), Ok(Err(unanswered)));
        }
    }

    #[test]
    fn what_is_too_long_or_says_two_things_is_refused_without_quoting_it() {
        let long = Pii::new("x".repeat(CODE_MAX + 1));
        assert_eq!(encode_question(&long), Err(BadOnline::Length(CODE_MAX + 1)));
        assert!(encode_question(&Pii::new("\u{1}".repeat(CODE_MAX))).unwrap().len() <= QUESTION_MAX);
        for bad in [
            "",
            "{}",
            r#"{"code":""}"#,
            r#"{"code":1}"#,
            r#"{"code":"a","code":"b"}"#,
            r#"{"code":"a","x":1}"#,
        ] {
            assert!(decode_question(bad.as_bytes()).is_err(), "{bad}");
        }
        for bad in [
            "{}",
            "null",
            r#"{"unanswered":"tired"}"#,
            r#"{"unanswered":"busy","adapter":"a","result":"positive"}"#,
            r#"{"adapter":"a","result":"green"}"#,
            r#"{"adapter":"a"}"#,
            r#"{"adapter":"A","result":"positive"}"#,
            r#"{"adapter":"a","result":"negative","result":"positive"}"#,
        ] {
            let error = decode_answer(bad.as_bytes()).unwrap_err();
            assert_eq!(error.to_string(), "no such JSON", "{bad}");
        }
        let padded = [&vec![b' '; ANSWER_MAX][..], br#"{"unanswered":"busy"}"#].concat();
        assert_eq!(decode_answer(&padded), Err(BadOnline::TooLong(padded.len())));
    }

    #[test]
    fn a_name_that_arrives_is_short_and_commands_no_screen() {
        let name = format!("王\u{202E}\u{7}{}", "*".repeat(200));
        let bytes = encode_answer(&Ok(OnlineAnswer { name: Some(Pii::new(name)), ..answer() })).unwrap();
        let name = decode_answer(&bytes).unwrap().unwrap().name.unwrap();
        assert_eq!(name.expose(), &format!("王{}", "*".repeat(31)));
        assert_eq!(shown("\u{200B} \n"), None);
    }
}
