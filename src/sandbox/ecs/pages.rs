//! Pages of the List operations.

use serde_json::Value;

use super::{clusters::text, refusal};
use crate::sandbox::protocol::Refusal;

/// One page and the token of the next. A token is the place where its page begins; ECS's are opaque too.
pub(crate) fn page<T>(items: Vec<T>, body: &Value, limit: usize) -> Result<(Vec<T>, Option<String>), Refusal> {
    let asked = match body.get("maxResults").and_then(Value::as_i64) {
        None => limit,
        Some(number) => usize::try_from(number)
            .ok()
            .filter(|number| (1..=100).contains(number))
            .ok_or_else(|| refusal::invalid("maxResults must be between 1 and 100."))?,
    };
    let start = match text(body, "nextToken").filter(|token| !token.is_empty()) {
        None => 0,
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|place| place.parse::<usize>().ok())
            .filter(|place| *place <= items.len())
            .ok_or_else(|| refusal::invalid("Invalid token."))?,
    };
    let next = (start + asked < items.len()).then(|| format!("page-{}", start + asked));
    Ok((items.into_iter().skip(start).take(asked).collect(), next))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn pages_join_to_the_whole() {
        let items = (0..25).collect::<Vec<_>>();
        let (mut all, mut token) = (Vec::new(), None);
        loop {
            let (some, next) = page(items.clone(), &json!({ "maxResults": 7, "nextToken": token }), 10).unwrap();
            all.extend(some);
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(all, items);
        assert_eq!(page(items.clone(), &json!({}), 10).unwrap().0.len(), 10);
        assert!(page(items.clone(), &json!({ "nextToken": "x" }), 10).is_err());
        assert!(page(items, &json!({ "maxResults": 0 }), 10).is_err());
    }
}
