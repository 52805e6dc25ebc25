//! `preview up`: brings the preview of a pull request up, or has it run its new commit, and tells how to reach it.

use super::{
    body::Bodies,
    down::end_told,
    lowering::{Lowering, lower},
    raising::{End, Raising},
    stage::{Stage, log},
    told::GitHub,
};
use crate::{
    aws::Fault,
    commands::{connect, preflight},
    exit::{Error, Exit},
    github::deployment::State as Deployed,
    preview::{
        admit::PullRequest,
        claim::Purpose,
        name::{self, Names},
        seen::Seen,
    },
    report::{
        append_outputs, outputs,
        preview::{Preview, Reached, State},
    },
    settings::{DeploySettings, PreviewSettings},
};

/// Runs it.
///
/// # Errors
/// The pull request may have no preview; what is wrong with the definitions; it does not become healthy.
pub(crate) async fn up(settings: PreviewSettings) -> Result<Exit, Error> {
    let Some(release) = settings.release.clone() else { return Err(Error::invalid("nothing says what the preview runs")) };
    let github = GitHub::of(&settings)?;
    let number = github.number(settings.pull_request)?;
    let pull = github.pull_request(number).await?;
    if let Some(pull) = &pull {
        github.admit(pull, settings.previews.fork_label.as_deref())?;
    }
    let stage = Stage::set(&settings).await?;
    let names = Names::of(settings.prefix(), number);
    let mut raising = begin(&stage, &names, &release, pull.as_ref()).await?;
    let commit = pull.as_ref().map(|pull| pull.head.clone()).or_else(|| github.commit());
    let told = told(&stage, &names, &github, (commit.as_deref(), pull.as_ref()));
    if settings.dry_run {
        return raising.show().await;
    }
    github.deploy(&names, commit.as_deref(), (Deployed::InProgress, "it is coming up"), None).await;
    github.comment(number, &told).await;
    let end = match raising.run().await {
        Ok(end) => end,
        Err(error) => {
            let why = error.problems.iter().map(|problem| problem.message.clone()).collect::<Vec<_>>().join("; ");
            if error.exit != Exit::Refused {
                let told = Preview { state: State::Failed(why.clone()), before: raising.before.clone(), ..told };
                github.deploy(&names, commit.as_deref(), (Deployed::Failure, &why), None).await;
                github.comment(number, &told).await;
            }
            return Err(error);
        }
    };
    // Its own `down` may have run before there was anything to take away.
    if let Ok(Some(pull)) = github.pull_request(number).await
        && !pull.is_open
    {
        let mut lowering = Lowering::new(&stage, names.clone(), stage.claim(Purpose::Down));
        lower(&stage, &mut lowering).await?;
        end_told(&stage, &github, &lowering, &format!("pull request {number} was closed meanwhile")).await;
        return Err(Error::new(Exit::Refused, format!("pull request {number} was closed meanwhile: its preview is taken away")));
    }
    raising.tell(end, &github, (commit, told)).await
}

/// Everything that is read and judged before the first write.
async fn begin<'s>(
    stage: &'s Stage<'s>,
    names: &'s Names,
    release: &DeploySettings,
    pull: Option<&PullRequest>,
) -> Result<Raising<'s>, Error> {
    let (settings, now) = (stage.settings, stage.now());
    let bodies = Bodies::read(stage, release, names)?;
    let mut model = None;
    for slot in &settings.slots {
        model = match model {
            None => stage.aws.lattice.resolve_group(slot).await?,
            found => found,
        };
    }
    let Some(model) = model else {
        let message =
            format!("there is no target group {}: a preview's is made like the service's own", settings.slots.join(" and no "));
        return Err(
            Error::invalid(message).hint("make the first release, or name the slots' target groups in `lattice: { slots: … }`")
        );
    };
    // What is wrong with the definitions is told before anything is written.
    bodies.launch(model.arn.as_str(), "")?;
    let networks = match settings.previews.networks.as_slice() {
        [] => stage.home.networks(&stage.aws, now).await?,
        given => stage.home.networks_of(&stage.aws, given, now).await?,
    };
    Ok(Raising {
        stage,
        names,
        bodies,
        model,
        claim: stage.claim(Purpose::Up),
        networks,
        branch: pull.map(|pull| pull.branch.clone()).unwrap_or_default(),
        full: None,
        because: None,
        registered: None,
        launched: false,
        since: Vec::new(),
        steps: 0,
        before: None,
        looked: false,
        warned: false,
    })
}

