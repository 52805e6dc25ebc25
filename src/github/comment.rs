//! The sticky comment: one per service and environment, found again by a hidden marker, edited in place.
//!
//! Needs `pull-requests: write` (the REST API also takes `issues: write`).

use serde::{Deserialize, Serialize};

use super::{client::Client, error::GitHubError};

/// The permission that comments on pull requests need, as a workflow writes it.
pub const PERMISSION: &str = "pull-requests: write";

/// GitHub allows 2 500 comments on an issue; a hundred fit a page.
const MOST_PAGES: u32 = 30;

/// The hidden first line by which a comment is found again. What could end the HTML comment early is replaced.
#[must_use]
pub fn marker(service: &str, environment: &str) -> String {
    let clean = |text: &str| -> String {
        let allowed = |character: char| character.is_ascii_alphanumeric() || "._/-".contains(character);
        text.chars().map(|character| if allowed(character) { character } else { '_' }).collect()
    };
    format!("<!-- espalier:{}:{} -->", clean(service), clean(environment))
}

/// One comment on one pull request, looked for before it is created.
#[derive(Debug)]
pub struct Sticky {
    client: Client,
    pull_request: u64,
    marker: String,
    author: Option<Author>,
    id: Option<u64>,
    /// What it said when it was found.
    found: Option<String>,
    /// What we wrote last.
    written: Option<String>,
}

/// Whose comments can be ours.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Author {
    /// The user whom the token belongs to.
    User(String),
    /// The bot of the app that the token belongs to; any bot where GitHub does not say which.
    Bot(Option<String>),
}

#[derive(Deserialize)]
struct Comment {
    id: u64,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    html_url: Option<String>,
    #[serde(default)]
    user: Option<User>,
}

#[derive(Deserialize)]
struct User {
    #[serde(default)]
    login: String,
    #[serde(default, rename = "type")]
    kind: String,
}

#[derive(Serialize)]
struct Body<'a> {
    body: &'a str,
}

impl Author {
    /// Not just some bot.
    const fn is_known(&self) -> bool {
        matches!(self, Self::User(_) | Self::Bot(Some(_)))
    }

    fn wrote(&self, comment: &Comment) -> bool {
        let Some(user) = &comment.user else { return false };
        match self {
            Self::User(login) => user.login.eq_ignore_ascii_case(login),
            // GraphQL has the name with `[bot]` or without.
            Self::Bot(login) => {
                let bare = |login: &str| login.trim_end_matches("[bot]").to_ascii_lowercase();
                user.kind == "Bot" && login.as_ref().is_none_or(|login| bare(login) == bare(&user.login))
            }
        }
    }
}

impl Sticky {
    /// The comment on `pull_request` whose body begins with `marker` (see [`marker`]).
    #[must_use]
    pub const fn new(client: Client, pull_request: u64, marker: String) -> Self {
        Self { client, pull_request, marker, author: None, id: None, found: None, written: None }
    }

    /// What the comment says as it was found, if there is one: the words of whoever wrote it last. Nothing is written.
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn look(&mut self) -> Result<Option<&str>, GitHubError> {
        if self.id.is_none() {
            self.find().await?;
        }
        Ok(self.found.as_deref())
    }

    /// Makes the comment say `body`, below the marker, creating it when there is none. Gives its URL.
    ///
    /// # Errors
    /// See [`GitHubError`]. After [`GitHubError::Unreachable`] it may exist all the same: the next call looks again.
    pub async fn say(&mut self, body: &str) -> Result<Option<String>, GitHubError> {
        let text = format!("{}\n{body}", self.marker);
        if self.id.is_none() {
            self.find().await?;
        }
        if let Some(id) = self.id {
            match self.edit(id, &text).await {
                // Somebody deleted it since: a new one takes its place.
                Err(GitHubError::NotFound { .. }) => self.id = None,
                answer => return answer,
            }
        }
        let path = format!("/issues/{}/comments", self.pull_request);
        let what = format!("pull request {}", self.pull_request);
        let made: Comment = self.client.post_here(&path, &Body { body: &text }, PERMISSION, &what).await?.json()?;
        self.id = Some(made.id);
        self.written = Some(text.clone());
        // Another job may have done the same at the same moment: the older one stays. It is there already if this look fails.
        let kept = self.find().await.ok().and(self.id).unwrap_or(made.id);
        self.id = Some(kept);
        if kept == made.id { Ok(made.html_url) } else { self.edit(kept, &text).await }
    }

