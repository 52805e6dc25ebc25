//! `hooks`: what runs on the way, in its three forms.

use super::reader::Reader;
use crate::{
    definition::Given,
    hooks::{Job, job::Task},
    rollout::hooks::Point,
    settings::yaml::{self, Node, Tree},
};

/// One hook as the config has it.
#[derive(Clone, Debug)]
pub(crate) struct ConfigHook {
    pub(crate) job: Job,
    pub(crate) timeout: Option<Given>,
    /// Where it stands.
    pub(crate) from: String,
}

/// All of them, and the limit of those that have none of their own.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConfigHooks {
    pub(crate) hooks: Vec<(Point, ConfigHook)>,
    pub(crate) timeout: Option<Given>,
}

const FORMS: &str = "write a command (`./smoke.sh`), a program with its arguments (`[./smoke.sh, --fast]`), or `run_task: { command: [./probe] }`";

impl ConfigHooks {
    pub(super) fn read(reader: &mut Reader<'_>, node: &Node) -> Self {
        const KEYS: [&str; 7] = {
            let [a, b, c, d, e, f] = Point::ALL;
            [a.name(), b.name(), c.name(), d.name(), e.name(), f.name(), "timeout"]
        };
        let mut read = Self::default();
        for (key, value) in reader.entries(node, "hooks.", &KEYS) {
            match Point::ALL.into_iter().find(|point| point.name() == key) {
                None => read.timeout = reader.text(value, key),
                Some(point) => read.hooks.extend(hook(reader, value, key).map(|hook| (point, hook))),
            }
        }
        read
    }
}

fn hook(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<ConfigHook> {
    let from = reader.from(node);
    if !matches!(node.value, Tree::Map(_)) {
        return Some(ConfigHook { job: command(reader, node, key)?, timeout: None, from });
    }
    let before = reader.findings.len();
    let (mut jobs, mut timeout) = (Vec::new(), None);
    for (name, value) in reader.entries(node, &format!("hooks.{key}."), &["run", "run_task", "timeout"]) {
        match name {
            "run" => jobs.push(command(reader, value, name)),
            "run_task" => jobs.push(task(reader, value, key)),
            _ => timeout = reader.text(value, name),
        }
    }
    if jobs.len() > 1 {
        reader.refuse(yaml::place(node), format!("`hooks.{key}` has both `run` and `run_task`"), "write one of them");
        return None;
    }
    if jobs.is_empty() && reader.findings.len() == before {
        reader.refuse(yaml::place(node), format!("`hooks.{key}` runs nothing"), FORMS);
    }
    Some(ConfigHook { job: jobs.pop()??, timeout, from })
}

/// One text is for a shell, a list is run as it is.
fn command(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<Job> {
    if !matches!(node.value, Tree::List(_)) {
        return reader.text(node, key).map(|given| Job::Shell(given.text));
    }
    let before = reader.findings.len();
    let words: Vec<String> = reader.texts(node, key).into_iter().map(|given| given.text).collect();
    if words.is_empty() && reader.findings.len() == before {
        reader.refuse(yaml::place(node), format!("`{key}` is an empty list"), FORMS);
    }
    (!words.is_empty()).then_some(Job::Program(words))
}

fn task(reader: &mut Reader<'_>, node: &Node, key: &str) -> Option<Job> {
    let before = reader.findings.len();
    let mut task = Task::default();
    let path = format!("hooks.{key}.run_task.");
    for (name, value) in reader.entries(node, &path, &["command", "container", "task_definition"]) {
        match name {
            "command" if !matches!(value.value, Tree::List(_)) => {
                let message = format!("`{path}command` is a list");
                reader.refuse(
                    yaml::place(value),
                    message,
                    "a container has no shell by itself: write `[sh, -c, \"./probe && ./check\"]`",
                );
            }
            "command" => task.command = reader.texts(value, name).into_iter().map(|given| given.text).collect(),
            "container" => task.container = reader.text(value, name).map(|given| given.text),
            _ => task.task_definition = reader.text(value, name).map(|given| given.text),
        }
    }
    if reader.findings.len() > before {
        return None;
    }
    if task.command.is_empty() && task.task_definition.is_none() {
        // The candidate's own command serves; it would never end.
        reader.refuse(
            yaml::place(node),
            format!("`hooks.{key}.run_task` has neither `command` nor `task_definition`"),
            "write `command: [./probe]`",
        );
        return None;
    }
    Some(Job::Task(task))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::config::Config;

    #[test]
    fn a_hook_is_a_text_a_list_or_a_map() {
        let text = "hooks:\n  before_shift: ./smoke.sh && echo ok\n  after_step: [./check, --step]\n  before_promote: { run: ./x, timeout: 2m }\n  on_rollback: { run_task: { command: [./probe, a], container: web, task_definition: probe } }\n  timeout: 30s\n";
        let read = Config::parse("e.yml", text).expect("a config").hooks;
        let jobs: Vec<_> = read.hooks.iter().map(|(point, hook)| (point.name(), hook.job.what(), hook.from.as_str())).collect();
        assert_eq!(
            jobs,
            [
                ("before_shift", "./smoke.sh && echo ok".to_owned(), "e.yml:2:17"),
                ("after_step", "./check --step".to_owned(), "e.yml:3:15"),
                ("before_promote", "./x".to_owned(), "e.yml:4:19"),
                ("on_rollback", "task ./probe a".to_owned(), "e.yml:5:16"),
            ]
        );
        assert_eq!(read.hooks[1].1.job, Job::Program(vec!["./check".to_owned(), "--step".to_owned()]));
        assert_eq!(read.hooks[2].1.timeout.as_ref().map(|given| given.text.as_str()), Some("2m"));
        assert_eq!(read.timeout.map(|given| given.text).as_deref(), Some("30s"));
    }

    #[test]
    fn what_is_wrong_with_hooks_is_told_with_its_place() {
        let text = "hooks:\n  before_shift:\n  after_shift: x\n  after_step: []\n  before_promote: { timeout: 1m }\n  after_promote: { run: x, run_task: { command: [y] } }\n  on_rollback: { run_task: { command: ./x, cmd: 1 } }\n  before_release: { run_task: {} }\n";
        let told: Vec<_> = Config::parse("e.yml", text).expect_err("refused").iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                "e.yml:2:15: `before_shift` has no value",
                "e.yml:3:3: unknown key `hooks.after_shift`",
                "e.yml:4:15: `after_step` is an empty list",
                "e.yml:5:19: `hooks.before_promote` runs nothing",
                "e.yml:6:18: `hooks.after_promote` has both `run` and `run_task`",
                "e.yml:7:39: `hooks.on_rollback.run_task.command` is a list",
                "e.yml:7:44: unknown key `hooks.on_rollback.run_task.cmd`",
                "e.yml:8:31: `hooks.before_release.run_task` has neither `command` nor `task_definition`",
            ]
        );
    }
}
