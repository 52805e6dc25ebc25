//! `.github/workflows` and `docs/examples`: what no linter knows about them; and the script that releases.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _};

use serde_json::Value;

use crate::{
    harness::{Run, program, root},
    runner::action,
};

fn workflows(folder: &str) -> BTreeMap<String, (String, Value)> {
    let files = fs::read_dir(root().join(folder)).expect("a folder").map(|entry| entry.expect("an entry").path());
    let read = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).expect("text");
        let parsed: Value = serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_stem().expect("a name").to_string_lossy().into_owned(), (text, parsed))
    };
    files.map(read).collect()
}

fn jobs(workflow: &Value) -> impl Iterator<Item = (&String, &Value)> {
    workflow["jobs"].as_object().expect("jobs").iter()
}

fn steps(job: &Value) -> impl Iterator<Item = &Value> {
    job["steps"].as_array().into_iter().flatten()
}

#[test]
fn nothing_is_granted_to_all_jobs_and_actions_are_named_by_their_commit() {
    for folder in [".github/workflows", "docs/examples"] {
        for (name, (text, workflow)) in workflows(folder) {
            assert_eq!(workflow["permissions"], serde_json::json!({}), "{name}: each job has its own permissions");
            for (job, described) in jobs(&workflow) {
                assert!(described["permissions"].is_object(), "{name}.{job} says what it may do");
                let is_call = described["uses"].is_string();
                assert!(is_call || described["timeout-minutes"].is_number(), "{name}.{job} has an end");
            }
            for line in text.lines().filter_map(|line| line.split_once("uses: ")).map(|(_, used)| used) {
                let (action, rest) = line.split_once('@').unwrap_or((line, ""));
                if action.starts_with("./") || action.starts_with("OWNER/espalier") {
                    continue;
                }
                let (commit, version) = rest.split_once(" # v").unwrap_or_else(|| panic!("{name}: no version beside {line}"));
                assert!(commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}: {line}");
                assert!(version.split('.').count() == 3, "{name}: {line}");
            }
        }
    }
}

#[test]
fn what_the_action_is_given_it_knows() {
    let inputs = action()["inputs"].clone();
    let ours = workflows(".github/workflows");
    for (name, (_, workflow)) in ours.iter().chain(&workflows("docs/examples")) {
        for (job, described) in jobs(workflow) {
            let used = described["uses"].as_str().and_then(|used| used.split("/.github/workflows/").nth(1)?.split('@').next());
            if let Some(called) = used {
                let (_, called) = &ours[called.trim_end_matches(".yml")];
                let takes = &called["on"]["workflow_call"]["inputs"];
                let given = described["with"].as_object().expect("inputs");
                for input in given.keys() {
                    assert!(takes[input].is_object(), "{name}.{job}: there is no input `{input}`");
                }
                for (input, described) in takes.as_object().expect("inputs") {
                    let is_needed = described["required"] == true;
                    assert!(!is_needed || given.contains_key(input), "{name}.{job} does not give `{input}`");
                }
                // A called job has at most what its caller has.
                for (_, job) in jobs(called) {
                    let granted = &described["permissions"];
                    for (permission, level) in job["permissions"].as_object().expect("permissions") {
                        assert_eq!(&granted[permission], level, "{name}: {permission}");
                    }
                }
            }
            for step in steps(described) {
                let used = step["uses"].as_str().unwrap_or_default();
                if used.starts_with("./") || used.starts_with("OWNER/espalier@") {
                    for input in step["with"].as_object().into_iter().flatten().map(|(input, _)| input) {
                        assert!(inputs[input].is_object(), "{name}.{job}: the action has no input `{input}`");
                    }
                }
            }
        }
    }
}

/// A project may have ecspresso.yml alone: what finds that by itself is not kept from it by a default.
#[test]
fn a_config_that_is_not_given_is_left_to_the_binary() {
    let all = workflows(".github/workflows");
    for name in ["deploy", "command", "preview", "sweep"] {
        let (_, workflow) = &all[name];
        assert_eq!(workflow["on"]["workflow_call"]["inputs"]["config"]["default"], "", "{name}");
        for (_, job) in jobs(workflow) {
            let last = steps(job).last().expect("a step");
            assert_eq!(last["with"]["config"], "${{ inputs.config }}", "{name}");
            let is_checked_out = |step: &Value| {
                let used = step["uses"].as_str().unwrap_or_default();
                used.starts_with("actions/checkout@") && step["with"]["repository"].is_null()
            };
            let own: Vec<_> = steps(job).filter(|step| is_checked_out(step)).collect();
            assert_eq!(own.len(), 1, "{name}: a config has to be there to be read");
            let condition = if name == "sweep" { "inputs.config != ''".into() } else { Value::Null };
            assert_eq!(own[0]["if"], condition, "{name}: a sweep needs nothing of the repository's but a config");
        }
    }
}

