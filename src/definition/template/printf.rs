//! The verbs of Go's `fmt` that templates use.

use super::value::Value;

/// `fmt.Sprintf`. Where Go would put `%!d(string=x)` into the text, this is an error in words.
pub(super) fn sprintf(format: &str, arguments: &[Value]) -> Result<String, String> {
    let mut text = String::new();
    let mut arguments = arguments.iter();
    let mut rest = format;
    while let Some(percent) = rest.find('%') {
        text.push_str(&rest[..percent]);
        rest = &rest[percent + 1..];
        let length = rest.find(|c: char| !matches!(c, '-' | '+' | '.' | '0'..='9')).unwrap_or(rest.len());
        let (flags, after) = rest.split_at(length);
        let Some(verb) = after.chars().next() else { return Err(format!("`{format}` ends in the middle of a verb")) };
        rest = &after[verb.len_utf8()..];
        if verb == '%' {
            text.push('%');
            continue;
        }
        let Some(argument) = arguments.next() else { return Err(format!("`{format}` has a verb without an argument")) };
        text.push_str(&padded(&verb_of(verb, flags, argument)?, flags));
    }
    text.push_str(rest);
    match arguments.count() {
        0 => Ok(text),
        many => Err(format!("`{format}` leaves {many} of its arguments out")),
    }
}

fn verb_of(verb: char, flags: &str, argument: &Value) -> Result<String, String> {
    let wrong = || format!("`%{verb}` does not print {}", argument.kind());
    match (verb, argument) {
        (_, Value::Unknown) => Ok(String::new()),
        ('v', _) => Ok(argument.print()),
        ('s', Value::Text(text)) => Ok(text.clone()),
        ('q', Value::Text(text)) => Ok(serde_json::to_string(text).unwrap_or_default()),
        ('d', Value::Int(number)) => Ok(number.to_string()),
        ('x', Value::Int(number)) => Ok(format!("{number:x}")),
        ('t', Value::Bool(value)) => Ok(value.to_string()),
        ('f', Value::Float(number)) => {
            let digits = flags.split_once('.').and_then(|(_, digits)| digits.parse().ok()).unwrap_or(6_usize);
            Ok(format!("{number:.*}", digits.min(30)))
        }
        ('s' | 'q' | 'd' | 'x' | 't' | 'f', Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Text(_)) => {
            Err(wrong())
        }
        _ => Err(format!("the verb `%{verb}` is not supported; use %s, %d, %v, %q, %t, %x or %f")),
    }
}

/// To the width that the flags ask for: `%5d`, `%-5s`, `%05d`.
fn padded(text: &str, flags: &str) -> String {
    let is_left = flags.contains('-');
    let width = flags.trim_start_matches(['-', '+']);
    let is_zero = width.starts_with('0') && !is_left;
    let width: usize = width.split('.').next().and_then(|width| width.parse().ok()).unwrap_or(0).min(1000);
    let missing = width.saturating_sub(text.chars().count());
    if missing == 0 {
        return text.to_owned();
    }
    if is_left {
        return text.to_owned() + &" ".repeat(missing);
    }
    match text.strip_prefix('-').filter(|_| is_zero) {
        Some(digits) => format!("-{}{digits}", "0".repeat(missing)),
        None => (if is_zero { "0" } else { " " }).repeat(missing) + text,
    }
}
