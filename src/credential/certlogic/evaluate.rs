//! Evaluates expressions.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value as Json;

use super::value::Value;
use super::{Expression, Literal, Operation, Order, date};

/// Operations, variables and what those hold of one evaluation: a rule has some twenty, and a certificate no more than a few of
/// anything.
const STEPS_MAX: usize = 20_000;

/// Why an expression comes to nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Failed {
    /// A condition is neither true nor false.
    #[error("a condition is neither true nor false")]
    NoTruth,
    /// An operand is no whole number.
    #[error("an operand is no whole number")]
    NoNumber,
    /// An operand is no list.
    #[error("an operand is no list")]
    NoList,
    /// An operand is no date.
    #[error("an operand is no date")]
    NoDate,
    /// An operand is no text.
    #[error("an operand is no text")]
    NoText,
    /// A date or number is beyond what can be said.
    #[error("a date or number is too large")]
    TooLarge,
    /// There is no end in sight.
    #[error("takes more than {STEPS_MAX} steps")]
    TooLong,
}

/// What variables are taken from.
enum Scope<'d> {
    Data(&'d Json),
    /// A turn of a reduction.
    Turn {
        accumulator: Value<'d>,
        current: Value<'d>,
    },
}

struct Evaluation {
    steps: usize,
}

pub(super) fn whole<'d>(expression: &'d Expression, data: &'d Json) -> Result<Value<'d>, Failed> {
    Evaluation { steps: 0 }.value(expression, &Scope::Data(data))
}

impl Evaluation {
    fn value<'d>(&mut self, expression: &'d Expression, scope: &Scope<'d>) -> Result<Value<'d>, Failed> {
        self.count(1)?;
        match expression {
            Expression::Literal(literal) => Ok(constant(literal)),
            Expression::List(items) => Ok(Value::List(self.each(items, scope)?)),
            Expression::Var(path) => {
                let (from, path) = variable(path, scope);
                // A list that each turn of a reduction puts into itself twice would outgrow everything.
                self.count(from.size() - 1)?;
                Ok(path.iter().fold(from.into_owned(), |value, part| value.at(part)))
            }
            Expression::PlusTime(date, amount, unit) => {
                let date = self.value(date, scope)?.moment().ok_or(Failed::NoDate)?;
                date::plus(date, *amount, *unit).map(Value::Date).ok_or(Failed::TooLarge)
            }
            Expression::Uvci(uvci, index) => {
                let uvci = self.value(uvci, scope)?;
                if uvci == Value::Null {
                    return Ok(uvci);
                }
                let Value::Text(text) = uvci else { return Err(Failed::NoText) };
                Ok(part_of_uvci(text, *index))
            }
            Expression::Operation(operation, operands) => self.operation(*operation, operands, scope),
        }
    }

    fn count(&mut self, steps: usize) -> Result<(), Failed> {
        self.steps += steps;
        if self.steps <= STEPS_MAX { Ok(()) } else { Err(Failed::TooLong) }
    }

    fn each<'d>(&mut self, items: &'d [Expression], scope: &Scope<'d>) -> Result<Vec<Value<'d>>, Failed> {
        items.iter().map(|item| self.value(item, scope)).collect()
    }

    fn operation<'d>(
        &mut self,
        operation: Operation,
        operands: &'d [Expression],
        scope: &Scope<'d>,
    ) -> Result<Value<'d>, Failed> {
        match (operation, operands) {
            (Operation::If, [condition, then, otherwise]) => {
                let met = self.value(condition, scope)?.truth()?;
                self.value(if met { then } else { otherwise }, scope)
            }
            (Operation::Reduce, [list, step, first]) => self.reduce(list, step, first, scope),
            (Operation::And, operands) => {
                let mut last = Value::Null;
                for operand in operands {
                    last = self.value(operand, scope)?;
                    if !last.truth()? {
                        break;
                    }
                }
                Ok(last)
            }
            (operation, operands) => plain(operation, &self.each(operands, scope)?),
        }
    }

    fn reduce<'d>(
        &mut self,
        list: &'d Expression,
        step: &'d Expression,
        first: &'d Expression,
        scope: &Scope<'d>,
    ) -> Result<Value<'d>, Failed> {
        let list = self.value(list, scope)?;
        let mut accumulator = self.value(first, scope)?;
        if list == Value::Null {
            return Ok(accumulator);
        }
        for current in list.items().ok_or(Failed::NoList)? {
            accumulator = self.value(step, &Scope::Turn { accumulator, current })?;
        }
        Ok(accumulator)
    }
}

