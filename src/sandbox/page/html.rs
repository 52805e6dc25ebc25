//! Text as HTML, and lists of it.

use serde_json::Value;

/// Text that can stand in an element or in a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // What a terminal or a reader of the source would stumble over.
            char if char.is_control() && char != '\n' && char != '\t' => out.push('\u{fffd}'),
            char => out.push(char),
        }
    }
    out
}

/// A member's text, escaped; empty when it has none.
pub(super) fn text(value: &Value, member: &str) -> String {
    escaped(value[member].as_str().unwrap_or_default())
}

/// The items of a member that is a list.
pub(super) fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map_or(&[], Vec::as_slice)
}

/// What follows the last `/`: the name in an ARN.
pub(super) fn last_part(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}
