//! Which jobs of GitHub Actions may have a role.

use std::path::Path;

use crate::{
    cli,
    definition::Finding,
    settings::{
        policy::Trusted,
        sources::{Asked, Sources},
    },
};

/// From flags, variables, and git.
pub(super) fn trusted(sources: &mut Sources<'_>, args: &cli::Trusted) -> Trusted {
    let said = sources.given(Asked::new("repository", args.repository.as_ref(), None));
    let repository = match said {
        Some(given) if !is_repository(&given.text) => {
            let finding = Finding::error(given.from, format!("`{}` is no repository on GitHub", given.text));
            sources.findings.push(finding.hint("write OWNER/NAME, or OWNER@ID/NAME@ID where its tokens have ids"));
            None
        }
        Some(given) => Some(given.text),
        None => {
            let here = || sources.environment.directory.join(".git/config");
            let ambient = sources.environment.get("GITHUB_REPOSITORY").map(str::to_owned);
            ambient.or_else(|| remote(&here())).filter(|text| is_repository(text))
        }
    };
    let texts = |flag: &str, values: &[String]| sources.list(flag, values).into_iter().map(|given| given.text).collect();
    let (mut environments, mut branches): (Vec<String>, Vec<String>) =
        (texts("environment", &args.environment), texts("branch", &args.branch));
    let pull_requests = sources.boolean("pull-requests", args.pull_requests, None, false);
    if environments.is_empty() && branches.is_empty() && !pull_requests {
        environments.push("production".to_owned());
        branches.push("main".to_owned());
    }
    Trusted { repository, environments, branches, pull_requests }
}

/// `OWNER/NAME`, each with an id or without.
fn is_repository(text: &str) -> bool {
    let is_part = |part: &str| {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.@".contains(&byte);
        !part.is_empty() && part.bytes().all(good)
    };
    text.split_once('/').is_some_and(|(owner, name)| is_part(owner) && is_part(name))
}

/// Where git's `origin` is, if that is GitHub.
fn remote(config: &Path) -> Option<String> {
    let text = std::fs::read_to_string(config).ok()?;
    let (_, origin) = text.split_once("[remote \"origin\"]")?;
    let section = origin.split("\n[").next()?;
    let url = section.lines().find_map(|line| line.trim().strip_prefix("url")?.trim_start().strip_prefix('='))?.trim();
    let (_, path) = url.split_once("github.com")?;
    let path = path.trim_start_matches([':', '/']);
    Some(path.trim_end_matches('/').trim_end_matches(".git").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_says_which_repository_it_is() {
        let directory = tempfile::TempDir::new().expect("a directory");
        let config = directory.path().join("config");
        let table = [
            ("git@github.com:octo/shop.git", Some("octo/shop")),
            ("https://github.com/octo/shop", Some("octo/shop")),
            ("ssh://git@github.com/octo/shop.git", Some("octo/shop")),
            ("https://gitlab.com/octo/shop.git", None),
        ];
        for (url, expected) in table {
            let text = format!("[core]\n\tbare = false\n[remote \"origin\"]\n\turl = {url}\n\tfetch = x\n[branch \"main\"]\n");
            std::fs::write(&config, text).expect("written");
            assert_eq!(remote(&config).as_deref(), expected, "{url}");
        }
        assert_eq!(remote(&directory.path().join("none")), None);
    }

    #[test]
    fn a_repository_has_an_owner_and_a_name() {
        assert!(is_repository("octo/shop") && is_repository("octo@1/shop@2"));
        assert!(!is_repository("octo") && !is_repository("octo/shop/x") && !is_repository("octo/*"));
    }
}
