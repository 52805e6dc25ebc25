//! The record's text form.
//!
//! It uses only characters that AWS tag values allow (letters, digits, spaces and `_ . : / = + - @`; VPC Lattice service model
//! 2022-11-30, `TagValue`): `key=value` pairs separated by one space, no value holding a space. Keys that a reader does not know
//! are kept as they are and written again, so that later versions can add some.

use std::{collections::BTreeMap, time::Duration};

pub use super::record_pairs::RecordError;
use super::{
    plan::{HealthLimits, Hold, OnCancel, OnDrift, OnTimeout, Plan, Step},
    record::{Held, Record, STATES, Unended},
    record_pairs::{Pairs, Text, USUAL, missing, number},
    split::{Share, Split},
};
use crate::time::Timestamp;

impl Record {
    /// The text form.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = Text(String::with_capacity(USUAL));
        text.pair("v", 1);
        text.pair("id", &self.id);
        text.pair("generation", self.generation);
        text.pair("name", &self.name);
        text.pair("verb", &self.verb);
        text.pair("state", self.state);
        text.pair("step", self.step);
        text.pair("intent", weights(self.intent));
        text.pair("verified", weights(self.verified));
        text.pair("started", self.started.as_secs());
        text.pair("deadline", self.deadline().as_secs());
        text.pair("digest", &self.digest);
        text.pair("targets", if self.targets.is_empty() { "none".to_owned() } else { self.targets.join("+") });
        encode_plan(&self.plan).into_iter().for_each(|(key, value)| text.pair(key, value));
        text.optional("unrestored", self.unrestored.then_some(self.generation));
        text.optional("owner", Some(&self.owner).filter(|owner| !owner.is_empty()));
        text.optional("waited", Some(self.waited.as_secs()).filter(|_| !self.waited.is_zero()));
        text.optional("hold", self.hold.map(encode_hold));
        text.optional("released", Some(self.released).filter(|released| *released > 0));
        text.optional("promoted", self.promoted.map(Timestamp::as_secs));
        text.optional("cluster", self.cluster.as_ref());
        text.optional("lock", self.locked.then_some("ssm"));
        text.optional("origin", self.origin.as_ref());
        let places = self.ignored.iter().map(ToString::to_string).collect::<Vec<_>>().join("+");
        text.optional("ignored", Some(places).filter(|places| !places.is_empty()));
        text.optional("hooks", self.hooked.then_some("yes"));
        let unended = self.unended.iter().map(encode_unended).collect::<Vec<_>>().join("+");
        text.optional("unended", Some(unended).filter(|unended| !unended.is_empty()));
        text.optional("scaling", self.scaling);
        let joined = |rules: &Vec<String>| if rules.is_empty() { "announced".to_owned() } else { rules.join("+") };
        text.optional("test", self.test.as_ref().map(joined));
        for (role, slot) in
            [("stable", self.stable.as_ref()), ("candidate", Some(&self.candidate)), ("previous", self.previous.as_ref())]
        {
            let Some(slot) = slot else { continue };
            text.pair(format_args!("{role}.slot"), &slot.name);
            text.pair(format_args!("{role}.group"), &slot.group);
            text.optional(format_args!("{role}.service"), slot.ecs_service.as_ref());
            text.optional(format_args!("{role}.task"), slot.task_definition.as_ref());
            text.pair(format_args!("{role}.count"), slot.count);
        }
        self.unknown.iter().for_each(|(key, value)| text.pair(key, value));
        text.0
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// The first key that is missing or unreadable.
    pub fn decode(text: &str) -> Result<Self, RecordError> {
        let mut pairs = Pairs(text.split(' ').filter_map(|pair| pair.split_once('=')).collect());
        let version = pairs.take("v")?;
        if version != "1" {
            return Err(RecordError {
                key: "v".to_owned(),
                problem: format!("{version}, written by a newer espalier: use that one"),
            });
        }
        let health = pairs.pair::<String, u32>("health")?;
        let unchecked = pairs.0.remove("unchecked") == Some("true");
        let plan = Plan {
            steps: decode_steps(pairs.take("steps")?)?,
            settle: pairs.seconds("settle")?,
            timeout: pairs.seconds("timeout")?,
            interval: pairs.seconds("interval")?,
            health: HealthLimits { min_healthy: share("health", &health.0)?, unhealthy_for: health.1, unchecked },
            on_cancel: if pairs.take("on-cancel")? == "hold" { OnCancel::Hold } else { OnCancel::Rollback },
            on_drift: if pairs.take("on-drift")? == "restore" { OnDrift::Restore } else { OnDrift::Stop },
            retire_after: match pairs.take("retire")? {
                "never" => None,
                seconds => Some(Duration::from_secs(number("retire", seconds)?)),
            },
        };
        let state = pairs.take("state")?;
        let optional = |pairs: &mut Pairs, key| pairs.0.contains_key(key).then(|| pairs.number(key)).transpose();
        let record = Self {
            id: pairs.take("id")?.to_owned(),
            generation: pairs.number("generation")?,
            owner: pairs.0.remove("owner").unwrap_or_default().to_owned(),
            name: pairs.take("name")?.to_owned(),
            verb: pairs.take("verb")?.to_owned(),
            state: STATES.iter().find(|(_, name)| *name == state).map(|(state, _)| *state).ok_or_else(|| RecordError {
                key: "state".to_owned(),
                problem: format!("`{state}`, which this version does not know"),
            })?,
            unrestored: false,
            step: pairs.number("step")?,
            intent: pairs.split("intent")?,
            verified: pairs.split("verified")?,
            started: Timestamp::from_secs(pairs.number("started")?),
            waited: Duration::from_secs(optional(&mut pairs, "waited")?.unwrap_or_default()),
            hold: pairs.0.remove("hold").map(decode_hold).transpose()?,
            released: pairs.0.contains_key("released").then(|| pairs.number("released")).transpose()?.unwrap_or_default(),
            promoted: optional(&mut pairs, "promoted")?.map(Timestamp::from_secs),
            digest: pairs.take("digest")?.to_owned(),
            plan,
            targets: match pairs.take("targets")? {
                "none" => Vec::new(),
                targets => targets.split('+').map(str::to_owned).collect(),
            },
            cluster: pairs.0.remove("cluster").map(str::to_owned),
            scaling: pairs.scaling()?,
            test: pairs.0.remove("test").map(|rules| match rules {
                "announced" => Vec::new(),
                rules => rules.split('+').map(str::to_owned).collect(),
            }),
            locked: pairs.0.remove("lock").is_some(),
            origin: pairs.0.remove("origin").and_then(|text| text.parse().ok()),
            ignored: match pairs.0.remove("ignored") {
                Some(places) => places.split('+').map(|place| number("ignored", place)).collect::<Result<_, _>>()?,
                None => Vec::new(),
            },
            hooked: pairs.0.remove("hooks").is_some(),
            unended: pairs.0.remove("unended").map(|all| all.split('+').map(decode_unended).collect()).unwrap_or_default(),
            stable: pairs.slot("stable")?,
            candidate: pairs.slot("candidate")?.ok_or_else(|| missing("candidate.slot"))?,
            previous: pairs.slot("previous")?,
            unknown: BTreeMap::new(),
        };
        pairs.0.remove("deadline");
        // A version that does not know it carries it along: it counts for the job that wrote it alone.
        let unrestored = optional(&mut pairs, "unrestored")? == Some(record.generation);
        let unknown = pairs.0.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        Ok(Self { unknown, unrestored, ..record })
    }
}

