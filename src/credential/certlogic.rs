//! CertLogic: rules about credentials as data, the dialect of JsonLogic that the EU's and the WHO's rules are written in.
//!
//! An expression is read once ([`Logic::parse`]), which refuses whatever does not have the form of an operation, and then
//! evaluated ([`Logic::evaluate`]) on each credential. Both are bounded in depth and in steps. Semantics: CertLogic
//! specification 1.3.3; where it differs from JsonLogic it is stricter: numbers are whole, dates come from `plusTime` and
//! `dccDateOfBirth` alone, and what is neither truthy nor falsy is an error. Whoever asks takes an error for false.

mod date;
mod evaluate;
mod value;

use serde_json::Value as Json;

use crate::model::width::is_obeyed;

pub use evaluate::Failed;
pub use value::Value;

/// Deepest nesting of operations.
const DEPTH_MAX: usize = 32;

/// Most characters of a name that are said where it is none of an operation.
const NAME_MAX: usize = 40;

/// An expression that has the right form.
#[derive(Clone, Debug, PartialEq)]
pub struct Logic(Expression);

/// Why JSON is no expression, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{at}: {what}")]
pub struct BadLogic {
    /// The way from the whole expression to the part: names of operations and positions of operands.
    pub at: String,
    /// What it must be.
    pub what: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
enum Expression {
    Literal(Literal),
    List(Vec<Self>),
    /// Keys and positions, one after the other; none for all data.
    Var(Vec<String>),
    Operation(Operation, Vec<Self>),
    PlusTime(Box<Self>, i64, Unit),
    Uvci(Box<Self>, i64),
}

#[derive(Clone, Debug, PartialEq)]
enum Literal {
    Bool(bool),
    Number(i64),
    Text(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    If,
    And,
    Not,
    Equal,
    In,
    Add,
    Compare(Order),
    CompareDates(Order),
    Reduce,
    DateOfBirth,
}

/// How each operand stands to the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Less,
    Greater,
    NotGreater,
    NotLess,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Year,
    Month,
    Day,
    Hour,
}

/// Operations, and the least and the greatest number of their operands.
const OPERATIONS: [(&str, Operation, usize, usize); 16] = [
    ("if", Operation::If, 3, 3),
    ("and", Operation::And, 2, 256),
    ("!", Operation::Not, 1, 1),
    ("===", Operation::Equal, 2, 2),
    ("in", Operation::In, 2, 2),
    ("+", Operation::Add, 2, 256),
    ("<", Operation::Compare(Order::Less), 2, 3),
    (">", Operation::Compare(Order::Greater), 2, 3),
    ("<=", Operation::Compare(Order::NotGreater), 2, 3),
    (">=", Operation::Compare(Order::NotLess), 2, 3),
    ("before", Operation::CompareDates(Order::Less), 2, 3),
    ("after", Operation::CompareDates(Order::Greater), 2, 3),
    ("not-after", Operation::CompareDates(Order::NotGreater), 2, 3),
    ("not-before", Operation::CompareDates(Order::NotLess), 2, 3),
    ("reduce", Operation::Reduce, 3, 3),
    ("dccDateOfBirth", Operation::DateOfBirth, 1, 1),
];

impl Logic {
    /// Reads an expression.
    ///
    /// # Errors
    ///
    /// Where a part has not the form of one.
    pub fn parse(json: &Json) -> Result<Self, BadLogic> {
        Ok(Self(parse(json, &mut Way::default())?))
    }

    /// What the expression says of `data`.
    ///
    /// # Errors
    ///
    /// Where an operand has not the type that its operation is for, or there is no end in sight.
    pub fn evaluate<'d>(&'d self, data: &'d Json) -> Result<Value<'d>, Failed> {
        evaluate::whole(&self.0, data)
    }

    /// Whether the expression is true of `data`: neither truthy nor an error is.
    pub fn holds(&self, data: &Json) -> bool {
        self.evaluate(data) == Ok(Value::Bool(true))
    }
}

/// Where in an expression something is.
#[derive(Default)]
struct Way(Vec<String>);

impl Way {
    fn bad(&self, what: &'static str) -> BadLogic {
        let at = if self.0.is_empty() { "the expression".to_owned() } else { self.0.join("/") };
        BadLogic { at, what }
    }

