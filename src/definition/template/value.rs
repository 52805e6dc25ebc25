//! The values that a template computes with.

/// A value of Go's that our functions give.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// Not known yet: something has to be looked up first.
    Unknown,
    /// `nil`
    Nil,
    /// `true` or `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A floating-point number.
    Float(f64),
    /// A string.
    Text(String),
}

impl Value {
    /// As Go's templates print it. Unknown values print nothing: the text is not used then.
    pub(super) fn print(&self) -> String {
        match self {
            Self::Unknown => String::new(),
            Self::Nil => "<no value>".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
            Self::Text(text) => text.clone(),
        }
    }

    /// Whether `if` takes it for true: anything but false, zero, nil and what is empty.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Unknown | Self::Nil => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Float(value) => *value != 0.0,
            Self::Text(text) => !text.is_empty(),
        }
    }

    /// What kind of value it is, with its article.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Unknown => "something unknown",
            Self::Nil => "nil",
            Self::Bool(_) => "a boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number",
            Self::Text(_) => "a string",
        }
    }
}
