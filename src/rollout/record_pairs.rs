//! `key=value` pairs as text: how a record's are written and read.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
    time::Duration,
};

use super::{
    record::SlotRecord,
    scaling::{Scaling, ScalingError},
    split::Split,
};

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rollout's record cannot be read: `{key}` is {problem}")]
pub struct RecordError {
    pub(super) key: String,
    pub(super) problem: String,
}

pub(super) fn number<N: std::str::FromStr>(key: &str, text: &str) -> Result<N, RecordError> {
    text.parse().map_err(|_| RecordError { key: key.to_owned(), problem: format!("`{text}`, not a number in range") })
}

pub(super) fn missing(key: &str) -> RecordError {
    RecordError { key: key.to_owned(), problem: "missing".to_owned() }
}

/// How long the text of a record usually is.
pub(super) const USUAL: usize = 1200;

/// A text of pairs.
pub(super) struct Text(pub(super) String);

impl Text {
    pub(super) fn pair(&mut self, key: impl fmt::Display, value: impl fmt::Display) {
        let space = if self.0.is_empty() { "" } else { " " };
        // Nothing refuses what is written to memory.
        let _written = write!(self.0, "{space}{key}={value}");
    }

    pub(super) fn optional(&mut self, key: impl fmt::Display, value: Option<impl fmt::Display>) {
        if let Some(value) = value {
            self.pair(key, value);
        }
    }
}

pub(super) struct Pairs<'a>(pub(super) BTreeMap<&'a str, &'a str>);

impl<'a> Pairs<'a> {
    pub(super) fn take(&mut self, key: &str) -> Result<&'a str, RecordError> {
        self.0.remove(key).ok_or_else(|| missing(key))
    }

    pub(super) fn number<N: std::str::FromStr>(&mut self, key: &str) -> Result<N, RecordError> {
        number(key, self.take(key)?)
    }

    pub(super) fn seconds(&mut self, key: &str) -> Result<Duration, RecordError> {
        self.number(key).map(Duration::from_secs)
    }

    pub(super) fn pair<A: std::str::FromStr, B: std::str::FromStr>(&mut self, key: &str) -> Result<(A, B), RecordError> {
        let text = self.take(key)?;
        let (first, second) =
            text.split_once(':').ok_or_else(|| RecordError { key: key.to_owned(), problem: format!("`{text}`") })?;
        Ok((number(key, first)?, number(key, second)?))
    }

    pub(super) fn split(&mut self, key: &str) -> Result<Split, RecordError> {
        self.pair(key).map(|(stable, candidate)| Split { stable, candidate })
    }

    pub(super) fn scaling(&mut self) -> Result<Option<Scaling>, RecordError> {
        let text = self.0.remove("scaling");
        let unreadable = |error: ScalingError| RecordError { key: "scaling".to_owned(), problem: error.to_string() };
        text.map(|text| text.parse().map_err(unreadable)).transpose()
    }

    pub(super) fn slot(&mut self, role: &str) -> Result<Option<SlotRecord>, RecordError> {
        let Some(name) = self.0.remove(format!("{role}.slot").as_str()) else { return Ok(None) };
        Ok(Some(SlotRecord {
            name: name.to_owned(),
            group: self.take(&format!("{role}.group"))?.to_owned(),
            ecs_service: self.0.remove(format!("{role}.service").as_str()).map(str::to_owned),
            task_definition: self.0.remove(format!("{role}.task").as_str()).map(str::to_owned),
            count: self.number(&format!("{role}.count"))?,
        }))
    }
}