    fn each(&mut self, operands: &[Json]) -> Result<Vec<Expression>, BadLogic> {
        if self.0.len() >= 2 * DEPTH_MAX {
            return Err(self.bad("is nested too deeply"));
        }
        let mut each = Vec::with_capacity(operands.len());
        for (at, operand) in operands.iter().enumerate() {
            self.0.push(at.to_string());
            each.push(parse(operand, self)?);
            self.0.pop();
        }
        Ok(each)
    }
}

fn parse(json: &Json, way: &mut Way) -> Result<Expression, BadLogic> {
    match json {
        Json::Bool(literal) => Ok(Expression::Literal(Literal::Bool(*literal))),
        Json::String(literal) => Ok(Expression::Literal(Literal::Text(literal.clone()))),
        Json::Number(number) => {
            let whole = number.as_i64().filter(|whole| whole.unsigned_abs() < 1 << 53);
            whole
                .map(|whole| Expression::Literal(Literal::Number(whole)))
                .ok_or_else(|| way.bad("must be a whole number"))
        }
        Json::Array(items) => Ok(Expression::List(way.each(items)?)),
        Json::Null => Err(way.bad("must not be null")),
        Json::Object(object) => {
            let mut entries = object.iter();
            let (Some((name, operands)), None) = (entries.next(), entries.next()) else {
                return Err(way.bad("must be an object with one key"));
            };
            way.0.push(shown(name));
            let parsed = if name == "var" { var(operands, way) } else { operation(name, operands, way) }?;
            way.0.pop();
            Ok(parsed)
        }
    }
}

/// As much of a name as anybody needs, without what a screen would obey: it may be anything.
fn shown(name: &str) -> String {
    name.chars().filter(|character| !is_obeyed(*character)).take(NAME_MAX).collect()
}

fn var(path: &Json, way: &Way) -> Result<Expression, BadLogic> {
    let path = path.as_str().ok_or_else(|| way.bad("must be a text: the path to a value"))?;
    if path.is_empty() {
        return Ok(Expression::Var(Vec::new()));
    }
    let parts: Vec<String> = path.split('.').map(str::to_owned).collect();
    if parts.iter().any(String::is_empty) {
        return Err(way.bad("must be keys and positions with dots between them"));
    }
    Ok(Expression::Var(parts))
}

fn operation(name: &str, operands: &Json, way: &mut Way) -> Result<Expression, BadLogic> {
    let operands = operands.as_array().ok_or_else(|| way.bad("must be a list of operands"))?;
    match (name, operands.as_slice()) {
        ("plusTime", [date, amount, unit]) => {
            let amount = amount.as_i64().ok_or_else(|| way.bad("must add a whole number"))?;
            let unit = match unit.as_str() {
                Some("year") => Unit::Year,
                Some("month") => Unit::Month,
                Some("day") => Unit::Day,
                Some("hour") => Unit::Hour,
                _ => return Err(way.bad("must add years, months, days or hours")),
            };
            Ok(Expression::PlusTime(Box::new(parse(date, way)?), amount, unit))
        }
        ("extractFromUVCI", [uvci, index]) => {
            let index = index.as_i64().ok_or_else(|| way.bad("must name a part by a whole number"))?;
            Ok(Expression::Uvci(Box::new(parse(uvci, way)?), index))
        }
        ("plusTime", _) => Err(way.bad("must have a date, an amount and a unit")),
        ("extractFromUVCI", _) => Err(way.bad("must have a UVCI and the number of a part")),
        (_, operands) => {
            let known = OPERATIONS.iter().find(|(known, ..)| *known == name);
            let &(_, operation, least, most) = known.ok_or_else(|| way.bad("is no operation"))?;
            if !(least..=most).contains(&operands.len()) {
                return Err(way.bad("has not the number of operands that it needs"));
            }
            Ok(Expression::Operation(operation, way.each(operands)?))
        }
    }
}

#[cfg(test)]
mod tests;
