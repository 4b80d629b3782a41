//! What an issuer's answer says, by the rules of its adapter.
//!
//! The answer is JSON that means one thing: a key that stands twice, or a number that readers take for different ones, and it
//! is no answer. Looked at in this order: whether the issuer knows the code, whether this is an answer at all, whether
//! something is past its time, what is said of the code. Whatever is not as the rules say is not understood, which is
//! neither good nor bad: only the values that are listed make a code good.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;
use serde_json::Value as Json;

use crate::base::{Pii, Slug, Wall};
use crate::config::online_file::{AnswerRules, Expired, Literal, Matches};
use crate::credential::json;
use crate::model::{OnlineAnswer, OnlineResult, mask};
use crate::sync::online::shown;

/// Most characters that a masked number shows: one with more is masked by us.
const SHOWN_MAX: usize = 8;

/// Why bytes are no answer. It names places of the adapter's rules, and nothing of what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotUnderstood {
    /// They are no JSON, or no JSON that means one thing.
    #[error("answer: no JSON that means one thing")]
    Json,
    /// Nothing is where something must be.
    #[error("answer: nothing at {0}")]
    Missing(String),
    /// Something else is there than the rules know.
    #[error("answer: no value that is listed at {0}")]
    Unlisted(String),
    /// No time is there.
    #[error("answer: no time at {0}")]
    NoTime(String),
}

/// What the answer `bytes` of the adapter `name` says at `now`.
///
/// # Errors
///
/// [`NotUnderstood`]: it says nothing, neither for nor against the code.
pub fn read(
    name: &Slug,
    rules: &AnswerRules,
    bytes: &[u8],
    now: Wall,
) -> Result<OnlineAnswer, NotUnderstood> {
    let json = json::read(bytes).map_err(|_| NotUnderstood::Json)?;
    let nothing = OnlineAnswer {
        adapter: name.clone(),
        result: OnlineResult::Invalid,
        expires: None,
        name: None,
        id: None,
    };
    if rules.invalid.as_ref().is_some_and(|invalid| holds(invalid, &json)) {
        return Ok(nothing);
    }
    if !holds(&rules.accepted, &json) {
        return Err(missing_or_unlisted(&rules.accepted.at, &json));
    }
    let text =
        |at: &Option<String>| at.as_ref().and_then(|at| shown(json.pointer(at)?.as_str()?)).map(Pii::new);
    let (name, id) = (text(&rules.name), text(&rules.id));
    let identified =
        OnlineAnswer { name: name.as_ref().map(mask::name).map(Pii::new), id: id.map(masked_id), ..nothing };
    let expires = time(rules, &json);
    let mut past = false;
    for expired in &rules.expired {
        // All of them: one that is not understood is no answer, whatever another says.
        past |= is_past(expired, &json)?;
    }
    if past {
        return Ok(OnlineAnswer {
            result: OnlineResult::Expired,
            expires: expires.unwrap_or_default(),
            ..identified
        });
    }
    let result = result(rules, &json, expires, now)?;
    Ok(OnlineAnswer { result: result.0, expires: result.1, ..identified })
}

type Expiry = Result<Option<Wall>, NotUnderstood>;

fn result(
    rules: &AnswerRules,
    json: &Json,
    expires: Expiry,
    now: Wall,
) -> Result<(OnlineResult, Option<Wall>), NotUnderstood> {
    let outcomes = &rules.result;
    let said = |values: &[Literal]| {
        json.pointer(&outcomes.at).is_some_and(|value| values.iter().any(|listed| is(value, listed)))
    };
    let expires = expires?;
    match (said(&outcomes.positive), said(&outcomes.negative)) {
        (true, false) => match (&rules.expires, expires) {
            (Some(at), None) => Err(NotUnderstood::Missing(at.clone())),
            (Some(_), Some(until)) if until <= now => Ok((OnlineResult::Expired, expires)),
            (Some(_), Some(_)) | (None, _) => Ok((OnlineResult::Positive, expires)),
        },
        (false, true) => Ok((OnlineResult::Negative, expires)),
        (true, true) | (false, false) => Err(missing_or_unlisted(&outcomes.at, json)),
    }
}

