//! Pages and the `Link` header that leads from one to the next (GitHub's "Using pagination in the REST API").

use serde_json::Value;

use super::{call::Call, repository::REPOSITORY_ID};
use crate::sandbox::wire::Reply;

/// One page of a list, wrapped by `wrap`: 30 entries where nothing else is asked for, at most 100. Its links name the repository by
/// number, as GitHub's do.
pub(super) fn page(call: &Call, items: Vec<Value>, wrap: impl FnOnce(Vec<Value>, usize) -> Value) -> Reply {
    let number = |name: &str| call.parameter(name).and_then(|value| value.parse::<usize>().ok()).filter(|number| *number > 0);
    let size = number("per_page").unwrap_or(30).min(100);
    let current = number("page").unwrap_or(1);
    let total = items.len();
    let last = total.div_ceil(size).max(1);
    let some = items.into_iter().skip(size.saturating_mul(current - 1)).take(size).collect();
    let reply = Reply::json(200, &wrap(some, total));
    let mut links = Vec::new();
    if current > 1 {
        links.push((current.min(last + 1) - 1, "prev"));
    }
    if current < last {
        links.extend([(current + 1, "next"), (last, "last")]);
    }
    if current > 1 {
        links.push((1, "first"));
    }
    if links.is_empty() {
        return reply;
    }
    let encode = |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
    let rest = call.parameters_but_page().map(|(name, value)| format!("{}={}&", encode(name).replace("%5F", "_"), encode(value)));
    let address = format!("{}/api/v3/repositories/{REPOSITORY_ID}{}?{}", call.server, call.path, rest.collect::<String>());
    let links = links.iter().map(|(page, relation)| format!("<{address}page={page}>; rel=\"{relation}\""));
    reply.with("link", links.collect::<Vec<_>>().join(", "))
}
