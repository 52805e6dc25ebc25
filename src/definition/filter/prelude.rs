//! Which of jaq's definitions and native functions a filter gets.
//!
//! The definitions are kept as text, and only those that the filter names, and those that these name, are parsed and compiled.
//! Measured with the seed's definition, in a release build that compiled jaq for speed (it is compiled for size now), seven processes each,
//! on two cores that others were using too: the first `run` in a process takes 1.0 to 1.4 ms with all 126 definitions, 0.34 to 0.55 ms
//! for a filter that gets twelve, and 0.11 to 0.17 ms for `.`, which gets none.

use std::collections::HashSet;

use jaq_core::{data::JustLut, native::Fun};
use jaq_json::Val;

const PRELUDE: &str = include_str!("../prelude.jq");

/// Reads the environment, the clock or other input, ends the program or depends on the machine's time zone.
const WORLDLY: [&str; 12] = [
    "env",
    "now",
    "halt",
    "halt_error",
    "input",
    "inputs",
    "input_filename",
    "input_line_number",
    "localtime",
    "strflocaltime",
    "get_search_list",
    "$ENV",
];

/// Whether a name is one of those left out because they reach outside the definition.
pub(super) fn touches_the_world(name: &str) -> bool {
    WORLDLY.contains(&name)
}

/// jaq's native functions, without those that reach outside the definition.
pub(super) fn natives() -> impl Iterator<Item = Fun<JustLut<Val>>> {
    jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs()).filter(|(name, _, _)| !touches_the_world(name))
}

/// The texts of all definitions, in order; each names only those before it, itself, and native functions.
fn definitions() -> impl DoubleEndedIterator<Item = &'static str> {
    // A definition starts at the start of a line, and no other line starts with `def `.
    let starts = PRELUDE.match_indices("\ndef ").map(|(newline, _)| newline + 1);
    let starts: Vec<usize> = starts.collect();
    (0..starts.len()).map(move |index| {
        let end = starts.get(index + 1).copied().unwrap_or(PRELUDE.len());
        PRELUDE.get(starts[index]..end).unwrap_or_default()
    })
}

fn name_of(definition: &str) -> &str {
    words(definition).nth(1).unwrap_or_default()
}

/// Everything in a filter that could be the name of a definition; field names among them do no harm.
fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '@').filter(|word| !word.is_empty())
}

/// The text of the definitions that `code` names, and of those that these name.
pub(super) fn needed_by(code: &str) -> String {
    let mut wanted: HashSet<&str> = words(code).collect();
    let mut needed = Vec::new();
    // From the last to the first: whoever names a definition stands behind it.
    for definition in definitions().rev() {
        if wanted.contains(name_of(definition)) {
            wanted.extend(words(definition));
            needed.push(definition);
        }
    }
    needed.reverse();
    needed.concat()
}

/// The known name most like `name`, if one is.
pub(super) fn nearest(name: &str) -> Option<&'static str> {
    let known = definitions().map(name_of).chain(natives().map(|(name, _, _)| name));
    known
        .map(|known| (strsim::damerau_levenshtein(name, known), known))
        .filter(|(distance, _)| *distance <= 2.min(name.len() / 2))
        .min()
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file repeats what the crates define; after an update of jaq this test says what to copy.
    #[test]
    fn the_prelude_is_what_jaq_defines_less_the_world() {
        let crates = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let theirs: Vec<String> = crates.filter(|def| !touches_the_world(def.name)).map(|def| format!("{def:?}")).collect();
        let ours = jaq_core::load::parse(PRELUDE, |parser| parser.defs()).expect("the prelude parses");
        let ours: Vec<String> = ours.iter().map(|def| format!("{def:?}")).collect();
        assert_eq!(ours, theirs);
        assert_eq!(definitions().count(), ours.len(), "each definition starts a line");
    }

    #[test]
    fn only_what_is_named_is_handed_over() {
        assert_eq!(needed_by(".a = 1"), "");
        let names: Vec<String> =
            definitions().filter(|def| needed_by("any").contains(*def)).map(|def| name_of(def).to_owned()).collect();
        assert!(names.iter().any(|name| name == "isempty") && names.iter().any(|name| name == "not"), "{names:?}");
        assert!(!names.iter().any(|name| name == "walk"), "{names:?}");
    }
}
