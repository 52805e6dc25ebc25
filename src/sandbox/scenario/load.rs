//! Finding a scenario by name or by path, and laying it over the world that all of them start from.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{
    Scenario,
    check::check,
    conform::conform,
    mistake::Mistake,
    schema::schema,
    tree::{self, Node},
};

/// The world that every other scenario says its differences from.
const BASE: &str = include_str!("promoted.yml");

/// Name and text of the built-in scenarios, in the order in which they are shown.
const BUILT_IN: &[(&str, &str)] = &[
    ("promoted", BASE),
    ("candidate-unhealthy", include_str!("candidate-unhealthy.yml")),
    ("never-healthy", include_str!("never-healthy.yml")),
    ("crash-loop", include_str!("crash-loop.yml")),
    ("bootstrap", include_str!("bootstrap.yml")),
    ("drift", include_str!("drift.yml")),
    ("throttled", include_str!("throttled.yml")),
    ("stuck", include_str!("stuck.yml")),
    ("error-rate-5pct", include_str!("error-rate-5pct.yml")),
    ("slow-candidate", include_str!("slow-candidate.yml")),
    ("no-traffic", include_str!("no-traffic.yml")),
    ("metrics-outage", include_str!("metrics-outage.yml")),
    ("second-deployer", include_str!("second-deployer.yml")),
    ("cancelled", include_str!("cancelled.yml")),
    ("held", include_str!("held.yml")),
    ("expired-credentials", include_str!("expired-credentials.yml")),
    ("demo", include_str!("demo.yml")),
    ("walkthrough", include_str!("walkthrough.yml")),
];

/// Why there is no such world.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Neither a built-in scenario nor a file.
    #[error("there is no scenario or file called `{name}`; built in are {known}")]
    Unknown {
        /// What was asked for.
        name: String,
        /// The names of the built-in ones.
        known: String,
    },
    /// The file is there but cannot be read.
    #[error("failed to read the scenario {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The text is not a scenario, or one whose parts do not fit together.
    #[error("{origin} is not a scenario: {}", mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Invalid {
        /// The file, or the built-in scenario.
        origin: String,
        /// Everything that is wrong, in the order of the text.
        mistakes: Vec<Mistake>,
    },
}

/// The built-in scenarios: name and description.
///
#[must_use]
pub fn built_in() -> Vec<(String, String)> {
    let described = |(name, text): &(&str, &str)| {
        let description = read(name, text).map_or_else(|error| error.to_string(), |draft| draft.scenario.description);
        ((*name).to_owned(), description)
    };
    BUILT_IN.iter().map(described).collect()
}

/// A built-in scenario by its name, else the YAML or JSON file of that path; checked.
///
/// # Errors
/// When there is neither, or when it is not a scenario.
pub fn load(name_or_path: &str) -> Result<Scenario, Error> {
    open(name_or_path)?.finish()
}

/// A scenario that may still be changed before it is checked as a whole.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it says, laid over the world that all scenarios start from.
    pub scenario: Scenario,
    origin: String,
    own: Node,
}

/// As [`load`], without the check of the whole.
///
/// # Errors
/// When there is no such scenario, or its text breaks the [`schema`].
pub fn open(name_or_path: &str) -> Result<Draft, Error> {
    if let Some((name, text)) = BUILT_IN.iter().find(|(name, _)| *name == name_or_path) {
        return read(name, text);
    }
    let path = Path::new(name_or_path);
    if !path.exists() {
        let known = BUILT_IN.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        return Err(Error::Unknown { name: name_or_path.to_owned(), known });
    }
    let text = std::fs::read_to_string(path).map_err(|source| Error::Unreadable { path: path.to_owned(), source })?;
    read(name_or_path, &text)
}

/// The scenario of a text; messages call it `origin`.
///
/// # Errors
/// When the text breaks the [`schema`].
pub fn read(origin: &str, text: &str) -> Result<Draft, Error> {
    let invalid = |mistakes| Error::Invalid { origin: origin.to_owned(), mistakes };
    let wrong = |message: String| invalid(vec![Mistake::at(&[], message)]);
    let own = tree::read(text).map_err(|(place, message)| invalid(vec![Mistake { place, ..Mistake::at(&[], message) }]))?;
    let mistakes = conform(&schema(), &own);
    if !mistakes.is_empty() {
        return Err(invalid(placed(mistakes, &own)));
    }
    let mut whole: Value = serde_saphyr::from_str(BASE).map_err(|error| wrong(error.to_string()))?;
    let given = tree::value(&own);
    let named = given["name"].is_string();
    lay_over(&mut whole, given);
    let mut scenario: Scenario = serde_json::from_value(whole).map_err(|error| wrong(error.to_string()))?;
    if !named {
        origin.clone_into(&mut scenario.name);
    }
    Ok(Draft { scenario, origin: origin.to_owned(), own })
}

