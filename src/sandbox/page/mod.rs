//! The page at the sandbox's address: the world as it is now, for a person with a browser.
//!
//! Inside: `answer` (when it is asked for, and with which headers), `whole` (the page from its parts), one file for each part
//! (`lattice`, `chart`, `ecs`, `pull_request` with `markdown`, `log`), `traffic` (what the chart of requests shows), `html` (escaping)
//! and `style` (the stylesheet and the script that updates it, both inline).
//!
//! Deliberately absent: anything that changes the world, anything from elsewhere (its Content-Security-Policy forbids it), and
//! markup that is not escaped: all text goes through `html`.
//!
//! To call: [`is_asked_for`], then [`answer`].

mod answer;
mod chart;
mod ecs;
mod html;
mod lattice;
mod log;
mod markdown;
mod pull_request;
mod style;
#[cfg(test)]
mod tests;
mod traffic;
mod whole;

pub(super) use answer::{answer, is_asked_for};
