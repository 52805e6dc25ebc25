//! One preview taken away, step by step.

use super::stage::{Stage, log};
use crate::{
    aws::{
        Fault,
        previews::{
            Listing,
            look::{Depth, Header},
        },
    },
    exit::Error,
    preview::{
        claim::Claim,
        lower::{self, Step},
        name::{self, Names},
        seen::Seen,
    },
};

/// How far it got in one look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Something was done: look again at once.
    Stepped,
    /// Look again later, with what is waited for.
    Waits(String),
    /// There is nothing left.
    Done,
    /// Another job goes on.
    GaveWay(Claim),
}

/// One preview that is taken away.
pub(super) struct Lowering<'s> {
    stage: &'s Stage<'s>,
    pub(super) names: Names,
    claim: Claim,
    /// The steps that were done since time last passed.
    since: Vec<Step>,
    /// What there was of it.
    pub(super) was: Option<Seen>,
}

impl<'s> Lowering<'s> {
    pub(super) const fn new(stage: &'s Stage<'s>, names: Names, claim: Claim) -> Self {
        Self { stage, names, claim, since: Vec::new(), was: None }
    }

    /// Looks, and does the next thing.
    ///
    /// # Errors
    /// What trying again does not change; the time is over.
    pub(super) async fn step(&mut self, listing: &Listing) -> Result<Progress, Error> {
        let stage = self.stage;
        let header = Header(&stage.settings.previews.header);
        let looked = stage.home.look(&stage.aws, (listing, &self.names), header, Depth::Down, stage.now()).await;
        let Some(seen) = stage.seen(looked).await? else { return Ok(Progress::Stepped) };
        if self.was.is_none() {
            let found = seen.group.as_ref().and_then(|group| group.claim.as_ref());
            self.claim = self.claim.clone().after(found);
        }
        let step = lower::next(&seen, &self.claim);
        let group = seen.group.as_ref().map(|group| group.arn.clone()).unwrap_or_default();
        if self.was.is_none() {
            self.was = Some(seen);
        }
        match step {
            Step::GiveWay(other) => return Ok(Progress::GaveWay(other)),
            Step::Done => return Ok(Progress::Done),
            Step::Wait(what) => return Ok(Progress::Waits(what.to_owned())),
            step @ Step::Claim
            | step @ Step::RemoveRule(_)
            | step @ Step::Leave(_)
            | step @ Step::RemoveService(_)
            | step @ Step::Stop(_)
            | step @ Step::Deregister(_)
            | step @ Step::Empty
            | step @ Step::RemoveGroup(_) => {
                if self.since.contains(&step) {
                    stage.rest("what was done to be seen").await?;
                    self.since.clear();
                }
                let done = self.act(&step, &group).await;
                self.since.extend(done.is_ok().then_some(step));
                stage.done(done).await?;
            }
        }
        Ok(Progress::Stepped)
    }

    async fn act(&self, step: &Step, group: &str) -> Result<(), Fault> {
        let (stage, names) = (self.stage, &self.names);
        let (home, aws, now) = (&stage.home, &stage.aws, stage.now());
        let say = |what: &str| log(&format!("{}: {what}", names.key));
        match step {
            Step::Claim => home.note(aws, group, &[(name::CLAIM, self.claim.to_string())]).await,
            Step::RemoveRule(arn) => {
                say("its rule is taken away");
                home.remove_rule(aws, arn, names).await
            }
            Step::Leave(arn) => {
                say("its Lattice service leaves its network");
                home.leave(aws, arn, names, now).await
            }
            Step::RemoveService(arn) => {
                say("its Lattice service is taken away");
                home.remove_service(aws, arn, names, now).await
            }
            Step::Stop(arn) => {
                say("its tasks are stopped");
                home.stop(aws, arn, now).await
            }
            Step::Deregister(arn) => home.deregister(aws, arn, now).await,
            Step::Empty => home.empty(aws, group, now).await,
            Step::RemoveGroup(arn) => {
                say("its target group is taken away");
                home.remove_group(aws, arn, names, now).await
            }
            Step::GiveWay(_) | Step::Wait(_) | Step::Done => Ok(()),
        }
    }
}

/// Takes one away, to its end.
///
/// # Errors
/// What trying again does not change; the time is over.
pub(super) async fn lower(stage: &Stage<'_>, lowering: &mut Lowering<'_>) -> Result<Progress, Error> {
    loop {
        let Some(listing) = stage.seen(stage.home.list(&stage.aws, stage.now()).await).await? else { continue };
        match lowering.step(&listing).await? {
            Progress::Stepped => {}
            Progress::Waits(what) => stage.rest(&what).await?,
            end @ Progress::Done | end @ Progress::GaveWay(_) => return Ok(end),
        }
    }
}
