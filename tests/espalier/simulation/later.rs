//! What was thought of later: drawn after everything else, so that a seed whose dice say no to it stays the case that it was.

use espalier::{
    rollout::{
        analysis::{Metric, Source},
        split::Share,
    },
    sandbox::scenario::{Edit, Person},
};

use super::{
    case::{Case, Verb},
    dice::Dice,
};

impl Case {
    pub(super) fn think_again(&mut self, dice: &mut Dice) {
        // Two begin at the same moment, or one right after the other.
        if !self.afterwards.is_empty() && dice.percent(12) {
            let verbs = [Verb::Promote, Verb::Promote, Verb::Abort, Verb::Rollback, Verb::Resume, Verb::Sweep, Verb::Recover];
            self.together = Some((dice.between(0, 1), dice.one(&verbs)));
        }
        // Long plans have their misfortunes late, too.
        if dice.percent(12) {
            let lasts = self.lasts();
            self.befall((lasts / 2, lasts), dice);
        }
        if dice.percent(3) {
            let at = dice.between(5, self.lasts());
            let on = Person { at, listener: "http-80".to_owned(), r#do: Edit::RemoveServiceTags, ..Person::default() };
            self.people.push(on);
        }
        if dice.percent(5)
            && let [first, _, ..] = self.plan.steps.as_mut_slice()
        {
            first.share = Share::from_millipercent(dice.one(&[500, 250, 1500])).expect("a share");
        }
        if dice.percent(10)
            && let Some(metric) = self.analysis.metrics.first_mut()
        {
            metric.report_only = true;
        }
        let is_by_minute = |metric: &&mut Metric| matches!(metric.source, Source::RequestTime(_));
        if dice.percent(30)
            && let Some(metric) = self.analysis.metrics.iter_mut().find(is_by_minute)
        {
            (metric.failures, metric.consecutive) = dice.one(&[(Some(2), None), (None, Some(2)), (Some(3), Some(2))]);
        }
        // Nothing checks the targets, and the release was told so.
        self.plan.health.unchecked = dice.percent(4);
    }

    /// How many seconds the release takes where nothing goes wrong, to the end of its retiring.
    fn lasts(&self) -> u64 {
        let steps = self.plan.steps.iter().map(|step| (self.plan.settle + step.bake + step.lag * 2).as_secs() + 60);
        60 + steps.sum::<u64>() + self.plan.retire_after.unwrap_or_default().as_secs() + 60
    }
}
