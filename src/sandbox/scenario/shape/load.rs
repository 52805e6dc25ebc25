//! Who makes requests.

use std::collections::BTreeMap;

#[cfg(test)]
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Requests that somebody makes all the time. They are counted in the world's time, without any socket: all that they leave is
/// traffic. Times are seconds from the start of the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct Load {
    /// The VPC Lattice service's name; the first one when it is empty. While there is no such service nobody asks.
    pub service: String,
    /// The port of its listener; chosen as for a `Host` header without a port when left out.
    pub port: Option<u16>,
    /// The HTTP method.
    pub method: String,
    /// The path, from `/`.
    pub path: String,
    /// Headers of every request.
    pub headers: BTreeMap<String, String>,
    /// Requests in each second; thousandths count.
    #[cfg_attr(test, schemars(range(min = 0, max = 1_000_000)))]
    pub rps: f64,
    /// When it begins.
    pub from: u64,
    /// When it ends; never when left out.
    pub until: Option<u64>,
    /// How long it takes to grow from nothing to `rps`, evenly.
    pub ramp: u64,
    /// From `from` to `until` again and again: how long from one beginning to the next.
    pub every: Option<u64>,
    /// The size of a request's body.
    pub request_bytes: u64,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            service: String::new(),
            port: None,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            headers: BTreeMap::new(),
            rps: 10.0,
            from: 0,
            until: None,
            ramp: 0,
            every: None,
            request_bytes: 0,
        }
    }
}

impl Load {
    /// What makes it no load that anybody could make: the key and what is wrong with its value. Empty where all is well.
    pub(crate) fn mistakes(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        if self.method.parse::<http::Method>().is_err() {
            found.push(("method", format!("`{}` is not an HTTP method", self.method)));
        }
        if !self.path.starts_with('/') {
            found.push(("path", format!("`{}` does not begin with a slash", self.path)));
        }
        for (name, value) in &self.headers {
            if name.parse::<http::HeaderName>().is_err() || value.parse::<http::HeaderValue>().is_err() {
                found.push(("headers", format!("`{name}: {value}` is not a header")));
            }
        }
        let length = self.until.map(|until| until.saturating_sub(self.from));
        match (self.every, length) {
            (_, Some(0)) => found.push(("until", "it ends before it begins".to_owned())),
            (Some(_), None) => found.push(("every", "what never ends does not begin again".to_owned())),
            (Some(every), Some(length)) if every < length => {
                found.push(("every", format!("it begins again before the {length} s from `from` to `until` are over")));
            }
            _ => {}
        }
        found
    }
}
