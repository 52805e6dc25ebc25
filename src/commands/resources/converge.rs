//! Step by step until nothing is left to do: each resource as soon as it has what it needs, several at once, one sleeper.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::{
    lives::{Lives, token},
    survey::{AT_ONCE, PAUSE, Survey, Work},
    tell::Progress,
};
use crate::{
    aws::Fault,
    commands::takeover,
    exit::{Error, Exit, Problem},
    resources::{
        Kind, Known, Resource, Seen,
        next::{Allowed, Step, next},
        removal::{self, Fate},
    },
};

const MADE: &str = "made";
const TAKEN: &str = "taken away";

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
    /// What was done since time last passed. What is not seen yet waits for that: doing it again at once could go on for ever.
    since: BTreeSet<(String, &'static str)>,
    lives: BTreeMap<String, Lives>,
}

impl Open {
    fn has_done(&self, what: &'static str, to: &Resource) -> bool {
        self.since.contains(&(to.address.clone(), what))
    }
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
        let run = format!("{} {:?}", takeover::owner(), self.clock.now());
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
                let lives = |resource: &Resource| open.lives.get(&resource.address).copied().unwrap_or_default();
                let token = |resource: &Resource| token(&format!("{run} {} {}", resource.address, lives(resource).before));
                let steps = some.iter().map(|resource| {
                    let token = (!open.has_done(MADE, resource)).then(|| token(resource));
                    self.upward(resource, &survey.known, allowed, token)
                });
                for (resource, outcome) in some.iter().zip(join_all(steps).await) {
                    if let Ok(Stepped::Done(seen)) = &outcome {
                        done.insert(resource.address.clone());
                        survey.note(&resource.address, seen.clone());
                    }
                    if let Ok(stepped) = &outcome
                        && !(open.has_done(MADE, resource) && matches!(stepped, Stepped::Waiting(_)))
                    {
                        let is_made = matches!(stepped, Stepped::Acted(MADE));
                        open.lives.entry(resource.address.clone()).or_default().note(is_made, self.clock.now());
                    }
                    moved |= self.note(resource, outcome, &mut open, progress);
                }
            }
            self.pause(moved, &mut open, &ready).await;
        }
    }

    async fn upward(&self, resource: &Resource, known: &Known, allowed: Allowed, token: Option<String>) -> Outcome {
        let seen = self.find(resource, known).await?;
        let now = self.clock.now();
        Ok(match (next(resource, seen.as_ref(), known, self.owner, allowed), &seen) {
            (Step::Keep, _) => Stepped::Done(seen),
            (Step::Wait, _) => Stepped::Waiting(None),
            (Step::Blocked(message, hint), _) => Stepped::Blocked(Problem { message, hint: Some(hint) }),
            (Step::Make, _) => {
                let Some(token) = token else { return Ok(Stepped::Waiting(None)) };
                self.aws.make_resource(resource, known, &token, now).await?;
                Stepped::Acted(MADE)
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
                let steps = some.iter().map(|resource| self.downward(resource, &survey.known, open.has_done(TAKEN, resource)));
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

    async fn downward(&self, resource: &Resource, known: &Known, is_taken: bool) -> Outcome {
        let seen = self.find(resource, known).await?;
        let now = self.clock.now();
        Ok(match (removal::next(seen.as_ref()), &seen) {
            (removal::Step::Gone, _) | (removal::Step::Take, None) => Stepped::Done(None),
            (removal::Step::Wait, _) => Stepped::Waiting(None),
            // Targets that are all gone are gone, though there is nothing that would not be found.
            (removal::Step::Take, Some(seen)) if resource.kind == Kind::Targets && has_no_targets(seen) => Stepped::Done(None),
            (removal::Step::Take, Some(_)) if is_taken => Stepped::Waiting(None),
            (removal::Step::Take, Some(seen)) => {
                if resource.kind == Kind::EcsService {
                    self.aws.take_ecs_service(self.cluster.unwrap_or_default(), &resource.name, now).await?;
                } else {
                    self.aws.take_resource(resource, seen, known, now).await?;
                }
                Stepped::Acted(TAKEN)
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
                open.since.insert((address.clone(), what))
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
            open.since.clear();
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

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::Future, pin::Pin, time::Duration};

    use serde_json::json;

    use super::*;
    use crate::{
        aws::testing::{Asked, asked, ok, with_aws},
        clock::Clock,
        time::Timestamp,
    };

    /// Time that passes only when somebody waits, and says how often that was.
    struct Waited(Cell<Timestamp>, Cell<u32>);

    impl Clock for Waited {
        fn now(&self) -> Timestamp {
            self.0.get()
        }

        fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + '_>> {
            self.0.set(until);
            self.1.set(self.1.get() + 1);
            Box::pin(std::future::ready(()))
        }
    }

    const START: Timestamp = Timestamp::from_secs(1_785_000_000);

    fn group() -> Resource {
        Resource {
            address: "target_groups.a".to_owned(),
            kind: Kind::TargetGroup,
            name: "shop-a".to_owned(),
            from: "f".to_owned(),
            needs: Vec::new(),
            is_external: false,
            wanted: json!({ "name": "shop-a", "type": "LAMBDA", "tags": { "espalier:owner": "shop" } }),
        }
    }

    /// The tokens that a run asks with in ten minutes, where this is what is listed after so many groups were asked for.
    fn tokens(listed: impl Fn(usize) -> bool + 'static) -> (Result<(), Error>, Vec<String>, u32) {
        let made = std::rc::Rc::new(Cell::new(0));
        let script = move |asked: &Asked, _| {
            let arn = "arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-0123456789abcdef0";
            let group =
                json!({ "name": "shop-a", "id": "tg-0123456789abcdef0", "arn": arn, "type": "LAMBDA", "status": "ACTIVE" });
            Some(match asked.what.as_str() {
                "POST /targetgroups" => {
                    made.set(made.get() + 1);
                    ok(group)
                }
                list if list.starts_with("GET /targetgroups?") => {
                    ok(json!({ "items": if listed(made.get()) { vec![group] } else { Vec::new() } }))
                }
                tags if tags.starts_with("GET /tags/") => ok(json!({ "tags": { "espalier:owner": "shop" } })),
                _ => ok(group),
            })
        };
        let mut ended = None;
        with_aws(script, async |aws, log| {
            let clock = Waited(Cell::new(START), Cell::new(0));
            let deadline = START + Duration::from_secs(600);
            let work = Work {
                aws: &aws,
                clock: &clock,
                owner: "shop",
                cluster: None,
                deadline,
                is_rolled_out: Cell::new(false),
                takes_away: false,
            };
            let done = work.up(&[group()], &mut Survey::default(), Allowed::default(), &Progress::silent()).await;
            let asked = asked(&log);
            let asked = asked.iter().filter(|asked| asked.what == "POST /targetgroups");
            let tokens = asked.map(|asked| asked.json()["clientToken"].as_str().unwrap_or_default().to_owned());
            ended = Some((done, tokens.collect(), clock.1.get()));
        });
        ended.expect("it ends")
    }

    #[test]
    fn lattice_8_what_is_made_and_never_seen_waits_for_the_next_look_and_ends_at_the_deadline() {
        let (done, tokens, waits) = tokens(|_| false);
        let error = done.expect_err("it is never there");
        assert_eq!(error.problems[0].message, "target group shop-a: not done in time: AWS is still at it");
        assert_eq!((tokens.len(), waits), (301, 300), "once at each look, and a look every two seconds");
        // A repeated call is the same call, and what is gone by all means is asked for by another one.
        assert_eq!(tokens[0], tokens[10]);
        assert_ne!(tokens[0], tokens[20]);
    }

    #[test]
    fn lists_that_are_behind_make_no_second_one() {
        let (done, tokens, waits) = tokens(|made| made > 2);
        assert!(done.is_ok());
        assert_eq!((tokens.len(), waits), (3, 2));
        assert!(tokens.iter().all(|token| *token == tokens[0]));
    }
}
