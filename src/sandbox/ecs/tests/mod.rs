//! The emulated ECS, driven as a client would drive it, in worlds whose time the tests move.
//!
//! Inside: `asking` (worlds, questions, answers), used by `requests` → `services` → `calls` → `deployments` → `progressive`.

mod asking;
mod calls;
mod deployments;
mod progressive;
mod requests;
mod services;