/// Rounded up: what is recorded is never shorter than what was planned.
fn whole_seconds(time: Duration) -> String {
    time.as_millis().div_ceil(1000).to_string()
}

fn weights(split: Split) -> String {
    format!("{}:{}", split.stable, split.candidate)
}

pub(super) fn encode_plan(plan: &Plan) -> Vec<(&'static str, String)> {
    let step = |step: &Step| {
        let hold = step.hold.map_or_else(String::new, |hold| {
            let then = if hold.on_timeout == OnTimeout::Continue { "c" } else { "r" };
            format!(":{}{then}", whole_seconds(hold.timeout))
        });
        let lag = if step.lag.is_zero() { String::new() } else { format!(":{}l", whole_seconds(step.lag)) };
        format!("{}:{}{hold}{lag}", share_text(step.share), step.bake.as_secs())
    };
    let steps: Vec<_> = plan.steps.iter().map(step).collect();
    let mut pairs = vec![
        ("steps", if steps.is_empty() { "none".to_owned() } else { steps.join("+") }),
        ("settle", whole_seconds(plan.settle)),
        ("timeout", plan.timeout.as_secs().to_string()),
        ("interval", whole_seconds(plan.interval)),
        ("health", format!("{}:{}", share_text(plan.health.min_healthy), plan.health.unhealthy_for)),
        ("on-cancel", if plan.on_cancel == OnCancel::Hold { "hold" } else { "rollback" }.to_owned()),
        ("on-drift", if plan.on_drift == OnDrift::Restore { "restore" } else { "stop" }.to_owned()),
        ("retire", plan.retire_after.map_or_else(|| "never".to_owned(), |after| after.as_secs().to_string())),
    ];
    if plan.health.unchecked {
        pairs.push(("unchecked", "true".to_owned()));
    }
    pairs
}

