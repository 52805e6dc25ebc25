//! Earlier releases of the same service, as the comment remembers them from one to the next. Pure.
//!
//! What it remembers stands in the comment itself, hidden. Whoever may edit the comment may edit that too: it is shown, and decides
//! nothing.

use serde::{Deserialize, Serialize};

use super::{escape, options::Surroundings};
use crate::{
    rollout::{
        journal::{Journal, Release},
        outcome::OutcomeKind,
    },
    time::Timestamp,
};

const BEGIN: &str = "<!-- espalier-releases ";
const END: &str = " -->";
/// How many are remembered, the present one included.
const MOST: usize = 11;
/// Bytes of what is remembered of each; names and URLs are far shorter.
const LONGEST: usize = 400;

/// One release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    rollout: String,
    revision: String,
    /// None while it runs, or where its job was killed.
    outcome: Option<OutcomeKind>,
    /// It had served before, and serves again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    again: bool,
    at: Timestamp,
    commit: Option<String>,
    url: Option<String>,
}

/// What a comment remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Past {
    /// Of the same rollout, from another job.
    ours: Option<Told>,
    /// Newest first.
    earlier: Vec<Told>,
}

impl Past {
    /// What the words of a comment remember; nothing where they remember nothing that can be read.
    #[must_use]
    pub fn read(comment: &str, rollout: &str) -> Self {
        let line = comment.lines().rev().find_map(|line| line.trim().strip_prefix(BEGIN)?.strip_suffix(END));
        let told: Vec<serde_json::Value> = line.and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
        let told = told.into_iter().filter_map(|one| serde_json::from_value::<Told>(one).ok()).take(MOST);
        let (ours, earlier) = told.partition::<Vec<_>, _>(|one| one.rollout == rollout);
        Self { ours: ours.into_iter().next(), earlier }
    }

    /// The commits of stable and candidate, where they are known: the candidate's is the job's own only in the job that released it.
    pub(super) fn commits(&self, release: &Release, surroundings: &Surroundings) -> [Option<String>; 2] {
        let remembered = |revision: &str| {
            let fits = |one: &&Told| one.revision == revision && one.outcome == Some(OutcomeKind::Promoted);
            self.earlier.iter().find(fits).and_then(|one| one.commit.clone())
        };
        let stable = release.stable_revision.as_deref().and_then(remembered);
        let own = surroundings.commit.clone().filter(|_| begins(release));
        let ours = self.ours.as_ref().and_then(|ours| ours.commit.clone());
        [stable, own.or(ours).or_else(|| remembered(&release.candidate_revision))]
    }

    /// Another job has told that it holds it.
    pub(super) fn is_held(&self) -> bool {
        self.ours.as_ref().is_some_and(|ours| ours.outcome == Some(OutcomeKind::Held))
    }

    /// Earlier releases, one line each, folded.
    pub(super) fn section(&self, surroundings: &Surroundings) -> Option<String> {
        let line = |one: &Told| {
            let state = match one.outcome {
                Some(OutcomeKind::Promoted) => "✅ promoted",
                Some(OutcomeKind::RolledBack) if one.again => "↩️ back on",
                Some(OutcomeKind::RolledBack) => "↩️ rolled back",
                Some(OutcomeKind::Held) => "⏸️ held",
                Some(OutcomeKind::Unchanged) => "➖ unchanged",
                Some(OutcomeKind::Superseded) => "⏭️ superseded",
                Some(OutcomeKind::Stuck) => "🛑 stuck",
                None => "❔ left without an outcome",
            };
            let commit = one.commit.as_deref().map(|commit| format!(" · {}", surroundings.commit_link(commit)));
            let job = one.url.as_ref().filter(|url| surroundings.is_of_repository(url)).map(|url| format!(" · [job]({url})"));
            let (commit, job) = (commit.unwrap_or_default(), job.unwrap_or_default());
            format!("- {state} {}{commit} · {}{job}", escape::code(&one.revision), one.at)
        };
        let lines: Vec<_> = self.earlier.iter().map(line).collect();
        let count = super::phrases::count(u32::try_from(lines.len()).unwrap_or(u32::MAX), "earlier release");
        let folded = || format!("<details><summary>{count}</summary>\n\n{}\n\n</details>", lines.join("\n"));
        (!lines.is_empty()).then(folded)
    }