fn holds(matches: &Matches, json: &Json) -> bool {
    json.pointer(&matches.at).is_some_and(|value| matches.is.iter().any(|listed| is(value, listed)))
}

fn missing_or_unlisted(at: &str, json: &Json) -> NotUnderstood {
    let at = at.to_owned();
    if json.pointer(&at).is_some() { NotUnderstood::Unlisted(at) } else { NotUnderstood::Missing(at) }
}

/// A value that is neither a listed one nor one that means no could mean anything.
fn is_past(expired: &Expired, json: &Json) -> Result<bool, NotUnderstood> {
    let Some(value) = json.pointer(&expired.at).filter(|value| !value.is_null()) else { return Ok(false) };
    let any = |values: &[Literal]| values.iter().any(|listed| is(value, listed));
    if any(&expired.is) {
        return Ok(true);
    }
    let means_no = if expired.is_not.is_empty() {
        let text = |text: &str| Literal::Text(text.to_owned());
        any(&[Literal::Truth(false), Literal::Whole(0), text("0"), text("false")])
    } else {
        any(&expired.is_not)
    };
    if means_no { Ok(false) } else { Err(NotUnderstood::Unlisted(expired.at.clone())) }
}

/// Of the same JSON type and equal.
fn is(value: &Json, listed: &Literal) -> bool {
    match listed {
        Literal::Text(text) => value.as_str() == Some(text),
        Literal::Whole(number) => value.as_i64() == Some(*number),
        Literal::Truth(truth) => value.as_bool() == Some(*truth),
    }
}

/// None where the rules know no such place, or nothing stands there.
fn time(rules: &AnswerRules, json: &Json) -> Expiry {
    let Some(at) = &rules.expires else { return Ok(None) };
    let time = match json.pointer(at) {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::String(text)) if text.is_empty() => return Ok(None),
        Some(Json::String(text)) => time_of_text(text, rules.utc_offset_minutes),
        Some(Json::Number(number)) => number.as_i64().and_then(time_of_number),
        Some(Json::Bool(_) | Json::Array(_) | Json::Object(_)) => None,
    };
    time.map(Some).ok_or_else(|| NotUnderstood::NoTime(at.clone()))
}

/// RFC 3339, `YYYY-MM-DD HH:MM:SS` with the offset of the rules, or the digits of a number.
fn time_of_text(text: &str, utc_offset_minutes: Option<i16>) -> Option<Wall> {
    let wall = |time: Timestamp| Wall(time.as_millisecond());
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().and_then(time_of_number);
    }
    if text.len() == "2026-11-28 08:00:00".len() && text.as_bytes().get(10) == Some(&b' ') {
        let offset = Offset::from_seconds(i32::from(utc_offset_minutes?) * 60).ok()?;
        return offset.to_timestamp(text.parse::<DateTime>().ok()?).ok().map(wall);
    }
    text.parse::<Timestamp>().ok().map(wall)
}

/// Seconds since 1970 have ten digits from 2001 to 2286, milliseconds thirteen; whatever has others is no time.
fn time_of_number(number: i64) -> Option<Wall> {
    match number {
        1_000_000_000..=9_999_999_999 => Some(Wall::from_secs(number)),
        1_000_000_000_000..=9_999_999_999_999 => Some(Wall(number)),
        _ => None,
    }
}

/// An issuer's own mask stays, as far as it hides enough.
fn masked_id(id: Pii<String>) -> Pii<String> {
    let shows = id.expose().chars().filter(|character| *character != '*').count();
    let is_masked = id.expose().contains('*') && shows <= SHOWN_MAX;
    if is_masked { id } else { Pii::new(mask::id_number(&id)) }
}

#[cfg(test)]
mod tests;
