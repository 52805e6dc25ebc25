//! `analysis`: metrics with their limits, alarms, and which of them judge which step.

use std::collections::BTreeMap;

use super::{
    limits::{self, Wrong},
    reader::Reader,
};
use crate::{
    definition::{Given, Place, finding::choice},
    rollout::{
        analysis::{
            Alarm, Metric, OnNoData, Source, Unit,
            metric::{CLUSTER, ECS_SERVICE, TARGET_GROUP},
        },
        split::Share,
    },
    settings::yaml::{self, Node, Tree},
    verify::metric::PUBLISHED,
};

/// What `analysis` says beside the limits of target health.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigAnalysis {
    pub(crate) metrics: Vec<Metric>,
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) reporting_lag: Option<Given>,
    pub(crate) alarm_at_start: Option<Given>,
    /// Where `health: unchecked` stands.
    pub(crate) unchecked: Option<Given>,
}

/// The metrics that judge a step, by name; none where all do.
pub(crate) type JudgedBy = Option<Vec<Given>>;

const KEYS: [&str; 15] = [
    "name",
    "metric",
    "namespace",
    "dimensions",
    "expression",
    "stat",
    "max",
    "min",
    "versus_stable",
    "confidence",
    "min_requests",
    "failures",
    "consecutive",
    "report_only",
    "on_no_data",
];
/// The most metrics: with both sides they come to far fewer than the 500 queries of one `GetMetricData`.
const MOST_METRICS: usize = 30;
/// "You can specify up to 100 names" (`DescribeAlarms`).
const MOST_ALARMS: usize = 100;
/// Fewer requests say little about a rate or a percentile.
const DEFAULT_MIN_REQUESTS: u32 = 100;
const OWN: [&str; 4] = ["error-rate", "connection-errors", "request-time", "request-count"];

type Texts = BTreeMap<&'static str, (String, Place)>;
type Dimensions = BTreeMap<String, String>;