    /// What is to be remembered now, hidden.
    pub(super) fn remembered(&self, journal: &Journal, surroundings: &Surroundings) -> String {
        let release = &journal.release;
        let [_, commit] = self.commits(release, surroundings);
        let present = Told {
            rollout: release.rollout_id.clone(),
            revision: release.candidate_revision.clone(),
            outcome: journal.outcome().map(|outcome| outcome.kind),
            again: super::progress::Progress::of(journal).serves_again(),
            at: self.ours.as_ref().map_or_else(|| super::progress::started(journal), |ours| ours.at),
            commit,
            url: surroundings.run_url.clone(),
        };
        let all = [present].into_iter().chain(self.earlier.iter().cloned()).take(MOST);
        let all = all.filter_map(|one| serde_json::to_string(&one).ok()).filter(|one| one.len() <= LONGEST);
        let all = all.collect::<Vec<_>>().join(",");
        // Nothing in it may end the comment or mean anything in Markdown; JSON takes these as escapes.
        let hidden = |character| match character {
            '<' | '>' | '@' | '#' | '&' | '`' => format!("\\u{:04x}", u32::from(character)),
            character => String::from(character),
        };
        format!("{BEGIN}[{}]{END}", all.chars().map(hidden).collect::<String>())
    }
}

/// Whether the job's own commit is what is released.
fn begins(release: &Release) -> bool {
    matches!(release.verb.as_str(), "deploy" | "shift")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    #[test]
    fn one_release_after_the_other_is_remembered_and_the_same_one_once() {
        let surroundings = samples::surroundings();
        let mut comment = String::new();
        for number in 0..15 {
            let mut journal = samples::promoted();
            journal.release.rollout_id = format!("rollout-{number}");
            journal.release.candidate_revision = format!("myservice:{number}");
            for _ in 0..2 {
                let past = Past::read(&comment, &journal.release.rollout_id);
                comment = format!("words\n{}\n", past.remembered(&journal, &surroundings));
            }
        }
        let past = Past::read(&comment, "another");
        let revisions: Vec<_> = past.earlier.iter().map(|one| one.revision.as_str()).collect();
        assert_eq!((revisions.len(), revisions[0], revisions[10]), (MOST, "myservice:14", "myservice:4"));
        let section = past.section(&surroundings).expect("some");
        assert!(
            section.starts_with("<details><summary>11 earlier releases</summary>\n\n- ✅ promoted `myservice:14` · "),
            "{section}"
        );
        assert!(section.contains("[`4f2b8c1`](https://github.com/octo/app/commit/4f2b8c1d9e)"), "{section}");
    }

    /// What a rollback by request tells of is the revision that serves again.
    #[test]
    fn going_back_is_remembered_by_what_serves_again() {
        let surroundings = samples::surroundings();
        let told = Past::default().remembered(&crate::report::samples_later::gone_back(), &surroundings);
        let section = Past::read(&told, "another").section(&surroundings).expect("some");
        assert!(section.contains("- ↩️ back on `myservice:41`"), "{section}");
    }

    #[test]
    fn the_commits_are_the_jobs_own_and_those_that_were_promoted() {
        let surroundings = samples::surroundings();
        let before = Past::default().remembered(&samples::promoted(), &surroundings);
        let mut journal = samples::in_progress();
        journal.release.rollout_id = "next".to_owned();
        journal.release.stable_revision = Some("myservice:42".to_owned());
        journal.release.candidate_revision = "myservice:43".to_owned();
        let next = Surroundings { commit: Some("beef".to_owned()), ..surroundings };
        let past = Past::read(&before, "next");
        let commit = |text: &str| Some(text.to_owned());
        assert_eq!(past.commits(&journal.release, &next), [commit("4f2b8c1d9e"), commit("beef")]);
        // A promotion from another branch tells what the job that began it said.
        let held = past.remembered(&journal, &next);
        journal.release.verb = "promote".to_owned();
        let other = Surroundings { commit: Some("cafe".to_owned()), ..next };
        assert_eq!(Past::read(&held, "next").commits(&journal.release, &other), [commit("4f2b8c1d9e"), commit("beef")]);
        assert_eq!(Past::default().commits(&journal.release, &other), [None, None]);
    }

    #[test]
    fn what_others_wrote_there_is_harmless() {
        let evil = "--> <img src=x> @octo/all `";
        let told = serde_json::json!([
            { "rollout": evil, "revision": evil, "outcome": "promoted", "at": 1, "commit": evil, "url": "javascript:alert(1)" },
            7,
        ]);
        let past = Past::read(&format!("x\n{BEGIN}{told}{END}"), "ours");
        assert_eq!(past.earlier.len(), 1);
        let section = past.section(&samples::surroundings()).expect("some");
        assert!(!section.contains("<img") && !section.contains("javascript") && !section.contains("-->"), "{section}");
        let remembered = past.remembered(&samples::promoted(), &samples::surroundings());
        assert_eq!(remembered.matches("-->").count(), 1, "{remembered}");
        assert_eq!(Past::read("no such line", "ours"), Past::default());
        assert_eq!(Past::read(&format!("{BEGIN}nonsense{END}"), "ours"), Past::default());
    }
}
