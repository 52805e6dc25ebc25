//! Leases: who may write at all.

use std::time::Duration;

use espalier::{rollout::machine::Desired, time::Timestamp};

use super::{case::Other, court::Court, watched::Watched};

pub(crate) const LEASE: &str = "Leases: who lost the record ends without another write";

pub(crate) fn lease(job: &Watched) -> Result<(), String> {
    if job.superseded { Err(format!("{} writes after it read somebody else's record", job.name)) } else { Ok(()) }
}

pub(crate) const READ: &str = "Leases: every write of weights comes after a reading of the lease in the same tick";

/// A signal takes the answer of a reading, or ends a wait: then the baseline goes before anything else (rule 12). Who cannot read any more
/// goes back to what was before, rather than leave a step that nobody watches; that is never a step.
pub(crate) fn read(job: &Watched, desired: Desired) -> Result<(), String> {
    let restores = matches!(desired, Desired::BaselineBesideCandidate | Desired::Baseline);
    if job.read || job.signalled.is_some() || (restores && job.blind) {
        return Ok(());
    }
    Err(format!("{} writes {desired:?} on what it has not read", job.name))
}

pub(crate) const ALONE: &str = "Leases: of two releases that claim at once, one walks its steps";

/// Tags have no compare-and-set: a runner that stands still between a look and the write after it writes over whatever came in between,
/// and tags that somebody removes are nobody's. Both are why `lock: ssm` exists.
pub(crate) fn alone(court: &Court<'_>, job: usize, desired: Desired) -> Result<(), String> {
    let Desired::Split(split) = desired else { return Ok(()) };
    let stalls = court.case.others.iter().any(|(_, other)| matches!(other, Other::Stall(_)));
    if split.candidate == 0 || !court.jobs[job].fresh || stalls || court.tags_lost {
        return Ok(());
    }
    let walks = |other: &Watched| other.fresh && other.walked && !other.over && !other.superseded && !other.fell;
    match court.jobs.iter().enumerate().find(|(place, other)| *place != job && walks(other)) {
        Some((place, _)) => Err(format!("release {job} writes {split} while release {place} walks its own steps")),
        None => Ok(()),
    }
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
    // Seed 94007072: who is being killed and cannot put the weights back lets go of its lease, and where that is refused it runs out.
    let lets_go = job.signalled.is_some() && job.restoring.is_some();
    let is_excused = lets_go
        || !is_its
        || is_hasty
        || job.superseded
        || job.unwritten.is_some_and(|at| now.since(at) < Duration::from_secs(300));
    match until {
        Some(until) if until <= now && !is_excused => Err(format!("{} waits with a lease until {until}", job.name)),
        Some(_) | None => Ok(()),
    }
}
