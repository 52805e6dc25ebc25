//! What strings have to look like. The models write regular expressions in Java's dialect, with look-ahead.

use std::sync::OnceLock;

use serde::Deserialize;

/// A regular expression of a model; compiled when it is first asked.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub struct Pattern {
    text: String,
    compiled: OnceLock<Option<regress::Regex>>,
}

impl From<String> for Pattern {
    fn from(text: String) -> Self {
        Self { text, compiled: OnceLock::new() }
    }
}

impl Pattern {
    /// The expression as the model has it.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether all of `text` matches. A pattern that is not understood matches everything; a test holds that there is none.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.regex().is_none_or(|regex| regex.find(text).is_some())
    }

    #[cfg(test)]
    pub(super) fn is_understood(&self) -> bool {
        self.regex().is_some()
    }

    fn regex(&self) -> Option<&regress::Regex> {
        self.compiled.get_or_init(|| regress::Regex::with_flags(&format!("^(?:{})$", ecma(&self.text)), "u").ok()).as_ref()
    }
}

/// Java's dialect in ECMAScript's: what the two spell differently, as far as the models use it.
fn ecma(text: &str) -> String {
    // Five hexadecimal digits are one character for whoever wrote the model (STS), four and a digit for the engine. A pair of
    // surrogates at the ends of a range is one character, which only the engine's own spelling says.
    text.replace(r"\u10000-\u10FFFF", r"\u{10000}-\u{10FFFF}")
        .replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\u{10000}-\u{10FFFF}")
        .replace(r"\p{Print}", r"[\x20-\x7E]")
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_pattern_is_about_the_whole_string() {
        let table = [
            ("(?!svc-)(?![-])(?!.*[-]$)(?!.*[-]{2})[a-z0-9-]+", "my-service", true),
            ("(?!svc-)(?![-])(?!.*[-]$)(?!.*[-]{2})[a-z0-9-]+", "svc-mine", false),
            ("(?!svc-)(?![-])(?!.*[-]$)(?!.*[-]{2})[a-z0-9-]+", "two--hyphens", false),
            ("(?!svc-)(?![-])(?!.*[-]$)(?!.*[-]{2})[a-z0-9-]+", "trailing-", false),
            ("(?!svc-)(?![-])(?!.*[-]$)(?!.*[-]{2})[a-z0-9-]+", "line\nbreak", false),
            ("svc-[0-9a-z]{17}", "xsvc-12345678901234567", false),
            (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "日本 語=1", true),
            (r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)", "no#", false),
            (r"\p{Print}+", "plain", true),
            (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "𝒜 \u{fffd}", true),
            (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "\u{1}", false),
        ];
        for (pattern, text, matches) in table {
            assert_eq!(Pattern::from(pattern.to_owned()).matches(text), matches, "{pattern} on {text:?}");
        }
    }
}
