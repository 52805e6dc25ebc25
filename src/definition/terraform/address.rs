//! The end of an address: the way from a resource to one of its attributes.

use std::fmt;

use serde_json::Value;

/// `.name`, `["name"]` or `[0]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

impl Step {
    /// As the key of an instance.
    pub(super) fn into_value(self) -> Value {
        match self {
            Self::Key(name) => name.into(),
            Self::Index(index) => index.into(),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => write!(f, "`{name}`"),
            Self::Index(index) => write!(f, "element {index}"),
        }
    }
}

/// Reads one: names after points, and keys in brackets, in double or single quotes.
///
/// # Errors
/// In words.
pub(super) fn steps(path: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        // jq's `.["name"]`.
        rest = rest.strip_prefix('.').filter(|rest| rest.starts_with('[')).unwrap_or(rest);
        if let Some(inside) = rest.strip_prefix('[') {
            let close = match inside.chars().next() {
                Some(quote @ ('"' | '\'')) => inside[1..].find(quote).map(|end| end + 2),
                Some(_) | None => inside.find(']'),
            };
            let (key, after) = close
                .and_then(|close| Some((&inside[..close], inside[close..].strip_prefix(']')?)))
                .ok_or_else(|| format!("`{path}` has a `[` that is never closed"))?;
            steps.push(match key.chars().next() {
                Some('"' | '\'') => Step::Key(key[1..key.len() - 1].to_owned()),
                Some(_) | None => Step::Index(key.parse().map_err(|_| format!("`[{key}]` of `{path}` is no key"))?),
            });
            rest = after;
            continue;
        }
        let name = rest.strip_prefix('.').ok_or_else(|| format!("`{path}` is no way to an attribute"))?;
        let end = name.find(['.', '[']).unwrap_or(name.len());
        if end == 0 {
            return Err(format!("`{path}` has a point without a name after it"));
        }
        steps.push(Step::Key(name[..end].to_owned()));
        rest = &name[end..];
    }
    Ok(steps)
}