fn decode_steps(text: &str) -> Result<Vec<Step>, RecordError> {
    if text == "none" {
        return Ok(Vec::new());
    }
    text.split('+').map(decode_step).collect()
}

/// `SHARE:BAKE`, then `:HOLD` with an `r` (rollback) or `c` (continue) after the hold's seconds, then `:LAG` with an `l`, where
/// there are such.
fn decode_step(text: &str) -> Result<Step, RecordError> {
    let unreadable = || RecordError { key: "steps".to_owned(), problem: format!("`{text}`") };
    let (parts, rest) = text.split_once(':').ok_or_else(unreadable)?;
    let mut rest = rest.split(':');
    let seconds = |text: &str| number("steps", text).map(Duration::from_secs);
    let share = share("steps", parts)?;
    let mut step = Step { share, bake: seconds(rest.next().unwrap_or_default())?, lag: Duration::ZERO, hold: None };
    for part in rest {
        if let Some(lag) = part.strip_suffix('l') {
            step.lag = seconds(lag)?;
            continue;
        }
        let on_timeout = if part.ends_with('c') { OnTimeout::Continue } else { OnTimeout::Rollback };
        let timeout = part.strip_suffix(['r', 'c']).ok_or_else(unreadable)?;
        step.hold = Some(Hold { timeout: seconds(timeout)?, on_timeout });
    }
    Ok(step)
}

/// `NEXT:SINCE:UNTIL:WHY`
fn encode_hold(held: Held) -> String {
    let why = if held.by_cancel { "cancel" } else { "plan" };
    format!("{}:{}:{}:{why}", held.next, held.since.as_secs(), held.until.as_secs())
}

fn decode_hold(text: &str) -> Result<Held, RecordError> {
    let parts: Vec<&str> = text.split(':').collect();
    let [next, since, until, why] = parts.as_slice() else {
        return Err(RecordError { key: "hold".to_owned(), problem: format!("`{text}`") });
    };
    let time = |text| number("hold", text).map(Timestamp::from_secs);
    Ok(Held { next: number("hold", next)?, since: time(since)?, until: time(until)?, by_cancel: *why == "cancel" })
}

/// `ROLLOUT`, then `@CLUSTER` where that is another one
fn encode_unended(unended: &Unended) -> String {
    let cluster = unended.cluster.as_ref().map(|cluster| format!("@{cluster}")).unwrap_or_default();
    format!("{}{cluster}", unended.rollout)
}

fn decode_unended(text: &str) -> Unended {
    let (rollout, cluster) = text.split_once('@').map_or((text, None), |(rollout, cluster)| (rollout, Some(cluster)));
    Unended { rollout: rollout.to_owned(), cluster: cluster.map(str::to_owned) }
}

/// Thousandths of a percent, or `PART/WHOLE` where these are not whole: a tag takes no `%`.
fn share_text(share: Share) -> String {
    let millipercent = share.millipercent();
    if Share::from_millipercent(millipercent) == Some(share) {
        return millipercent.to_string();
    }
    let (part, whole) = share.parts();
    format!("{part}/{whole}")
}