impl Draft {
    /// Replaces the keys of the root that `value` has, which is in the words of a scenario file.
    ///
    /// # Errors
    /// When a scenario has no such keys or values.
    pub fn replace(&mut self, value: Value) -> Result<(), Error> {
        let wrong = |error: serde_json::Error| {
            let mistakes = vec![Mistake::at(&[], error.to_string())];
            Error::Invalid { origin: self.origin.clone(), mistakes }
        };
        let mut whole = serde_json::to_value(&self.scenario).map_err(wrong)?;
        if let (Some(whole), Value::Object(value)) = (whole.as_object_mut(), value) {
            whole.extend(value);
        }
        self.scenario = serde_json::from_value(whole).map_err(wrong)?;
        Ok(())
    }

    /// The scenario, if its parts fit together.
    ///
    /// # Errors
    /// Everything that does not, with its place where it was read from the text.
    pub fn finish(self) -> Result<Scenario, Error> {
        let mistakes = check(&self.scenario);
        if mistakes.is_empty() {
            return Ok(self.scenario);
        }
        Err(Error::Invalid { origin: self.origin, mistakes: placed(mistakes, &self.own) })
    }
}

/// Mistakes with their places in the text, from the top.
fn placed(mut mistakes: Vec<Mistake>, own: &Node) -> Vec<Mistake> {
    for mistake in &mut mistakes {
        mistake.place = tree::locate(own, &mistake.path, mistake.key);
    }
    mistakes.sort_by_key(|mistake| mistake.place);
    mistakes
}

/// Maps are merged, everything else is replaced.
fn lay_over(base: &mut Value, overlay: Value) {
    match (base, overlay) {
        (Value::Object(base), Value::Object(overlay)) => {
            for (key, value) in overlay {
                lay_over(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, overlay) => *base = overlay,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::Scenario, BUILT_IN, Error, load};
    use crate::sandbox::world::World;

    fn read(origin: &str, text: &str) -> Result<Scenario, Error> {
        super::read(origin, text)?.finish()
    }

    #[test]
    fn every_built_in_scenario_reads_and_is_called_what_its_file_is_called() {
        for (name, _) in BUILT_IN {
            let scenario = load(name).unwrap();
            assert_eq!(scenario.name, *name);
            assert!(scenario.description.ends_with('.'), "{name}: {}", scenario.description);
            assert_eq!(scenario.region, "ap-northeast-1");
            assert!(scenario.behaviour("myservice:1").healthy, "{name}: what is stable must behave well");
        }
    }

    #[test]
    fn a_file_says_only_its_differences() {
        let scenario = read("mine.yml", "images: { '*': { latency_ms: 7 } }\nknobs: { propagation: 1 }\n").unwrap();
        assert_eq!(scenario.behaviour("anything").latency_ms, 7);
        assert_eq!(scenario.behaviour("myservice:1").latency_ms, 20);
        assert_eq!((scenario.knobs.propagation, scenario.knobs.drain), (1, 60));
        assert_eq!(scenario.name, "mine.yml");
        assert_eq!(scenario.ecs_services.len(), 1);
    }

    #[test]
    fn a_key_that_is_not_known_is_refused_with_its_line() {
        let error = read("mine.yml", "name: mine\nknobs:\n  propagatoin: 1\n").unwrap_err().to_string();
        assert!(error.contains("3:3: unknown key `knobs.propagatoin`"), "{error}");
    }

    #[test]
    fn a_seed_changes_the_ids_and_nothing_else() {
        let ids = |seed: u64| {
            let mut world = World::new(Scenario { seed, ..load("bootstrap").unwrap() });
            [world.id("svc"), world.uuid32()]
        };
        assert_eq!(ids(1), ids(1));
        assert!(ids(0).iter().zip(ids(1)).all(|(one, other)| *one != other && one.len() == other.len()));
    }

    #[test]
    fn what_is_neither_built_in_nor_a_file_is_refused_by_name() {
        let error = load("promotd").unwrap_err();
        assert!(matches!(&error, Error::Unknown { name, .. } if name == "promotd"));
        assert!(error.to_string().contains("`promoted`"), "{error}");
    }
}
