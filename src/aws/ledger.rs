//! The rollout's record in AWS: tags on the traffic targets, one tag on their Lattice service.
//!
//! | where | key | value |
//! |---|---|---|
//! | every traffic target | `espalier:baseline.0…`, `.sum` | its own baseline, as [`Action::to_text`] writes it |
//! | the same | `espalier:rollout` | the ARN of the one with the record |
//! | the one with the lowest ARN | `espalier:record.0…`, `.sum` | the record, as `Record::encode` writes it |
//! | that one too | `espalier:lease` | `ROLLOUT GENERATION UNTIL` (epoch seconds), or `… ended` |
//! | the Lattice service | `espalier:rollout.ID` | the ARN of the one with the record, whose id it is: one for each application that shares the service |

use std::{cell::Cell, cmp::Ordering, collections::BTreeMap};

use super::{
    Aws,
    fault::Fault,
    lattice::{
        action::Action,
        packing::{KEY_PREFIX, VALUE_LENGTH, pack, unpack},
        traffic::TrafficTarget,
    },
};
use crate::{
    rollout::{
        observation::Lease,
        record::{Record, State},
    },
    time::Timestamp,
};

const RECORD: &str = "record";
pub(super) const BASELINE: &str = "baseline";
/// The most that record and lease take with the longest names, ten steps and three traffic targets. Common ones come to eight.
const RECORD_TAGS: usize = 16;

fn key(name: &str) -> String {
    format!("{KEY_PREFIX}{name}")
}

/// Where a rollout's record is kept.
#[derive(Debug)]
pub struct Ledger {
    service_arn: String,
    holder: String,
    baselines: Vec<(String, BTreeMap<String, String>)>,
    /// The baselines and the mark are written already.
    claimed: Cell<bool>,
}

/// A resource's ARN with the tags that it is given.
pub type Page = (String, BTreeMap<String, String>);

/// A record that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The record.
    pub record: Record,
    /// Until when somebody holds it; none when the lease has ended.
    pub leased_until: Option<Timestamp>,
    /// The ARN of the traffic target that holds it.
    pub holder: String,
    /// That traffic target's tags.
    pub tags: BTreeMap<String, String>,
}

impl Found {
    /// Whether a job is at it: its state is not the last one, and its lease has not run out. What is held is nobody's.
    #[must_use]
    pub fn is_held(&self, now: Timestamp) -> bool {
        !matches!(self.record.state, State::Closed | State::Held) && self.leased_until.is_some_and(|until| until > now)
    }

    /// Whether traffic may be between two revisions, or somebody has to look.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        matches!(self.record.state, State::Running | State::Held | State::Stuck)
    }
}