    async fn edit(&mut self, id: u64, text: &str) -> Result<Option<String>, GitHubError> {
        let path = format!("/issues/comments/{id}");
        let comment: Comment = self.client.patch_here(&path, &Body { body: text }, PERMISSION, "the comment").await?.json()?;
        self.written = Some(text.to_owned());
        Ok(comment.html_url)
    }

    /// Whether the comment still says what we wrote last, so that nobody else's words would be lost.
    ///
    /// # Errors
    /// See [`GitHubError`].
    pub async fn is_as_we_left_it(&self) -> Result<bool, GitHubError> {
        let (Some(id), Some(written)) = (self.id, &self.written) else { return Ok(false) };
        let answer = self.client.get_here(&format!("/issues/comments/{id}"), PERMISSION, "the comment").await?;
        let body = answer.json::<Comment>()?.body.unwrap_or_default();
        Ok(body.replace('\r', "").trim_end() == written.trim_end())
    }

    /// Finds the oldest of ours. What else of ours bears the marker was made by a job at the same moment, and is deleted.
    async fn find(&mut self) -> Result<(), GitHubError> {
        let author = match &self.author {
            Some(author) => author.clone(),
            None => self.author.insert(self.ask_who_we_are().await?).clone(),
        };
        let what = format!("pull request {}", self.pull_request);
        let mut ours = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = format!("/issues/{}/comments?per_page=100&page={page}", self.pull_request);
            let answer = self.client.get_here(&path, PERMISSION, &what).await?;
            let comments: Vec<serde_json::Value> = answer.json()?;
            let is_full = comments.len() >= 100;
            // A comment that we cannot read is not ours.
            let readable = comments.into_iter().filter_map(|comment| serde_json::from_value::<Comment>(comment).ok());
            ours.extend(readable.filter(|comment| {
                author.wrote(comment) && comment.body.as_deref().is_some_and(|body| body.trim_start().starts_with(&self.marker))
            }));
            if !is_full && !answer.has_next_page() {
                break;
            }
        }
        let mut ours = ours.into_iter();
        let Some(oldest) = ours.next() else { return Ok(()) };
        self.id = Some(oldest.id);
        self.found = oldest.body;
        for double in ours.filter(|_| author.is_known()) {
            let path = format!("/issues/comments/{}", double.id);
            // One that stays is no harm: the older one is the one that is written.
            let _stays = self.client.delete_here(&path, PERMISSION, "the comment").await;
        }
        Ok(())
    }

    /// Installation tokens are refused at `/user`; what they write is written by their app's bot.
    async fn ask_who_we_are(&self) -> Result<Author, GitHubError> {
        if self.client.is_of_installation() {
            return Ok(Author::Bot(self.client.login().await?));
        }
        match self.client.get("/user", PERMISSION, "the token's user").await {
            Ok(answer) => Ok(Author::User(answer.json::<User>()?.login)),
            Err(GitHubError::Forbidden { .. } | GitHubError::NotFound { .. } | GitHubError::Invalid { .. }) => {
                Ok(Author::Bot(self.client.login().await?))
            }
            Err(
                error @ (GitHubError::Unauthorized { .. } | GitHubError::RateLimited { .. } | GitHubError::Unreachable { .. }),
            ) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::github::{client::Token, test_server::Server};

    fn sticky(server: &Server) -> Sticky {
        let client = Client::new(&server.url(), "o/r", &Token::new("ghs_secret")).expect("a client");
        Sticky::new(client, 7, marker("app", "prod"))
    }

    #[test]
    fn a_marker_cannot_be_ended_by_a_name() {
        assert_eq!(marker("my-app", "prod/eu"), "<!-- espalier:my-app:prod/eu -->");
        assert_eq!(marker("a --> <b>", "ü"), "<!-- espalier:a_--___b_:_ -->");
        assert!(!marker("-->", "-->").trim_end_matches("-->").contains("-->"));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_comment_is_created_once_and_then_edited() {
        let server = Server::start().await;
        let mut comment = sticky(&server);
        let url = comment.say("first").await.expect("created");
        assert_eq!(url.as_deref(), Some("https://github.test/o/r/pull/7#issuecomment-1"));
        comment.say("second").await.expect("edited");
        sticky(&server).say("third, by another job").await.expect("found");
        assert_eq!(server.comments().len(), 1);
        assert_eq!(server.comments()[0]["body"], "<!-- espalier:app:prod -->\nthird, by another job");
        assert_eq!(server.methods(), ["GET", "POST", "GET", "PATCH", "GET", "PATCH"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn it_is_found_past_the_first_page_and_a_forged_marker_is_left_alone() {
        let server = Server::start().await;
        let forged = server.add_comment("mallory", "User", "<!-- espalier:app:prod -->\nforged");
        server.add_comment("other[bot]", "Bot", "<!-- espalier:app:prod -->\nechoed");
        let quoting = server.add_comment("other[bot]", "Bot", "> <!-- espalier:app:prod -->\nquoted");
        for number in 0..150 {
            server.add_comment("dev", "User", &format!("comment {number}"));
        }
        let ours = server.add_comment("github-actions[bot]", "Bot", "<!-- espalier:app:prod -->\nold");
        sticky(&server).say("new").await.expect("edited");
        let body =
            |id: u64| server.comments()[usize::try_from(id).expect("an index") - 1]["body"].as_str().expect("text").to_owned();
        assert_eq!(body(ours), "<!-- espalier:app:prod -->\nnew");
        assert!(body(forged).ends_with("forged"));
        assert!(body(quoting).ends_with("quoted"));
        assert_eq!(server.comments().len(), 154);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_comment_that_somebody_deleted_is_written_anew() {
        let server = Server::start().await;
        let mut comment = sticky(&server);
        comment.id = Some(99);
        comment.say("again").await.expect("created");
        assert_eq!(server.comments().len(), 1);
        assert_eq!(server.methods(), ["PATCH", "POST", "GET"]);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn of_two_jobs_that_create_it_at_once_the_older_comment_stays() {
        let server = Server::start().await;
        let marked = |text: &str| format!("<!-- espalier:app:prod -->\n{text}");
        // Neither found one; the other job's is there a moment earlier.
        let mut ours = sticky(&server);
        assert_eq!(ours.look().await, Ok(None));
        ours.author = Some(Author::Bot(Some("github-actions".to_owned())));
        server.add_comment_before_the_next("github-actions[bot]", "Bot", &marked("theirs"));
        let url = ours.say("ours").await.expect("written");
        assert_eq!(url.as_deref(), Some("https://github.test/o/r/pull/7#issuecomment-1"));
        let bodies: Vec<_> = server.comments().iter().map(|comment| comment["body"].clone()).collect();
        assert_eq!(bodies, [marked("ours")]);
        ours.say("later").await.expect("edited");
        assert_eq!(server.comments().len(), 1);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_create_whose_answer_is_lost_is_found_the_next_time() {
        let server = Server::start().await;
        server.lose_answer_of("POST");
        let mut comment = sticky(&server);
        comment.say("one").await.expect_err("no answer");
        comment.say("two").await.expect("found");
        assert_eq!(server.comments().len(), 1);
    }

    #[tokio::test(flavor = "current_thread")]
    async fn somebody_elses_words_are_noticed() {
        let server = Server::start().await;
        let mut comment = sticky(&server);
        assert_eq!(comment.is_as_we_left_it().await, Ok(false));
        comment.say("ours\n").await.expect("created");
        assert_eq!(comment.is_as_we_left_it().await, Ok(true));
        sticky(&server).say("another job's").await.expect("edited");
        assert_eq!(comment.is_as_we_left_it().await, Ok(false));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn reading_is_repeated_once_through_an_outage() {
        let server = Server::start().await;
        server.fail(1);
        sticky(&server).say("one").await.expect("created");
        assert_eq!(server.methods(), ["GET", "GET", "POST", "GET"]);
        assert_eq!(server.paths()[2], "/api/v3/repos/o/r/issues/7/comments");
    }

    #[test]
    fn only_the_tokens_user_or_a_bot_can_have_written_ours() {
        let comment = |login: &str, kind: &str| Comment {
            id: 1,
            body: None,
            html_url: None,
            user: Some(User { login: login.to_owned(), kind: kind.to_owned() }),
        };
        assert!(Author::User("Octo".to_owned()).wrote(&comment("octo", "User")));
        assert!(!Author::User("octo".to_owned()).wrote(&comment("mallory", "User")));
        assert!(!Author::Bot(None).wrote(&comment("mallory", "User")));
        assert!(Author::Bot(None).wrote(&comment("github-actions[bot]", "Bot")));
        for login in ["github-actions", "github-actions[bot]"] {
            let ours = Author::Bot(Some(login.to_owned()));
            assert!(ours.wrote(&comment("github-actions[bot]", "Bot")));
            assert!(!ours.wrote(&comment("other[bot]", "Bot")), "an echo of what somebody else wrote");
            assert!(!ours.wrote(&comment("github-actions", "User")));
        }
    }
}
