//! Bytes that anybody could save as a definition, a template or a filter, for fuzzing and for replaying what fuzzing has found: one
//! function, which never panics.

use std::collections::BTreeMap;

use super::{
    casing::{self, canonical},
    filter::{self, Bindings},
    finding::{Finding, Given},
    read::{Document, Value},
    template::{Functions, Known, Rendering, render},
    write::write,
};

/// What reads the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// A definition: read, written again, its names in ECS's spelling.
    Definition,
    /// A template, with a few variables set.
    Template,
    /// A filter over a small definition.
    Filter,
}

impl Reads {
    /// All of them, with the names of their fuzz targets and corpora.
    pub const ALL: [(&'static str, Self); 3] =
        [("definition", Self::Definition), ("template", Self::Template), ("filter", Self::Filter)];
}

/// Words of filters that may run without end, or use the stack up: nothing limits a filter, which is its author's business.
const ENDLESS: [&str; 14] = [
    "def",
    "repeat",
    "while",
    "until",
    "recurse",
    "range",
    "limit",
    "combinations",
    "foreach",
    "reduce",
    "walk",
    "inputs",
    "splits",
    "*",
];
const SMALL: &str = r#"{"serviceName": "web", "desiredCount": 3, "a": [1, 2.50, null, true], "é": "ü"}"#;

/// Lets a reader have the bytes: whether it took them.
///
/// # Panics
/// Where what was taken is not what it should be: that is what fuzzing looks for.
#[must_use]
pub fn run(reads: Reads, bytes: &[u8]) -> bool {
    match reads {
        Reads::Definition => definition(bytes),
        Reads::Template => std::str::from_utf8(bytes).is_ok_and(template),
        Reads::Filter => std::str::from_utf8(bytes).is_ok_and(filter),
    }
}

fn definition(bytes: &[u8]) -> bool {
    let document = match Document::read("fuzzed.json", bytes) {
        Ok(document) => document,
        Err(finding) => return in_the_text(&finding, &String::from_utf8_lossy(bytes)),
    };
    assert_eq!(write(&document, &document.root.value), document.text, "the same value keeps every byte");
    let printed = document.root.to_json();
    // serde_json refuses 128 levels, which are read here.
    let theirs = serde_json::from_str::<serde_json::Value>(document.text.trim_start_matches('\u{feff}'));
    assert!(
        theirs.as_ref().is_ok_and(|theirs| *theirs == printed)
            || theirs.is_err_and(|error| error.to_string().contains("recursion"))
    );
    let more = Value::Object(vec![]);
    let emptied = write(&document, &more);
    assert!(Document::read("fuzzed.json", emptied.as_bytes()).is_ok_and(|read| read.root.value == more), "{emptied}");
    for kind in [casing::Definition::Service, casing::Definition::Task] {
        if let Ok(read) = canonical(document.clone(), kind) {
            assert_eq!(read.text, document.text);
            let again = canonical(read.clone(), kind);
            assert!(again.is_ok_and(|again| again.root == read.root), "what is in ECS's spelling stays so");
        }
    }
    true
}

fn template(text: &str) -> bool {
    let environment: BTreeMap<String, String> =
        [("A", "1"), ("EMPTY", ""), ("TOKEN", "secret\"")].map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let functions = Functions::default();
    let known = Known { environment: &environment, functions: &functions, answers: &BTreeMap::new() };
    match render("fuzzed", text, known) {
        Ok(Rendering::Whole(rendered)) => {
            for offset in [0, rendered.text.len() / 2, rendered.text.len()] {
                let place = rendered.place(text, offset);
                assert!(place.line as usize <= text.lines().count().max(1) + 1, "{place:?}");
            }
            true
        }
        Ok(Rendering::Lacking(_)) => true,
        Err(findings) => findings.iter().any(|finding| in_the_text(finding, text)),
    }
}

fn filter(text: &str) -> bool {
    if ENDLESS.iter().any(|word| text.contains(word)) || text.contains("..") {
        return false;
    }
    let Ok(document) = Document::read("small.json", SMALL.as_bytes()) else { return false };
    let nothing = || Value::Object(vec![]);
    let bindings = Bindings { lattice: nothing(), env: nothing(), git: nothing() };
    match filter::run(&Given::new(text, "fuzzed"), &document.root.value, &bindings) {
        Ok(value) => {
            let written = write(&document, &value);
            assert!(Document::read("small.json", written.as_bytes()).is_ok_and(|read| read.root.value == value), "{written}");
            true
        }
        Err(findings) => {
            assert!(!findings.is_empty() && !findings.iter().any(|finding| in_the_text(finding, text)), "{findings:?}");
            false
        }
    }
}

/// A finding points at something that is there; never true, so that what is refused is no success.
fn in_the_text(finding: &Finding, text: &str) -> bool {
    if let Some(place) = finding.place {
        let lines = text.split('\n').count();
        assert!(place.line as usize <= lines && place.column >= 1, "{finding} in {lines} lines");
    }
    false
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| (path.display().to_string(), std::fs::read(&path).unwrap())).collect()
    }

    /// Every corpus has what is taken and what is refused.
    #[test]
    fn every_corpus_is_read() {
        for (name, reads) in Reads::ALL {
            let taken: Vec<bool> = corpus(name).iter().map(|(_, bytes)| run(reads, bytes)).collect();
            assert!(taken.iter().any(|taken| *taken) && taken.iter().any(|taken| !*taken), "{name}: {taken:?}");
        }
    }

    /// Cut short, with a byte turned over, doubled: what an editor, or a merge, makes of a file.
    #[test]
    fn what_is_broken_is_read_too() {
        for (name, reads) in Reads::ALL {
            for (_, bytes) in corpus(name) {
                let step = bytes.len() / 40 + 1;
                for place in (0..bytes.len()).step_by(step) {
                    for flip in [0x01, 0x20, 0x80] {
                        let mut flipped = bytes.clone();
                        flipped[place] ^= flip;
                        let _taken = run(reads, &flipped);
                    }
                    for broken in [&bytes[..place], &[&bytes[..place], &bytes[..]].concat(), &bytes[place..]] {
                        let _taken = run(reads, broken);
                    }
                }
            }
        }
    }
}