impl Reader<'_> {
    pub(super) fn metrics(&mut self, node: &Node) -> Vec<Metric> {
        let Tree::List(list) = &node.value else {
            let hint = "write `metrics: [{ name: errors, metric: error-rate, max: 1% }]`";
            self.refuse(yaml::place(node), "`metrics` is a list", hint);
            return Vec::new();
        };
        if list.len() > MOST_METRICS {
            self.refuse(yaml::place(node), format!("{} metrics are more than anybody can read", list.len()), "keep 30");
        }
        let mut metrics: Vec<Metric> = Vec::new();
        for element in list {
            let Some(metric) = self.metric(element) else { continue };
            if metrics.iter().any(|known| known.name == metric.name) {
                let message = format!("there is another metric `{}`", metric.name);
                self.refuse(yaml::place(element), message, "give each a name of its own");
            }
            metrics.push(metric);
        }
        metrics
    }

    fn metric(&mut self, node: &Node) -> Option<Metric> {
        let before = self.findings.len();
        let mut texts = Texts::new();
        let mut dimensions = None;
        for (key, value) in self.entries(node, "analysis.metrics.", &KEYS) {
            if key == "dimensions" {
                dimensions = Some((self.dimensions(value), yaml::place(value)));
            } else if let Some(given) = self.text(value, key) {
                texts.insert(key, (given.text, yaml::place(value)));
            }
        }
        if self.findings.len() > before {
            return None;
        }
        let name = self.name(node, &texts)?;
        let source = self.source(node, &texts, dimensions)?;
        let unit = source.unit();
        let max = self.value(&texts, "max", |text| limits::limit(unit, text));
        let min = self.value(&texts, "min", |text| match unit {
            Unit::Rate => Err(("an error rate has no least value".to_owned(), "write `max`".to_owned())),
            Unit::Milliseconds | Unit::Plain => limits::limit(unit, text),
        });
        let versus = self.value(&texts, "versus_stable", |text| limits::margin(&source, text));
        let metric = Metric {
            name,
            max,
            min,
            versus,
            confidence: self.value(&texts, "confidence", confidence).unwrap_or(Share::percent(95)),
            min_requests: self.min_requests(&texts, &source),
            failures: self.value(&texts, "failures", count),
            consecutive: self.value(&texts, "consecutive", count),
            report_only: self.value(&texts, "report_only", boolean).unwrap_or_default(),
            on_no_data: self.value(&texts, "on_no_data", on_no_data).unwrap_or_default(),
            source,
        };
        self.contradictions(node, &texts, &metric);
        (self.findings.len() == before).then_some(metric)
    }

    /// A value that is given, read; what cannot be is told.
    fn value<T>(&mut self, texts: &Texts, key: &str, read: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        let (text, place) = texts.get(key)?;
        read(text).map_err(|(message, hint)| self.refuse(*place, message, hint)).ok()
    }

    fn name(&mut self, node: &Node, texts: &Texts) -> Option<String> {
        let Some((name, place)) = texts.get("name") else {
            self.refuse(yaml::place(node), "a metric needs `name`", "write `{ name: errors, metric: error-rate, max: 1% }`");
            return None;
        };
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
        if name.len() <= 40 && name.bytes().all(fits) {
            return Some(name.clone());
        }
        let hint = "write at most 40 lower-case letters, digits, `-` and `_`: it is shown everywhere";
        self.refuse(*place, format!("`{name}` cannot be a metric's name"), hint);
        None
    }

    fn dimensions(&mut self, node: &Node) -> Dimensions {
        let Tree::Map(map) = &node.value else {
            let hint = "write `dimensions: { ServiceName: \"${ecs_service}\" }`";
            self.refuse(yaml::place(node), "`dimensions` is a map", hint);
            return Dimensions::new();
        };
        let mut dimensions = Dimensions::new();
        for (key, value) in map {
            let Some(given) = self.text(value, &key.value) else { continue };
            if let Err((message, hint)) = placeholders(&given.text, false) {
                self.refuse(yaml::place(value), message, hint);
            }
            dimensions.insert(key.value.clone(), given.text);
        }
        dimensions
    }

    fn source(&mut self, node: &Node, texts: &Texts, dimensions: Option<(Dimensions, Place)>) -> Option<Source> {
        let stat = texts.get("stat").map(|(text, place)| (limits::statistic(text), *place));
        let stat = match stat {
            Some((Err((message, hint)), place)) => {
                self.refuse(place, message, hint);
                return None;
            }
            Some((Ok(stat), place)) => Some((stat, place)),
            None => None,
        };
        let namespace = texts.get("namespace");
        if let (Some((_, place)), None) = (&dimensions, namespace) {
            let hint = "add `namespace`, such as `AWS/ECS`; a metric of target groups has its dimension by itself";
            self.refuse(*place, "`dimensions` belong to a metric of another namespace", hint);
            return None;
        }
        if let (Some((_, place)), None) = (namespace, texts.get("metric")) {
            self.refuse(*place, "`namespace` stands without `metric`", "write the metric's name: `metric: CPUUtilization`");
            return None;
        }
        match (texts.get("metric"), texts.get("expression")) {
            (Some((_, _)), Some((_, place))) => {
                self.refuse(*place, "`expression` stands beside `metric`", "write one of them");
                None
            }
            (None, None) => {
                let hint = format!("write `metric: {}`, or `expression`", OWN.join("`, `metric: "));
                self.refuse(yaml::place(node), "nothing says what is measured", hint);
                None
            }
            (None, Some((text, place))) => {
                if let Some((_, place)) = stat {
                    self.refuse(place, "an expression has no `stat`", "write it inside: `${RequestTime:p99}`");
                }
                match placeholders(text, true) {
                    Ok(()) => Some(Source::Expression(text.clone())),
                    Err((message, hint)) => {
                        self.refuse(*place, message, hint);
                        None
                    }
                }
            }
            (Some((name, place)), None) => {
                let Some((namespace, _)) = namespace else { return self.measured(name, *place, stat) };
                let Some((stat, _)) = stat else {
                    let hint = "add `stat: average`, `sum`, `minimum`, `maximum`, or a percentile such as `p99`";
                    self.refuse(*place, format!("nothing says which value of a minute's `{name}` counts"), hint);
                    return None;
                };
                let dimensions = dimensions.map(|(dimensions, _)| dimensions).unwrap_or_default();
                Some(Source::Elsewhere { namespace: namespace.clone(), name: name.clone(), dimensions, stat })
            }
        }
    }

    fn measured(&mut self, name: &str, place: Place, stat: Option<(String, Place)>) -> Option<Source> {
        let counted = match name {
            "error-rate" => Some(Source::ErrorRate),
            "connection-errors" => Some(Source::ConnectionErrors),
            "request-count" => Some(Source::RequestCount),
            _ => None,
        };
        if let Some(source) = counted {
            if let Some((_, place)) = stat {
                self.refuse(place, format!("`{name}` is counted and has no `stat`"), "remove it");
                return None;
            }
            return Some(source);
        }
        let stat = stat.map(|(stat, _)| stat);
        if name == "request-time" || name == "RequestTime" {
            return Some(Source::RequestTime(stat.unwrap_or_else(|| "Average".to_owned())));
        }
        if PUBLISHED.contains(&name) {
            return Some(Source::Named(name.to_owned(), stat.unwrap_or_else(|| "Sum".to_owned())));
        }
        let near = OWN.iter().chain(&PUBLISHED).map(|known| (strsim::damerau_levenshtein(name, known), known)).min();
        let hint = match near {
            Some((distance, near)) if distance <= 4 => format!("did you mean `{near}`?"),
            Some(_) | None => format!(
                "write {}, or a name that Lattice publishes for target groups, such as `HTTPCode_4XX_Count`; others need \
                 `namespace` and `dimensions`",
                choice(&OWN)
            ),
        };
        self.refuse(place, format!("there is no metric `{name}` of target groups"), hint);
        None
    }

    fn min_requests(&mut self, texts: &Texts, source: &Source) -> u32 {
        let default = match source {
            Source::ErrorRate | Source::RequestTime(_) => DEFAULT_MIN_REQUESTS,
            Source::ConnectionErrors
            | Source::RequestCount
            | Source::Named(..)
            | Source::Elsewhere { .. }
            | Source::Expression(_) => 0,
        };
        let read = |text: &str| {
            if *source == Source::RequestCount {
                return Err(("`request-count` is what `min_requests` would ask for".to_owned(), "write `min`".to_owned()));
            }
            text.parse().map_err(|_| (format!("`{text}` is not a number of requests"), "write `200`".to_owned()))
        };
        self.value(texts, "min_requests", read).unwrap_or(default)
    }

    /// What can be read and makes no sense together.
    fn contradictions(&mut self, node: &Node, texts: &Texts, metric: &Metric) {
        if let (Some(min), Some(max), Some((_, place))) = (metric.min, metric.max, texts.get("min"))
            && min > max
        {
            self.refuse(*place, "`min` is above `max`: no value would pass", "swap them, or leave one out");
        }
        let limited = ["max", "min", "versus_stable"].iter().any(|key| texts.contains_key(key));
        if !limited && !metric.report_only {
            let hint = "give it `max`, `min` or `versus_stable`, or `report_only: true` to show it";
            self.refuse(yaml::place(node), format!("nothing could fail the metric `{}`", metric.name), hint);
        }
        if let Some((_, place)) = texts.get("confidence")
            && (metric.source != Source::ErrorRate || !texts.contains_key("versus_stable"))
        {
            let hint = "remove it, or compare an `error-rate` by `versus_stable`";
            self.refuse(*place, "`confidence` is how sure a comparison of error rates has to be", hint);
        }
        let of_a_side = |text: &&str| text.replace("${cluster}", "").contains("${");
        if let (Source::Expression(_) | Source::Elsewhere { .. }, Some((_, place))) = (&metric.source, texts.get("versus_stable"))
            && !metric.source.texts().iter().any(of_a_side)
        {
            let hint = "let it name what belongs to a side, such as `${ecs_service}`, `${target_group}`, or in an expression `${HTTPCode_4XX_Count}`";
            self.refuse(*place, "this is the same for candidate and stable", hint);
        }
    }

    pub(super) fn alarms(&mut self, node: &Node) -> Vec<Alarm> {
        let elements: Vec<&Node> = if let Tree::List(list) = &node.value { list.iter().collect() } else { vec![node] };
        if elements.len() > MOST_ALARMS {
            let hint = "CloudWatch tells the state of 100 at once: join some in a composite alarm";
            self.refuse(yaml::place(node), format!("{} alarms are too many", elements.len()), hint);
        }
        let mut alarms: Vec<Alarm> = Vec::new();
        for element in elements {
            let (mut name, mut missing) = (None, OnNoData::Extend);
            if matches!(element.value, Tree::Map(_)) {
                for (key, value) in self.entries(element, "analysis.alarms.", &["name", "on_no_data"]) {
                    let text = self.text(value, key).map(|given| (given.text, yaml::place(value)));
                    match (key, text) {
                        ("name", text) => name = text,
                        (_, Some((text, place))) => match on_no_data(&text) {
                            Ok(word) => missing = word,
                            Err((message, hint)) => self.refuse(place, message, hint),
                        },
                        (_, None) => {}
                    }
                }
            } else {
                name = self.text(element, "alarms").map(|given| (given.text, yaml::place(element)));
            }
            let Some((name, place)) = name else { continue };
            if name.chars().count() > 255 {
                self.refuse(place, "an alarm's name has at most 255 characters", "write the name, not its ARN or definition");
            }
            if alarms.iter().any(|known| known.name == name) {
                self.refuse(place, format!("the alarm `{name}` is listed twice"), "list it once");
            }
            alarms.push(Alarm { name, on_no_data: missing, ignored: false });
        }
        alarms
    }

    /// Which metrics judge a step: a list of names, empty for none.
    pub(super) fn judged_by(&mut self, node: &Node) -> Vec<Given> {
        self.texts(node, "analysis")
    }
}