/// Why a record cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// AWS refused.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// It is there and cannot be read.
    #[error("the record on {at} cannot be read: {why}; remove its `{KEY_PREFIX}` tags once you know that no rollout is running")]
    Unreadable {
        /// The traffic target's ARN.
        at: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Ledger {
    /// The ledger of these traffic targets; `claimed` when their baselines are recorded already.
    ///
    /// # Errors
    /// When a baseline cannot be recorded: an action of an unknown kind.
    pub fn new(service_arn: &str, targets: &[(TrafficTarget, Action)], claimed: bool) -> Result<Self, Fault> {
        let baseline = |(target, action): &(TrafficTarget, Action)| {
            let refuse = |why: String| Fault::invalid("TagResource", format!("{}: {why}", target.label()));
            let text =
                action.to_text().ok_or_else(|| refuse("its action is of a kind that this version does not know".to_owned()))?;
            let tags = pack(BASELINE, &text).map_err(|error| refuse(error.to_string()))?;
            Ok((target.arn().to_owned(), tags))
        };
        let mut baselines = targets.iter().map(baseline).collect::<Result<Vec<_>, Fault>>()?;
        baselines.sort_by(|one, other| one.0.cmp(&other.0));
        let holder = baselines.first().map(|(arn, _)| arn.clone()).unwrap_or_default();
        Ok(Self { service_arn: service_arn.to_owned(), holder, baselines, claimed: Cell::new(claimed) })
    }

    /// The Lattice service's ARN.
    #[must_use]
    pub fn service_arn(&self) -> &str {
        &self.service_arn
    }

    /// The ARN of the traffic target that holds the record.
    #[must_use]
    pub fn holder(&self) -> &str {
        &self.holder
    }

    /// How many tags each of these will carry along a plan of so many steps, for counting free ones beforehand: the traffic targets and
    /// the Lattice service.
    #[must_use]
    pub fn needed(&self, steps: usize) -> Vec<(&str, usize)> {
        // Each further traffic target takes its ARN, each further step what it is in words.
        let arns: usize = self.baselines.iter().skip(3).map(|(arn, _)| arn.len() + 1).sum();
        let long = arns + steps.saturating_sub(10) * 24;
        let more = |arn: &str| if arn == self.holder { RECORD_TAGS + long.div_ceil(VALUE_LENGTH) } else { 0 };
        let targets = self.baselines.iter().map(|(arn, tags)| (arn.as_str(), tags.len() + 1 + more(arn)));
        targets.chain([(self.service_arn.as_str(), 1)]).collect()
    }

    /// How many of these tags mark the records of other applications that share the Lattice service. Pure.
    #[must_use]
    pub fn marks_of_others(&self, tags: &BTreeMap<String, String>) -> usize {
        let (ours, prefix) = (self.mark().1, key("rollout."));
        tags.keys().filter(|key| key.starts_with(&prefix) && !ours.contains_key(*key)).count()
    }

    /// Writes the record and the lease; the first time also the mark and every baseline, before them; the last time the mark, after
    /// them.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn write(&self, aws: &Aws, record: &Record, lease: Option<Timestamp>) -> Result<(), Fault> {
        for (arn, tags) in self.pages(record, lease)? {
            aws.lattice.write_tags(&arn, &tags).await?;
        }
        self.written();
        Ok(())
    }

    /// What [`Ledger::write`] writes: the tags of each resource, in the order in which they are written. Pure.
    ///
    /// # Errors
    /// When the record holds what tags cannot.
    pub fn pages(&self, record: &Record, lease: Option<Timestamp>) -> Result<Vec<Page>, Fault> {
        let mut tags = pack(RECORD, &record.encode()).map_err(|error| Fault::invalid("TagResource", error.to_string()))?;
        tags.insert(key("lease"), lease_text(record, lease));
        if self.claimed.get() {
            let mut pages = vec![(self.holder.clone(), tags)];
            // The job's last word: nobody renews after it.
            pages.extend(lease.is_none().then(|| self.mark()));
            return Ok(pages);
        }
        let mut pages = vec![self.mark()];
        for (arn, baseline) in &self.baselines {
            let rollout = [(key("rollout"), self.holder.clone())];
            let page: BTreeMap<_, _> = baseline.clone().into_iter().chain(rollout).collect();
            if *arn == self.holder {
                tags.extend(page);
            } else {
                pages.push((arn.clone(), page));
            }
        }
        // The record comes last: whoever is killed before it leaves none, and who can read it finds everything else there.
        pages.push((self.holder.clone(), tags));
        Ok(pages)
    }

    /// All pages are written: from now on the record's own is enough.
    pub fn written(&self) {
        self.claimed.set(true);
    }

    /// Writes only the lease, and the mark: no reading shows that somebody has removed that (Terraform removes tags that it does not
    /// know), and without it nobody would find the rollout.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn renew(&self, aws: &Aws, record: &Record, until: Timestamp) -> Result<(), Fault> {
        for (arn, tags) in self.renewal(record, until) {
            aws.lattice.write_tags(&arn, &tags).await?;
        }
        Ok(())
    }

    /// What [`Ledger::renew`] writes, in the order in which it is written. Pure.
    #[must_use]
    pub fn renewal(&self, record: &Record, until: Timestamp) -> [Page; 2] {
        [(self.holder.clone(), BTreeMap::from([(key("lease"), lease_text(record, Some(until)))])), self.mark()]
    }

    /// What the Lattice service is marked with.
    fn mark(&self) -> Page {
        let id = self.holder.rsplit('/').next().unwrap_or_default();
        (self.service_arn.clone(), BTreeMap::from([(key(&format!("rollout.{id}")), self.holder.clone())]))
    }

    /// Whose record it is now.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn read_lease(&self, aws: &Aws, ours: &Record) -> Result<Lease, Fault> {
        let tags = match aws.lattice.read_tags(&self.holder).await {
            // The traffic target itself is gone: its action says so too, and decides.
            Err(fault) if fault.is_not_found() => return Ok(Lease::Ours),
            tags => tags?,
        };
        if let Some(other) = kept_elsewhere(&self.holder, &tags) {
            self.claimed.set(false);
            return Ok(Lease::Theirs(format!("a rollout whose record is on {other}")));
        }
        Ok(self.whose(found(&self.holder, tags).ok().flatten().as_ref(), ours, aws.date().unwrap_or_default()))
    }

    /// Whose the record is that was found at the holder, at AWS's time `now`. Pure.
    pub fn whose(&self, found: Option<&Found>, ours: &Record, now: Timestamp) -> Lease {
        let lease = match found {
            None => Lease::Lost,
            Some(found) if found.record.id == ours.id => match found.record.generation.cmp(&ours.generation) {
                Ordering::Equal if found.record.owner == ours.owner => Lease::Ours,
                // Two jobs raised it at once, and the other one wrote last.
                Ordering::Equal => Lease::Theirs("another job, which took this rollout over at the same moment".to_owned()),
                // A late write of the job that we took over from.
                Ordering::Less => Lease::Lost,
                Ordering::Greater => Lease::Theirs(format!("generation {} of this rollout", found.record.generation)),
            },
            // A late write of the job that a rollback took over from.
            Some(found)
                if ours.verb == "rollback"
                    && found.record.generation < ours.generation
                    && found.record.started < ours.started =>
            {
                Lease::Lost
            }
            Some(found) if found.is_open() || found.is_held(now) => Lease::Theirs(format!("rollout {}", found.record.id)),
            // It took over from this one and has ended since: what this one knew is no longer so.
            Some(found) if found.record.started > ours.started => {
                Lease::Theirs(format!("rollout {}, which has ended since,", found.record.id))
            }
            Some(_) => Lease::Free,
        };
        if lease != Lease::Ours {
            self.claimed.set(false);
        }
        lease
    }
}

