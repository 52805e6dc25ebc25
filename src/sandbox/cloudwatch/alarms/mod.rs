//! Alarms on one metric or on an expression.
//!
//! Inside: `alarm` (what is kept), `put` (PutMetricAlarm and what it refuses), `calls` (the other operations, the scenario's alarms
//! and people), `verdict` (a state from data points), `reason` (the same in the service's words), `clock` (when).
//!
//! To call: [`alarm_state`] for a look, [`next_event`] and [`on_time`] for time.

mod alarm;
mod calls;
mod clock;
mod put;
mod reason;
mod verdict;

pub(super) use alarm::Alarm;
pub(crate) use calls::{alarm_state, seed, set_by_person};
pub(super) use calls::{delete, describe, put, set_state};
pub(crate) use clock::{next_event, on_time};
