//! How definitions are filled in: what their templates and programs may ask for.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
};

use super::config::unreadable;
use crate::definition::{
    Document, Finding, Origin,
    jsonnet::{self, Evaluated, Inputs},
    template::{self, Answer, Functions, Known, Reference, Rendering},
};

/// What fills in the templates and programs of a project.
#[derive(Clone, Default, PartialEq)]
pub struct Templating {
    /// Files are templates: there is an ecspresso config, or the config says so.
    pub is_on: bool,
    /// The variables of the environment with those of `--envfile` over them.
    pub variables: BTreeMap<String, String>,
    /// What names mean.
    pub functions: Functions,
    /// What was looked up so far.
    pub answers: BTreeMap<Reference, Answer>,
    /// `--ext-str`
    pub texts: BTreeMap<String, String>,
    /// `--ext-code`
    pub codes: BTreeMap<String, String>,
    /// The Terraform state that references are looked up in, where it was named: a path, or `s3://BUCKET/KEY`.
    pub state: Option<String>,
    /// What the author of an ecspresso config should know.
    pub warnings: Vec<Finding>,
}

/// Variables and answers are secrets, or may be.
impl fmt::Debug for Templating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Templating").field("is_on", &self.is_on).finish_non_exhaustive()
    }
}

/// A file's text, filled in.
#[derive(Clone, Debug)]
pub enum Filled {
    /// All of it.
    Whole {
        /// The text.
        text: String,
        /// What it was made of.
        origin: Origin,
        /// Values in it that must not be shown.
        secrets: BTreeSet<String>,
    },
    /// This has to be looked up first.
    Lacking(BTreeSet<Reference>),
}

/// A definition, read.
#[derive(Clone, Debug)]
pub enum Readable {
    /// The definition.
    Whole(Box<Document>),
    /// This has to be looked up first.
    Lacking(BTreeSet<Reference>),
}

impl Templating {
    /// The states that a reference without one can be about: the one that was named, else those of the plugins.
    #[must_use]
    pub fn states(&self) -> Vec<String> {
        let plugins = || self.functions.terraform_states().into_iter().map(str::to_owned).collect();
        self.state.clone().map_or_else(plugins, |state| vec![state])
    }

    pub(super) const fn known(&self) -> Known<'_> {
        Known { environment: &self.variables, functions: &self.functions, answers: &self.answers }
    }

    /// Whether a file of that name may be more than JSON.
    pub(super) fn may_concern(&self, path: &Path) -> bool {
        self.is_on || is_program(path)
    }

    /// Reads a definition: JSON, or Jsonnet (`.jsonnet`), which is evaluated before its templates are filled in, as ecspresso does.
    ///
    /// # Errors
    /// A file that cannot be read, or whatever is wrong with it.
    pub fn read(&self, path: &Path) -> Result<Readable, Vec<Finding>> {
        let file = path.display().to_string();
        let bytes = std::fs::read(path).map_err(|error| vec![unreadable(&file, &error)])?;
        if !self.concerns(path, &bytes) {
            return Document::read(file, &bytes)
                .map(|document| Readable::Whole(Box::new(document)))
                .map_err(|finding| vec![finding]);
        }
        let text =
            String::from_utf8(bytes).map_err(|_| vec![Finding::error(&file, "this is not UTF-8").hint("save it as UTF-8")])?;
        match self.fill(path, &file, text)? {
            Filled::Lacking(lacking) => Ok(Readable::Lacking(lacking)),
            Filled::Whole { text, origin, secrets } => {
                let mut document = Document::of(file, text, origin).map_err(|finding| vec![finding])?;
                document.secrets = secrets;
                Ok(Readable::Whole(Box::new(document)))
            }
        }
    }

    /// Whether a file is more than JSON.
    fn concerns(&self, path: &Path, bytes: &[u8]) -> bool {
        is_program(path) || (self.is_on && bytes.windows(2).any(|pair| pair == b"{{"))
    }

    /// Evaluates a program and fills in a template.
    ///
    /// # Errors
    /// Whatever is wrong with it.
    pub(super) fn fill(&self, path: &Path, file: &str, text: String) -> Result<Filled, Vec<Finding>> {
        let mut secrets = BTreeSet::new();
        let (text, is_program) = if is_program(path) {
            match self.evaluated(path, &text)? {
                Evaluated::Lacking { references, .. } => return Ok(Filled::Lacking(references)),
                Evaluated::Whole { text, secrets: more } => {
                    secrets.extend(more);
                    (text, true)
                }
            }
        } else {
            (text, false)
        };
        let origin = if is_program { Origin::Program } else { Origin::File };
        if !self.is_on || !text.contains("{{") {
            return Ok(Filled::Whole { text, origin, secrets });
        }
        match template::render(file, &text, self.known())? {
            Rendering::Lacking(lacking) => Ok(Filled::Lacking(lacking)),
            Rendering::Whole(rendered) => {
                secrets.extend(rendered.secrets.iter().cloned());
                let filled = rendered.text.clone();
                let origin = if is_program { origin } else { Origin::Template { template: text, rendered } };
                Ok(Filled::Whole { text: filled, origin, secrets })
            }
        }
    }

    /// Evaluates a program; the files that it imports are read as it names them.
    fn evaluated(&self, path: &Path, text: &str) -> Result<Evaluated, Vec<Finding>> {
        let mut files = BTreeMap::new();
        loop {
            let inputs = Inputs { known: self.known(), files: &files, texts: &self.texts, codes: &self.codes };
            match jsonnet::evaluate(&path.display().to_string(), text, inputs).map_err(|finding| vec![finding])? {
                Evaluated::Lacking { files: wanted, .. } if !wanted.is_empty() => {
                    let mut missing = Vec::new();
                    for file in wanted {
                        match std::fs::read(&file) {
                            Ok(bytes) => _ = files.insert(file, bytes),
                            Err(error) => missing.push(unreadable(&file, &error)),
                        }
                    }
                    if !missing.is_empty() {
                        return Err(missing);
                    }
                }
                evaluated @ (Evaluated::Lacking { .. } | Evaluated::Whole { .. }) => return Ok(evaluated),
            }
        }
    }
}

