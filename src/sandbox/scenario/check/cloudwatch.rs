//! Metrics and alarms: names that lead somewhere, nothing twice, units that there are.

use super::whole::{steps, twice};
use crate::{
    models,
    sandbox::scenario::{
        Edit, Scenario,
        mistake::{Mistake, instead},
    },
};

pub(super) fn check(scenario: &Scenario, found: &mut Vec<Mistake>) {
    let units = models::service("cloudwatch").and_then(|service| service.shape("StandardUnit"));
    let units: &[String] = units.map_or(&[], |shape| &shape.words);
    let metrics = scenario.metrics.iter().enumerate();
    let called: Vec<String> =
        metrics.clone().map(|(_, it)| format!("{}/{} {:?}", it.namespace, it.name, it.dimensions)).collect();
    twice(metrics.clone().map(|(i, _)| (steps!["metrics", i, "name"], called[i].as_str())), "metrics", found);
    for (index, metric) in metrics {
        for (key, text) in [("namespace", &metric.namespace), ("name", &metric.name)] {
            if text.is_empty() {
                found.push(
                    Mistake::of(steps!["metrics", index], format!("a metric needs a {key}")).hint(format!("write `{key}: …`")),
                );
            }
        }
        if !units.contains(&metric.unit) {
            let message = format!("CloudWatch has no unit `{}`", metric.unit);
            found.push(Mistake::of(steps!["metrics", index, "unit"], message).hint(instead(&metric.unit, units)));
        }
    }
    let alarms = scenario.alarms.iter().enumerate();
    twice(alarms.clone().map(|(i, it)| (steps!["alarms", i, "name"], it.name.as_str())), "alarms", found);
    for (index, _) in alarms.filter(|(_, alarm)| alarm.name.is_empty()) {
        found.push(Mistake::of(steps!["alarms", index], "an alarm needs a name").hint("write `name: …`"));
    }
    let names: Vec<&str> = scenario.alarms.iter().map(|alarm| alarm.name.as_str()).collect();
    for (index, person) in scenario.people.iter().enumerate() {
        if let Edit::SetAlarm(edit) = &person.r#do
            && !names.contains(&edit.name.as_str())
        {
            let path = steps!["people", index, "do", "set-alarm", "name"];
            let message = format!("there is no alarm `{}`", edit.name);
            found.push(Mistake::of(path, message).hint(instead(&edit.name, &names)));
        }
    }
}
