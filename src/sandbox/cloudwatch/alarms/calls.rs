//! The operations on alarms, the scenario's alarms, and people who set one by hand.

use serde_json::{Map, Value, json};

use super::{
    super::{page, refusal::invalid},
    alarm::{Alarm, RULE, State, word},
    clock::told,
    put::watch,
    reason::CREATED,
};
use crate::sandbox::{
    protocol::{self, Call, Refusal},
    scenario::{AlarmEdit, AlarmSeed, AlarmState, Mistake},
    world::World,
};

/// "You can create up to 5000 alarms per region per AWS account" (User Guide, common features of alarms).
const MOST: usize = 5000;
/// "You can delete up to 100 alarms in one operation."
const MOST_DELETED: usize = 100;
/// The default of MaxRecords: not documented, and the model's greatest value is 100; older versions of the reference said 50.
const PAGE: u64 = 50;

pub(in crate::sandbox::cloudwatch) fn put(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let definition = call.input.as_object().cloned().unwrap_or_default();
    keep(world, call.text("AlarmName"), definition)?;
    Ok(json!({}))
}

/// "When you update an existing alarm, its state is left unchanged, but the update completely overwrites the previous
/// configuration."
fn keep(world: &mut World, name: &str, definition: Map<String, Value>) -> Result<(), Refusal> {
    if name.chars().any(char::is_control) {
        return Err(invalid("The name of an alarm can't contain control characters."));
    }
    let definition: Map<String, Value> = definition.into_iter().filter(|(_, value)| !value.is_null()).collect();
    let watch = watch(&definition, &world.scenario.account)?;
    let known = world.cloudwatch.alarms.get(name).map(|alarm| alarm.state.clone());
    if known.is_none() && world.cloudwatch.alarms.len() >= MOST {
        return Err(Refusal::new("LimitExceededFault", format!("The maximum limit of {MOST} alarms has been exceeded.")));
    }
    let arn = format!("arn:aws:cloudwatch:{}:{}:alarm:{name}", world.scenario.region, world.scenario.account);
    let now = world.now;
    let state = known.unwrap_or_else(|| State {
        value: AlarmState::InsufficientData,
        reason: CREATED.to_owned(),
        data: None,
        updated: now,
        transitioned: now,
    });
    world.cloudwatch.alarms.insert(name.to_owned(), Alarm { arn, definition, watch, configured: now, state });
    Ok(())
}

pub(in crate::sandbox::cloudwatch) fn describe(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let names: Vec<&str> = call.list("AlarmNames").iter().filter_map(Value::as_str).collect();
    let prefix = call.given("AlarmNamePrefix");
    if !names.is_empty() && prefix.is_some() {
        return Err(invalid("AlarmNamePrefix and AlarmNames cannot both be specified."));
    }
    for member in ["ChildrenOfAlarmName", "ParentsOfAlarmName"] {
        if call.given(member).is_some() {
            return Err(invalid(format!("{member} is about composite alarms, which are not emulated by the sandbox.")));
        }
    }
    let types = call.list("AlarmTypes");
    let is_wanted = |kind: &str| (types.is_empty() && kind == "MetricAlarm") || types.iter().any(|wanted| wanted == kind);
    let (metric, composite) = (is_wanted("MetricAlarm"), is_wanted("CompositeAlarm"));
    let acts = |alarm: &Alarm, start: &str| {
        let lists = ["OKActions", "AlarmActions", "InsufficientDataActions"].into_iter();
        let mut actions = lists.filter_map(|list| alarm.definition.get(list)?.as_array()).flatten().filter_map(Value::as_str);
        actions.any(|action| action.starts_with(start))
    };
    let alarms = world.cloudwatch.alarms.iter().filter(|(name, alarm)| {
        (if alarm.is_composite() { composite } else { metric })
            && (names.is_empty() || names.contains(&name.as_str()))
            && prefix.is_none_or(|prefix| name.starts_with(prefix))
            && call.given("StateValue").is_none_or(|wanted| wanted == word(alarm.state.value))
            && call.given("ActionPrefix").is_none_or(|start| acts(alarm, start))
    });
    let size = usize::try_from(call.number("MaxRecords").unwrap_or(PAGE)).unwrap_or(usize::MAX);
    let (page, next) = page::page(alarms.map(|(_, alarm)| alarm).collect(), call, size)?;
    let (composite, metric): (Vec<&Alarm>, Vec<&Alarm>) = page.into_iter().partition(|alarm| alarm.is_composite());
    let printed = |alarms: Vec<&Alarm>| alarms.into_iter().map(Alarm::printed).collect::<Vec<_>>();
    let answer = json!({"MetricAlarms": printed(metric), "CompositeAlarms": printed(composite), "LogAlarms": []});
    Ok(page::with_next(answer, next))
}

