//! The rollout's record in AWS: tags on the traffic targets, one tag on their Lattice service.
//!
//! | where | key | value |
//! |---|---|---|
//! | every traffic target | `espalier:baseline.0…`, `.sum` | its own baseline, as [`Action::to_text`] writes it |
//! | the one with the lowest ARN | `espalier:record.0…`, `.sum` | the record, as `Record::encode` writes it |
//! | the same | `espalier:lease` | `ROLLOUT GENERATION UNTIL` (epoch seconds), or `… ended` |
//! | the Lattice service | `espalier:rollout` | the ARN of the one with the record |

use std::{cell::Cell, collections::BTreeMap};

use super::{
    Aws,
    fault::Fault,
    lattice::{
        action::Action,
        packing::{KEY_PREFIX, pack, unpack},
        traffic::TrafficTarget,
    },
};
use crate::{
    rollout::{observation::Lease, record::Record},
    time::Timestamp,
};

const RECORD: &str = "record";
const BASELINE: &str = "baseline";

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

/// A record that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The record.
    pub record: Record,
    /// Until when somebody holds it; none when the lease has ended.
    pub leased_until: Option<Timestamp>,
    /// Tags of the traffic target that holds it.
    pub tags: BTreeMap<String, String>,
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

    /// The tags that each traffic target will carry, for counting free ones beforehand.
    ///
    /// # Errors
    /// When the record cannot be packed.
    pub fn needed(&self, record: &Record) -> Result<Vec<(&str, usize)>, Fault> {
        let record = pack(RECORD, &record.encode()).map_err(|error| Fault::invalid("TagResource", error.to_string()))?;
        // The record may grow while steps are walked: one more tag than it takes now, and the lease.
        let more = |arn: &str| if arn == self.holder { record.len() + 2 } else { 0 };
        Ok(self.baselines.iter().map(|(arn, tags)| (arn.as_str(), tags.len() + more(arn))).collect())
    }

    /// Writes the record and the lease; the first time also every baseline, before them, and the mark, after them.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn write(&self, aws: &Aws, record: &Record, lease: Option<Timestamp>) -> Result<(), Fault> {
        let mut tags = pack(RECORD, &record.encode()).map_err(|error| Fault::invalid("TagResource", error.to_string()))?;
        tags.insert(key("lease"), lease_text(record, lease));
        if self.claimed.get() {
            return aws.lattice.write_tags(&self.holder, &tags).await;
        }
        for (arn, baseline) in &self.baselines {
            let mut baseline = baseline.clone();
            if *arn == self.holder {
                baseline.append(&mut tags);
            }
            aws.lattice.write_tags(arn, &baseline).await?;
        }
        aws.lattice.write_tags(&self.service_arn, &BTreeMap::from([(key("rollout"), self.holder.clone())])).await?;
        self.claimed.set(true);
        Ok(())
    }

    /// Writes only the lease.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn renew(&self, aws: &Aws, record: &Record, until: Timestamp) -> Result<(), Fault> {
        let tags = BTreeMap::from([(key("lease"), lease_text(record, Some(until)))]);
        aws.lattice.write_tags(&self.holder, &tags).await
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
        let lease = match unpack(RECORD, &tags).ok().flatten().and_then(|text| Record::decode(&text).ok()) {
            Some(record) if record.id == ours.id && record.generation == ours.generation => Lease::Ours,
            Some(record) if record.id == ours.id => Lease::Theirs(format!("generation {} of this rollout", record.generation)),
            Some(record) => Lease::Theirs(format!("rollout {}", record.id)),
            None => Lease::Lost,
        };
        if lease == Lease::Lost {
            self.claimed.set(false);
        }
        Ok(lease)
    }
}

fn lease_text(record: &Record, until: Option<Timestamp>) -> String {
    let until = until.map_or_else(|| "ended".to_owned(), |until| until.as_secs().to_string());
    format!("{} {} {until}", record.id, record.generation)
}

/// The record that a Lattice service's mark leads to, if there is one: two calls.
///
/// # Errors
/// AWS's refusal, or a record that cannot be read.
pub async fn find(aws: &Aws, service_arn: &str) -> Result<Option<Found>, LedgerError> {
    let marks = aws.lattice.read_tags(service_arn).await?;
    let Some(holder) = marks.get(&key("rollout")) else { return Ok(None) };
    let tags = match aws.lattice.read_tags(holder).await {
        Err(fault) if fault.is_not_found() => return Ok(None),
        tags => tags?,
    };
    let unreadable = |why: String| LedgerError::Unreadable { at: holder.clone(), why };
    let Some(text) = unpack(RECORD, &tags).map_err(|torn| unreadable(torn.to_string()))? else { return Ok(None) };
    let record = Record::decode(&text).map_err(|error| unreadable(error.to_string()))?;
    let leased_until = tags
        .get(&key("lease"))
        .and_then(|lease| lease.rsplit(' ').next())
        .and_then(|until| until.parse().ok())
        .map(Timestamp::from_secs);
    Ok(Some(Found { record, leased_until, tags }))
}

/// The recorded traffic targets with their baselines: one call for each but the one whose tags are known already.
///
/// # Errors
/// AWS's refusal, or a baseline that cannot be read.
pub async fn targets(aws: &Aws, found: &Found) -> Result<Vec<(TrafficTarget, Action)>, LedgerError> {
    let mut targets = Vec::with_capacity(found.record.targets.len());
    let holder = found.record.targets.iter().min();
    for arn in &found.record.targets {
        let unreadable = |why: String| LedgerError::Unreadable { at: arn.clone(), why };
        let target = TrafficTarget::from_arn(arn).map_err(|error| unreadable(error.to_string()))?;
        let tags = if holder == Some(arn) { found.tags.clone() } else { aws.lattice.read_tags(arn).await? };
        let text = unpack(BASELINE, &tags).map_err(|torn| unreadable(torn.to_string()))?;
        let text = text.ok_or_else(|| unreadable("it has no recorded baseline".to_owned()))?;
        targets.push((
            target,
            text.parse().map_err(|error: super::lattice::action::ActionTextError| unreadable(error.to_string()))?,
        ));
    }
    Ok(targets)
}
