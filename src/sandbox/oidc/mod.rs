//! The runner's OIDC endpoint: a token that says which run of GitHub Actions somebody is.
//!
//! Inside: `endpoint` (what the toolkit's `getIDToken` asks), `token` (claims, signing, reading one back).
//!
//! Deliberately different: GitHub signs with RS256 and publishes its keys; here the world signs with HS256 and a key of its own,
//! and the emulated STS is the only one that can check it. Deliberately absent: customised subject templates.
//!
//! To call: [`is_for`] and [`handle`]; STS calls [`read`].

mod endpoint;
mod token;

pub(crate) use endpoint::{PATH, REQUEST_TOKEN, enabled, handle, is_for, refuse};
pub(crate) use token::{AUDIENCE, Claims, PROVIDER, Unreadable, read};
