//! Who serves: one row for each side, the serving one first.

use super::{
    chart, phrases,
    progress::{Progress, Spare},
};
use crate::rollout::{journal::Journal, observation::Side, split::Share};

/// One side as reports show it.
pub(super) struct Row<'a> {
    /// Its role now, which is not the one that it began with once the candidate was promoted.
    pub(super) role: &'static str,
    pub(super) revision: &'a str,
    pub(super) slot: &'a str,
    /// What part of the requests goes to it.
    pub(super) share: Share,
    /// Its weight and the sum of both, where that is not simply the percentage.
    pub(super) weight: Option<(u16, u16)>,
    /// Draws its share, so many cells wide.
    pub(super) bar: Box<dyn Fn(u32) -> String>,
    pub(super) targets: String,
    /// It is the revision that is being released, whatever its role now.
    pub(super) is_candidate: bool,
    /// The same in a few columns: dots and numbers without the reasons.
    pub(super) brief: String,
}

/// The side that serves first, then the other one. At bootstrap there is only the candidate.
pub(super) fn rows<'a>(journal: &'a Journal, progress: &Progress<'_>) -> Vec<Row<'a>> {
    let release = &journal.release;
    let share = progress.share();
    let readings = journal.sides();
    let weight = |own: fn(crate::rollout::split::Split) -> u16| {
        progress.split.map(|split| (own(split), split.stable + split.candidate)).filter(|(_, sum)| *sum != 100)
    };
    let candidate = Row {
        role: if progress.promoted { "stable" } else { "candidate" },
        revision: &release.candidate_revision,
        slot: &release.candidate_slot,
        share,
        weight: weight(|split| split.candidate),
        bar: Box::new(move |cells| chart::bars(share, cells).1),
        is_candidate: true,
        targets: String::new(),
        brief: String::new(),
    };
    let candidate_spare = if progress.promoted { Spare::Running } else { progress.spare };
    let candidate = candidate.with_targets(readings.map(|(_, side)| side), candidate_spare);
    let Some(revision) = &release.stable_revision else { return vec![candidate] };
    let stable = Row {
        role: if progress.promoted { "previous" } else { "stable" },
        revision,
        slot: &release.stable_slot,
        share: share.rest(),
        weight: weight(|split| split.stable),
        bar: Box::new(move |cells| chart::bars(share, cells).0),
        is_candidate: false,
        targets: String::new(),
        brief: String::new(),
    };
    let stable_spare = if progress.promoted { progress.spare } else { Spare::Running };
    let stable = stable.with_targets(readings.and_then(|(side, _)| side), stable_spare);
    if progress.promoted { vec![candidate, stable] } else { vec![stable, candidate] }
}

impl Row<'_> {
    fn with_targets(self, side: Option<&Side>, spare: Spare) -> Self {
        let targets = match (side, spare) {
            (_, Spare::Stopped) => "tasks stopped".to_owned(),
            (_, Spare::Stopping) => "tasks are being stopped".to_owned(),
            (Some(side), Spare::Running) => phrases::side_in_words(side),
            (None, Spare::Running) => "not looked at yet".to_owned(),
        };
        let numbers = |side: &Side| {
            let without_reasons = Side { reasons: Vec::new(), ..side.clone() };
            format!("{} {}", chart::dots(side.healthy, side.expected()), phrases::side_in_words(&without_reasons))
        };
        let brief = side.filter(|_| spare == Spare::Running).map_or_else(|| targets.clone(), numbers);
        Self { targets, brief, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples;

    fn seen(journal: &Journal) -> Vec<String> {
        let row = |row: Row<'_>| format!("{} {} {} {}", row.role, row.revision, row.share, row.targets);
        rows(journal, &Progress::of(journal)).into_iter().map(row).collect()
    }

    #[test]
    fn the_side_that_serves_comes_first_under_its_present_role() {
        assert_eq!(
            seen(&samples::in_progress()),
            ["stable myservice:41 75% 3 of 3 healthy", "candidate myservice:42 25% 3 of 3 healthy"]
        );
        assert_eq!(
            seen(&samples::promoted()),
            ["stable myservice:42 100% 3 of 3 healthy", "previous myservice:41 0% tasks stopped"]
        );
        assert_eq!(
            seen(&samples::rolled_back()),
            ["stable myservice:41 100% 3 of 3 healthy", "candidate myservice:42 0% tasks stopped"]
        );
        assert_eq!(seen(&samples::bootstrap()), ["stable myservice:1 100% not looked at yet"]);
    }
}