/// What is said of it while it comes up.
fn told(stage: &Stage<'_>, names: &Names, github: &GitHub, (commit, pull): (Option<&str>, Option<&PullRequest>)) -> Preview {
    let (repository_url, run_url) = github.pages();
    Preview {
        service: stage.settings.service.clone(),
        key: names.key.clone(),
        state: State::Coming,
        commit: commit.map(str::to_owned),
        before: None,
        branch: pull.map(|pull| pull.branch.clone()).filter(|branch| !branch.is_empty()),
        runs: None,
        reached: None,
        until: None,
        run_url,
        repository_url,
        endpoint: stage.aws.endpoint.clone(),
    }
}

impl Raising<'_> {
    /// What came of it, for people and programs.
    async fn tell(&self, end: End, github: &GitHub, (commit, told): (Option<String>, Preview)) -> Result<Exit, Error> {
        let (names, settings) = (self.names, self.stage.settings);
        let (seen, state) = match end {
            End::Healthy(seen) => (seen, State::Up),
            End::Failed(seen, why) => (seen, State::Failed(why)),
        };
        let reached = self.reached(&seen).await?;
        let revision = preflight::short(self.registered.as_deref().unwrap_or_default());
        let until = settings.previews.ttl.map(|ttl| self.claim.at + ttl);
        let told = Preview {
            runs: Some((revision.clone(), settings.previews.size.count)),
            reached: Some(reached.clone()),
            before: self.before.clone(),
            until,
            state: state.clone(),
            ..told
        };
        if let State::Failed(why) = state {
            github.deploy(names, commit.as_deref(), (Deployed::Failure, &why), None).await;
            github.comment(names.number, &told).await;
            let hint = "the log of its tasks says more; the next push, or another run, tries again";
            return Err(Error::new(Exit::Malfunction, told.lines().join("; ")).hint(hint));
        }
        self.tidy(&seen, commit.as_deref()).await;
        let comment = github.comment(names.number, &told).await;
        // By a header nobody gets there who only follows a link: the comment says how.
        let url = settings.previews.url.as_ref().map(|url| names.fill(url));
        let url = url.or_else(|| if reached.header.is_some() { comment.clone() } else { Some(reached.url.clone()) });
        github.deploy(names, commit.as_deref(), (Deployed::Success, "it is up and healthy"), url).await;
        connect::show(settings.format, &told.lines());
        if let Some(file) = &settings.surroundings.runner.output {
            let told = outputs::preview(&reached.url, reached.header.as_deref(), Some(&revision), &names.ecs_service);
            let links = outputs::links(comment.as_deref(), None);
            append_outputs(file, &(told + &links))
                .map_err(|error| Error::malfunction(format!("cannot write {}", file.display()), &error))?;
        }
        Ok(Exit::Done)
    }

    /// Notes the commit, and deregisters what no task runs any more. What fails here is done the next time.
    async fn tidy(&self, seen: &Seen, commit: Option<&str>) {
        let (stage, names) = (self.stage, self.names);
        let group = seen.group.as_ref().map(|group| group.arn.clone()).unwrap_or_default();
        if let Some(commit) = commit {
            missed(stage.home.note(&stage.aws, &group, &[(name::COMMIT, commit.to_owned())]).await);
        }
        let runs = self.registered.as_deref().unwrap_or_default();
        for arn in missed(stage.home.older_definitions(&stage.aws, names, runs, stage.now()).await).unwrap_or_default() {
            missed(stage.home.deregister(&stage.aws, &arn, stage.now()).await);
        }
    }

    async fn reached(&self, seen: &Seen) -> Result<Reached, Error> {
        let (stage, settings) = (self.stage, self.stage.settings);
        let (domain, header) = match &seen.own {
            Some(own) => (stage.home.own_domain(&stage.aws, own, stage.now()).await?, None),
            None => (stage.home.domain.clone(), Some(format!("{}: {}", settings.previews.header, self.names.key))),
        };
        let url = settings.previews.url.as_ref().map(|url| self.names.fill(url));
        Ok(Reached {
            url: url.unwrap_or_else(|| stage.home.url_of(&domain)),
            because: self.because.as_ref().filter(|_| header.is_none()).map(ToString::to_string),
            needs_auth: stage.home.auth_type == "AWS_IAM",
            header,
        })
    }
}

/// What is done the next time, where it was not done now.
fn missed<T>(done: Result<T, Fault>) -> Option<T> {
    done.map_err(|fault| log(&format!("warning: AWS: {fault}"))).ok()
}
