//! One preview brought up, step by step.
//!
//! Look, do the next thing, look again. Nothing is remembered between two jobs but what AWS holds: killed anywhere, the next `up` goes on
//! and the next `down` takes away.

use super::{
    body::{self, Bodies},
    down::{gave_way, in_words},
    stage::{Stage, log},
};
use crate::{
    aws::{
        Fault, FaultKind,
        lattice::groups::TargetGroup,
        previews::{
            Listing,
            look::{Depth, Header},
        },
    },
    commands::connect,
    exit::{Error, Exit},
    preview::{
        claim::Claim,
        name::{self, Names},
        raise::{self, Kind, Step, Wanted},
        reach::{Full, Reach, priority},
        seen::{Group, Seen},
        watch::{Judged, judge},
    },
};

/// What is remembered while one is brought up.
pub(super) struct Raising<'s> {
    pub(super) stage: &'s Stage<'s>,
    pub(super) names: &'s Names,
    pub(super) bodies: Bodies<'s>,
    pub(super) model: TargetGroup,
    pub(super) claim: Claim,
    pub(super) networks: Vec<String>,
    /// The branch, for its tag.
    pub(super) branch: String,
    /// AWS has refused one more rule.
    pub(super) full: Option<Full>,
    /// Why it has a service of its own, where a rule was wanted first.
    pub(super) because: Option<Full>,
    /// The task definition that was registered, by ARN.
    pub(super) registered: Option<String>,
    pub(super) launched: bool,
    /// The steps that were done since time last passed.
    pub(super) since: Vec<Step>,
    /// How many were done: what is made again after somebody took it away is asked for by another token, or AWS would answer with
    /// what is gone.
    pub(super) steps: u32,
    /// The commit that it ran before.
    pub(super) before: Option<String>,
    /// It was looked at before.
    pub(super) looked: bool,
    /// What is said of it only once.
    pub(super) warned: bool,
}

/// Where it ended.
pub(super) enum End {
    Healthy(Seen),
    Failed(Seen, String),
}

