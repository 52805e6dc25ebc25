//! The steps of the config, and what they can be short for.

use super::reader::Reader;
use crate::{
    rollout::plan::{Hold, Step, StepsError, Strategy, TRAILING_HOLD},
    settings::yaml::{self, Node, Tree},
};

/// Something of the config with the place where it stands.
pub(crate) type Placed<T> = (T, String);

impl Reader<'_> {
    fn placed<T>(&self, node: &Node, value: T) -> Placed<T> {
        let place = yaml::place(node);
        (value, format!("{}:{}:{}", self.file, place.line, place.column))
    }

    /// `steps: [{ weight: 5%, bake: 2m }, { hold: { timeout: 4h } }, { weight: 100%, bake: 10m }]`
    pub(super) fn steps(&mut self, node: &Node) -> Option<Placed<Vec<Step>>> {
        let Tree::List(list) = &node.value else {
            let hint = "write `steps: [{ weight: 5%, bake: 2m }, { weight: 100%, bake: 10m }]`";
            self.refuse(yaml::place(node), "`steps` is a list", hint);
            return None;
        };
        let mut steps = Vec::new();
        // The hold that the next step has, and whether one stands there that could not be read.
        let mut waiting: Option<(&Node, Option<Hold>)> = None;
        for element in list {
            let before = self.findings.len();
            let (mut weight, mut bake, mut hold, mut judged_by) = (None, None, None, None);
            for (key, value) in self.entries(element, "rollout.steps.", &["weight", "bake", "hold", "analysis"]) {
                match key {
                    "weight" => weight = self.text(value, key),
                    "bake" => bake = self.text(value, key),
                    "analysis" => judged_by = Some(self.judged_by(value)),
                    _ => hold = Some(self.hold(value)),
                }
            }
            match (weight, bake, hold) {
                (None, None, Some(_)) if judged_by.is_some() => {
                    let hint = "write `analysis` in the step after it";
                    self.refuse(yaml::place(element), "nothing is judged in a hold", hint);
                }
                (None, None, Some(hold)) => {
                    if waiting.is_some() {
                        let hint = "write one, with the time of both";
                        self.refuse(yaml::place(element), "this hold follows another one", hint);
                    }
                    waiting = Some((element, hold));
                }
                (Some(weight), Some(bake), None) => match format!("{}:{}", weight.text, bake.text).parse::<Step>() {
                    Ok(step) => {
                        steps.push(Step { hold: waiting.take().and_then(|(_, hold)| hold), ..step });
                        self.judged_by.push(judged_by);
                    }
                    Err(error) => {
                        waiting = None;
                        self.told(element, error);
                    }
                },
                (_, _, Some(_)) => {
                    let hint = "write the hold as an element of its own, before the step that it keeps back";
                    self.refuse(yaml::place(element), "a hold has neither `weight` nor `bake`", hint);
                }
                _ if self.findings.len() > before => waiting = None,
                _ => {
                    waiting = None;
                    let hint = "write `{ weight: 5%, bake: 2m }`";
                    self.refuse(yaml::place(element), "a step needs `weight` and `bake`", hint);
                }
            }
        }
        if let Some((element, Some(_))) = waiting {
            self.told(element, StepsError::of(TRAILING_HOLD));
        }
        Some(self.placed(node, steps))
    }

    fn hold(&mut self, node: &Node) -> Option<Hold> {
        let before = self.findings.len();
        let (mut timeout, mut on_timeout) = (None, None);
        for (key, value) in self.entries(node, "rollout.steps.hold.", &["timeout", "on_timeout"]) {
            match key {
                "timeout" => timeout = self.text(value, key),
                _ => on_timeout = self.text(value, key),
            }
        }
        if self.findings.len() > before {
            return None;
        }
        let Some(timeout) = timeout else {
            let hint = "say how long: `{ hold: { timeout: 4h } }`";
            self.refuse(yaml::place(node), "a hold without `timeout` would wait for ever", hint);
            return None;
        };
        let then = on_timeout.map(|then| format!(":{}", then.text)).unwrap_or_default();
        format!("hold:{}{then}", timeout.text).parse().map_err(|error| self.told(node, error)).ok()
    }

    /// `strategy: { canary: { weight: 5%, bake: 10m } }`, `{ linear: { step: 10%, bake: 5m } }` or `{ blue_green: { bake: 10m } }`
    pub(super) fn strategy(&mut self, node: &Node) -> Option<Placed<Strategy>> {
        const STRATEGIES: [&str; 3] = ["canary", "linear", "blue_green"];
        const HINT: &str = "write `strategy: { canary: { weight: 5%, bake: 10m } }`, `{ linear: { step: 10%, bake: 5m } }` or `{ blue_green: { bake: 10m } }`";
        let before = self.findings.len();
        let named = self.entries(node, "rollout.strategy.", &STRATEGIES);
        let [(name, value)] = named.as_slice() else {
            if self.findings.len() == before {
                self.refuse(yaml::place(node), "`strategy` names one strategy", HINT);
            }
            return None;
        };
        let share_key = match *name {
            "canary" => Some("weight"),
            "linear" => Some("step"),
            _ => None,
        };
        let keys: Vec<&'static str> = share_key.into_iter().chain(["bake"]).collect();
        let (mut share, mut bake) = (None, None);
        for (key, value) in self.entries(value, &format!("rollout.strategy.{name}."), &keys) {
            let text = self.text(value, key);
            if key == "bake" { bake = text } else { share = text }
        }
        let share = match (share_key, share) {
            (None, _) => Some(String::new()),
            (Some(_), share) => share.map(|share| format!("{}:", share.text)),
        };
        let (Some(share), Some(bake)) = (share, bake) else {
            if self.findings.len() == before {
                self.refuse(yaml::place(value), format!("`{name}` needs `{}`", keys.join("` and `")), HINT);
            }
            return None;
        };
        match format!("{name}:{share}{}", bake.text).parse() {
            Ok(strategy) => Some(self.placed(node, strategy)),
            Err(error) => {
                self.told(value, error);
                None
            }
        }
    }

    fn told(&mut self, node: &Node, error: StepsError) {
        let finding = self.error(yaml::place(node), error.to_string());
        self.findings.push(finding);
    }
}
