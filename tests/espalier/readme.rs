//! What README.md says is run as it stands there.

use std::fs;

use crate::{
    harness::{BINARY, Run, program, root},
    words::demo,
};

/// A shell block with the line before it.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    line: usize,
    marker: String,
    language: String,
    text: String,
}

/// What a marker asks for.
#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Exit(i32),
    /// It cannot be run here, and the marker says why.
    Nothing,
}

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("README.md")
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut before = "";
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let inside: Vec<&str> = lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            let (marker, language) = (before.to_owned(), language.to_owned());
            blocks.push(Block { line: index + 1, marker, language, text: inside.join("\n") });
        }
        before = line;
    }
    blocks
}

fn wanted(marker: &str) -> Result<Wanted, String> {
    let comment = marker.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
    match comment {
        Some("test") => Ok(Wanted::Exit(0)),
        Some(comment) if comment.starts_with("not run: ") => Ok(Wanted::Nothing),
        Some(comment) => {
            let code = comment.strip_prefix("run: exit ").and_then(|code| code.parse().ok());
            code.map(Wanted::Exit).ok_or_else(|| format!("`{comment}` asks for nothing that is known"))
        }
        None => Err("a shell block needs `<!-- run: exit N -->` or `<!-- not run: WHY -->` in the line before".to_owned()),
    }
}

/// The same with the binary that is there. `cargo test` is what runs just now, and the demo has run for all tests.
fn with_the_binary(text: &str) -> String {
    let command = |line: &str| match line.split('#').next().unwrap_or_default().trim_end() {
        "cargo test" => "true".to_owned(),
        "cargo run -- demo" => format!("(exit {})", demo().code),
        _ => line.replace("cargo run -- ", "\"$ESPALIER\" "),
    };
    let text = text.lines().map(command).collect::<Vec<_>>().join("\n");
    assert!(!text.contains("cargo "), "only `cargo run -- …` and `cargo test` are understood:\n{text}");
    text
}

#[test]
fn every_shell_block_does_what_its_marker_says() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for fixtures in ["tests/fixtures/seed", "tests/fixtures/resources"] {
        let copies = folder.path().join(fixtures);
        fs::create_dir_all(&copies).expect("a folder");
        for entry in fs::read_dir(root().join(fixtures)).expect("fixtures") {
            let entry = entry.expect("an entry");
            fs::copy(entry.path(), copies.join(entry.file_name())).expect("a copy");
        }
    }
    let mut ran = 0;
    for block in blocks(&readme()).iter().filter(|block| block.language != "yaml") {
        assert_eq!(block.language, "sh", "README.md:{}: blocks are `sh` or `yaml`", block.line);
        let Wanted::Exit(code) = wanted(&block.marker).unwrap_or_else(|wrong| panic!("README.md:{}: {wrong}", block.line)) else {
            continue;
        };
        let text = with_the_binary(&block.text);
        let run = Run::of(program("bash").args(["-e", "-c", &text]).current_dir(folder.path()).env("ESPALIER", BINARY));
        assert_eq!(run.code, code, "README.md:{}\n{text}\n{}{}", block.line, run.stdout, run.stderr);
        ran += 1;
    }
    assert!(ran >= 5, "{ran} blocks are all that was found");
}

#[test]
fn the_workflows_are_those_of_the_examples() {
    let read = |entry: std::io::Result<fs::DirEntry>| fs::read_to_string(entry.expect("an entry").path()).expect("text");
    let examples: Vec<_> = fs::read_dir(root().join("docs/examples")).expect("a folder").map(read).collect();
    let readme = readme();
    let told: Vec<_> =
        blocks(&readme).into_iter().filter(|block| block.language == "yaml" && block.text.contains("\njobs:\n")).collect();
    assert!(told.len() >= 4, "{} workflows", told.len());
    for block in told {
        let is_example = examples.iter().any(|example| example.trim_end() == block.text);
        assert!(is_example, "README.md:{} is none of docs/examples, which the linters see", block.line);
    }
}

#[test]
fn the_exit_codes_are_those_of_the_code() {
    let row = |line: &str| {
        let (code, means) = line.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | ")?;
        Some((code.parse::<u8>().ok()?, means.replace("**", "")))
    };
    let told: Vec<_> = readme().lines().filter_map(row).collect();

    let source = fs::read_to_string(root().join("src/exit.rs")).expect("src/exit.rs");
    let (_, list) = source.split_once("pub enum Exit {").expect("the enum");
    let (list, _) = list.split_once("\n}").expect("its end");
    let variant = |line: &str| {
        let (code, means) = line.trim().strip_prefix("/// ")?.split_once(": ")?;
        Some((code.parse::<u8>().ok()?, means.trim_end_matches('.').to_owned()))
    };
    let coded: Vec<_> = list.lines().filter_map(variant).collect();
    assert_eq!(coded.len(), 6);
    assert_eq!(told, coded, "the table in README.md and the comments in src/exit.rs");

    use espalier::exit::Exit::{Done, Invalid, Malfunction, Refused, RolledBack, Stuck};
    let codes = [Done, Malfunction, Invalid, RolledBack, Stuck, Refused].map(|exit| exit.code());
    assert_eq!(told.iter().map(|(code, _)| *code).collect::<Vec<_>>(), codes);
}

#[test]
fn a_block_without_a_marker_is_noticed() {
    let found = blocks("a\n<!-- run: exit 3 -->\n```sh\nb\nc\n```\n\n```sh\nd\n```\n");
    let block = |line, marker: &str, text: &str| Block {
        line,
        marker: marker.to_owned(),
        language: "sh".to_owned(),
        text: text.to_owned(),
    };
    assert_eq!(found, [block(3, "<!-- run: exit 3 -->", "b\nc"), block(8, "", "d")]);
    assert_eq!(wanted(&found[0].marker), Ok(Wanted::Exit(3)));
    assert!(wanted(&found[1].marker).is_err());
    assert!(wanted("<!-- run: exit -->").is_err() && wanted("<!-- not run -->").is_err());
    assert_eq!(wanted("<!-- not run: it never ends -->"), Ok(Wanted::Nothing));
}