fn lease_text(record: &Record, until: Option<Timestamp>) -> String {
    let until = until.map_or_else(|| "ended".to_owned(), |until| until.as_secs().to_string());
    format!("{} {} {until}", record.id, record.generation)
}

/// Where the record of the rollout that moved this traffic target last is, if that is not here: what is here is of one before it.
fn kept_elsewhere<'t>(arn: &str, tags: &'t BTreeMap<String, String>) -> Option<&'t String> {
    tags.get(&key("rollout")).filter(|holder| *holder != arn)
}

/// The record among a traffic target's tags; none where a later rollout keeps its own on another one. Pure.
///
/// # Errors
/// When it is there and cannot be read.
pub fn found(holder: &str, tags: BTreeMap<String, String>) -> Result<Option<Found>, LedgerError> {
    let unreadable = |why: String| LedgerError::Unreadable { at: holder.to_owned(), why };
    if kept_elsewhere(holder, &tags).is_some() {
        return Ok(None);
    }
    let Some(text) = unpack(RECORD, &tags).map_err(|torn| unreadable(torn.to_string()))? else { return Ok(None) };
    let record = Record::decode(&text).map_err(|error| unreadable(error.to_string()))?;
    let until = tags.get(&key("lease")).and_then(|lease| lease.rsplit(' ').next()).and_then(|until| until.parse().ok());
    Ok(Some(Found { record, leased_until: until.map(Timestamp::from_secs), holder: holder.to_owned(), tags }))
}

async fn held_by(aws: &Aws, holder: &str) -> Result<Option<Found>, LedgerError> {
    match aws.lattice.read_tags(holder).await {
        Err(fault) if fault.is_not_found() => Ok(None),
        tags => found(holder, tags?),
    }
}

/// The records that a Lattice service's marks lead to: one for each application that shares the service.
///
/// # Errors
/// AWS's refusal, or a record that cannot be read.
pub async fn on_service(aws: &Aws, service_arn: &str) -> Result<Vec<Found>, LedgerError> {
    each_on_service(aws, service_arn).await?.into_iter().collect()
}

/// Without those whose traffic targets a later rollout moved too. That one may keep its record elsewhere, since it moved others besides: then
/// the one before stays where it was, and is nobody's business any more. Pure.
pub(super) fn newest(records: Vec<Result<Found, LedgerError>>) -> Vec<Result<Found, LedgerError>> {
    let all: Vec<(Timestamp, Vec<String>)> =
        records.iter().flatten().map(|found| (found.record.started, found.record.targets.clone())).collect();
    let is_past = |found: &Found| {
        let moves = |arn: &String| found.record.targets.contains(arn);
        all.iter().any(|(started, targets)| *started > found.record.started && targets.iter().any(moves))
    };
    records.into_iter().filter(|found| !found.as_ref().is_ok_and(is_past)).collect()
}

/// The same, where one that cannot be read must not hide the others.
///
/// # Errors
/// AWS's refusal of the marks.
pub async fn each_on_service(aws: &Aws, service_arn: &str) -> Result<Vec<Result<Found, LedgerError>>, Fault> {
    let marks = aws.lattice.read_tags(service_arn).await?;
    let prefix = key("rollout.");
    let mut records = Vec::new();
    for holder in marks.iter().filter(|(mark, _)| mark.starts_with(&prefix)).map(|(_, holder)| holder) {
        records.extend(held_by(aws, holder).await.transpose());
    }
    Ok(newest(records))
}

/// The records of the rollouts that moved any of these traffic targets last.
///
/// # Errors
/// AWS's refusal, or a record that cannot be read.
pub async fn on_targets<'a>(aws: &Aws, targets: impl IntoIterator<Item = &'a str>) -> Result<Vec<Found>, LedgerError> {
    let mut records: Vec<Found> = Vec::new();
    for arn in targets {
        let tags = match aws.lattice.read_tags(arn).await {
            Err(fault) if fault.is_not_found() => continue,
            tags => tags?,
        };
        let Some(holder) = tags.get(&key("rollout")).cloned() else { continue };
        if records.iter().any(|known| known.holder == holder) {
            continue;
        }
        records.extend(if holder == arn { found(&holder, tags)? } else { held_by(aws, &holder).await? });
    }
    newest(records.into_iter().map(Ok).collect()).into_iter().collect()
}

/// Writes a found record again, without a lease: what a person has settled by hand.
///
/// # Errors
/// AWS's refusal.
pub async fn settle(aws: &Aws, found: &Found) -> Result<(), Fault> {
    let mut tags = pack(RECORD, &found.record.encode()).map_err(|error| Fault::invalid("TagResource", error.to_string()))?;
    tags.insert(key("lease"), lease_text(&found.record, None));
    aws.lattice.write_tags(&found.holder, &tags).await
}
