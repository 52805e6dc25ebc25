//! GitHub's runner, as far as the steps of action.yml see it: each step's script in a file, run by the command that `shell: bash`
//! stands for, with the step's `env` and with files for outputs and summary; conditions; and how a job is cancelled, which is SIGINT to
//! the step's process alone, SIGTERM 7.5 seconds later, SIGKILL after 2.5 more (actions/runner, `ProcessInvoker.cs`).

use std::{
    collections::BTreeMap,
    fs,
    process::{Child, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use serde_json::Value;

use crate::{
    harness::{Open, Run, Story, program, root},
    world::World,
};

/// action.yml.
pub(crate) fn action() -> Value {
    let text = fs::read_to_string(root().join("action.yml")).expect("action.yml");
    serde_saphyr::from_str(&text).expect("YAML")
}

/// One of its steps.
pub(crate) fn step<'a>(action: &'a Value, id: &str) -> &'a Value {
    let steps = action["runs"]["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["id"] == id).unwrap_or_else(|| panic!("no step `{id}`"))
}

/// A job that uses the action once.
pub(crate) struct Job {
    action: Value,
    given: BTreeMap<String, String>,
    outputs: BTreeMap<(String, String), String>,
    /// Every step so far succeeded, and nobody cancelled it.
    is_good: bool,
    open: Open,
}

/// A step that runs.
pub(crate) struct Started {
    id: String,
    child: Child,
}

impl Job {
    /// A job in this story's world, whose workflow gives these inputs.
    pub(crate) fn begin(story: Story, given: &[(&str, &str)]) -> Self {
        let action = action();
        for (name, _) in given {
            assert!(action["inputs"][*name].is_object(), "there is no input `{name}`");
        }
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { action, given, outputs: BTreeMap::new(), is_good: true, open: story.open() }
    }

    /// The next job in the same world.
    pub(crate) fn next(self, given: &[(&str, &str)]) -> Self {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { given, outputs: BTreeMap::new(), is_good: true, ..self }
    }

    /// The same job with another variable of the runner's.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.open.set(name, value);
        self
    }

    /// Runs all steps whose conditions hold, one after the other; gives how each of them ended.
    pub(crate) fn run(&mut self) -> BTreeMap<String, Run> {
        let steps = self.action["runs"]["steps"].as_array().expect("steps");
        let ids: Vec<_> = steps.iter().map(|step| step["id"].as_str().expect("an id").to_owned()).collect();
        ids.into_iter().filter_map(|id| self.step(&id).map(|run| (id, run))).collect()
    }

    /// Runs a step of another kind: a script.
    pub(crate) fn script(&self, text: &str) -> Run {
        self.open.script(text)
    }

    /// Runs one step, if its condition holds.
    pub(crate) fn step(&mut self, id: &str) -> Option<Run> {
        let wanted = match step(&self.action, id)["if"].as_str() {
            None => self.is_good,
            Some("(cancelled() || failure()) && steps.espalier.outputs.outcome != 'superseded'") => {
                !self.is_good && self.output("espalier", "outcome") != "superseded"
            }
            Some(other) => panic!("a condition that this runner does not know: {other}"),
        };
        if !wanted {
            return None;
        }
        let Started { id, child } = self.start(id);
        let output = child.wait_with_output().expect("the step ends");
        Some(self.ended(&id, Run::ended(&output)))
    }

    /// Starts one step, and comes back at once.
    pub(crate) fn start(&self, id: &str) -> Started {
        let step = step(&self.action, id);
        assert_eq!(step["shell"], "bash");
        let script = self.open.story.write(&format!("{id}.sh"), step["run"].as_str().expect("a script"));
        let mut bash = program("bash");
        bash.args(["--noprofile", "--norc", "-e", "-o", "pipefail", &script]);
        bash.envs(self.open.environment().iter().map(|(name, value)| (name, value)));
        bash.env("GITHUB_ACTIONS", "true").env("GITHUB_ACTION_PATH", root()).env("RUNNER_TEMP", self.open.story.path(""));
        for (name, file) in [("GITHUB_OUTPUT", "outputs"), ("GITHUB_STEP_SUMMARY", "summary")] {
            bash.env(name, self.open.story.write(&format!("{id}.{file}"), ""));
        }
        for (name, text) in step["env"].as_object().expect("env") {
            bash.env(name, self.value(text.as_str().expect("text")));
        }
        let child = bash.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the step starts");
        Started { id: id.to_owned(), child }
    }

    /// Waits until the world is so, while the step runs.
    pub(crate) fn until(&self, started: &mut Started, holds: impl Fn(&str) -> bool) {
        while !holds(&self.open.now()) {
            if let Some(status) = started.child.try_wait().expect("a child of ours") {
                panic!("the step ended before the world was so: {status}");
            }
        }
    }

    /// Cancels the job while this step runs. Gives how the step ended, and the last signal that it took.
    pub(crate) fn cancel(&mut self, started: Started) -> (Run, &'static str) {
        let Started { id, child } = started;
        let process = child.id();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || tell.send(child.wait_with_output()));
        let mut ended = None;
        let mut last = "";
        for (signal, patience) in [("INT", 7500), ("TERM", 2500), ("KILL", 10_000)] {
            assert!(program("bash").args(["-c", &format!("kill -{signal} {process}")]).status().expect("bash").success());
            last = signal;
            ended = told.recv_timeout(Duration::from_millis(patience)).ok();
            if ended.is_some() {
                break;
            }
        }
        let output = ended.expect("nothing outlives SIGKILL").expect("a child of ours");
        self.is_good = false;
        (self.ended(&id, Run::ended(&output)), last)
    }

    /// Waits until this step has ended.
    pub(crate) fn wait(&mut self, started: Started) -> Run {
        let output = started.child.wait_with_output().expect("it ends");
        self.ended(&started.id, Run::ended(&output))
    }

    /// Kills this step's process without a warning.
    pub(crate) fn kill(&mut self, mut started: Started) {
        started.child.kill().expect("a child of ours");
        let output = started.child.wait_with_output().expect("it ends");
        self.ended(&started.id, Run::ended(&output));
    }

    /// An output of a step.
    pub(crate) fn output(&self, step: &str, name: &str) -> &str {
        self.outputs.get(&(step.to_owned(), name.to_owned())).map_or("", String::as_str)
    }

    /// The names of a step's outputs.
    pub(crate) fn outputs_of<'a>(&'a self, step: &'a str) -> impl Iterator<Item = &'a str> {
        self.outputs.keys().filter(move |(of, _)| of == step).map(|(_, name)| name.as_str())
    }

    /// A step's summary.
    pub(crate) fn summary(&self, step: &str) -> String {
        self.open.story.read(&format!("{step}.summary"))
    }

    /// The world at the job's end.
    pub(crate) fn end(self) -> World {
        self.open.close()
    }

    fn ended(&mut self, id: &str, run: Run) -> Run {
        for (name, value) in outputs(&self.open.story.read(&format!("{id}.outputs"))) {
            self.outputs.insert((id.to_owned(), name), value);
        }
        self.is_good &= run.code == 0;
        run
    }

    /// What an expression comes to: an input's value or default, an output of a step before, or what the workflow's context has.
    fn value(&self, text: &str) -> String {
        let Some(expression) = text.strip_prefix("${{ ").and_then(|rest| rest.strip_suffix(" }}")) else {
            assert!(!text.contains("${{"), "an expression inside a text: {text}");
            return text.to_owned();
        };
        if let Some((one, other)) = expression.split_once(" || ") {
            let value = |expression: &str| self.value(&format!("${{{{ {expression} }}}}"));
            return Some(value(one)).filter(|value| !value.is_empty()).unwrap_or_else(|| value(other));
        }
        if let Some(input) = expression.strip_prefix("inputs.") {
            let default = || self.value(self.action["inputs"][input]["default"].as_str().unwrap_or_default());
            return self.given.get(input).cloned().unwrap_or_else(default);
        }
        if let Some((step, name)) = expression.strip_prefix("steps.").and_then(|rest| rest.split_once(".outputs.")) {
            return self.output(step, name).to_owned();
        }
        match expression {
            "github.token" => "sandbox-token".to_owned(),
            // As for `uses: ./`.
            "github.action_repository" => String::new(),
            other => panic!("an expression that this runner does not know: {other}"),
        }
    }
}

/// The outputs that a file command's file holds: `name=value`, or `name<<END`, lines, `END` (actions/runner, `FileCommandManager.cs`).
fn outputs(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let (equals, heredoc) = (line.find('='), line.find("<<"));
        match (equals, heredoc) {
            (Some(at), there) if there.is_none_or(|there| at < there) => {
                found.push((line[..at].to_owned(), line[at + 1..].to_owned()));
            }
            (_, Some(at)) => {
                let end = &line[at + 2..];
                let mut value = Vec::new();
                loop {
                    match lines.next().unwrap_or_else(|| panic!("no line `{end}` ends\n{text}")) {
                        line if line == end => break,
                        line => value.push(line),
                    }
                }
                found.push((line[..at].to_owned(), value.join("\n")));
            }
            _ => assert!(line.is_empty(), "`{line}` is not an output"),
        }
    }
    found
}

#[test]
fn outputs_are_read_as_the_runner_reads_them() {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let text = "a=1=2\nb<<END\nx=y\n\nz\nEND\nc=x<<y\nd=\n";
    assert_eq!(outputs(text), [pair("a", "1=2"), pair("b", "x=y\n\nz"), pair("c", "x<<y"), pair("d", "")]);
}