fn share(key: &str, text: &str) -> Result<Share, RecordError> {
    let share = if text.contains('/') { text.parse().ok() } else { Share::from_millipercent(number(key, text)?) };
    share.ok_or_else(|| RecordError { key: key.to_owned(), problem: format!("`{text}`") })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rollout::{record::SlotRecord, scaling::Scaling};

    fn slot() -> impl Strategy<Value = SlotRecord> {
        (
            "[a-z]{1,8}",
            "arn:aws:vpc-lattice:[a-z0-9-]{1,20}:targetgroup/tg-[0-9a-z]{17}",
            proptest::option::of("[A-Za-z0-9_-]{1,255}"),
            proptest::option::of("[a-z]{1,9}:[0-9]{1,4}"),
            0..5000_u32,
        )
            .prop_map(|(name, group, ecs_service, task_definition, count)| SlotRecord {
                name,
                group,
                ecs_service,
                task_definition,
                count,
            })
    }

    fn record() -> impl Strategy<Value = Record> {
        let steps = proptest::collection::vec((0..=999_u16, 0..=999_u16, 0..100_000_u64, 0..3_u64), 0..12);
        (
            steps,
            proptest::option::of(slot()),
            slot(),
            proptest::option::of(slot()),
            any::<(u64, u32, bool, u16, u16)>(),
            0..6_usize,
        )
            .prop_map(|(steps, stable, candidate, previous, (generation, started, flag, left, right), state)| {
                let hold = |bake: u64| {
                    let on_timeout = if bake % 3 == 1 { OnTimeout::Rollback } else { OnTimeout::Continue };
                    (!bake.is_multiple_of(3)).then(|| Hold { timeout: Duration::from_secs(bake + 60), on_timeout })
                };
                let step = |(stable, candidate, bake, lag)| {
                    let (time, lag) = (Duration::from_secs(bake), Duration::from_secs(60 * lag));
                    Step { share: Split { stable, candidate }.share(), bake: time, lag, hold: hold(bake) }
                };
                let steps = steps.into_iter().map(step).collect();
                let plan = Plan {
                    steps,
                    settle: Duration::from_secs(90),
                    timeout: Duration::from_secs(2700),
                    interval: Duration::from_secs(15),
                    health: HealthLimits { unchecked: flag, ..HealthLimits::default() },
                    on_cancel: if flag { OnCancel::Hold } else { OnCancel::Rollback },
                    on_drift: if flag { OnDrift::Stop } else { OnDrift::Restore },
                    retire_after: flag.then_some(Duration::from_secs(u64::from(left))),
                };
                let mut record = Record::new(
                    "20261122-0000-1a2b".to_owned(),
                    "deploy",
                    Timestamp::from_secs(u64::from(started)),
                    plan,
                    stable,
                    candidate,
                );
                record.generation = generation;
                record.state = STATES[state].0;
                record.intent = Split { stable: left, candidate: right };
                record.previous = previous;
                record.owner = if flag { "1a2b3c4d".to_owned() } else { String::new() };
                record.waited = Duration::from_secs(u64::from(right));
                record.released = usize::from(left % 3);
                record.promoted = (!flag).then(|| Timestamp::from_secs(u64::from(started) + 60));
                record.hold = flag.then(|| Held {
                    next: usize::from(right % 5),
                    since: Timestamp::from_secs(u64::from(started)),
                    until: Timestamp::from_secs(u64::from(started) + 600),
                    by_cancel: right.is_multiple_of(2),
                });
                record.targets = (0..left % 4).map(|number| format!("arn:aws:vpc-lattice:listener/listener-{number}")).collect();
                record.test =
                    flag.then(|| (0..right % 3).map(|number| format!("arn:aws:vpc-lattice:rule/rule-{number}")).collect());
                record.cluster = flag.then(|| "my-cluster".to_owned());
                record.locked = flag;
                record.hooked = !flag;
                record.unrestored = !flag;
                let unended = |place: u16| Unended {
                    rollout: format!("20261121T{place:06}Z-3c4d5e6f"),
                    cluster: (place > 0).then(|| "arn:aws:ecs:eu-central-1:123456789012:cluster/other".to_owned()),
                };
                record.unended = (0..right % 3).map(unended).collect();
                record.ignored = if flag { vec![0, 12] } else { Vec::new() };
                record.origin = flag.then(|| format!("o/r:{left}@{right:040x}").parse().expect("an origin"));
                record.scaling = flag.then(|| Scaling { min: 2, max: 4, held: state % 2 == 0, ..Scaling::default() });
                record.unknown.insert("later".to_owned(), "kept".to_owned());
                record
            })
    }

    proptest! {
        #[test]
        fn a_record_reads_back_as_it_was_written_in_characters_that_tags_allow(record in record()) {
            let text = record.encode();
            prop_assert!(text.chars().all(|character| character.is_ascii_alphanumeric() || " _.:/=+-@".contains(character)), "{}", text);
            prop_assert_eq!(Record::decode(&text).map(|read| (read.encode(), read)), Ok((text, record)));
        }

        #[test]
        fn any_text_at_all_is_read_or_refused_without_a_panic(text in ".{0,300}") {
            let _outcome_does_not_matter = Record::decode(&text);
        }
    }

    #[test]
    fn shares_that_thousandths_of_a_percent_can_say_are_recorded_as_these_and_others_as_fractions() {
        for (percent, text) in [("5%", "5000"), ("33.333%", "33333"), ("1.5625%", "1/64"), ("1/3", "1/3"), ("100%", "100000")] {
            let share = percent.parse().expect(percent);
            assert_eq!((share_text(share).as_str(), super::share("steps", text)), (text, Ok(share)));
        }
        for text in ["100001", "2/1", "1/0", "1.5%"] {
            assert!(super::share("steps", text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_record_is_named() {
        let problem = |text: &str| Record::decode(text).expect_err(text).to_string();
        assert_eq!(problem(""), "the rollout's record cannot be read: `v` is missing");
        assert_eq!(problem("v=2"), "the rollout's record cannot be read: `v` is 2, written by a newer espalier: use that one");
        assert_eq!(
            problem("v=1 health=80000:2 steps=5:x"),
            "the rollout's record cannot be read: `steps` is `x`, not a number in range"
        );
    }
}