fn is_program(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "jsonnet")
}

/// Reads a file of variables as ecspresso does (hashicorp/go-envparse): `NAME=VALUE` lines, `export` before them or not, comments,
/// values in single quotes as they are and in double quotes with JSON's escapes. A variable without a value is left out.
///
/// # Errors
/// Every line that is none of these.
pub(super) fn envfile(file: &str, text: &str) -> Result<Vec<(String, String)>, Vec<Finding>> {
    let mut variables = Vec::new();
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let refused = |message: &str, hint: &str| {
            let line = u32::try_from(index + 1).unwrap_or(u32::MAX);
            Finding::error(file, message).at(crate::definition::Place { line, column: 1 }).hint(hint)
        };
        let Some((name, value)) = line.split_once('=') else {
            findings.push(refused("this is no variable", "write `NAME=VALUE`"));
            continue;
        };
        let name = name.strip_prefix("export ").unwrap_or(name).trim();
        let is_start = |c: char| c.is_ascii_alphabetic() || c == '_';
        let is_rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/');
        if !(name.starts_with(is_start) && name.chars().all(is_rest)) {
            findings.push(refused(&format!("`{name}` is no name of a variable"), "letters, digits and `_`, a letter first"));
            continue;
        }
        match value_of(value.trim()) {
            Ok(value) if value.is_empty() => {}
            Ok(value) => variables.push((name.to_owned(), value)),
            Err(()) => findings.push(refused("the quotes of this value are not closed", "close them on the same line")),
        }
    }
    if findings.is_empty() { Ok(variables) } else { Err(findings) }
}

/// A value without its quotes and without what is said after it.
fn value_of(text: &str) -> Result<String, ()> {
    match text.chars().next() {
        Some('\'') => text[1..].find('\'').map(|end| text[1..=end].to_owned()).ok_or(()),
        Some('"') => {
            let mut strings = serde_json::Deserializer::from_str(text).into_iter::<String>();
            strings.next().and_then(Result::ok).ok_or(())
        }
        Some(_) | None => Ok(text.split(" #").next().unwrap_or_default().trim_end().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_variables_are_read_as_ecspresso_reads_them() {
        let text = "# comment\nexport A=1\nB = two words # comment\nC='single $x \"quoted\"' # x\nD=\"line\\nnext \\\"q\\\"\"\nEMPTY=\nE.F/G=x#y\n\n";
        let expected =
            [("A", "1"), ("B", "two words"), ("C", "single $x \"quoted\""), ("D", "line\nnext \"q\""), ("E.F/G", "x#y")];
        let read = envfile(".env", text).expect("variables");
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let findings = envfile(".env", "A=1\nno variable\n1A=2\nB='open\nC=\"open\n").expect_err("wrong");
        let told: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                ".env:2:1: this is no variable",
                ".env:3:1: `1A` is no name of a variable",
                ".env:4:1: the quotes of this value are not closed",
                ".env:5:1: the quotes of this value are not closed",
            ]
        );
    }
}
