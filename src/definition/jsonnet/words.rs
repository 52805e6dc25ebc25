//! Jsonnet's mistakes in words. The library gives them as data, and leaves the words to its users.

use std::fmt::Debug;

use rsjsonnet_lang::{
    lexer::LexError,
    parser::ParseError,
    program::{AnalyzeError, EvalErrorKind, LoadError},
    span::SpanId,
};

/// What keeps a file from being read.
pub(super) fn of_load(error: &LoadError) -> (String, Option<SpanId>) {
    match error {
        LoadError::Lex(error) => {
            let (LexError::InvalidChar { span, .. }
            | LexError::InvalidUtf8 { span, .. }
            | LexError::UnfinishedMultilineComment { span }
            | LexError::LeadingZeroInNumber { span }
            | LexError::MissingFracDigits { span }
            | LexError::MissingExpDigits { span }
            | LexError::MissingDigitAfterUnderscore { span }
            | LexError::ExpOverflow { span }
            | LexError::InvalidEscapeInString { span, .. }
            | LexError::IncompleteUnicodeEscape { span }
            | LexError::InvalidUtf16EscapeSequence { span, .. }
            | LexError::UnfinishedString { span }
            | LexError::MissingLineBreakAfterTextBlockStart { span }
            | LexError::MissingWhitespaceTextBlockStart { span }
            | LexError::InvalidTextBlockTermination { span }) = error;
            (named(error), Some(*span))
        }
        LoadError::Parse(ParseError::Expected { span, expected, instead }) => {
            let expected: Vec<String> = expected.iter().map(|token| spoken(&format!("{token:?}"))).collect();
            let instead = spoken(&format!("{instead:?}"));
            (format!("here stands {instead}, where Jsonnet wants {}", expected.join(" or ")), Some(*span))
        }
        LoadError::Analyze(error) => match error {
            AnalyzeError::UnknownVariable { span, name } => (format!("there is no variable `{name}`"), Some(*span)),
            AnalyzeError::RepeatedLocalName { repeated_span, name, .. }
            | AnalyzeError::RepeatedFieldName { repeated_span, name, .. }
            | AnalyzeError::RepeatedParamName { repeated_span, name, .. } => {
                (format!("`{name}` is there twice"), Some(*repeated_span))
            }
            AnalyzeError::SelfOutsideObject { self_span: span }
            | AnalyzeError::SuperOutsideObject { super_span: span }
            | AnalyzeError::DollarOutsideObject { dollar_span: span }
            | AnalyzeError::PositionalArgAfterNamed { arg_span: span }
            | AnalyzeError::TextBlockAsImportPath { span }
            | AnalyzeError::ComputedImportPath { span } => (named(error), Some(*span)),
        },
    }
}

/// What ends an evaluation, and the place that it names itself.
#[expect(clippy::wildcard_enum_match_arm, reason = "the library has some fifty kinds, whose names say what they are")]
pub(super) fn of_evaluation(kind: &EvalErrorKind) -> (String, Option<SpanId>) {
    match kind {
        EvalErrorKind::ExplicitError { span, message } => (message.clone(), Some(*span)),
        EvalErrorKind::AssertFailed { span, message } => (
            message.as_ref().map_or_else(|| "an assertion does not hold".to_owned(), |it| format!("assertion: {it}")),
            Some(*span),
        ),
        EvalErrorKind::UnknownObjectField { span, field_name } => (format!("there is no field `{field_name}`"), Some(*span)),
        EvalErrorKind::ImportFailed { span, path } => (format!("`{path}` cannot be imported"), Some(*span)),
        EvalErrorKind::UnknownExtVar { name } => (format!("nothing says `{name}`: give it with `--ext-str {name}=…`"), None),
        EvalErrorKind::CallParamNotBound { span, param_name } => (format!("the argument `{param_name}` is missing"), *span),
        EvalErrorKind::RepeatedFieldName { span, name } => (format!("the field `{name}` is there twice"), Some(*span)),
        EvalErrorKind::Other { span, message } => (message.clone(), *span),
        other => (named(other), None),
    }
}

/// The name of a kind of mistake as words: `ArrayIndexIsNotNumber` is "array index is not number".
fn named(kind: &impl Debug) -> String {
    let debug = format!("{kind:?}");
    let name = debug.split([' ', '(', '{']).next().unwrap_or_default();
    let mut words = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(character.to_lowercase());
    }
    words
}

/// A token: `Simple(Comma)` is "comma", `Ident("x")` is "ident(\"x\")".
fn spoken(token: &str) -> String {
    match token.strip_prefix("Simple(").and_then(|token| token.strip_suffix(')')) {
        Some(simple) => named(&Plain(simple)),
        None if token.contains('(') => token.replace('(', " ").replace(')', "").to_lowercase(),
        None => named(&Plain(token)),
    }
}

struct Plain<'a>(&'a str);

impl Debug for Plain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}
