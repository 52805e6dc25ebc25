//! Leases: who may write at all.

use std::time::Duration;

use espalier::time::Timestamp;

use super::watched::Watched;

pub(crate) const LEASE: &str = "Leases: who lost the record ends without another write";

pub(crate) fn lease(job: &Watched) -> Result<(), String> {
    if job.superseded { Err(format!("{} writes after it read somebody else's record", job.name)) } else { Ok(()) }
}

pub(crate) const LEASED: &str = "Leases: whoever waits holds the lease that it has written";

/// `lease` is what the tag says: rollout, generation, and until when.
pub(crate) fn leased(job: &Watched, lease: Option<&str>, now: Timestamp) -> Result<(), String> {
    let mut parts = lease.unwrap_or_default().split(' ');
    let is_its = parts.next() == Some(&job.record.id) && parts.next() == Some(job.record.generation.to_string().as_str());
    let until = parts.next().and_then(|until| until.parse().ok()).map(Timestamp::from_secs);
    // Who restores before it looks goes by its own clock until it has read AWS's: here only, since commands read before they begin. What could not be written is written a minute
    // later.
    let is_hasty = job.aborts || job.record.verb == "rollback" || !job.observed;
    let is_excused =
        !is_its || is_hasty || job.superseded || job.unwritten.is_some_and(|at| now.since(at) < Duration::from_secs(300));
    match until {
        Some(until) if until <= now && !is_excused => Err(format!("{} waits with a lease until {until}", job.name)),
        Some(_) | None => Ok(()),
    }
}
