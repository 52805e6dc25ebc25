//! Writing weights: the calls that move traffic.

use std::collections::BTreeMap;

use aws_sdk_vpclattice::types::{RuleAction, RuleUpdate};
use futures_util::{
    StreamExt as _,
    future::{BoxFuture, FutureExt as _},
    stream::FuturesOrdered,
};

use super::{
    Lattice,
    action::Action,
    ids::{ListenerId, RuleId, ServiceId},
    traffic::{TrafficTarget, to_sdk},
};
use crate::{aws::fault::Fault, rollout::observation::RefusalKind};

/// The most rules in one `BatchUpdateRule` (service model, `RuleUpdateList`).
const BATCH: usize = 10;

/// One rule of a batch: its label, its id, what it shall do.
type RuleWrite = (String, RuleId, RuleAction);

impl Lattice {
    /// Writes these actions, whole, all at once: per listener one call for its rules (`UpdateRule` for one, `BatchUpdateRule` for
    /// more) and one `UpdateListener` for its default action. Each is sent once and given two seconds.
    ///
    /// The result does not replace reading back: Lattice has no versions, and an answer may be lost.
    ///
    /// # Errors
    /// The first fault, its message naming every traffic target that failed; `may_have_happened` when any part of it did or may
    /// have. Nothing is sent when an action is one that is never written.
    pub async fn write_actions(&self, writes: &[(TrafficTarget, Action)]) -> Result<(), Fault> {
        let mut rules: BTreeMap<(ServiceId, ListenerId), Vec<RuleWrite>> = BTreeMap::new();
        let mut calls: FuturesOrdered<BoxFuture<'_, Outcome>> = FuturesOrdered::new();
        let mut defaults = Vec::new();
        for (target, action) in writes {
            if let Some(why) = never_written(action) {
                return Err(Fault::invalid("UpdateRule", format!("{}: {why}", target.label())));
            }
            let action = to_sdk(action)
                .ok_or_else(|| Fault::invalid("UpdateRule", format!("{}: the action cannot be written", target.label())))?;
            match target {
                TrafficTarget::Rule { service, listener, rule, .. } => {
                    let rules = rules.entry((service.clone(), listener.clone())).or_default();
                    rules.push((target.label(), rule.clone(), action));
                }
                TrafficTarget::Default { .. } => defaults.push((target, action)),
            }
        }
        for ((service, listener), rules) in rules {
            for batch in rules.chunks(BATCH).map(<[RuleWrite]>::to_vec) {
                calls.push_back(self.write_rules(service.clone(), listener.clone(), batch).boxed());
            }
        }
        for (target, action) in defaults {
            calls.push_back(self.write_default(target, action).boxed());
        }
        combine(calls.collect().await)
    }

    async fn write_rules(&self, service: ServiceId, listener: ListenerId, mut batch: Vec<RuleWrite>) -> Outcome {
        if batch.len() > 1 {
            return self.write_batch(service, listener, batch).await;
        }
        let Some((label, rule, action)) = batch.pop() else { return Outcome::default() };
        let call = self.weights.update_rule().service_identifier(service.as_str()).listener_identifier(listener.as_str());
        let answer = call.rule_identifier(rule.as_str()).action(action).send().await;
        match answer {
            Ok(_) => Outcome { written: true, failed: Vec::new() },
            Err(error) => Outcome { written: false, failed: vec![(label, Fault::from_sdk("UpdateRule", &error))] },
        }
    }

    async fn write_batch(&self, service: ServiceId, listener: ListenerId, batch: Vec<RuleWrite>) -> Outcome {
        let update = |(_, rule, action): &RuleWrite| {
            RuleUpdate::builder().rule_identifier(rule.as_str()).action(action.clone()).build().ok()
        };
        let updates = batch.iter().filter_map(update).collect();
        let call = self.weights.batch_update_rule().service_identifier(service.as_str()).listener_identifier(listener.as_str());
        match call.set_rules(Some(updates)).send().await {
            Ok(answer) => {
                // Partial failure is HTTP 200 (service model), so the answer must be read.
                let failed: Vec<(String, Fault)> = answer
                    .unsuccessful()
                    .iter()
                    .map(|failure| {
                        let id = RuleId::of(failure.rule_identifier().unwrap_or_default());
                        let label = batch
                            .iter()
                            .find(|(_, rule, _)| *rule == id)
                            .map_or_else(|| id.to_string(), |(label, _, _)| label.clone());
                        let message = failure.failure_message().unwrap_or("AWS gave no message");
                        (label, Fault::item("BatchUpdateRule", failure.failure_code(), message))
                    })
                    .collect();
                Outcome { written: failed.len() < batch.len(), failed }
            }
            Err(error) => {
                let fault = Fault::from_sdk("BatchUpdateRule", &error);
                Outcome { written: false, failed: batch.into_iter().map(|(label, _, _)| (label, fault.clone())).collect() }
            }
        }
    }

    async fn write_default(&self, target: &TrafficTarget, action: RuleAction) -> Outcome {
        let call = self.weights.update_listener().service_identifier(target.service().as_str());
        match call.listener_identifier(target.listener().as_str()).default_action(action).send().await {
            Ok(_) => Outcome { written: true, failed: Vec::new() },
            Err(error) => Outcome { written: false, failed: vec![(target.label(), Fault::from_sdk("UpdateListener", &error))] },
        }
    }
}

/// What one call did.
#[derive(Debug, Default)]
struct Outcome {
    /// Something was written.
    written: bool,
    /// What was not: labels and why.
    failed: Vec<(String, Fault)>,
}

fn combine(outcomes: Vec<Outcome>) -> Result<(), Fault> {
    let written = outcomes.iter().any(|outcome| outcome.written);
    let failed: Vec<(String, Fault)> = outcomes.into_iter().flat_map(|outcome| outcome.failed).collect();
    let may_have_happened = written || failed.iter().any(|(_, fault)| fault.may_have_happened);
    let labels: Vec<&str> = failed.iter().map(|(label, _)| label.as_str()).collect();
    let labels = labels.join(", ");
    // One that repeating helps goes before one that it does not: both come again, until only the other is left.
    let passing = failed.iter().position(|(_, fault)| fault.refusal().kind == RefusalKind::Transient);
    match failed.into_iter().nth(passing.unwrap_or(0)) {
        None => Ok(()),
        Some((_, first)) => {
            let message = format!("{} (not written: {labels})", first.message);
            Err(Fault { message, may_have_happened, ..first })
        }
    }
}

/// DESIGN §5 rule 4: all zeros never.
fn never_written(action: &Action) -> Option<&'static str> {
    match action {
        Action::Forward(groups) if groups.iter().all(|(_, weight)| *weight == 0) => Some("every weight would be 0"),
        Action::Forward(_) | Action::Fixed(_) => None,
        Action::Other => Some("its action is of a kind that this version does not know"),
    }
}
