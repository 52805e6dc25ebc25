//! What is wrong with a scenario, where, and what to write instead.

use std::fmt;

/// A place in a text, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The column, in characters.
    pub column: u32,
}

/// One thing to tell the author of a scenario. Displays as `line:column: message`; the hint is told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Keys and indices from the root down to what is wrong.
    pub path: Vec<String>,
    /// Whether the key itself is wrong, rather than its value.
    pub(super) key: bool,
    /// Where that stands, when the scenario was read from a text.
    pub place: Option<Place>,
    /// What is wrong, without a final full stop.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
}

impl Mistake {
    /// Something wrong with the value at a path.
    pub(crate) fn at(path: &[&str], message: impl Into<String>) -> Self {
        Self::of(path.iter().map(|step| (*step).to_owned()).collect(), message)
    }

    pub(super) fn of(path: Vec<String>, message: impl Into<String>) -> Self {
        Self { path, key: false, place: None, message: message.into(), hint: None }
    }

    /// The same with what to write instead.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same about the key rather than its value.
    pub(super) fn key(self) -> Self {
        Self { key: true, ..self }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            Some(Place { line, column }) => write!(f, "{line}:{column}: {}", self.message),
            None if self.path.is_empty() => f.write_str(&self.message),
            None => write!(f, "{}: {}", self.path.join("."), self.message),
        }
    }
}

/// Choices as people read them: `a`, `b` or `c`.
pub(super) fn choice<S: AsRef<str>>(names: &[S]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match quoted.split_last() {
        None => "nothing".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} or {last}", first.join(", ")),
    }
}

/// What to write where a name is not one of those that there are: the nearest, else all.
pub(super) fn instead<S: AsRef<str>>(wrong: &str, names: &[S]) -> String {
    if let Some(longer) = names.iter().map(AsRef::as_ref).find(|name| wrong.len() > 2 && name.starts_with(wrong)) {
        return format!("did you mean `{longer}`?");
    }
    let near = names.iter().map(|name| (strsim::damerau_levenshtein(wrong, name.as_ref()), name.as_ref())).min();
    match near {
        Some((distance, near)) if distance <= 2.max(wrong.len() / 4) => format!("did you mean `{near}`?"),
        Some(_) => format!("write {}", choice(names)),
        None => "there is none to name".to_owned(),
    }
}
