//! What an expression comes to.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::date;
use super::evaluate::Failed;

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'d> {
    /// Nothing is there.
    Null,
    /// True or false.
    Bool(bool),
    /// A number; operations take whole ones.
    Number(f64),
    /// A text, or a part of one, where it stands: however many there are, they take no more than what they are of.
    Text(&'d str),
    /// A moment, to the millisecond.
    Date(Timestamp),
    /// A list of what was evaluated.
    List(Vec<Self>),
    /// A list or an object of the data.
    Data(&'d Json),
}

impl<'d> From<&'d Json> for Value<'d> {
    fn from(json: &'d Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => number.as_f64().map_or(Self::Null, Self::Number),
            Json::String(text) => Self::Text(text),
            Json::Array(_) | Json::Object(_) => Self::Data(json),
        }
    }
}

impl<'d> Value<'d> {
    /// Whether a condition with this value is met.
    ///
    /// # Errors
    ///
    /// A moment is neither true nor false.
    pub(super) fn truth(&self) -> Result<bool, Failed> {
        match self {
            Self::Null => Ok(false),
            Self::Bool(value) => Ok(*value),
            Self::Number(number) => Ok(*number != 0.0),
            Self::Text(text) => Ok(!text.is_empty()),
            Self::List(items) => Ok(!items.is_empty()),
            Self::Data(Json::Array(items)) => Ok(!items.is_empty()),
            Self::Data(Json::Object(object)) => Ok(!object.is_empty()),
            Self::Data(_) | Self::Date(_) => Err(Failed::NoTruth),
        }
    }

    /// What is at a key or a position.
    pub(super) fn at(self, part: &str) -> Self {
        let index = || part.parse::<usize>().ok();
        match self {
            Self::Data(Json::Object(object)) => object.get(part).map_or(Self::Null, Self::from),
            Self::Data(Json::Array(items)) => {
                index().and_then(|at| items.get(at)).map_or(Self::Null, Self::from)
            }
            Self::List(mut items) => {
                let at = index().filter(|at| *at < items.len());
                at.map_or(Self::Null, |at| items.swap_remove(at))
            }
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Date(_) | Self::Data(_) => {
                Self::Null
            }
        }
    }

    /// How many values it is made of. Data are one: whoever has one of them has all.
    pub(super) fn size(&self) -> usize {
        if let Self::List(items) = self { 1 + items.iter().map(Self::size).sum::<usize>() } else { 1 }
    }

    /// The elements of a list.
    pub(super) fn items(&self) -> Option<Vec<Value<'d>>> {
        match self {
            Self::List(items) => Some(items.clone()),
            Self::Data(Json::Array(items)) => Some(items.iter().map(Self::from).collect()),
            Self::Data(_) | Self::Null | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Date(_) => {
                None
            }
        }
    }

    /// A moment, also one that is written.
    pub(super) fn moment(&self) -> Option<Timestamp> {
        if let Self::Text(text) = self {
            return date::moment(text);
        }
        if let Self::Date(date) = self { Some(*date) } else { None }
    }

    /// A whole number.
    pub(super) fn whole(&self) -> Result<f64, Failed> {
        let Self::Number(number) = self else { return Err(Failed::NoNumber) };
        if number.fract() == 0.0 { Ok(*number) } else { Err(Failed::NoNumber) }
    }

    /// Whether both are the same plain value. Lists, objects and moments are the same as nothing.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Number(one), Self::Number(other)) => one == other,
            (Self::Text(one), Self::Text(other)) => one == other,
            _ => false,
        }
    }
}
