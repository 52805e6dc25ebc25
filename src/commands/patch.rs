//! `patch`: a service definition in, the patched one out.

use std::{
    fs::{self, File},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use crate::{
    definition::{self, Document, Finding, Given, PatchRequest, Severity, arn},
    exit::{Error, Exit},
    settings::{PatchInput, PatchOutput, PatchSettings},
};

/// Runs the command. Nothing is written anywhere unless all of it succeeded.
///
/// # Errors
/// The definitions, filters and flags that make no patch; files that cannot be read or written.
pub fn run(settings: &PatchSettings) -> Result<Exit, Error> {
    let (service_definition, task_definition) = read(settings)?;
    let mut warnings = Vec::new();
    let target_group = match &settings.target_group {
        Some(given) => resolve_target_group(given, &service_definition, &mut warnings)?,
        None => None,
    };
    let patched = definition::patch(&PatchRequest {
        service_definition: &service_definition,
        task_definition: task_definition.as_ref(),
        target_group,
        infrastructure_role: settings.infrastructure_role.clone(),
        port_name: settings.port_name.clone(),
        ecs_service: settings.service.clone(),
        filters: settings.jq.clone(),
    })?;
    for warning in warnings.iter().chain(&patched.warnings) {
        say(warning);
    }

    let text = patched.document.text.as_bytes();
    match &settings.output {
        PatchOutput::Stdout => to_stdout(text)?,
        PatchOutput::Check if patched.changed => {
            note(&format!("{} needs a change", patched.document.file));
            return Ok(Exit::RolledBack);
        }
        PatchOutput::Check => {}
        PatchOutput::InPlace if !patched.changed => note(&format!("{} needs no change", patched.document.file)),
        PatchOutput::InPlace | PatchOutput::File(_) if settings.dry_run => to_stdout(text)?,
        PatchOutput::File(path) => replace(path, text)?,
        PatchOutput::InPlace => {
            if let PatchInput::File(path) = &settings.input {
                replace(path, text)?;
            }
        }
    }
    Ok(Exit::Done)
}

/// The ARN of the target group that was given by ARN, id or name; `None` leaves it to the definition, which names one itself.
///
/// Offline, an id or name is only as good as the definition's own ARNs.
fn resolve_target_group(
    given: &Given,
    service_definition: &Document,
    warnings: &mut Vec<Finding>,
) -> Result<Option<Given>, Error> {
    // An ARN; and no name starts with `tg-`, so that is an id or a slip, which is told with the right form.
    if given.text.contains(':') || (given.text.starts_with("tg-") && !arn::is_target_group_id(&given.text)) {
        return Ok(Some(given.clone()));
    }
    let known = definition::patch::target_groups_in(service_definition);
    if arn::is_target_group_id(&given.text) {
        if let Some(arn) = known.iter().find(|arn| arn.ends_with(&format!("/{}", given.text))) {
            return Ok(Some(Given::new(*arn, &given.from)));
        }
    } else if let [arn] = known.as_slice() {
        let message = format!("the target group `{}` is not looked up: {arn}, which the definition names, is used", given.text);
        warnings.push(Finding::warning(&given.from, message).hint("give the ARN to be sure"));
        return Ok(Some(Given::new(*arn, &given.from)));
    }
    let message = format!("the target group `{}` is no ARN, and the definition names none that it could be", given.text);
    Err(Finding::error(&given.from, message).hint(format!("give its ARN: {}", arn::TARGET_GROUP_FORM)).into())
}

/// Reads both definitions, and tells what is wrong with both.
fn read(settings: &PatchSettings) -> Result<(Document, Option<Document>), Error> {
    let service_definition = match &settings.input {
        PatchInput::Stdin => {
            let mut bytes = Vec::new();
            io::stdin()
                .lock()
                .read_to_end(&mut bytes)
                .map_err(|error| Error::malfunction("standard input cannot be read", &error))?;
            Document::read("standard input", &bytes)
        }
        PatchInput::File(path) => read_file(path),
    };
    let task_definition = settings.task_definition.as_deref().map(read_file).transpose();
    match (service_definition, task_definition) {
        (Ok(service_definition), Ok(task_definition)) => Ok((service_definition, task_definition)),
        (service_definition, task_definition) => {
            let findings: Vec<Finding> = service_definition.err().into_iter().chain(task_definition.err()).collect();
            Err(findings.into())
        }
    }
}

/// Reads one definition from a file.
///
/// # Errors
/// It cannot be read, or is not JSON.
pub fn read_file(path: &Path) -> Result<Document, Finding> {
    let file = path.display().to_string();
    let bytes = fs::read(path).map_err(|error| crate::settings::config::unreadable(&file, &error))?;
    Document::read(file, &bytes)
}

fn to_stdout(text: &[u8]) -> Result<(), Error> {
    let mut stdout = io::stdout().lock();
    let written = stdout.write_all(text).and_then(|()| stdout.flush());
    written.map_err(|error| Error::malfunction("standard output cannot be written to", &error))
}

fn say(finding: &Finding) {
    let kind = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    note(&format!("{kind}: {finding}"));
    if let Some(hint) = &finding.hint {
        note(&format!("hint: {hint}"));
    }
}

/// A line on standard error. Where that is closed nobody is listening, which is no reason to fail.
fn note(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes a file whole or not at all: a new file beside it takes its place, with its permissions. A link stays a link.
fn replace(path: &Path, text: &[u8]) -> Result<(), Error> {
    let failed = |error: io::Error| Error::malfunction(format!("{} cannot be written", path.display()), &error);
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let beside = beside(&target);
    let written = (|| {
        let mut file = File::create_new(&beside)?;
        if let Ok(old) = fs::metadata(&target) {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&beside, &target)
    })();
    if written.is_err() {
        // The temporary file may not even exist; the error that matters is the first.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(failed)
}

fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    target.with_file_name(format!(".{name}.espalier-{}", std::process::id()))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _};

    use clap::Parser as _;
    use tempfile::TempDir;

    use super::*;
    use crate::{
        cli::{Cli, Command},
        settings::{Environment, resolve},
    };

    const SERVICE: &str = include_str!("../../tests/fixtures/seed/ecs-service-def.json");
    const TASK: &str = include_str!("../../tests/fixtures/seed/ecs-task-def.json");
    const ROLE: &str = "--infrastructure-role ecsInfrastructureRole";

    fn seed() -> TempDir {
        let directory = TempDir::new().expect("a directory");
        fs::write(directory.path().join("service.json"), SERVICE).expect("written");
        fs::write(directory.path().join("task.json"), TASK).expect("written");
        directory
    }

    fn run_line(directory: &TempDir, arguments: &[&str]) -> Result<Exit, Error> {
        let line = ["espalier", "patch"].into_iter().chain(arguments.iter().copied());
        let Command::Patch(args) = Cli::try_parse_from(line).expect("the line parses").command else { panic!("not a patch") };
        let environment = Environment::of([]).in_directory(directory.path());
        run(&resolve::patch(&args, &environment)?)
    }

    fn run_words(directory: &TempDir, line: &str) -> Result<Exit, Error> {
        run_line(directory, &line.split(' ').collect::<Vec<_>>())
    }

    fn content(directory: &TempDir, name: &str) -> String {
        fs::read_to_string(directory.path().join(name)).expect("there")
    }

    fn names(directory: &TempDir) -> Vec<String> {
        let entries = fs::read_dir(directory.path()).expect("a directory");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn in_place_writes_once_and_keeps_permissions_and_links() {
        let directory = seed();
        let file = directory.path().join("service.json");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("set");
        std::os::unix::fs::symlink("service.json", directory.path().join("link.json")).expect("linked");
        assert_eq!(run_words(&directory, &format!("link.json --check {ROLE}")), Ok(Exit::RolledBack));
        assert_eq!(content(&directory, "service.json"), SERVICE);
        assert_eq!(run_words(&directory, &format!("link.json --in-place {ROLE}")), Ok(Exit::Done));
        assert!(content(&directory, "service.json").contains("\"vpcLatticeConfigurations\""));
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
        assert!(fs::symlink_metadata(directory.path().join("link.json")).expect("there").is_symlink());

        let before = fs::metadata(&file).expect("there");
        assert_eq!(run_words(&directory, "service.json --in-place"), Ok(Exit::Done));
        assert_eq!(run_words(&directory, "service.json --check"), Ok(Exit::Done));
        let after = fs::metadata(&file).expect("there");
        let inode = |metadata: &fs::Metadata| std::os::unix::fs::MetadataExt::ino(metadata);
        assert_eq!((inode(&before), before.modified().ok()), (inode(&after), after.modified().ok()), "not written again");
        assert_eq!(names(&directory), ["link.json", "service.json", "task.json"]);
    }

    #[test]
    fn output_goes_to_another_file_unless_it_is_a_dry_run() {
        let directory = seed();
        assert_eq!(
            run_words(&directory, &format!("service.json --task-definition task.json -o out.json --dry-run {ROLE}")),
            Ok(Exit::Done)
        );
        assert_eq!(names(&directory), ["service.json", "task.json"]);
        assert_eq!(
            run_words(&directory, &format!("service.json --task-definition task.json -o out.json {ROLE}")),
            Ok(Exit::Done)
        );
        assert!(content(&directory, "out.json").contains("role/ecsInfrastructureRole"));
        assert_eq!(content(&directory, "service.json"), SERVICE);
    }

    #[test]
    fn bad_input_exits_2_and_writes_nothing() {
        let directory = seed();
        fs::write(directory.path().join("broken.json"), "{\n  \"a\": }").expect("written");
        let there = names(&directory);
        let dir = directory.path().display();
        for (arguments, told) in [
            (&["none.json"][..], format!("error: {dir}/none.json: there is no such file")),
            (&["broken.json"], format!("error: {dir}/broken.json:2:8: a value is missing here: found `}}`")),
            (&["service.json", "--task-definition", "none.json"], format!("error: {dir}/none.json: there is no such file")),
            (
                &["service.json", "--task-definition", "task.json", "--port-name", "web"],
                format!("error: --port-name: no port mapping in {dir}/task.json has the name `web`; the names there are: `http`"),
            ),
            (
                &["service.json", "--target-group", "arn:aws:vpc-lattice:x"],
                "error: --target-group: `arn:aws:vpc-lattice:x` is not the ARN".to_owned(),
            ),
            (
                &["service.json", "--target-group", "tg-00000000000000000"],
                "error: --target-group: the target group `tg-00000000000000000` is no ARN".to_owned(),
            ),
            (&["service.json", "--target-group", "tg-1"], "error: --target-group: `tg-1` is not the ARN".to_owned()),
            (&["service.json", "--jq", ".a = ("], "error: --jq:1:7: a closing parenthesis is missing".to_owned()),
            (&["service.json", "--jq", ".x | select(false)"], "error: --jq: the filter yields nothing".to_owned()),
            (&["service.json", "--jq", "., ."], "error: --jq: the filter yields 2 values".to_owned()),
            (&["service.json", "--config", "none.yml"], "error: none.yml: there is no such file".to_owned()),
        ] {
            let line: Vec<&str> = arguments.iter().copied().chain(["-o", "out.json"]).chain(ROLE.split(' ')).collect();
            let error = run_line(&directory, &line).expect_err("refused");
            assert!(error.exit == Exit::Invalid && error.to_string().starts_with(&told), "{error}\nexpected {told}");
            assert_eq!(names(&directory), there);
        }
    }

    #[test]
    fn an_id_or_name_is_found_in_the_definition() {
        let directory = seed();
        for given in ["tg-12345678901234567", "myservice-a"] {
            assert_eq!(run_words(&directory, &format!("service.json --target-group {given} -o out.json {ROLE}")), Ok(Exit::Done));
            assert!(content(&directory, "out.json").contains("targetgroup/tg-12345678901234567"));
        }
    }
}
