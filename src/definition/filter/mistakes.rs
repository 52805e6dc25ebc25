//! What is wrong with a filter, told with its place in the filter and the name that was probably meant.

use jaq_core::{
    compile,
    load::{self, lex, parse},
};

use super::prelude;
use crate::definition::finding::{Finding, Given, Place};

/// A text of the user's, short enough for a message.
pub(super) fn shortened(text: &str) -> String {
    const MOST: usize = 160;
    if text.chars().count() <= MOST { text.to_owned() } else { format!("{}…", text.chars().take(MOST).collect::<String>()) }
}

/// A finding about the part `found` of the filter: its line and column in the filter, and the line itself.
fn in_filter(filter: &Given, found: &str, message: &str) -> Finding {
    let offset = load::span(&filter.text, found).start.min(filter.text.len());
    let place = Place::of(&filter.text, offset);
    let line = filter.text.lines().nth(place.line as usize - 1).unwrap_or_default().trim();
    Finding::error(&filter.from, format!("{message} in the filter `{}`", shortened(line))).at(place)
}

/// Every place at which a filter cannot be read.
pub(super) fn unparsable(filter: &Given, errors: load::Errors<&str, ()>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (_, error) in errors {
        match error {
            load::Error::Io(modules) => findings.extend(modules.into_iter().map(|(path, _)| {
                in_filter(filter, path, &format!("the module `{path}` cannot be loaded: filters have no modules here"))
            })),
            load::Error::Lex(errors) => {
                findings.extend(errors.into_iter().map(|(expected, found)| lex_error(filter, &expected, found)));
            }
            load::Error::Parse(errors) => {
                findings.extend(errors.into_iter().map(|(expected, found)| parse_error(filter, &expected, found)));
            }
        }
    }
    findings
}

fn lex_error(filter: &Given, expected: &lex::Expect<&str>, found: &str) -> Finding {
    in_filter(filter, found, &format!("a {} is missing before {}", expected.as_str(), quoted_start(found)))
}

fn parse_error(filter: &Given, expected: &parse::Expect<&str>, found: &str) -> Finding {
    let message = match expected.as_str() {
        "nothing" | "" => format!("{} is not expected", quoted_start(found)),
        expected => format!("`{expected}` is missing before {}", quoted_start(found)),
    };
    in_filter(filter, found, &message)
}

fn quoted_start(found: &str) -> String {
    match found.split_whitespace().next() {
        None => "the end".to_owned(),
        Some(word) => format!("`{}`", word.chars().take(20).collect::<String>()),
    }
}

/// Every name in a filter that nothing has.
pub(super) fn unknown_names(filter: &Given, errors: compile::Errors<&str, ()>) -> Vec<Finding> {
    let unknown = errors.into_iter().flat_map(|(_, names)| names);
    unknown
        .map(|(name, kind)| {
            let finding = in_filter(filter, name, &format!("unknown {} `{name}`", kind.as_str()));
            if prelude::touches_the_world(name) {
                finding
                    .hint(
                        "a filter sees the definition, `$lattice`, `$git` and, as `$env`, the variables that `--jq-env` names: the same file gives the same result",
                    )
            } else if matches!(kind, compile::Undefined::Var) {
                finding.hint(
                    "there are `$lattice` {target_group_arn, role_arn, port_name, port, service, service_arn, rules}, `$git` {sha, ref, repository, actor, run_id} and `$env`",
                )
            } else {
                match prelude::nearest(name) {
                    Some(near) if near == name => finding.hint(format!("`{name}` takes another number of arguments")),
                    Some(near) => finding.hint(format!("did you mean `{near}`?")),
                    None => finding,
                }
            }
        })
        .collect()
}
