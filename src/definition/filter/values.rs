//! Between our values and jaq's. Numbers keep their digits on the way there and back.

use jaq_core::ValT as _;
use jaq_json::{Map, Num, Val};

use crate::definition::read::{MAX_DEPTH, Member, Node, Value};

/// The same value for jaq.
pub(super) fn to_jaq(value: &Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(value) => Val::Bool(*value),
        // Integers and decimals keep their digits in jaq until a filter calculates with them.
        Value::Number(digits) => Val::from_num(digits).unwrap_or(Val::Null),
        Value::String(text) => Val::utf8_str(text.clone()),
        Value::Array(elements) => elements.iter().map(|element| to_jaq(&element.value)).collect(),
        Value::Object(members) => {
            let entries = members.iter().map(|member| (Val::utf8_str(member.name.clone()), to_jaq(&member.node.value)));
            Val::obj(entries.collect::<Map>())
        }
    }
}

/// The same value from jaq.
///
/// # Errors
/// What it is, where no definition has anything like it.
pub(super) fn from_jaq(value: &Val) -> Result<Value, String> {
    within(MAX_DEPTH, value)
}

/// The same with at most `depth` containers in each other, which is as much as the reader takes.
fn within(depth: usize, value: &Val) -> Result<Value, String> {
    if depth == 0 && matches!(value, Val::Arr(_) | Val::Obj(_)) {
        return Err(format!("more than {MAX_DEPTH} levels of nesting"));
    }
    let inner = |value: &Val| within(depth.saturating_sub(1), value).map(Node::from);
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| "text that is not UTF-8".to_owned());
    Ok(match value {
        Val::Null => Value::Null,
        Val::Bool(value) => Value::Bool(*value),
        Val::Num(Num::Float(number)) if !number.is_finite() => return Err(format!("the number {number}")),
        Val::Num(number) => Value::Number(number.to_string()),
        Val::TStr(bytes) => Value::String(text(bytes)?),
        Val::BStr(_) => return Err("bytes".to_owned()),
        Val::Arr(elements) => Value::Array(elements.iter().map(inner).collect::<Result<_, _>>()?),
        Val::Obj(entries) => Value::Object(
            entries
                .iter()
                .map(|(name, value)| match name {
                    Val::TStr(name) => Ok(Member { name: text(name)?, span: 0..0, node: inner(value)? }),
                    Val::Null | Val::Bool(_) | Val::Num(_) | Val::BStr(_) | Val::Arr(_) | Val::Obj(_) => {
                        Err(format!("an object with the name {name}, which is not a string"))
                    }
                })
                .collect::<Result<_, _>>()?,
        ),
    })
}
