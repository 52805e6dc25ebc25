//! Many seeds, one after the other: what came of them, and the whole story of the first that breaks a rule.

use std::{collections::BTreeMap, fmt::Write as _};

use espalier::rollout::machine::Ending;

use super::{
    case::Case,
    play::{Played, play},
    shrink::shrink,
};

/// What came of many cases.
#[derive(Debug, Default)]
pub(crate) struct Summary {
    pub(crate) cases: u64,
    /// All that began, the sweeps after a case's last job among them: a case has several.
    pub(crate) jobs: u64,
    /// Those of them that brought a rollout to a typed outcome. What a killed job leaves is counted where a later one ends it; who declines,
    /// or touched nothing, has ended none.
    pub(crate) rollouts: u64,
    /// How the jobs ended.
    pub(crate) outcomes: BTreeMap<String, u64>,
    /// The stories of the cases that broke a rule.
    pub(crate) violations: Vec<String>,
}

impl Summary {
    /// Plays the case of a seed and counts it.
    pub(crate) fn play(&mut self, seed: u64) {
        let case = Case::of(seed);
        let played = play(&case, false);
        self.count(&played);
        if played.violation.is_some() {
            self.violations.push(story(&case));
        }
    }

    fn count(&mut self, played: &Played) {
        self.cases += 1;
        for ending in played.endings.iter().map(|(_, ending)| ending).chain(&played.swept) {
            self.jobs += 1;
            self.rollouts += u64::from(matches!(ending, Some(Ending::Outcome(_))));
            let kind = match ending {
                Some(Ending::Outcome(outcome)) => outcome.kind.to_string(),
                Some(Ending::Untouched(_)) => "untouched".to_owned(),
                Some(Ending::Declined(_)) => "declined".to_owned(),
                None => "killed".to_owned(),
            };
            *self.outcomes.entry(kind).or_default() += 1;
        }
    }

    /// All of it in a line.
    pub(crate) fn line(&self) -> String {
        let outcomes: Vec<_> = self.outcomes.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let (rollouts, jobs, cases, violations) = (self.rollouts, self.jobs, self.cases, self.violations.len());
        format!(
            "{rollouts} rollouts ended in a typed outcome, by {jobs} jobs in {cases} cases: {}; violations {violations}",
            outcomes.join(", ")
        )
    }
}

/// What happened in the shortest form of a failing case, for people.
pub(crate) fn story(case: &Case) -> String {
    let shortest = shrink(case);
    let played = play(&shortest, true);
    let mut text = format!(
        "seed {} breaks a rule; replay it with `cargo bench --bench simulate -- --seed {} --rollouts 1`\n",
        case.seed, case.seed
    );
    let _ = writeln!(text, "shortened: {shortest}");
    for line in &played.story {
        let _ = writeln!(text, "{line}");
    }
    if let Some(violation) = played.violation {
        let _ = writeln!(text, "broken: rule {}: {}", violation.rule, violation.what);
    }
    text
}
