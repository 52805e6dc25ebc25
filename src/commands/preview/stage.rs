//! What every verb works with: AWS, the clock, the real service.

use std::{cell::Cell, time::Duration};

use crate::{
    aws::{
        Aws, Fault, FaultKind,
        previews::{Home, Wanted, listing::Kept},
    },
    clock::{Clock, Timestamp},
    commands::{connect, takeover},
    exit::{Error, Exit},
    preview::claim::{Claim, Purpose},
    rollout::observation::RefusalKind,
    settings::PreviewSettings,
};

/// How often in a row something may be in the way that only looks lasting: another job is at it, too.
const MOST_CROSSINGS: u32 = 6;
/// Between two looks.
const INTERVAL: Duration = Duration::from_secs(5);

/// All of it.
pub(super) struct Stage<'s> {
    pub(super) settings: &'s PreviewSettings,
    pub(super) aws: Aws,
    pub(super) clock: Box<dyn Clock>,
    pub(super) home: Home,
    pub(super) deadline: Timestamp,
    crossings: Cell<u32>,
}

impl<'s> Stage<'s> {
    /// Looks up what is needed, and writes nothing.
    ///
    /// # Errors
    /// Something of it is not there; AWS's refusal.
    pub(super) async fn set(settings: &'s PreviewSettings) -> Result<Self, Error> {
        let clock = connect::clock(&settings.surroundings).await?;
        let aws = connect::aws(&settings.aws).await?;
        let wanted = Wanted {
            lattice_service: &settings.lattice_service,
            listener: settings.listener.as_deref(),
            cluster: &settings.cluster,
            owner: &settings.service,
            prefix: settings.prefix(),
            repository: settings.surroundings.runner.repository.as_deref(),
        };
        let home = Home::find(&aws, &wanted, clock.now()).await?;
        let deadline = clock.now() + settings.previews.timeout;
        Ok(Self { settings, aws, clock, home, deadline, crossings: Cell::new(0) })
    }

    /// The time, for signatures.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Who this job is.
    pub(super) fn claim(&self, purpose: Purpose) -> Claim {
        Claim { at: self.aws.date().unwrap_or_else(|| self.now()), owner: takeover::owner(), purpose }
    }

    /// What of the room on the real service is not a preview's to take.
    pub(super) fn kept(&self) -> Kept<'_> {
        Kept {
            test_rule: self.settings.test_rule,
            slots: &self.settings.slots,
            rules_per_listener: self.settings.previews.rules_per_listener,
            groups_per_service: self.settings.previews.groups_per_service,
        }
    }

    /// Waits until the next look.
    ///
    /// # Errors
    /// The time is over.
    pub(super) async fn rest(&self, waits_for: &str) -> Result<(), Error> {
        if self.now() >= self.deadline {
            let timeout = humantime::format_duration(self.settings.previews.timeout);
            let message = format!("after {timeout} it still waits for {waits_for}");
            let hint = "run it again: it goes on from what is there; `preview: { timeout: … }` gives it more time";
            return Err(Error::new(Exit::Malfunction, message).hint(hint));
        }
        self.clock.sleep_until(self.now() + INTERVAL).await;
        Ok(())
    }

    /// What became of a step: one that AWS refuses for now, or whose answer was lost, is looked at again.
    ///
    /// # Errors
    /// What trying again does not change; the time is over.
    pub(super) async fn done(&self, step: Result<(), Fault>) -> Result<(), Error> {
        match step {
            Err(fault) if fault.refusal().kind == RefusalKind::Transient || self.may_be_crossed(&fault) => {
                log(&format!("AWS: {fault}; it is looked at again"));
                self.rest(&fault.to_string()).await
            }
            done => {
                done?;
                self.crossings.set(0);
                Ok(())
            }
        }
    }

    /// Whether another job may have done the same, or the opposite, between the look and the step.
    fn may_be_crossed(&self, fault: &Fault) -> bool {
        let is_crossed = match fault.kind {
            FaultKind::Conflict { .. } | FaultKind::NotFound => true,
            // ECS has no other words for a name that is taken, or not free yet.
            FaultKind::Invalid => ["not idempotent", "still Draining"].iter().any(|words| fault.message.contains(words)),
            FaultKind::Throttled
            | FaultKind::Denied
            | FaultKind::Quota
            | FaultKind::Expired
            | FaultKind::Timeout
            | FaultKind::Unreachable
            | FaultKind::Server
            | FaultKind::Unhandled => false,
        };
        self.crossings.set(self.crossings.get() + u32::from(is_crossed));
        is_crossed && self.crossings.get() < MOST_CROSSINGS
    }

    /// The same of a look.
    ///
    /// # Errors
    /// As above.
    pub(super) async fn seen<T>(&self, looked: Result<T, Fault>) -> Result<Option<T>, Error> {
        match looked {
            Ok(seen) => Ok(Some(seen)),
            Err(fault) => self.done(Err(fault)).await.map(|()| None),
        }
    }
}

/// A line about what happens, beside the result.
pub(super) fn log(line: &str) {
    crate::commands::patch::note(line);
}
