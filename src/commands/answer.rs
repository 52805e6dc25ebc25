//! `answer`: a command in a comment on a pull request, carried out for people with write permission and answered in the thread.

use super::{
    abort,
    conduct::{self, Ended},
    connect, lookups, promote, rollback, status,
};
use crate::{
    cli,
    exit::{Error, Exit},
    github::{
        client::{Client, Token},
        comment::Sticky,
        issue_comment::{IssueComment, Reaction, may_write, react},
    },
    report::{self, answer as words},
    settings::{Asked, AskedSettings, AskedVerb, Environment, Served, Surroundings, comment, resolve},
};

/// Runs it. Ends as the verb does; with 0 where the answer is that nothing was done.
///
/// # Errors
/// A malformed event; GitHub not saying what the author may do.
pub(crate) async fn answer(args: &cli::Answer, environment: &Environment) -> Result<Exit, Error> {
    let settings = lookups::settled(&mut environment.clone(), |it| resolve::answer(args, it)).await?;
    let comment = event(&settings.surroundings)?;
    if comment.action != "created" {
        return Ok(ignored("only new comments are commands: this one was edited or deleted"));
    }
    let Some(read) = comment::read(&comment.body) else {
        return Ok(ignored("the comment's first line is no /espalier command"));
    };
    let thread = Thread::of(&settings.surroundings, comment)?;
    thread.react(Reaction::Eyes).await;
    if !thread.comment.is_on_pull_request {
        return Ok(thread.refuse(&words::elsewhere()).await);
    }
    let author = &thread.comment.author;
    let unknown = |error| Error::malfunction("nothing was done: GitHub does not say whether the author may do this", &error);
    if !may_write(&thread.client, author).await.map_err(unknown)? {
        return Ok(thread.refuse(&words::refused(author)).await);
    }
    let chosen = read.map_err(|misread| misread.to_string()).and_then(|asked| {
        let served = chosen(&settings.services, &asked)?;
        Ok((asked.verb, served))
    });
    let (verb, served) = match chosen {
        Ok(chosen) => chosen,
        Err(why) => {
            let answer = words::misread(&why, &names(&settings.services));
            return Ok(thread.refused(&format!("that is no command: {why}; nothing was done"), &answer).await);
        }
    };
    connect::print(&words::log(&format!("{} asked for {}", author, verb.name())));
    if let (Some(file), Some(config)) = (&settings.surroundings.runner.output, &served.config) {
        report::append_outputs(file, &report::outputs::config(config))
            .map_err(|error| Error::malfunction(format!("cannot write {}", file.display()), &error))?;
    }
    let done = run(args, environment, served, &verb, author).await;
    let live = live(args, environment, served).await;
    let (answer, exit) = match done {
        Ok(Ended { exit, outcome, why }) => {
            let because = outcome.as_ref().map(|outcome| outcome.reason.to_string()).or(why);
            (words::done(verb.name(), outcome.map(|outcome| outcome.kind), because.as_deref(), exit, &live), exit)
        }
        Err(error) => {
            connect::print(&words::log(&error.to_string()));
            let problems: Vec<_> = error.to_string().lines().map(str::to_owned).collect();
            (words::failed(verb.name(), error.exit, &problems, &live), error.exit)
        }
    };
    thread.say(&answer).await;
    thread.react(if exit == Exit::Done { Reaction::Rocket } else { Reaction::Confused }).await;
    Ok(exit)
}

fn event(surroundings: &Surroundings) -> Result<IssueComment, Error> {
    let path = surroundings.runner.event_path.clone().unwrap_or_default();
    let payload = std::fs::read_to_string(&path)
        .map_err(|error| Error::invalid(format!("GITHUB_EVENT_PATH ({}) cannot be read: {error}", path.display())))?;
    IssueComment::read(&payload).map_err(|error| Error::invalid(error.to_string()))
}

fn ignored(why: &str) -> Exit {
    connect::print(&format!("nothing to answer: {why}"));
    Exit::Done
}

fn names(services: &[Served]) -> Vec<&str> {
    services.iter().filter_map(|served| served.name.as_deref()).collect()
}

