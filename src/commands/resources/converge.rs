//! Step by step until nothing is left to do: each resource as soon as it has what it needs, several at once, one sleeper.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use sha2::{Digest as _, Sha256};

use super::{
    survey::{AT_ONCE, PAUSE, Survey, Work},
    tell::Progress,
};
use crate::{
    aws::Fault,
    exit::{Error, Exit, Problem},
    resources::{
        Kind, Known, Resource, Seen,
        next::{Allowed, Step, next},
        removal::{self, Fate},
    },
};

/// What came of one step.
enum Stepped {
    /// It is as it is wanted, and was seen so.
    Done(Option<Seen>),
    /// Something was done: it is looked at again.
    Acted(&'static str),
    /// AWS is at it.
    Waiting(Option<String>),
    /// It cannot be done.
    Blocked(Problem),
}

/// Steps that were refused or not answered.
type Outcome = Result<Stepped, Fault>;

/// Who is not done yet, and what AWS said last.
#[derive(Default)]
struct Open {
    waits: BTreeMap<String, String>,
    failed: BTreeMap<String, Problem>,
}

impl Work<'_> {
    /// Makes and changes until everything is as it is wanted.
    ///
    /// # Errors
    /// What could not be done, all of it; what does not depend on that is done.
    pub(super) async fn up(
        &self,
        resources: &[Resource],
        survey: &mut Survey,
        allowed: Allowed,
        progress: &Progress,
    ) -> Result<(), Error> {
        let run = format!("{:?}", self.clock.now());
        let (mut done, mut open) = (BTreeSet::new(), Open::default());
        loop {
            let ready: Vec<&Resource> = resources
                .iter()
                .filter(|resource| !done.contains(&resource.address) && !open.failed.contains_key(&resource.address))
                .filter(|resource| resource.needs.iter().all(|need| done.contains(need)))
                .collect();
            if ready.is_empty() {
                return finished(open, resources, &done);
            }
            let mut moved = false;
            for some in ready.chunks(AT_ONCE) {
                let steps = some.iter().map(|resource| self.upward(resource, &survey.known, allowed, &run));
                for (resource, outcome) in some.iter().zip(join_all(steps).await) {
                    if let Ok(Stepped::Done(seen)) = &outcome {
                        done.insert(resource.address.clone());
                        survey.note(&resource.address, seen.clone());
                    }
                    moved |= self.note(resource, outcome, &mut open, progress);
                }
            }
            self.pause(moved, &mut open, &ready).await;
        }
    }

    async fn upward(&self, resource: &Resource, known: &Known, allowed: Allowed, run: &str) -> Outcome {
        let seen = self.find(resource, known).await?;
        let now = self.clock.now();
        Ok(match (next(resource, seen.as_ref(), known, self.owner, allowed), &seen) {
            (Step::Keep, _) => Stepped::Done(seen),
            (Step::Wait, _) => Stepped::Waiting(None),
            (Step::Blocked(message, hint), _) => Stepped::Blocked(Problem { message, hint: Some(hint) }),
            (Step::Make, _) => {
                // The same for a repeated call of this run, and another for every resource.
                let token = Sha256::digest(format!("{run} {}", resource.address));
                let token: String = token.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
                self.aws.make_resource(resource, known, &token, now).await?;
                Stepped::Acted("made")
            }
            (Step::Change(differences), Some(seen)) => {
                self.aws.change_resource(resource, seen, known, &differences, now).await?;
                Stepped::Acted("changed")
            }
            (Step::Remake(_), Some(seen)) => {
                self.aws.take_resource(resource, seen, known, now).await?;
                Stepped::Acted("taken away, to be made again")
            }
            (Step::Change(_) | Step::Remake(_), None) => Stepped::Waiting(None),
        })
    }

    /// Takes away what goes, the last things first.
    ///
    /// # Errors
    /// What could not be taken away in time, all of it, with the reason.
    pub(super) async fn down(
        &self,
        resources: &[Resource],
        survey: &Survey,
        fates: &BTreeMap<String, Fate>,
        progress: &Progress,
    ) -> Result<(), Error> {
        let (mut gone, mut open) = (BTreeSet::new(), Open::default());
        let goes: Vec<Resource> =
            resources.iter().filter(|resource| fates.get(&resource.address) == Some(&Fate::Goes)).cloned().collect();
        loop {
            let ready: Vec<&Resource> = removal::ready(resources, fates, &gone)
                .into_iter()
                .filter(|resource| !open.failed.contains_key(&resource.address))
                .collect();
            if ready.is_empty() {
                return finished(open, &goes, &gone);
            }
            let mut moved = false;
            for some in ready.chunks(AT_ONCE) {
                let steps = some.iter().map(|resource| self.downward(resource, &survey.known));
                for (resource, outcome) in some.iter().zip(join_all(steps).await) {
                    if matches!(outcome, Ok(Stepped::Done(_))) {
                        gone.insert(resource.address.clone());
                    }
                    moved |= self.note(resource, outcome, &mut open, progress);
                }
            }
            self.pause(moved, &mut open, &ready).await;
        }
    }

