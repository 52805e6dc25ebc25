//! `preview up`, `down`, `list` and `sweep`: an environment for each pull request.
//!
//! Inside: one file per verb; `stage` (AWS, clock, the real service), `told` (GitHub: the pull request, the comment, the deployment), `body` (what ECS
//! is sent), `raising` and `lowering` (one preview brought up, or taken away, step by step). What comes next is [`crate::preview`]'s to say.

mod body;
pub(super) mod down;
pub(super) mod list;
mod lowering;
mod raising;
mod stage;
pub(super) mod sweep;
mod told;
pub(super) mod up;