/// The service that is asked about: the one that is named, or the only one.
fn chosen<'a>(services: &'a [Served], asked: &Asked) -> Result<&'a Served, String> {
    match (&asked.service, services) {
        (Some(name), _) => services
            .iter()
            .find(|served| served.name.as_ref() == Some(name))
            .ok_or_else(|| format!("there is no service `{name}` here")),
        (None, [only]) => Ok(only),
        (None, _) => Err("there are several services here, and it does not say --service".to_owned()),
    }
}

async fn run(
    args: &cli::Answer,
    environment: &Environment,
    served: &Served,
    verb: &AskedVerb,
    author: &str,
) -> Result<Ended, Error> {
    let mut settings = asked(args, environment, served, verb).await?;
    // Who asked is the comment's author, also when somebody else runs the job again.
    if let Some(surroundings) = settings.surroundings() {
        surroundings.runner.actor = Some(author.to_owned());
    }
    match &settings {
        // It is part of every answer.
        AskedSettings::Status(_) => Ok(Ended { exit: Exit::Done, outcome: None, why: None }),
        AskedSettings::Promote(settings) => conduct::told(promote::begin(settings)).await,
        AskedSettings::Abort(settings) => conduct::told(abort::begin(settings)).await,
        AskedSettings::Rollback(settings) => conduct::told(rollback::begin(settings)).await,
    }
}

async fn asked(args: &cli::Answer, environment: &Environment, served: &Served, verb: &AskedVerb) -> Result<AskedSettings, Error> {
    lookups::settled(&mut environment.clone(), |it| resolve::asked(args, it, served.config.as_ref(), verb)).await
}

/// What is live, or why that cannot be said.
async fn live(args: &cli::Answer, environment: &Environment, served: &Served) -> Vec<String> {
    let shown = async {
        let AskedSettings::Status(settings) = asked(args, environment, served, &AskedVerb::Status).await? else {
            return Ok(Vec::new());
        };
        status::lines(&settings).await
    };
    let shown: Result<_, Error> = shown.await;
    shown.unwrap_or_else(|error| vec![error.to_string()])
}

/// The thread that the answer belongs to. What cannot be said there is said in the log.
struct Thread {
    client: Client,
    comment: IssueComment,
    run_url: Option<String>,
}

impl Thread {
    fn of(surroundings: &Surroundings, comment: IssueComment) -> Result<Self, Error> {
        let runner = &surroundings.runner;
        let api_url = runner.api_url.as_deref().unwrap_or("https://api.github.com");
        let repository = runner.repository.as_deref().unwrap_or_default();
        let token = Token::new(surroundings.github_token.as_ref().map_or("", |token| token.reveal()));
        let client = Client::new(api_url, repository, &token).map_err(|error| Error::invalid(error.to_string()))?;
        let server = runner.server_url.as_deref().unwrap_or("https://github.com");
        let run_url = runner.run_id.as_ref().map(|run| format!("{server}/{repository}/actions/runs/{run}"));
        Ok(Self { client, comment, run_url })
    }

    async fn react(&self, reaction: Reaction) {
        if let Err(error) = react(&self.client, self.comment.id, reaction).await {
            connect::print(&words::log(&format!("no reaction to the comment: {error}")));
        }
    }

    async fn say(&self, answer: &str) {
        let body = words::signed(answer, self.run_url.as_deref());
        let mut sticky = Sticky::new(self.client.clone(), self.comment.number, words::marker(self.comment.id));
        let mut said = sticky.say(&body).await;
        // The second attempt looks whether the first one was heard after all.
        if said.as_ref().is_err_and(|error| error.is_passing()) {
            said = sticky.say(&body).await;
        }
        if let Err(error) = said {
            connect::print(&words::log(&format!("the answer could not be written: {error}\n{answer}")));
        }
    }

    /// Nothing was done, and that is the answer.
    async fn refuse(&self, answer: &str) -> Exit {
        self.refused(answer, answer).await
    }

    /// The same, told in the log without Markdown.
    async fn refused(&self, logged: &str, answer: &str) -> Exit {
        connect::print(&words::log(logged));
        self.say(answer).await;
        self.react(Reaction::Confused).await;
        Exit::Done
    }
}