/// Operations whose operands are all needed.
fn plain<'d>(operation: Operation, operands: &[Value<'d>]) -> Result<Value<'d>, Failed> {
    match (operation, operands) {
        (Operation::Not, [operand]) => Ok(Value::Bool(!operand.truth()?)),
        (Operation::Equal, [one, other]) => Ok(Value::Bool(one.is_same(other))),
        (Operation::In, [operand, list]) => {
            let items = list.items().ok_or(Failed::NoList)?;
            Ok(Value::Bool(items.iter().any(|item| item.is_same(operand))))
        }
        (Operation::Add, operands) => {
            let sum = operands.iter().try_fold(0.0, |sum, operand| Ok(sum + operand.whole()?))?;
            Ok(Value::Number(sum))
        }
        (Operation::Compare(order), operands) => {
            let numbers: Vec<f64> = operands.iter().map(Value::whole).collect::<Result<_, _>>()?;
            Ok(Value::Bool(numbers.windows(2).all(|pair| order.is_met(pair[0].total_cmp(&pair[1])))))
        }
        (Operation::CompareDates(order), operands) => {
            let dates: Vec<_> = operands
                .iter()
                .map(|operand| if let Value::Date(date) = operand { Ok(*date) } else { Err(Failed::NoDate) })
                .collect::<Result<_, _>>()?;
            Ok(Value::Bool(dates.windows(2).all(|pair| order.is_met(pair[0].cmp(&pair[1])))))
        }
        (Operation::DateOfBirth, [Value::Text(text)]) => {
            date::born(text).map(Value::Date).ok_or(Failed::NoDate)
        }
        (Operation::DateOfBirth, _) => Err(Failed::NoText),
        // Their operands were counted when they were read, or they are not evaluated here.
        (
            Operation::Not
            | Operation::Equal
            | Operation::In
            | Operation::If
            | Operation::And
            | Operation::Reduce,
            _,
        ) => Err(Failed::NoTruth),
    }
}

impl Order {
    fn is_met(self, ordering: Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::Greater => ordering.is_gt(),
            Self::NotGreater => ordering.is_le(),
            Self::NotLess => ordering.is_ge(),
        }
    }
}

fn constant(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Bool(value) => Value::Bool(*value),
        #[expect(clippy::cast_precision_loss, reason = "less than 2^53, as it was read")]
        Literal::Number(number) => Value::Number(*number as f64),
        Literal::Text(text) => Value::Text(text),
    }
}

/// What a variable is taken from, and the rest of the path to it.
fn variable<'s, 'd, 'p>(path: &'p [String], scope: &'s Scope<'d>) -> (Cow<'s, Value<'d>>, &'p [String]) {
    match (scope, path) {
        (Scope::Data(data), path) => (Cow::Owned(Value::from(*data)), path),
        (Scope::Turn { accumulator, .. }, [name, rest @ ..]) if name == "accumulator" => {
            (Cow::Borrowed(accumulator), rest)
        }
        (Scope::Turn { current, .. }, [name, rest @ ..]) if name == "current" => {
            (Cow::Borrowed(current), rest)
        }
        (Scope::Turn { .. }, _) => (Cow::Owned(Value::Null), &[]),
    }
}

/// Part `index` of a certificate's identifier, whose prefix is no part.
fn part_of_uvci(uvci: &str, index: i64) -> Value<'_> {
    let parts = uvci.strip_prefix("URN:UVCI:").unwrap_or(uvci);
    let index = usize::try_from(index).ok();
    let part = index.and_then(|index| parts.split(['/', '#', ':']).nth(index));
    part.map_or(Value::Null, Value::Text)
}