/// GitHub keeps one run of a group waiting behind the one that runs.
#[test]
fn nothing_that_stops_a_release_waits_behind_one() {
    let all = workflows(".github/workflows");
    let group = |name: &str, job: &str| {
        let concurrency = &all[name].1["jobs"][job]["concurrency"];
        assert_eq!(concurrency["cancel-in-progress"], false, "{name}: a rollout is not killed for the next one");
        concurrency["group"].as_str().expect("a group").to_owned()
    };
    let deploy = group("deploy", "deploy");
    let others = [group("rollback", "rollback"), group("sweep", "sweep"), group("command", "answer")];
    for (name, other) in ["rollback", "sweep", "command"].into_iter().zip(&others) {
        assert!(other.starts_with(&format!("espalier-{name}-")) && !deploy.starts_with(&format!("espalier-{name}-")));
        assert!(all[name].1["concurrency"].is_null(), "{name}: the job's group is the only one");
    }
    assert!(others[2].contains("github.event.comment.id"), "an abort does not wait for a promote either");
}

/// GitHub drops whoever waits third in a group: two places in one would take each other's turn.
#[test]
fn a_group_names_every_input_that_tells_places_apart() {
    let all = workflows(".github/workflows");
    for name in ["deploy", "rollback", "sweep", "preview", "command"] {
        let (_, workflow) = &all[name];
        let inputs = workflow["on"]["workflow_call"]["inputs"].as_object().expect("inputs");
        for (job, described) in jobs(workflow) {
            let group = described["concurrency"]["group"].as_str().expect("a group");
            // Those of a sweep and of comments say nothing of where.
            let places = ["config", "service", "environment", "region", "aws-role"].into_iter();
            for input in places
                .filter(|input| inputs.contains_key(*input) && (*input != "config" || !["sweep", "command"].contains(&name)))
            {
                assert!(group.contains(&format!("${{{{ inputs.{input} ")), "{name}.{job}: {group} does not name `{input}`");
            }
        }
    }
}

#[test]
fn the_workflows_for_users_run_their_own_commit_and_nothing_of_a_script() {
    let all = workflows(".github/workflows");
    for name in ["deploy", "rollback", "sweep", "command", "preview"] {
        let (text, workflow) = &all[name];
        for (_, job) in jobs(workflow) {
            let used: Vec<_> = steps(job).filter_map(|step| step["uses"].as_str()).collect();
            assert_eq!(used.last(), Some(&"./.espalier"), "{name}");
            let fetched = steps(job).find(|step| step["with"]["path"] == ".espalier").expect("it is fetched");
            assert_eq!(fetched["with"]["repository"], "${{ job.workflow_repository }}");
            assert_eq!(fetched["with"]["ref"], "${{ job.workflow_sha }}");
            assert!(steps(job).all(|step| step["run"].is_null()), "{name}: {text}");
        }
    }
    let rollback = &all["rollback"].1["on"];
    assert_eq!(rollback["workflow_dispatch"]["inputs"], rollback["workflow_call"]["inputs"]);
}

#[test]
fn scripts_get_no_expressions() {
    for (name, (_, workflow)) in workflows(".github/workflows").into_iter().chain(workflows("docs/examples")) {
        for (job, described) in jobs(&workflow) {
            for script in steps(described).filter_map(|step| step["run"].as_str()) {
                assert!(!script.contains("${{"), "{name}.{job}: {script}");
            }
        }
    }
}

/// Stands for GitHub's CLI: remembers what it was asked, and answers as for a version that was never released.
const GH: &str = r#"#!/usr/bin/env bash
echo "gh $*" >>"$CALLS"
case "$1 $2" in
  "release view") [ -n "${DRAFT:-}" ] && echo "$DRAFT" ;;
  "api repos/"*) echo "$IMMUTABLE" ;;
  "release edit") git ls-remote --exit-code origin refs/tags/v9.8.7 >/dev/null || exit 1 ;;
esac
"#;

