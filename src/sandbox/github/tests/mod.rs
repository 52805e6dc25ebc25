//! The emulated GitHub, asked as a client asks it.
//!
//! Inside: `asking` (a world, requests, answers), used by `requests` → `comments` → `checks` → `deployments`.

mod asking;
mod checks;
mod comments;
mod deployments;
mod requests;
