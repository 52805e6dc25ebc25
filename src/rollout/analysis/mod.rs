//! Judging the candidate by what was measured.
//!
//! Inside: [`rate`] (what is known of a rate, however often one looks) and [`versus`] (candidate against stable).
//!
//! Deliberately absent: where the counts come from, and time; a window's counts are handed in.

pub mod rate;
pub mod versus;