    async fn downward(&self, resource: &Resource, known: &Known) -> Outcome {
        let seen = self.find(resource, known).await?;
        let now = self.clock.now();
        Ok(match (removal::next(seen.as_ref()), &seen) {
            (removal::Step::Gone, _) | (removal::Step::Take, None) => Stepped::Done(None),
            (removal::Step::Wait, _) => Stepped::Waiting(None),
            // Targets that are all gone are gone, though there is nothing that would not be found.
            (removal::Step::Take, Some(seen)) if resource.kind == Kind::Targets && has_no_targets(seen) => Stepped::Done(None),
            (removal::Step::Take, Some(seen)) => {
                if resource.kind == Kind::EcsService {
                    self.aws.take_ecs_service(self.cluster.unwrap_or_default(), &resource.name, now).await?;
                } else {
                    self.aws.take_resource(resource, seen, known, now).await?;
                }
                Stepped::Acted("taken away")
            }
        })
    }

    /// Lets a listener that goes answer by itself.
    pub(super) async fn quiet(&self, listener: &Resource, seen: &Seen, known: &Known, progress: &Progress) -> Result<(), Error> {
        self.patiently(async || self.aws.quiet_listener(listener, seen, known, self.clock.now()).await).await?;
        progress.acted(listener, "answers 404 from now on");
        Ok(())
    }

    /// Whether anything moved. What AWS refuses for now is tried again until the time is over.
    fn note(&self, resource: &Resource, outcome: Outcome, open: &mut Open, progress: &Progress) -> bool {
        let address = &resource.address;
        match outcome {
            Ok(Stepped::Done(_)) => {
                open.waits.remove(address);
                true
            }
            Ok(Stepped::Acted(what)) => {
                progress.acted(resource, what);
                open.waits.insert(address.clone(), "AWS is still at it".to_owned());
                true
            }
            Ok(Stepped::Waiting(why)) => {
                open.waits.insert(address.clone(), why.unwrap_or_else(|| "AWS is still at it".to_owned()));
                false
            }
            Ok(Stepped::Blocked(problem)) => {
                open.failed.insert(address.clone(), problem);
                true
            }
            Err(fault) if self.is_passing(&fault) => {
                open.waits.insert(address.clone(), fault.to_string());
                false
            }
            Err(fault) => {
                let message = format!("{}: {fault}", resource.title());
                open.failed.insert(address.clone(), Problem { message, hint: Some(fault.hint()) });
                true
            }
        }
    }

    /// Waits before AWS is asked again; or gives up what is still open when the time is over.
    async fn pause(&self, moved: bool, open: &mut Open, ready: &[&Resource]) {
        if self.clock.now() >= self.deadline {
            for resource in ready {
                if let Some(why) = open.waits.remove(&resource.address) {
                    let message = format!("{}: not done in time: {why}", resource.title());
                    let hint = "run it again: it goes on where this one ended; `--timeout` gives it longer".to_owned();
                    open.failed.insert(resource.address.clone(), Problem { message, hint: Some(hint) });
                }
            }
        } else if !moved {
            self.clock.sleep_until(self.clock.now() + PAUSE).await;
        }
    }
}

/// Whether nothing is registered, and nothing drains.
pub(super) fn has_no_targets(seen: &Seen) -> bool {
    seen.attributes["targets"].as_array().is_none_or(Vec::is_empty) && seen.attributes["draining"] == 0
}

fn finished(open: Open, resources: &[Resource], done: &BTreeSet<String>) -> Result<(), Error> {
    if open.failed.is_empty() {
        return Ok(());
    }
    let left =
        resources.iter().filter(|resource| !done.contains(&resource.address) && !open.failed.contains_key(&resource.address));
    let left: Vec<&str> = left.map(|resource| resource.address.as_str()).collect();
    let mut problems: Vec<Problem> = open.failed.into_values().collect();
    if !left.is_empty() {
        let message = format!("not done because of that: {}", left.join(", "));
        problems.push(Problem { message, hint: None });
    }
    Err(Error { exit: Exit::Malfunction, problems })
}
