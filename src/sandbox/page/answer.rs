//! When the page is asked for, and how it is sent.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::{
    style::{SCRIPT, STYLE},
    whole::page,
};
use crate::sandbox::{
    wire::{Reply, Request},
    world::World,
};

/// Whether this is a browser at the sandbox's own address. `/` is that only for somebody who wants HTML of this machine: it is the
/// path of most AWS protocols too, and of the data plane of every service.
pub(in crate::sandbox) fn is_asked_for(request: &Request) -> bool {
    let wants_html = request.header("accept").is_some_and(|accept| accept.contains("text/html"));
    let host = request.header("host").unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_own = ["127.0.0.1", "localhost", "[::1]"].contains(&name);
    request.method == http::Method::GET && (request.path == "/_sandbox/" || request.path == "/" && wants_html && is_own)
}

/// The page, with headers that forbid it everything but its own style and script.
pub(in crate::sandbox) fn answer(world: &World) -> Reply {
    let hash = |text: &str| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)));
    let policy = format!(
        "default-src 'none'; style-src {}; script-src {}; connect-src 'self'; img-src 'self' data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    Reply { status: 200, headers: Vec::new(), body: page(world).into_bytes() }
        .with("content-type", "text/html; charset=utf-8")
        .with("content-security-policy", policy)
        .with("cache-control", "no-store")
        .with("referrer-policy", "no-referrer")
        .with("x-content-type-options", "nosniff")
}
