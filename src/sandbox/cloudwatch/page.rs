//! Pages, whose tokens are good for the same request alone.

use base64::Engine as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::refusal;
use crate::sandbox::protocol::{Call, Refusal};

/// What tells a request from others, without its token.
fn mark(call: &Call) -> String {
    let mut input = call.input.clone();
    if let Some(members) = input.as_object_mut() {
        // CBOR, JSON and forms bring members in any order.
        members.shift_remove("NextToken");
        members.sort_keys();
    }
    let digest = Sha256::digest(format!("{}{input}", call.operation).as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The token of what begins at this place.
pub(super) fn token(place: usize, call: &Call) -> String {
    base64::engine::general_purpose::STANDARD.encode(format!("{place} {}", mark(call)))
}

/// The place that the request's token means; 0 without one.
pub(super) fn place(call: &Call) -> Result<usize, Refusal> {
    let Some(token) = call.given("NextToken") else { return Ok(0) };
    let decoded = base64::engine::general_purpose::STANDARD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let place = decoded.as_deref().and_then(|text| text.split_once(' ')).filter(|(_, marked)| *marked == mark(call));
    place.and_then(|(place, _)| place.parse().ok()).ok_or_else(refusal::token)
}

/// An answer with the token of the next page, where there is one.
pub(super) fn with_next(mut answer: Value, next: Option<String>) -> Value {
    if let Some(next) = next {
        answer["NextToken"] = Value::String(next);
    }
    answer
}

/// One page and the token of the next.
pub(super) fn page<T>(items: Vec<T>, call: &Call, size: usize) -> Result<(Vec<T>, Option<String>), Refusal> {
    let from = place(call)?;
    if from > items.len() {
        return Err(refusal::token());
    }
    let next = (from.saturating_add(size) < items.len()).then(|| token(from + size, call));
    Ok((items.into_iter().skip(from).take(size).collect(), next))
}
