//! Where a rollout was begun for, so that another job, a scheduled sweep for one, tells its end in the same place.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A pull request or a commit of a repository. Its text form is `owner/name:PULL_REQUEST@COMMIT`, of which either may be missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// `owner/name`.
    pub repository: String,
    /// The pull request's number.
    pub pull_request: Option<u64>,
    /// The commit that reports stand on: the head of the pull request.
    pub commit: Option<String>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.repository)?;
        if let Some(number) = self.pull_request {
            write!(f, ":{number}")?;
        }
        self.commit.as_ref().map_or(Ok(()), |commit| write!(f, "@{commit}"))
    }
}

/// A text that names no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the form owner/name:123@commit")]
pub struct NoOrigin;

impl FromStr for Origin {
    type Err = NoOrigin;

    fn from_str(text: &str) -> Result<Self, NoOrigin> {
        let (rest, commit) = text.split_once('@').map_or((text, None), |(rest, commit)| (rest, Some(commit)));
        let (repository, number) = rest.split_once(':').map_or((rest, None), |(repository, number)| (repository, Some(number)));
        let pull_request = number.map(str::parse).transpose().map_err(|_| NoOrigin)?;
        let is_hex = |commit: &&str| !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        // They come from tags, which people can write, and go into links and requests.
        let is_plain =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let is_repository = repository.split_once('/').is_some_and(|(owner, name)| is_plain(owner) && is_plain(name));
        if !is_repository || commit.is_some_and(|commit| !is_hex(&commit)) || (pull_request, commit) == (None, None) {
            return Err(NoOrigin);
        }
        Ok(Self { repository: repository.to_owned(), pull_request, commit: commit.map(str::to_owned) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_back_as_it_was_written() {
        for text in ["o/r:12@abc123", "o/r:12", "my-org/a.b_c@0123456789abcdef0123456789abcdef01234567"] {
            let origin: Origin = text.parse().expect(text);
            assert_eq!(origin.to_string(), text);
        }
    }

    #[test]
    fn what_names_no_place_is_refused() {
        for text in ["", "o/r", "o:12", "o/r:x", "o/r:12@", "o/r@main", "o/r/s:1", "o/../r:1", "o/r:-1", "o /r:1"] {
            assert_eq!(text.parse::<Origin>(), Err(NoOrigin), "{text}");
        }
    }
}
