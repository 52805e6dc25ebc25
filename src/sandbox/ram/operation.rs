//! The operations that are emulated, and what all of them share: recognising a repeated request, and pages.

use serde_json::{Value, json};

use super::{associations, shares};
use crate::sandbox::{
    protocol::{Call, Perform, Refusal},
    world::World,
};

/// Every operation that is emulated.
pub(crate) const OPERATIONS: &[(&str, Perform)] = &[
    ("CreateResourceShare", |world, call| once(world, call, shares::create)),
    ("GetResourceShares", shares::list),
    ("UpdateResourceShare", |world, call| once(world, call, shares::update)),
    ("DeleteResourceShare", |world, call| once(world, call, shares::delete)),
    ("AssociateResourceShare", |world, call| once(world, call, associations::associate)),
    ("DisassociateResourceShare", |world, call| once(world, call, associations::disassociate)),
    ("GetResourceShareAssociations", associations::list),
    ("ListResources", associations::resources),
    ("TagResource", shares::tag),
    ("UntagResource", shares::untag),
];

/// Does an operation once for each `clientToken`: the same request again gets the same answer.
fn once(world: &mut World, call: &Call, perform: Perform) -> Result<Value, Refusal> {
    let Some(token) = call.given("clientToken").map(|token| (call.operation, token.to_owned())) else {
        return perform(world, call);
    };
    if let Some((asked, answer)) = world.ram.tokens.get(&token) {
        if *asked == call.input {
            return Ok(answer.clone());
        }
        let text = format!("The client token {} was already used with other parameters.", token.1);
        return Err(Refusal::new("IdempotentParameterMismatchException", text));
    }
    let mut answer = perform(world, call)?;
    answer["clientToken"] = json!(token.1);
    world.ram.tokens.insert(token, (call.input.clone(), answer.clone()));
    Ok(answer)
}

/// One page of `items`, called `list`, with the token of the next one. A token is the number of items before its page.
pub(super) fn page(call: &Call, list: &str, items: Vec<Value>) -> Result<Value, Refusal> {
    let size = call.number("maxResults").and_then(|size| usize::try_from(size).ok()).unwrap_or(100);
    let from = match call.given("nextToken") {
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|from| from.parse::<usize>().ok())
            .filter(|from| *from <= items.len())
            .ok_or_else(|| Refusal::new("InvalidNextTokenException", "The specified value for NextToken is not valid."))?,
        None => 0,
    };
    let more = from + size < items.len();
    let mut body = json!({ list: items.into_iter().skip(from).take(size).collect::<Vec<_>>() });
    if more {
        body["nextToken"] = json!(format!("page-{}", from + size));
    }
    Ok(body)
}
