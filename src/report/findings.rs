//! Findings in words: lines, Markdown, JSON, and the commands by which GitHub shows them on lines. Pure.

use serde_json::{Value, json};

use super::{escape, trouble::Base};
use crate::verify::{Found, Level, Spot};

/// For a terminal or a log.
#[must_use]
pub fn text(found: &[Found]) -> String {
    let line = |found: &Found| {
        let hint = found.hint.as_ref().map(|hint| format!("\n  hint: {hint}")).unwrap_or_default();
        format!("{}: {}{} [{}]{hint}", found.level.name(), place(found, "", ""), found.message, found.code)
    };
    found.iter().map(line).chain([summary(found)]).collect::<Vec<_>>().join("\n")
}

/// For pull requests and summaries.
#[must_use]
pub fn markdown(found: &[Found]) -> String {
    let icon = |level| match level {
        Level::Error => "❌",
        Level::Warning => "⚠️",
        Level::Note => "ℹ️",
    };
    let item = |found: &Found| {
        let hint = found.hint.as_ref().map(|hint| format!("<br>{}", escape::plain(hint))).unwrap_or_default();
        let (place, message) = (place(found, "`", "`"), escape::plain(&found.message));
        format!("- {} **{}** {place}{message}{hint}", icon(found.level), found.code)
    };
    let items: Vec<String> = found.iter().map(item).collect();
    [format!("### {}", summary(found)), items.join("\n")].join("\n\n").trim_end().to_owned()
}

/// For programs.
#[must_use]
pub fn json(found: &[Found]) -> String {
    let one = |found: &Found| {
        let (file, place, pointer, thing) = match &found.spot {
            Spot::Request => (None, None, None, None),
            Spot::File { file, place, pointer } => (Some(file), *place, Some(pointer).filter(|it| !it.is_empty()), None),
            Spot::Thing(name) => (None, None, None, Some(name)),
        };
        json!({
            "level": found.level.name(), "code": found.code.name(), "message": found.message, "hint": found.hint,
            "file": file, "line": place.map(|place| place.line), "column": place.map(|place| place.column),
            "pointer": pointer, "about": thing,
        })
    };
    let count = |level| found.iter().filter(|found| found.level == level).count();
    let all: Vec<Value> = found.iter().map(one).collect();
    let counts = json!({ "error": count(Level::Error), "warning": count(Level::Warning), "note": count(Level::Note) });
    format!("{:#}", json!({ "counts": counts, "findings": all }))
}

/// As workflow commands: GitHub shows them on the lines that they are about.
#[must_use]
pub fn commands(found: &[Found], base: &Base) -> String {
    let command = |found: &Found| {
        let kind = match found.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "notice",
        };
        let at = match &found.spot {
            Spot::File { file, place, .. } => base.in_repository(file).map_or_else(String::new, |file| {
                let (line, column) = place.map_or((1, None), |place| (place.line, Some(place.column)));
                let column = column.map(|column| format!(",col={column}")).unwrap_or_default();
                format!("file={},line={line}{column},", escape::command_property(&file))
            }),
            Spot::Request | Spot::Thing(_) => String::new(),
        };
        let hint = found.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let said = escape::command_data(&format!("{}{}{hint}", place(found, "", ""), found.message));
        format!("::{kind} {at}title=espalier {}::{said}", found.code)
    };
    found.iter().map(command).chain([summary(found)]).collect::<Vec<_>>().join("\n")
}

/// What a message begins with.
fn place(found: &Found, open: &str, close: &str) -> String {
    match &found.spot {
        Spot::Request => String::new(),
        Spot::File { file, place: Some(place), .. } => format!("{open}{file}:{}:{}{close}: ", place.line, place.column),
        Spot::File { file: name, place: None, .. } | Spot::Thing(name) => format!("{open}{name}{close}: "),
    }
}

/// How many of each.
fn summary(found: &[Found]) -> String {
    let count = |level: Level| {
        let count = found.iter().filter(|found| found.level == level).count();
        format!("{count} {}{}", level.name(), if count == 1 { "" } else { "s" })
    };
    let counts = [Level::Error, Level::Warning, Level::Note].map(count).join(", ");
    let errors = found.iter().any(|found| found.level == Level::Error);
    if errors { format!("a release would fail: {counts}") } else { format!("nothing that would make a release fail: {counts}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{definition::Place, verify::Code};

    fn found() -> [Found; 3] {
        let spot = Spot::File { file: "a.yml".to_owned(), place: Some(Place { line: 2, column: 3 }), pointer: "/x".to_owned() };
        [
            Found::error(Code::Config, spot, "odd `x`\n::error::y").hint("even"),
            Found::warning(Code::Quota, Spot::Thing("arn:q".to_owned()), "near"),
            Found::note(Code::NotChecked, Spot::Request, "not asked"),
        ]
    }

    #[test]
    fn findings_are_told_to_people_programs_and_github() {
        let text = text(&found());
        assert!(
            text.starts_with("error: a.yml:2:3: odd `x`")
                && text.contains("[config]\n  hint: even\nwarning: arn:q: near [quota]\n")
        );
        assert!(text.ends_with("a release would fail: 1 error, 1 warning, 1 note"));
        assert!(self::text(&found()[1..]).ends_with("nothing that would make a release fail: 0 errors, 1 warning, 1 note"));
        let json: Value = serde_json::from_str(&json(&found())).expect("JSON");
        assert_eq!((&json["counts"]["error"], &json["findings"][0]["line"]), (&json!(1), &json!(2)));
        assert_eq!(json["findings"][1]["about"], "arn:q");
        let base = Base { directory: "/w".into(), workspace: None };
        let said = commands(&found(), &base);
        let lines: Vec<&str> = said.lines().collect();
        assert!(lines[0].starts_with("::error file=a.yml,line=2,col=3,title=espalier config::a.yml:2:3: odd"), "{said}");
        assert_eq!(lines[1], "::warning title=espalier quota::arn:q: near");
        assert_eq!(lines[2], "::notice title=espalier not-checked::not asked");
        assert_eq!(lines.len(), 4, "a message cannot begin another command");
        let markdown = markdown(&found());
        assert!(
            markdown.starts_with("### a release would fail") && markdown.contains("- ❌ **config** `a.yml:2:3`: "),
            "{markdown}"
        );
    }
}
