//! The value of a tree.

use std::collections::BTreeMap;

use super::{
    functions,
    operators::combine,
    parse::Tree,
    value::{Grid, Series, Value},
};

/// What an expression can refer to.
pub(in crate::sandbox::cloudwatch) struct Scope<'s> {
    /// The metrics of the request, with their ids, in its order.
    pub(in crate::sandbox::cloudwatch) metrics: &'s [(String, Series)],
    /// The expressions that are done already, by id.
    pub(in crate::sandbox::cloudwatch) expressions: &'s BTreeMap<String, Value>,
    /// The times of series that no metric gives, such as TIME_SERIES.
    pub(in crate::sandbox::cloudwatch) grid: Grid,
}

/// The value of an expression: a series or an array of them; the error's text otherwise.
pub(in crate::sandbox::cloudwatch) fn evaluate(tree: &Tree, scope: &Scope<'_>) -> Result<Value, String> {
    match value(tree, scope)? {
        found @ (Value::Series(_) | Value::Array(_)) => Ok(found),
        other @ (Value::Scalar(_) | Value::Text(_) | Value::Word(_)) => {
            Err(format!("The result of an expression must be a time series or an array of them, this is a {}", other.kind()))
        }
    }
}

pub(super) fn value(tree: &Tree, scope: &Scope<'_>) -> Result<Value, String> {
    Ok(match tree {
        Tree::Number(number) => Value::Scalar(*number),
        Tree::Text(text) => Value::Text(text.clone()),
        Tree::Word(word) => Value::Word(word.clone()),
        Tree::Name(name) => named(name, scope)?,
        Tree::Minus(inner) => match value(inner, scope)? {
            Value::Scalar(number) => Value::Scalar(-number),
            other @ (Value::Series(_) | Value::Array(_) | Value::Text(_) | Value::Word(_)) => {
                let kind = other.kind();
                other
                    .each(|series| series.map(|value| -value))
                    .ok_or_else(|| format!("Unsupported operand type(s) for -: '[{kind}]'"))?
            }
        },
        Tree::Chain(first, rest) => {
            let mut total = value(first, scope)?;
            for (operator, operand) in rest {
                total = combine(operator, total, value(operand, scope)?)?;
            }
            total
        }
        Tree::List(items) => {
            let mut all = Vec::new();
            for item in items {
                match value(item, scope)? {
                    Value::Series(series) => all.push(series),
                    Value::Array(several) => all.extend(several),
                    other @ (Value::Scalar(_) | Value::Text(_) | Value::Word(_)) => {
                        return Err(format!("An array holds time series, not a {}", other.kind()));
                    }
                }
            }
            Value::Array(all)
        }
        Tree::Call(name, arguments) => {
            let mut values = Vec::with_capacity(arguments.len());
            for argument in arguments {
                values.push(value(argument, scope)?);
            }
            functions::call(name, values, scope)?
        }
    })
}

fn named(name: &str, scope: &Scope<'_>) -> Result<Value, String> {
    if let Some((_, series)) = scope.metrics.iter().find(|(id, _)| id == name) {
        return Ok(Value::Series(series.clone()));
    }
    // The text is not documented.
    scope.expressions.get(name).cloned().ok_or_else(|| format!("Undefined reference '{name}'"))
}
