//! `[adapter.answer]`: where in an issuer's answer is what, and what it means.

use crate::config::error::Report;
use crate::config::section::{Kind, Section, integer, text};

/// Most values that one thing may have.
const VALUES_MAX: usize = 64;

/// What an issuer's answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRules {
    /// The issuer does not know the code; looked at before anything else.
    pub invalid: Option<Matches>,
    /// It is an answer at all.
    pub accepted: Matches,
    /// The code, or what it rests on, is past its time.
    pub expired: Vec<Expired>,
    /// What the issuer says of the code.
    pub result: Outcomes,
    /// Where it says until when.
    pub expires: Option<String>,
    /// Where it says whose code it is.
    pub name: Option<String>,
    /// Where it says their number.
    pub id: Option<String>,
    /// Minutes east of UTC, of times that do not say it themselves.
    pub utc_offset_minutes: Option<i16>,
}

/// One of some values at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matches {
    /// The place, as a JSON pointer.
    pub at: String,
    /// The values.
    pub is: Vec<Literal>,
}

/// What tells that something is past its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expired {
    /// The place, as a JSON pointer.
    pub at: String,
    /// Values by which it is.
    pub is: Vec<Literal>,
    /// Values by which it is not; empty: whatever means no everywhere.
    pub is_not: Vec<Literal>,
}

/// What a place says of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcomes {
    /// The place, as a JSON pointer.
    pub at: String,
    /// Values by which the code is good.
    pub positive: Vec<Literal>,
    /// Values by which it is not.
    pub negative: Vec<Literal>,
}

/// A value as JSON has it; of another type it is another value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A text.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// True or false.
    Truth(bool),
}

pub(super) fn rules(report: &mut Report<'_>, mut table: Section<'_>) -> Option<AnswerRules> {
    let accepted = part(report, &mut table, "accepted", matches);
    let invalid = table.table(report, "invalid").and_then(|table| matches(report, table));
    if let (Some(accepted), Some(invalid)) = (&accepted, &invalid)
        && accepted.at == invalid.at
        && share(&accepted.is, &invalid.is)
    {
        table.misfit(report, "invalid", "must have no value that is accepted");
    }
    let expired = table.tables(report, "expired").into_iter();
    let expired = expired.filter_map(|table| self::expired(report, table)).collect();
    let result = part(report, &mut table, "result", outcomes);
    let expires = table.get(report, "expires", &pointer());
    let name = table.get(report, "name", &pointer());
    let id = table.get(report, "id", &pointer());
    // Kiribati is 14 hours before UTC, nobody more than 12 behind.
    let utc_offset_minutes = table.get(report, "utc_offset_minutes", &integer(-720..=840i16));
    table.finish(report);
    Some(AnswerRules {
        invalid,
        accepted: accepted?,
        expired,
        result: result?,
        expires,
        name,
        id,
        utc_offset_minutes,
    })
}

/// What must be there.
fn part<'t, T>(
    report: &mut Report<'_>,
    table: &mut Section<'t>,
    key: &'static str,
    read: impl Fn(&mut Report<'_>, Section<'t>) -> Option<T>,
) -> Option<T> {
    if !table.has(key) {
        table.misfit(report, key, "missing; must say at which place is which value");
    }
    table.table(report, key).and_then(|table| read(report, table))
}

fn matches(report: &mut Report<'_>, mut table: Section<'_>) -> Option<Matches> {
    let at = table.need(report, "at", &pointer());
    let is = some_values(report, &mut table, "is");
    table.finish(report);
    Some(Matches { at: at?, is })
}

fn expired(report: &mut Report<'_>, mut table: Section<'_>) -> Option<Expired> {
    let at = table.need(report, "at", &pointer());
    let is = some_values(report, &mut table, "is");
    let is_not = table.list(report, "is_not", &literal());
    if share(&is, &is_not) {
        table.misfit(report, "is_not", "must have no value of is");
    }
    table.finish(report);
    Some(Expired { at: at?, is, is_not })
}

fn outcomes(report: &mut Report<'_>, mut table: Section<'_>) -> Option<Outcomes> {
    let at = table.need(report, "at", &pointer());
    let positive = some_values(report, &mut table, "positive");
    let negative = some_values(report, &mut table, "negative");
    if share(&positive, &negative) {
        table.misfit(report, "negative", "must have no value that is positive");
    }
    table.finish(report);
    Some(Outcomes { at: at?, positive, negative })
}

fn share(one: &[Literal], other: &[Literal]) -> bool {
    one.iter().any(|value| other.contains(value))
}

fn some_values(report: &mut Report<'_>, table: &mut Section<'_>, key: &'static str) -> Vec<Literal> {
    let values = table.list(report, key, &literal());
    if !table.has(key) {
        table.misfit(report, key, "missing; must be a list of values");
    } else if values.is_empty() || values.len() > VALUES_MAX {
        table.misfit(report, key, format!("must have 1 to {VALUES_MAX} values"));
    }
    values
}

fn literal() -> Kind<'static, Literal> {
    let (text, whole) = (text(100), integer(-9_007_199_254_740_991..=9_007_199_254_740_991i64));
    Kind::new("a text of 1 to 100 bytes, a whole number, true or false", move |value| {
        let truth = || value.as_bool().map(Literal::Truth);
        text.read(value).map(Literal::Text).or_else(|| whole.read(value).map(Literal::Whole)).or_else(truth)
    })
}

/// RFC 6901, 3.
fn pointer() -> Kind<'static, String> {
    text(200).and("a place such as \"/data/name\" (a JSON pointer)", |text: &String| {
        let escapes = text.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
        text.starts_with('/') && escapes
    })
}
