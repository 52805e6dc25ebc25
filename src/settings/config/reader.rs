//! Reads nodes of the config, and collects what is wrong with them.

use super::JudgedBy;
use crate::{
    definition::{Finding, Given, Place},
    settings::yaml::{self, Key, Node, Tree},
};

/// A file that cannot be read, as a finding.
pub(crate) fn unreadable(file: &str, error: &std::io::Error) -> Finding {
    if error.kind() == std::io::ErrorKind::NotFound {
        let hint = "relative paths start from the working directory, those in a config from the config's own";
        return Finding::error(file, "there is no such file").hint(hint);
    }
    Finding::error(file, format!("it cannot be read: {error}"))
}

/// Reads a config; what it found wrong so far.
pub(super) struct Reader<'f> {
    pub(super) file: &'f str,
    pub(super) findings: Vec<Finding>,
    /// For each step that was read the metrics that judge it.
    pub(super) judged_by: Vec<JudgedBy>,
}

impl<'f> Reader<'f> {
    pub(super) fn new(file: &'f str) -> Self {
        Self { file, findings: Vec::new(), judged_by: Vec::new() }
    }

    pub(super) fn refuse(&mut self, place: Place, message: impl Into<String>, hint: impl Into<String>) {
        let finding = self.error(place, message).hint(hint);
        self.findings.push(finding);
    }

    pub(super) fn error(&self, place: Place, message: impl Into<String>) -> Finding {
        Finding::error(self.file, message).at(place)
    }

    /// The entries of a map whose keys are known; the others become findings. A map that is left empty has none.
    pub(super) fn entries<'n>(&mut self, node: &'n Node, path: &str, known: &[&'static str]) -> Vec<(&'static str, &'n Node)> {
        let map: &[(Key, Node)] = match &node.value {
            Tree::Map(map) => map,
            Tree::Null => &[],
            Tree::Scalar(_) | Tree::List(_) => {
                let name = path.strip_suffix('.').unwrap_or("the config");
                self.refuse(yaml::place(node), format!("{name} is a map"), format!("its keys are {}", known.join(", ")));
                &[]
            }
        };
        let mut entries = Vec::new();
        for (key, value) in map {
            if let Some(known) = known.iter().find(|known| **known == key.value) {
                entries.push((*known, value));
            } else {
                let near = known.iter().map(|known| (strsim::damerau_levenshtein(&key.value, known), known)).min();
                let hint = match near {
                    Some((distance, near)) if distance <= 3 => format!("did you mean `{near}`?"),
                    Some(_) | None => format!("the keys here are {}", known.join(", ")),
                };
                self.refuse(yaml::place(key), format!("unknown key `{path}{}`", key.value), hint);
            }
        }
        entries
    }

    /// Where a node stands, as findings give it.
    pub(super) fn from(&self, node: &Node) -> String {
        let Place { line, column } = yaml::place(node);
        format!("{}:{line}:{column}", self.file)
    }

    pub(super) fn text(&mut self, node: &Node, key: &str) -> Option<Given> {
        let Place { line, column } = yaml::place(node);
        match &node.value {
            Tree::Scalar(text) if !text.trim().is_empty() => Some(Given::new(text, format!("{}:{line}:{column}", self.file))),
            Tree::Null | Tree::Scalar(_) => {
                self.refuse(Place { line, column }, format!("`{key}` has no value"), "write one, or remove the key");
                None
            }
            Tree::List(_) | Tree::Map(_) => {
                self.findings.push(self.error(Place { line, column }, format!("`{key}` is one text, not a list or map")));
                None
            }
        }
    }

    /// One text or a list of texts.
    pub(super) fn texts(&mut self, node: &Node, key: &str) -> Vec<Given> {
        match &node.value {
            Tree::List(list) => list.iter().filter_map(|element| self.text(element, key)).collect(),
            Tree::Null | Tree::Scalar(_) | Tree::Map(_) => self.text(node, key).into_iter().collect(),
        }
    }
}