pub(in crate::sandbox::cloudwatch) fn delete(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let names: Vec<&str> = call.list("AlarmNames").iter().filter_map(Value::as_str).collect();
    if names.len() > MOST_DELETED {
        return Err(invalid(format!("The collection AlarmNames must not have a size greater than {MOST_DELETED}.")));
    }
    // "If you specify any incorrect alarm names, the alarms you specify with correct names are still deleted."
    let mut missing = None;
    for name in names {
        if world.cloudwatch.alarms.remove(name).is_none() {
            missing = missing.or(Some(name));
        }
    }
    missing.map_or_else(|| Ok(json!({})), |name| Err(unknown(name)))
}

pub(in crate::sandbox::cloudwatch) fn set_state(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let data = call.given("StateReasonData").map(str::to_owned);
    if data.as_deref().is_some_and(|data| serde_json::from_str::<Value>(data).is_err()) {
        return Err(Refusal::new("InvalidFormatFault", "StateReasonData is not valid JSON."));
    }
    let state = [AlarmState::Ok, AlarmState::Alarm, AlarmState::InsufficientData];
    let state = state.into_iter().find(|state| word(*state) == call.text("StateValue")).unwrap_or_default();
    set(world, call.text("AlarmName"), state, call.text("StateReason").to_owned(), data)?;
    Ok(json!({}))
}

fn unknown(name: &str) -> Refusal {
    Refusal::new("ResourceNotFound", format!("Unknown alarm: {name}"))
}

fn set(world: &mut World, name: &str, value: AlarmState, reason: String, data: Option<String>) -> Result<(), Refusal> {
    let now = world.now;
    let alarm = world.cloudwatch.alarms.get_mut(name).ok_or_else(|| unknown(name))?;
    let before = alarm.state.value;
    let transitioned = if before == value { alarm.state.transitioned } else { now };
    alarm.state = State { value, reason, data, updated: now, transitioned };
    world.note("alarm", told(name, before, value));
    Ok(())
}

/// What somebody does to an alarm by hand: `SetAlarmState`.
pub(crate) fn set_by_person(world: &mut World, edit: &AlarmEdit) -> Result<(), String> {
    set(world, &edit.name, edit.state, "Set by hand".to_owned(), None).map_err(|refusal| refusal.message)
}

/// The state of an alarm, as AWS writes it: `OK`, `ALARM` or `INSUFFICIENT_DATA`; none where there is no such alarm.
pub(crate) fn alarm_state(world: &World, name: &str) -> Option<&'static str> {
    world.cloudwatch.alarms.get(name).map(|alarm| word(alarm.state.value))
}

/// The scenario's alarms.
pub(crate) fn seed(world: &mut World) {
    for (index, AlarmSeed { name, state, definition }) in world.scenario.alarms.clone().into_iter().enumerate() {
        let rule = definition.get("AlarmRule").cloned();
        let given = definition.as_object().filter(|given| !given.is_empty() && rule.is_none()).cloned();
        let definition = given.unwrap_or_else(|| watching_nothing(&name));
        let members = definition.into_iter().chain([("AlarmName".to_owned(), json!(name))]).collect::<Map<_, _>>();
        let valid = protocol::validate("cloudwatch", "PutMetricAlarm", &Value::Object(members.clone()));
        if let Err(refusal) = valid.and_then(|()| keep(world, &name, members)) {
            world.unseeded.push(Mistake::at(&["alarms", &index.to_string(), "definition"], refusal.message));
            continue;
        }
        if let Some(alarm) = world.cloudwatch.alarms.get_mut(&name) {
            if let Some(rule) = rule {
                alarm.definition = Map::from_iter([("AlarmName".to_owned(), json!(name)), (RULE.to_owned(), rule)]);
            }
            alarm.state.value = state;
            if state != AlarmState::InsufficientData {
                alarm.state.reason = "So at the start of the scenario".to_owned();
            }
        }
    }
}

/// An alarm that only people change: on a metric that nobody publishes, whose absence changes nothing.
fn watching_nothing(name: &str) -> Map<String, Value> {
    let definition = json!({
        "Namespace": "Sandbox", "MetricName": name, "Statistic": "Maximum", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1.0,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold", "TreatMissingData": "ignore",
    });
    if let Value::Object(members) = definition { members } else { Map::new() }
}
