//! What a rule's match may be beyond the service's model.

use serde_json::Value;

use super::refusal;
use crate::sandbox::protocol::Refusal;

/// Refuses a match that could mean no request, or every one. `member` is what it is called in the request.
pub(super) fn suitable(matching: &Value) -> Result<(), Refusal> {
    let Some(http) = matching["httpMatch"].as_object() else { return Ok(()) };
    if http.values().all(Value::is_null) {
        return Err(refusal::field("match.httpMatch", "must match on at least one of method, pathMatch and headerMatches"));
    }
    if let Some(method) = http.get("method").and_then(Value::as_str).filter(|method| !is_token(method)) {
        return Err(refusal::field("match.httpMatch.method", format!("{method:?} is not a method")));
    }
    let headers = http.get("headerMatches").and_then(Value::as_array).into_iter().flatten();
    for (index, name) in headers.enumerate().filter_map(|(index, header)| Some((index, header["name"].as_str()?))) {
        if !is_token(name) {
            let member = format!("match.httpMatch.headerMatches[{index}].name");
            return Err(refusal::field(&member, format!("{name:?} is not the name of a header")));
        }
    }
    Ok(())
}

/// A token of HTTP (RFC 9110, section 5.6.2).
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}
