//! Who makes requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Requests that somebody makes all the time. They are counted in the world's time, without any socket: all that they leave is
/// traffic. Times are seconds from the start of the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    /// What makes it no load that anybody could make; none where all is well.
    #[must_use]
    pub fn mistake(&self) -> Option<String> {
        let length = self.until.map(|until| until.saturating_sub(self.from));
        if !(self.rps.is_finite() && (0.0..=1_000_000.0).contains(&self.rps)) {
            return Some(format!("`rps: {}` is not from 0 to 1000000", self.rps));
        }
        if self.method.parse::<http::Method>().is_err() {
            return Some(format!("`method: {}` is not an HTTP method", self.method));
        }
        if !self.path.starts_with('/') {
            return Some(format!("`path: {}` does not begin with a slash", self.path));
        }
        for (name, value) in &self.headers {
            if name.parse::<http::HeaderName>().is_err() || value.parse::<http::HeaderValue>().is_err() {
                return Some(format!("`headers: {{ {name}: {value} }}` is not a header"));
            }
        }
        match (self.every, length) {
            (Some(_), None) => Some("`every` needs `until`".to_owned()),
            (Some(every), Some(length)) if every < length.max(1) => {
                Some(format!("`every: {every}` is shorter than the {length} s from `from` to `until`"))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Load;

    #[test]
    fn a_load_that_nobody_could_make_is_refused_by_its_key() {
        let mistakes = [
            (Load { rps: -1.0, ..Load::default() }, "`rps: -1`"),
            (Load { method: "GE T".to_owned(), ..Load::default() }, "`method: GE T`"),
            (Load { path: "api".to_owned(), ..Load::default() }, "`path: api`"),
            (Load { headers: [("a b".to_owned(), "c".to_owned())].into(), ..Load::default() }, "`headers: { a b: c }`"),
            (Load { every: Some(60), ..Load::default() }, "`every` needs"),
            (Load { every: Some(60), from: 10, until: Some(90), ..Load::default() }, "shorter than the 80 s"),
        ];
        for (load, wanted) in mistakes {
            let mistake = load.mistake().unwrap();
            assert!(mistake.contains(wanted), "{mistake}");
        }
        assert_eq!(Load { every: Some(60), until: Some(60), ..Load::default() }.mistake(), None);
    }
}
