//! What is there of what is declared.

use std::{cell::Cell, collections::BTreeMap, time::Duration};

use futures_util::future::join_all;

use crate::{
    aws::{
        Aws, Fault,
        ledger::{self, Found},
    },
    clock::Clock,
    exit::{Error, Exit},
    resources::{Kind, Known, Resource, Seen},
    rollout::observation::RefusalKind,
    settings::DeclaredSettings,
    signals::Signals,
    time::Timestamp,
};

/// How many resources are asked about at once: AWS throttles an account's calls.
pub(super) const AT_ONCE: usize = 8;
/// How long to wait before AWS is asked again.
pub(super) const PAUSE: Duration = Duration::from_secs(2);

/// A verb's work, which a signal ends between two calls: what is there then is a state that the next run goes on from.
///
/// # Errors
/// Those of the work; the signal.
pub(super) async fn unless_cancelled(verb: &str, work: impl Future<Output = Result<Exit, Error>>) -> Result<Exit, Error> {
    let mut signals = Signals::listen().map_err(|error| Error::malfunction("cannot listen for signals", &error))?;
    tokio::select! {
        biased;
        () = signals.first() => {
            Err(Error::new(Exit::Malfunction, "cancelled").hint(format!("run `{verb}` again: it goes on where this one ended")))
        }
        ended = work => ended,
    }
}

/// What everything here works with.
pub(super) struct Work<'w> {
    pub(super) aws: &'w Aws,
    pub(super) clock: &'w dyn Clock,
    pub(super) owner: &'w str,
    pub(super) cluster: Option<&'w str>,
    pub(super) deadline: Timestamp,
    /// A rollout of the service's traffic is under way.
    pub(super) is_rolled_out: Cell<bool>,
    /// What is found is taken away: what lies in something that is gone is gone.
    pub(super) takes_away: bool,
}

/// What was seen, by address.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) known: Known,
    pub(super) seen: BTreeMap<String, Seen>,
}

impl Survey {
    pub(super) fn note(&mut self, address: &str, seen: Option<Seen>) {
        match seen {
            Some(seen) => {
                self.known.insert(address.to_owned(), (seen.id.clone(), seen.arn.clone()));
                self.seen.insert(address.to_owned(), seen);
            }
            None => {
                self.known.remove(address);
                self.seen.remove(address);
            }
        }
    }
}

impl<'w> Work<'w> {
    pub(super) fn new(settings: &'w DeclaredSettings, aws: &'w Aws, clock: &'w dyn Clock, cluster: Option<&'w str>) -> Self {
        Self {
            aws,
            clock,
            owner: &settings.owner,
            cluster,
            deadline: clock.now() + settings.timeout,
            is_rolled_out: Cell::new(false),
            takes_away: false,
        }
    }

    /// Whether trying again can help.
    pub(super) fn is_passing(&self, fault: &Fault) -> bool {
        self.aws.refusal(fault).kind == RefusalKind::Transient
    }

    /// One resource as it is now.
    pub(super) async fn find(&self, resource: &Resource, known: &Known) -> Result<Option<Seen>, Fault> {
        let now = self.clock.now();
        if resource.kind == Kind::EcsService {
            return self.aws.find_ecs_service(self.cluster.unwrap_or_default(), &resource.name, now).await;
        }
        let found = match self.aws.find_resource(resource, known, now).await {
            // Somebody deleted its hosted zone.
            Err(fault) if self.takes_away && resource.kind == Kind::Alias && fault.is_not_found() => None,
            found => found?,
        };
        Ok(found.map(|seen| Seen { is_rolled_out: self.is_rolled_out.get(), ..seen }))
    }

    /// Whether a rollout is open, by the records that the service's marks lead to.
    async fn look_for_rollouts(&self, resource: &Resource, seen: &Seen) -> Result<(), Error> {
        if resource.kind == Kind::Service && seen.tags.keys().any(|key| key.starts_with("espalier:rollout.")) {
            let records = ledger::on_service(self.aws, &seen.arn).await?;
            self.is_rolled_out.set(records.iter().any(Found::is_open));
        }
        Ok(())
    }

    /// The same call again and again while AWS refuses it for now. Throttling slows it down.
    pub(super) async fn patiently<T>(&self, call: impl AsyncFn() -> Result<T, Fault>) -> Result<T, Fault> {
        loop {
            match call().await {
                Err(fault) if self.is_passing(&fault) && self.clock.now() < self.deadline => {
                    self.clock.sleep_until(self.clock.now() + PAUSE).await;
                }
                answer => return answer,
            }
        }
    }

    /// All of them, each after what it is in.
    pub(super) async fn survey(&self, resources: &[Resource]) -> Result<Survey, Error> {
        let mut survey = Survey::default();
        let mut left: Vec<&Resource> = resources.iter().collect();
        while !left.is_empty() {
            let addresses: Vec<&str> = left.iter().map(|resource| resource.address.as_str()).collect();
            let is_first = |resource: &&Resource| !resource.needs.iter().any(|need| addresses.contains(&need.as_str()));
            let (now, later): (Vec<&Resource>, Vec<&Resource>) = left.iter().copied().partition(is_first);
            for some in now.chunks(AT_ONCE) {
                let known = &survey.known;
                let find = some.iter().map(|resource| self.patiently(async || self.find(resource, known).await));
                let found = join_all(find).await;
                for (resource, found) in some.iter().zip(found) {
                    let found = found?;
                    if let Some(seen) = &found {
                        self.look_for_rollouts(resource, seen).await?;
                    }
                    survey.note(&resource.address, found);
                }
            }
            left = later;
        }
        Ok(survey)
    }
}
