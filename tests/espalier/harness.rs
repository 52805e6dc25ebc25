//! Runs the binary as a user would, in an environment that holds nothing but what a story gives it.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// The package's own folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One run of the binary, being put together.
pub(crate) struct Espalier {
    command: Command,
    input: Option<Vec<u8>>,
}

/// How a run ended.
pub(crate) struct Run {
    /// The exit code; -1 for a signal.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// The binary with these arguments, in the package's folder, with an empty environment but for `PATH`.
pub(crate) fn espalier<const N: usize>(arguments: [&str; N]) -> Espalier {
    let mut command = Command::new(env!("CARGO_BIN_EXE_espalier"));
    command.args(arguments).current_dir(root()).env_clear().stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    Espalier { command, input: None }
}

/// The sandbox with this scenario and this command inside; [`Espalier::snapshot`] tells where the world's end state goes.
pub(crate) fn sandbox(scenario: &str, snapshot: &Path, arguments: &[&str]) -> Espalier {
    let mut espalier = espalier(["sandbox", "run", "--scenario", scenario, "--snapshot"]);
    espalier.command.arg(snapshot).arg("--").args(arguments);
    espalier
}

impl Espalier {
    pub(crate) fn arguments(mut self, arguments: &[&str]) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    pub(crate) fn input(mut self, bytes: &[u8]) -> Self {
        self.input = Some(bytes.to_vec());
        self
    }

    pub(crate) fn run(mut self) -> Run {
        let output = match self.input.take() {
            None => self.command.output().expect("the binary starts"),
            Some(bytes) => {
                use std::io::Write as _;
                let mut child = self
                    .command
                    .stdin(Stdio::piped())
                    .stdout(Stdio::piped())
                    .stderr(Stdio::piped())
                    .spawn()
                    .expect("the binary starts");
                let mut stdin = child.stdin.take().expect("piped above");
                // A command that refuses its arguments does not read its input: a broken pipe is no failure of the story.
                let _written = stdin.write_all(&bytes);
                drop(stdin);
                child.wait_with_output().expect("the binary ends")
            }
        };
        Run::of(&output)
    }
}

impl Run {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Asserts the exit code, showing everything when it is another.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error says something.
    #[track_caller]
    pub(crate) fn complains(self, about: &str) -> Self {
        assert!(self.stderr.contains(about), "`{about}` is not in\n{}", self.stderr);
        self
    }

    /// Asserts that standard output says something.
    #[track_caller]
    pub(crate) fn says(self, what: &str) -> Self {
        assert!(self.stdout.contains(what), "`{what}` is not in\n{}", self.stdout);
        self
    }
}

/// The seed's definitions and config.
pub(crate) fn seed(file: &str) -> PathBuf {
    root().join("tests/fixtures/seed").join(file)
}
