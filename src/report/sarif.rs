//! Findings as SARIF 2.1.0 (OASIS), for GitHub's code scanning and whatever else reads it. Pure.

use serde::Serialize;

use super::trouble::Base;
use crate::verify::{Code, Found, Level, Spot};

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run<'a> {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<Outcome<'a>>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location<'a>; 1],
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location<'a> {
    physical_location: Physical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    region: Region,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Logical<'a> {
    fully_qualified_name: &'a str,
    kind: &'static str,
}

/// The findings as one run. GitHub wants each on a line of a file: what is about none stands on the first of `config`.
#[must_use]
pub fn sarif(found: &[Found], base: &Base, config: &str) -> String {
    let mut codes: Vec<Code> = found.iter().map(|found| found.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rule = |code: &Code| Rule { id: code.name(), short_description: Text { text: format!("{}.", code.about()) } };
    let outcome = |found| outcome(found, base, config, &codes);
    let driver = Driver { name: "espalier", version: env!("CARGO_PKG_VERSION"), rules: codes.iter().map(rule).collect() };
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results: found.iter().map(outcome).collect() };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    serde_json::to_string_pretty(&log).unwrap_or_default()
}

fn outcome<'a>(found: &'a Found, base: &Base, config: &str, codes: &[Code]) -> Outcome<'a> {
    let (file, place, logical) = match &found.spot {
        Spot::Request => (config, None, None),
        Spot::File { file, place, pointer } => {
            (file.as_str(), *place, (!pointer.is_empty()).then_some(Logical { fully_qualified_name: pointer, kind: "member" }))
        }
        Spot::Thing(name) => (config, None, Some(Logical { fully_qualified_name: name, kind: "resource" })),
    };
    let uri = base.in_repository(file).unwrap_or_else(|| file.to_owned());
    let about = logical.as_ref().filter(|logical| logical.kind == "resource").map(|logical| logical.fully_qualified_name);
    let about = about.map_or_else(String::new, |name| format!("{name}: "));
    let hint = found.hint.as_ref().map(|hint| format!("\n{hint}")).unwrap_or_default();
    Outcome {
        rule_id: found.code.name(),
        rule_index: codes.iter().position(|code| *code == found.code).unwrap_or_default(),
        level: match found.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        },
        message: Text { text: format!("{about}{}{hint}", found.message) },
        locations: [Location {
            physical_location: Physical {
                artifact_location: Artifact { uri: encoded(&uri) },
                region: Region { start_line: place.map_or(1, |place| place.line), start_column: place.map(|place| place.column) },
            },
            logical_locations: logical.into_iter().collect(),
        }],
    }
}

/// A path as a relative reference (RFC 3986).
fn encoded(path: &str) -> String {
    const LEFT: &percent_encoding::AsciiSet =
        &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');
    percent_encoding::utf8_percent_encode(path, LEFT).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::definition::Place;

    #[test]
    fn findings_stand_on_lines_with_their_rules() {
        let base = Base { directory: "/w/app/deploy".into(), workspace: Some("/w/app".into()) };
        let spot = Spot::File {
            file: "def one.json".to_owned(),
            place: Some(Place { line: 3, column: 14 }),
            pointer: "/a/0".to_owned(),
        };
        let found = [
            Found::error(Code::Definition, spot, "odd").hint("even"),
            Found::warning(Code::Quota, Spot::Thing("arn:x".to_owned()), "near"),
            Found::note(Code::NotChecked, Spot::Request, "not asked"),
            Found::error(Code::Definition, Spot::Request, "odd too"),
        ];
        let log: Value = serde_json::from_str(&sarif(&found, &base, "espalier.yml")).expect("JSON");
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let rules: Vec<_> =
            run["tool"]["driver"]["rules"].as_array().expect("rules").iter().map(|rule| rule["id"].clone()).collect();
        assert_eq!(rules.len(), 3, "each once");
        let results = run["results"].as_array().expect("results");
        for result in results {
            let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("small");
            assert_eq!(rules[index], result["ruleId"]);
        }
        let first = &results[0]["locations"][0];
        assert_eq!(first["physicalLocation"]["artifactLocation"]["uri"], "deploy/def%20one.json");
        assert_eq!(first["physicalLocation"]["region"]["startColumn"], 14);
        assert_eq!(first["logicalLocations"][0]["fullyQualifiedName"], "/a/0");
        assert_eq!(results[0]["message"]["text"], "odd\neven");
        assert_eq!(results[1]["message"]["text"], "arn:x: near");
        assert_eq!(results[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "deploy/espalier.yml");
        assert_eq!(
            results.iter().map(|result| result["level"].as_str().unwrap_or_default()).collect::<Vec<_>>(),
            ["error", "warning", "note", "error"]
        );
    }
}
