//! What every answer tells beside its content: AWS's own time, and how many requests it took.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        interceptors::{
            Intercept,
            context::{BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef},
        },
        orchestrator::Metadata,
        runtime_components::RuntimeComponents,
    },
};
use aws_smithy_types::{DateTime, config_bag::ConfigBag, date_time::Format};

use crate::time::Timestamp;

/// The newest `Date` header and the requests sent so far, shared by all clients of one [`super::Aws`].
#[derive(Clone, Debug, Default)]
pub(crate) struct Meter(Arc<Mutex<Readings>>);

#[derive(Debug, Default)]
struct Readings {
    date: Option<Timestamp>,
    calls: BTreeMap<String, u64>,
}

impl Meter {
    /// AWS's own time, from the newest `Date` header; none before the first answer. Whole seconds.
    pub(crate) fn date(&self) -> Option<Timestamp> {
        self.read(|readings| readings.date)
    }

    /// Requests sent, by operation; a retry counts again.
    pub(crate) fn calls(&self) -> BTreeMap<String, u64> {
        self.read(|readings| readings.calls.clone())
    }

    /// A request goes out that no SDK client makes.
    pub(super) fn sends(&self, operation: &str) {
        self.read(|readings| *readings.calls.entry(operation.to_owned()).or_default() += 1);
    }

    /// An answer to it came with this `Date` header.
    pub(super) fn hears(&self, date: &str) {
        // Hosts of AWS differ by a second or so: time never runs backwards for those who compare leases by it.
        if let Some(date) = http_date(date) {
            self.read(|readings| readings.date = readings.date.max(Some(date)));
        }
    }

    fn read<T>(&self, reading: impl FnOnce(&mut Readings) -> T) -> T {
        // Nothing panics while the lock is held, and the readings are valid at every instant.
        reading(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Intercept for Meter {
    fn name(&self) -> &'static str {
        "Meter"
    }

    fn read_before_transmit(
        &self,
        _context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(metadata) = cfg.load::<Metadata>() {
            self.sends(metadata.name());
        }
        Ok(())
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _cfg: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if let Some(date) = context.response().headers().get("date") {
            self.hears(date);
        }
        Ok(())
    }
}

pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    timestamp(&DateTime::from_str(text, Format::HttpDate).ok()?)
}

/// An SDK time as ours; none before 1970.
pub(crate) fn timestamp(date: &DateTime) -> Option<Timestamp> {
    date.to_millis().ok().and_then(|millis| u64::try_from(millis).ok()).map(Timestamp::from_millis)
}
