//! The emulated ECS, driven as a client would drive it, in worlds whose time the tests move.
//!
//! Inside: `asking` (worlds, questions, answers), used by `requests` → `services` → `deployments`.

mod asking;
mod deployments;
mod requests;
mod services;