fn confidence(text: &str) -> Result<Share, Wrong> {
    let share = text.parse::<Share>().ok();
    let fits = |share: &Share| (Share::percent(50)..Share::FULL).contains(share);
    share.filter(fits).ok_or_else(|| {
        (format!("`{text}` is not a confidence"), "write a percentage from 50% to below 100%, such as `95%`".to_owned())
    })
}

fn count(text: &str) -> Result<u32, Wrong> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| (format!("`{text}` is not a number of failing measurements"), "write 1 or more".to_owned()))
}

fn boolean(text: &str) -> Result<bool, Wrong> {
    text.parse().map_err(|_| (format!("`{text}` is neither true nor false"), "write `true` or `false`".to_owned()))
}

fn on_no_data(text: &str) -> Result<OnNoData, Wrong> {
    let words = [("extend", OnNoData::Extend), ("pass", OnNoData::Pass), ("fail", OnNoData::Fail)];
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
    found.ok_or_else(|| {
        let names = words.map(|(word, _)| word);
        (format!("`{text}` is not what missing data can mean"), format!("write {}", choice(&names)))
    })
}

/// A text whose `${…}` can be filled in: `${target_group}`, `${ecs_service}`, `${cluster}`, and in an expression `${TotalRequestCount}` and
/// `${RequestTime:p99}`.
fn placeholders(text: &str, is_expression: bool) -> Result<(), Wrong> {
    let hint = if is_expression {
        "write `${target_group}`, `${ecs_service}`, `${cluster}`, or a metric such as `${TotalRequestCount}` or `${RequestTime:p99}`"
    } else {
        "write `${ecs_service}`, `${cluster}` or `${target_group}`"
    };
    for part in text.split("${").skip(1) {
        let Some((inside, _)) = part.split_once('}') else {
            return Err(("a `${` is never closed".to_owned(), hint.to_owned()));
        };
        let (name, stat) = inside.split_once(':').map_or((inside, None), |(name, stat)| (name, Some(stat)));
        let is_word = [TARGET_GROUP, ECS_SERVICE, CLUSTER].contains(&name);
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if if is_word { stat.is_some() } else { !is_name || !is_expression } {
            return Err((format!("`${{{inside}}}` stands for nothing"), hint.to_owned()));
        }
        if let Some(stat) = stat {
            let spelt = limits::statistic(stat)?;
            if spelt != stat {
                return Err((format!("`{stat}` is spelt otherwise in an expression"), format!("write `${{{name}:{spelt}}}`")));
            }
        }
    }
    Ok(())
}
