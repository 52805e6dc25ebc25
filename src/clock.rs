//! The only trait between us and the world's time.

use std::{future::Future, pin::Pin};

pub use crate::time::Timestamp;

/// What time it is, and waiting until it is later.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Resolves once it is at least `until`. Dropping the future gives the wait up.
    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + '_>>;
}
