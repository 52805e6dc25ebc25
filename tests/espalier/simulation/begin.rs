//! A job begins: what it is begun for, and what the court knows of it from then on.

use std::rc::Rc;

use espalier::{
    rollout::{machine::Event, record::State, split::Split},
    time::Timestamp,
};

use super::{
    case::Verb,
    hands::Hands,
    run::{Job, Run},
    verbs::Begun,
    watched::Watched,
};

impl Run<'_> {
    pub(super) fn begin(&mut self, name: &str, begun: Begun, verb: Option<Verb>) {
        let Begun { mut rollout, slots, ledger, door, errands, rolls_back } = begun;
        let facts = self.facts();
        let place = |group: &str| self.stage.slots.iter().position(|slot| slot.group_arn.as_str() == group).unwrap_or(1);
        let record = rollout.record().clone();
        let effect = Rc::new(rollout.handle(self.clock(self.offset), Event::Begun).expect("a job begins"));
        let fresh = matches!(verb, None | Some(Verb::Deploy));
        let restores = record.verb == "rollback" && verb == Some(Verb::Rollback);
        let goes_on = matches!(verb, Some(Verb::Promote | Verb::Resume));
        let holds = self.case.plan.steps.iter().any(|step| step.hold.is_some());
        let watches_again = verb == Some(Verb::Resume) && record.intent == record.verified && !holds;
        let stable = record.stable.as_ref().map(|stable| place(&stable.group));
        let count = record.stable.as_ref().map_or(0, |stable| stable.count);
        self.court.jobs.push(Watched {
            name: name.to_owned(),
            kept: stable.map_or(0, |stable| facts.slots[stable].desired.min(count)),
            stable,
            candidate: place(&record.candidate.group),
            forced: verb == Some(Verb::ForcedAbort),
            aborts: !fresh && !restores && (!goes_on || rolls_back),
            asked: matches!(verb, Some(Verb::Abort | Verb::ForcedAbort | Verb::Rollback)),
            over: false,
            killed: false,
            fresh,
            began: self.world.now(),
            saw: None,
            looked: None,
            observed: false,
            hindered: self.world.now(),
            refused: false,
            denied: false,
            unended: false,
            cut_short: false,
            unwritten: None,
            unseen: false,
            step: record.plan.steps.iter().position(|step| Split::for_share(step.share).ok() == Some(record.verified)),
            // Who goes on after a hold, or where a step was only announced, does so at once; who resumes else watches once more.
            stepped: if watches_again { self.world.now() } else { Timestamp::default() },
            fell: false,
            restoring: None,
            touched: false,
            walked: false,
            read: true,
            blind: false,
            signalled: None,
            acted_since: false,
            superseded: false,
            drift_seen: false,
            drifts: false,
            // Its record says so.
            shown: stable.is_some() && record.verified.candidate > 0,
            put_back: false,
            promoted: record.state == State::Promoted,
            is_final: record.state == State::Promoted,
            condemned: false,
            unread: false,
            hooked: !errands.hooks().is_empty(),
            record,
        });
        let now = self.world.now();
        let hands = Hands::new(slots, ledger, door, errands);
        self.jobs.push(Job {
            rollout,
            hands,
            effect,
            ready: now,
            effects: 0,
            ending: None,
            dead: false,
            began: now,
            slept: now,
            offset: self.offset,
        });
        self.issued(self.jobs.len() - 1);
    }
}