#[test]
fn a_release_has_its_sums_in_the_commit_that_its_tag_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let write = |name: &str, text: &str| {
        fs::create_dir_all(path(name).parent().expect("a parent")).expect("a folder");
        fs::write(path(name), text).expect("a file");
    };
    for file in [".github/release/publish.sh", ".github/action/install.sh", "checksums.txt"] {
        write(&format!("work/{file}"), &fs::read_to_string(root().join(file)).expect("a file"));
    }
    write("work/Cargo.toml", "[package]\nname = \"espalier\"\nversion = \"9.8.7\"\n\n[dependencies]\nx = \"1\"\n");
    write("work/CHANGELOG.md", "# Changelog\n\n## 9.8.7 - 2026-12-01\n\n- all of it\n\n## 9.8.6\n\n- less\n");
    for target in ["x86_64", "aarch64"] {
        write(&format!("dist/espalier-{target}-unknown-linux-musl"), &format!("#!/bin/sh\necho {target}\n"));
    }
    write("bin/gh", GH);
    fs::set_permissions(path("bin/gh"), fs::Permissions::from_mode(0o755)).expect("a mode");
    let bash = |script: &str, immutable: &str| {
        let mut bash = program("bash");
        bash.args(["-euc", script]).current_dir(path("work")).env("HOME", folder.path()).env("CALLS", path("calls"));
        bash.env("GITHUB_REPOSITORY", "octo/espalier").env("DIST", path("dist")).env("BIN", path("bin"));
        Run::of(bash.env("ORIGIN", path("origin")).env("IMMUTABLE", immutable))
    };
    let begin = r#"
        git init --quiet --bare "$ORIGIN"
        git init --quiet --initial-branch main .
        git add . && git -c user.name=a -c user.email=a@b commit --quiet --message begin
        git remote add origin "$ORIGIN" && git push --quiet origin main
    "#;
    bash(begin, "").ends_with(0);
    let publish = r#"PATH="$BIN:$PATH" bash .github/release/publish.sh "$DIST""#;
    bash(publish, "true").ends_with(0).says("v9.8.7 is released");

    let calls = fs::read_to_string(path("calls")).expect("calls");
    let order: Vec<_> = calls.lines().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        order,
        ["gh release view", "gh release create", "gh release edit", "gh api repos/octo/espalier/releases/tags/v9.8.7"]
    );
    assert!(calls.contains("release create v9.8.7 --draft") && calls.contains("/dist/SHA256SUMS"), "{calls}");

    // The installation takes those very sums, from the tag's own checkout.
    let install = r#"
        git clone --quiet --branch v0 "$ORIGIN" ../zero 2>/dev/null && exit 1
        git clone --quiet --branch v9 "$ORIGIN" ../user 2>/dev/null
        cd "$DIST" && sha256sum --check --quiet SHA256SUMS
        test "$(git -C ../user rev-parse v9)" = "$(git -C ../user rev-parse v9.8.7)"
        test "$(git -C ../user rev-parse v9~1)" = "$(git -C ../user rev-parse origin/main)"
        test "$(git -C ../user diff --name-only origin/main v9)" = checksums.txt
        mkdir -p ../tools/espalier/9.8.7/x64 && cp espalier-x86_64-unknown-linux-musl ../tools/espalier/9.8.7/x64/espalier
        chmod +x ../tools/espalier/9.8.7/x64/espalier && : >../tools/espalier/9.8.7/x64.complete
        RUNNER_OS=Linux RUNNER_ARCH=X64 RUNNER_TOOL_CACHE="$PWD/../tools" GITHUB_OUTPUT=../outputs bash ../user/.github/action/install.sh
    "#;
    bash(install, "").ends_with(0).says("espalier 9.8.7 for x86_64 is in the tool cache");

    for draft in ["", "DRAFT=false "] {
        let again = format!("export {draft}; {publish}");
        bash(&again, "true").ends_with(1).says("A version is released once");
    }
    bash("sed -i 's/9.8.7/9.9.0/' Cargo.toml CHANGELOG.md; git -c user.name=a -c user.email=a@b commit -qam next", "")
        .ends_with(0);
    bash(publish, "false").ends_with(1).says("can still be changed");
    // As after a run that broke off before it published: begun again, from the commit before its own.
    let again = format!("git reset --quiet --hard HEAD~1; git tag --delete v9.9.0; export DRAFT=true; {publish}");
    bash(&again, "true").ends_with(0).says("v9.9.0 is released");
    bash("sed -i 's/9.9.0/9.9.1/' Cargo.toml", "").ends_with(0);
    bash(publish, "true").ends_with(1).says("CHANGELOG.md says nothing about 9.9.1");
}