impl Raising<'_> {
    /// What there is, and how it is to be reached.
    async fn look(&mut self) -> Result<(Listing, Seen, Kind), LookError> {
        let (stage, settings) = (self.stage, self.stage.settings);
        let listing = stage.home.list(&stage.aws, stage.now()).await?;
        let header = Header(&settings.previews.header);
        let seen = stage.home.look(&stage.aws, (&listing, self.names), header, Depth::Up, stage.now()).await?;
        let room = stage.home.room(&listing, &stage.kept());
        let room = match (&self.full, &stage.home.front) {
            (Some(full), _) => Err(full.clone()),
            (None, None) => Err(Full::NoListener),
            (None, Some(_)) => Ok(&room),
        };
        let (kind, because) = raise::kind(&seen, settings.previews.reach, room).map_err(LookError::Full)?;
        if because.is_some() {
            self.because = because;
        }
        Ok((listing, seen, kind))
    }

    /// Shows what would be done.
    ///
    /// # Errors
    /// AWS's refusal.
    pub(super) async fn show(&mut self) -> Result<Exit, Error> {
        let (_, seen, kind) = self.look().await?;
        let mut lines: Vec<String> = in_words(&seen).into_iter().map(|what| format!("there is {what}")).collect();
        let names = self.names;
        lines.push(match (kind, &self.because) {
            (Kind::Rule, _) => format!("would be reached by `{}: {}`", self.stage.settings.previews.header, names.key),
            (Kind::Service, None) => format!("would have a Lattice service of its own, {}", names.service),
            (Kind::Service, Some(why)) => format!("would have a Lattice service of its own, {}, because {why}", names.service),
        });
        lines.push(format!("would run as the ECS service {}, in the target group {}", names.ecs_service, names.group));
        connect::show(self.stage.settings.format, &lines);
        Ok(Exit::Done)
    }

    /// Brings it up.
    ///
    /// # Errors
    /// Another job goes on; what trying again does not change; the time is over.
    pub(super) async fn run(&mut self) -> Result<End, Error> {
        loop {
            let (listing, seen, kind) = match self.look().await {
                Ok(looked) => looked,
                Err(LookError::Fault(fault)) => {
                    self.stage.done(Err(fault)).await?;
                    continue;
                }
                Err(full @ LookError::Full(_)) => return Err(full.into()),
            };
            if !std::mem::replace(&mut self.looked, true) {
                let found = seen.group.as_ref().and_then(|group| group.claim.as_ref());
                self.claim = self.claim.clone().after(found);
            }
            if self.before.is_none() {
                self.before = seen.group.as_ref().and_then(|group| group.commit.clone());
            }
            let wanted = Wanted {
                claim: &self.claim,
                kind,
                networks: &self.networks,
                task_definition: self.registered.as_deref(),
                launched: self.launched,
            };
            match raise::next(&seen, &wanted) {
                Step::Refuse(what) => {
                    let hint = "give the previews other names: `preview: { prefix: … }`";
                    return Err(Error::new(Exit::Refused, format!("{what} is there and is not this preview's")).hint(hint));
                }
                Step::GiveWay(other) => return Err(gave_way(&other, self.names.number)),
                Step::Wait(what) => self.stage.rest(what).await?,
                Step::Watch => {
                    if let Some(end) = self.watch(&seen).await? {
                        return Ok(match end {
                            Ok(()) => End::Healthy(seen),
                            Err(why) => End::Failed(seen, why),
                        });
                    }
                }
                step @ Step::MakeGroup
                | step @ Step::RemoveGroup(_)
                | step @ Step::Claim
                | step @ Step::MakeRule
                | step @ Step::RemoveRule(_)
                | step @ Step::MakeService
                | step @ Step::Guard(_)
                | step @ Step::Listen(_)
                | step @ Step::Join { .. }
                | step @ Step::Leave(_)
                | step @ Step::RemoveService(_)
                | step @ Step::Register
                | step @ Step::Create
                | step @ Step::Update => {
                    // Doing the same again without letting time pass could go on for ever.
                    if self.since.contains(&step) {
                        self.stage.rest("what was done to be seen").await?;
                        self.since.clear();
                    }
                    let done = self.act(&step, &listing, seen.group.as_ref()).await?;
                    self.step_done(&step, done).await?;
                }
            }
        }
    }

    async fn step_done(&mut self, step: &Step, done: Result<(), Fault>) -> Result<(), Error> {
        match done {
            Err(fault) if fault.kind == FaultKind::Quota && *step == Step::MakeRule && self.is_auto() => {
                self.full = Some(Full::Refused(fault.message));
                Ok(())
            }
            done => {
                if done.is_ok() {
                    self.since.push(step.clone());
                    self.steps += 1;
                }
                self.stage.done(done).await
            }
        }
    }

    fn is_auto(&self) -> bool {
        self.stage.settings.previews.reach == Reach::Auto
    }

    /// Does one thing. What the definitions are wrong about is an error, AWS's refusal is the step's end.
    async fn act(&mut self, step: &Step, listing: &Listing, group: Option<&Group>) -> Result<Result<(), Fault>, Error> {
        let (stage, names) = (self.stage, self.names);
        let (home, aws, now) = (&stage.home, &stage.aws, stage.now());
        let life = format!("{}-{}-{}", self.claim.owner, self.claim.at.as_millis(), self.steps);
        let arn = group.map(|group| group.arn.clone()).unwrap_or_default();
        let say = |what: &str| log(&format!("{}: {what}", names.key));
        Ok(match step {
            Step::MakeGroup => {
                say(&format!("target group {}", names.group));
                home.make_group(aws, names, &self.model, &life).await
            }
            Step::RemoveGroup(arn) => home.remove_group(aws, arn, names, now).await,
            Step::Claim => home.note(aws, &arn, &self.claimed()).await,
            Step::MakeRule => match priority(&home.room(listing, &stage.kept())) {
                Ok(priority) => {
                    say(&format!("rule {} of priority {priority}", names.rule));
                    home.make_rule(aws, names, (&stage.settings.previews.header, priority), &arn, &life).await
                }
                // Somebody took the room since it was looked at.
                Err(_) => Ok(()),
            },
            Step::RemoveRule(arn) => home.remove_rule(aws, arn, names).await,
            Step::MakeService => {
                say(&format!("Lattice service {}", names.service));
                home.make_service(aws, names, &life, now).await
            }
            Step::Guard(own) => home.guard(aws, own, now).await,
            Step::Listen(own) => home.listen(aws, names, (own, &arn), &life, now).await,
            Step::Join { service, network } => home.join(aws, names, (service, network), &life, now).await,
            Step::Leave(arn) => home.leave(aws, arn, names, now).await,
            Step::RemoveService(arn) => home.remove_service(aws, arn, names, now).await,
            Step::Register => match aws.ecs.register_task_definition(&self.bodies.register()).await {
                Ok(registered) => {
                    say(&format!("task definition {}", registered.short()));
                    self.registered = Some(registered.arn);
                    Ok(())
                }
                Err(fault) => Err(fault),
            },
            Step::Create | Step::Update => {
                let task_definition = self.registered.clone().unwrap_or_default();
                let (create, update, warnings) = self.bodies.launch(&arn, &task_definition)?;
                if !std::mem::replace(&mut self.warned, true) {
                    warnings.iter().for_each(|warning| log(&format!("warning: {warning}")));
                }
                let is_new = *step == Step::Create;
                say(&format!(
                    "ECS service {} {}",
                    names.ecs_service,
                    if is_new { "is created" } else { "runs the new revision" }
                ));
                let done = body::launch(stage, names, (&create, &update), (&life, is_new)).await;
                self.launched = done.is_ok();
                done
            }
            Step::Refuse(_) | Step::GiveWay(_) | Step::Wait(_) | Step::Watch => Ok(()),
        })
    }

    /// The tags that say who is at it, and until when it is wanted.
    fn claimed(&self) -> Vec<(&'static str, String)> {
        let ttl = self.stage.settings.previews.ttl;
        let until = ttl.map_or_else(|| "never".to_owned(), |ttl| (self.claim.at + ttl).to_string());
        vec![(name::CLAIM, self.claim.to_string()), (name::UNTIL, until), (name::BRANCH, self.branch.clone())]
    }

    /// Whether it is healthy, or will not be; none for not yet.
    async fn watch(&self, seen: &Seen) -> Result<Option<Result<(), String>>, Error> {
        let stage = self.stage;
        let group = seen.group.as_ref().map(|group| group.arn.as_str()).unwrap_or_default();
        let looked = stage.home.watch(&stage.aws, self.names, group, stage.now()).await;
        let Some(look) = stage.seen(looked).await? else { return Ok(None) };
        match judge(&look, self.registered.as_deref().unwrap_or_default()) {
            Judged::Ready => Ok(Some(Ok(()))),
            Judged::Failed(why) => Ok(Some(Err(self.why(why).await))),
            Judged::NotYet(what) if stage.now() >= stage.deadline => {
                let timeout = humantime::format_duration(stage.settings.previews.timeout);
                Ok(Some(Err(self.why(format!("after {timeout}: {what}")).await)))
            }
            Judged::NotYet(what) => stage.rest(&what).await.map(|()| None),
        }
    }

    /// With why its newest task stopped, where one did.
    async fn why(&self, why: String) -> String {
        let stage = self.stage;
        let tasks = stage.aws.ecs.tasks(&stage.settings.cluster, &self.names.ecs_service).await.unwrap_or_default();
        let ours = tasks.iter().filter(|task| Some(&task.task_definition) == self.registered.as_ref() && task.is_stopped());
        let newest = ours.max_by_key(|task| task.stopped_at);
        let reason = newest.and_then(|task| task.container_reason.clone().or_else(|| task.stopped_reason.clone()));
        reason.map_or_else(|| why.clone(), |reason| format!("{why}; its task stopped: {reason}"))
    }
}

/// Why nothing is known of it.
enum LookError {
    Fault(Fault),
    Full(Full),
}

impl From<Fault> for LookError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<LookError> for Error {
    fn from(error: LookError) -> Self {
        match error {
            LookError::Fault(fault) => fault.into(),
            LookError::Full(full) => Self::invalid(format!("there is no room for one more rule: {full}")).hint(
                "`preview: { reach: auto }` gives it a Lattice service of its own; or remove a rule, or have the quota raised",
            ),
        }
    }
}
