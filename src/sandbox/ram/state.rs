//! What RAM keeps.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use crate::{
    clock::Timestamp,
    sandbox::{lattice, protocol::Refusal, world::World},
};

/// For so long after its deletion a share is still told of, as DELETED (user guide, "Deleting a resource share").
const REMEMBERED: Duration = Duration::from_secs(2 * 60 * 60);

/// The shares in the order of their creation.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(super) shares: Vec<Share>,
    /// Operation and `clientToken` of what was done, with the request and its answer.
    pub(super) tokens: BTreeMap<(&'static str, String), (Value, Value)>,
}

#[derive(Clone)]
pub(super) struct Share {
    pub(super) arn: String,
    pub(super) name: String,
    /// Whether accounts outside of the organization may be among the principals.
    pub(super) external: bool,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    /// When it is ACTIVE.
    pub(super) ready: Timestamp,
    /// When it is DELETED, once its deletion was asked for.
    pub(super) gone: Option<Timestamp>,
    pub(super) associations: Vec<Association>,
}

#[derive(Clone)]
pub(super) struct Association {
    /// An ARN, or an account.
    pub(super) entity: String,
    /// `PRINCIPAL` or `RESOURCE`.
    pub(super) kind: &'static str,
    /// Another account, which nobody accepts for.
    pub(super) external: bool,
    pub(super) created: Timestamp,
    /// When it is ASSOCIATED.
    pub(super) ready: Timestamp,
    /// When it is DISASSOCIATED, once that was asked for.
    pub(super) gone: Option<Timestamp>,
}

impl Share {
    pub(super) fn status(&self, now: Timestamp) -> &'static str {
        match self.gone {
            Some(gone) if now >= gone => "DELETED",
            Some(_) => "DELETING",
            None if now < self.ready => "PENDING",
            None => "ACTIVE",
        }
    }

    /// What it has and keeps.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Association> {
        self.associations.iter().filter(|association| association.gone.is_none() && self.gone.is_none())
    }
}

impl Association {
    pub(super) fn status(&self, share: &Share, now: Timestamp) -> &'static str {
        match self.gone.or(share.gone) {
            Some(gone) if now >= gone => "DISASSOCIATED",
            Some(_) => "DISASSOCIATING",
            None if self.external || now < self.ready => "ASSOCIATING",
            None => "ASSOCIATED",
        }
    }

    /// Whether what it is about is still there.
    pub(super) fn stands(&self, world: &World) -> bool {
        self.kind == "PRINCIPAL" || lattice::shareable(world, &self.entity).is_some()
    }
}

/// Every share that is still told of.
pub(super) fn told(world: &World) -> impl Iterator<Item = &Share> {
    let now = world.now;
    world.ram.shares.iter().filter(move |share| share.gone.is_none_or(|gone| now < gone + REMEMBERED))
}

/// A share that is not deleted, by its ARN.
pub(super) fn find<'w>(world: &'w mut World, arn: &str) -> Result<&'w mut Share, Refusal> {
    if !arn.starts_with("arn:") || !arn.contains(":resource-share/") {
        let text = format!("The specified resource share ARN {arn} is not valid. Verify the ARN and try again.");
        return Err(Refusal::new("MalformedArnException", text));
    }
    let now = world.now;
    let found = world.ram.shares.iter_mut().find(|share| share.arn == arn && share.status(now) != "DELETED");
    found.ok_or_else(|| Refusal::new("UnknownResourceException", format!("ResourceShare {arn} could not be found.")))
}

/// The tags of a share; none where there is no such share.
pub(crate) fn tags(world: &World, arn: &str) -> Vec<(String, String)> {
    let share = world.ram.shares.iter().find(|share| share.arn == arn);
    share.into_iter().flat_map(|share| share.tags.clone()).collect()
}

/// A share's name, and whether it may be with accounts outside of the organization.
pub(crate) fn named(world: &World, arn: &str) -> Option<(String, bool)> {
    let share = world.ram.shares.iter().find(|share| share.arn == arn)?;
    Some((share.name.clone(), share.external))
}

/// Every share that there is, with what it shares and with whom.
pub(crate) fn snapshot(world: &World) -> Value {
    let kept = |share: &Share, kind: &str| -> Vec<String> {
        let kept = share.kept().filter(|association| association.kind == kind && association.stands(world));
        kept.map(|association| association.entity.clone()).collect()
    };
    let shown = |share: &Share| {
        json!({
            "name": share.name, "arn": share.arn, "tags": share.tags,
            "resources": kept(share, "RESOURCE"), "principals": kept(share, "PRINCIPAL"),
        })
    };
    world.ram.shares.iter().filter(|share| share.gone.is_none()).map(shown).collect()
}
