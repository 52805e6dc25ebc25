//! What was wrong with a request, where a person looks: on the line of the file that it is about. Pure.

use std::path::{Component, Path, PathBuf};

use super::escape;
use crate::{github::check::Annotation, rollout::journal::Problem, verify::Placed};

/// How many annotations a check run gets; a file with more mistakes is another one.
const MOST: usize = 200;

/// Where the files of a request lie.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Base {
    /// What relative names start from.
    pub directory: PathBuf,
    /// Where the repository is checked out; the directory itself when `None`.
    pub workspace: Option<PathBuf>,
}

impl Base {
    /// A file's path in the repository; none for one that lies elsewhere.
    pub(super) fn in_repository(&self, file: &str) -> Option<String> {
        let path = plain(&self.directory.join(file));
        let workspace = plain(self.workspace.as_ref().unwrap_or(&self.directory));
        let path = path.strip_prefix(workspace).ok()?.to_str()?.to_owned();
        (!path.is_empty()).then_some(path)
    }

    /// The problems that are about a line of a file, on that line.
    pub(super) fn annotations(&self, problems: &[Problem]) -> Vec<Annotation> {
        let annotation = |problem: &Problem| {
            let placed = Placed::of(&problem.message)?;
            let hint = problem.hint.as_ref().map(|hint| format!("\n{hint}")).unwrap_or_default();
            Some(Annotation {
                path: self.in_repository(placed.file)?,
                line: placed.line,
                column: placed.column,
                message: format!("{}{hint}", escape::plain(placed.rest)),
            })
        };
        problems.iter().filter_map(annotation).take(MOST).collect()
    }

    /// The problems as workflow commands, which GitHub shows on those lines too.
    #[must_use]
    pub fn commands(&self, problems: &[Problem]) -> String {
        let command = |problem: &Problem| {
            let placed = Placed::of(&problem.message);
            let at = placed.as_ref().and_then(|placed| {
                let file = escape::command_property(&self.in_repository(placed.file)?);
                let column = placed.column.map(|column| format!(",col={column}")).unwrap_or_default();
                Some(format!("file={file},line={}{column},", placed.line))
            });
            let hint = problem.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
            let message = escape::command_data(&format!("{}{hint}", problem.message));
            format!("::error {}title=espalier::{message}", at.unwrap_or_default())
        };
        problems.iter().map(command).collect::<Vec<_>>().join("\n")
    }
}

/// Without `.` and `..`, by their words alone.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => plain.push(component),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(message: &str, hint: Option<&str>) -> Problem {
        Problem { message: message.to_owned(), hint: hint.map(str::to_owned) }
    }

    #[test]
    fn lines_are_those_of_the_repository() {
        let base = Base { directory: "/w/app/deploy".into(), workspace: Some("/w/app".into()) };
        let problems = [
            problem("../espalier.yml:3:1: unknown key", Some("did you mean `lattice`?")),
            problem("./def.json:2:5: odd", None),
            problem("/elsewhere/def.json:2:5: odd", None),
            problem("--settle: no time", None),
        ];
        let annotations = base.annotations(&problems);
        let told: Vec<_> = annotations.iter().map(|one| (one.path.as_str(), one.line, one.message.as_str())).collect();
        assert_eq!(told, [("espalier.yml", 3, "unknown key\ndid you mean `lattice`?"), ("deploy/def.json", 2, "odd")]);
        assert_eq!(
            base.commands(&problems),
            "::error file=espalier.yml,line=3,col=1,title=espalier::../espalier.yml:3:1: unknown key%0Ahint: did you mean `lattice`?\n\
             ::error file=deploy/def.json,line=2,col=5,title=espalier::./def.json:2:5: odd\n\
             ::error title=espalier::/elsewhere/def.json:2:5: odd\n\
             ::error title=espalier::--settle: no time"
        );
    }

    #[test]
    fn a_message_cannot_begin_another_command() {
        let said = Base::default().commands(&[problem("a.yml:1:1: x\n::add-mask::y ##[error]z", Some("::warning::"))]);
        assert_eq!(said.lines().count(), 1);
        assert!(!said.contains("##["), "{said}");
    }
}
