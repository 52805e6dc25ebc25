//! The command as a workflow uses it: files in, files out, and every way to be refused.

use std::{fs, os::unix::fs::PermissionsExt as _};

use clap::Parser as _;
use tempfile::TempDir;

use super::{answered, run, without_asking};
use crate::{
    aws::AwsError,
    cli::{Cli, Command},
    definition::{Document, Given},
    exit::{Error, Exit},
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
    run_in(directory, arguments, &[])
}

fn run_in(directory: &TempDir, arguments: &[&str], variables: &[(&str, String)]) -> Result<Exit, Error> {
    let line = ["espalier", "patch"].into_iter().chain(arguments.iter().copied());
    let Command::Patch(args) = Cli::try_parse_from(line).expect("the line parses").command else { panic!("not a patch") };
    let environment =
        Environment::of(variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone()))).in_directory(directory.path());
    run(&resolve::patch(&args, &environment).map_err(|unsettled| unsettled.findings)?)
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
    assert_eq!(run_words(&directory, &format!("service.json --task-definition task.json -o out.json {ROLE}")), Ok(Exit::Done));
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
fn an_id_that_the_definition_contains_is_not_asked_of_aws() {
    let directory = seed();
    let id = "tg-12345678901234567";
    assert_eq!(run_words(&directory, &format!("service.json --target-group {id} -o out.json {ROLE}")), Ok(Exit::Done));
    assert!(content(&directory, "out.json").contains(&format!("targetgroup/{id}")));
}

#[test]
fn what_is_neither_an_arn_nor_in_the_definition_is_asked_of_aws() {
    let document = Document::read("service.json", SERVICE.as_bytes()).expect("JSON");
    for given in ["myservice-a", "tg-00000000000000000"] {
        let given = Given::new(given, "--target-group");
        assert_eq!(without_asking(&given, &document), None);
        // A job without a region is told which lines it lacks, and the way that needs none.
        let error = answered(&given, Err(Error::unconnected(&AwsError::NoRegion, true))).expect_err("refused");
        assert_eq!(error.exit, Exit::Malfunction);
        let told = error.to_string();
        assert!(told.starts_with("error: no AWS region") && told.contains("          aws-region: "), "{told}");
        let ours = format!("error: --target-group: the target group `{}` was not looked up", given.text);
        assert!(told.contains(&ours) && told.contains("nothing is asked of AWS: arn:aws:vpc-lattice:"), "{told}");

        let error = answered(&given, Ok(None)).expect_err("refused");
        assert!(error.exit == Exit::Invalid && error.to_string().contains(&format!("there is no target group `{}`", given.text)));
    }
}

#[test]
fn later_steps_are_told_where_the_patched_definition_is() {
    let directory = seed();
    let path = |name: &str| directory.path().join(name).display().to_string();
    let told = |line: &str| {
        let arguments: Vec<&str> = line.split(' ').chain(ROLE.split(' ')).collect();
        run_in(&directory, &arguments, &[("GITHUB_OUTPUT", path("outputs"))]).expect("patched");
        let outputs = fs::read_to_string(path("outputs")).unwrap_or_default();
        let _ = fs::remove_file(path("outputs"));
        outputs
    };
    assert_eq!(told("service.json -o out.json"), format!("patched={}\n", path("out.json")));
    for silent in ["service.json -o -", "service.json --check", "service.json -o other.json --dry-run"] {
        assert_eq!(told(silent), "", "{silent} writes no file");
    }
    assert_eq!(told("service.json --in-place"), format!("patched={}\n", path("service.json")));
    assert_eq!(told("service.json --in-place"), format!("patched={}\n", path("service.json")), "it is as it should be already");

    let nowhere = [("GITHUB_OUTPUT", path("none/outputs"))];
    let error = run_in(&directory, &["service.json", "--in-place"], &nowhere).expect_err("the next step would miss it");
    assert!(error.exit == Exit::Malfunction && error.to_string().contains("GITHUB_OUTPUT"), "{error}");
}
