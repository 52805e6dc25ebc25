//! Runs the binary as a user would, in an environment that holds nothing but what a story gives it.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Output, Stdio},
};

use tempfile::TempDir;

use crate::world::World;

/// The binary under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_espalier");

/// The seed's config, from the package's folder.
pub(crate) const CONFIG: &str = "tests/fixtures/seed/espalier.yml";

/// What scripts may use beside what bash has.
const SCRIPT_WORDS: &str = r#"
set -u
espalier() { "$ESPALIER" "$@"; }
deploy() { "$ESPALIER" deploy -c tests/fixtures/seed/espalier.yml "$@"; }

# exits CODE COMMAND…: the script fails where the command ends in another way.
exits() {
  local wanted="$1" code=0
  shift
  "$@" || code=$?
  if [ "$code" -ne "$wanted" ]; then
    echo "the story breaks off: exit code $code in place of $wanted: $*" >&2
    exit 99
  fi
}

# begins ARGUMENTS…: starts the binary and comes back as soon as the world has left a call of it without an answer. AWAITED is
# the effect of the fault that does so.
begins() {
  local host="${AWS_ENDPOINT_URL#http://}" tries=0 world=""
  "$ESPALIER" "$@" >"$FOLDER/said" &
  while [[ "$world" != *": ${AWAITED:-Hang}"* ]]; do
    if ! kill -0 $! || [ $((tries += 1)) -gt 2000 ]; then
      cat "$FOLDER/said"
      echo "the story breaks off: the world never left a call of it without an answer: $*" >&2
      exit 99
    fi
    exec 9<>"/dev/tcp/${host%:*}/${host#*:}"
    printf 'GET /_sandbox/world HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$host" >&9
    world="$(cat <&9)"
    exec 9<&-
  done
}

# asks METHOD PATH BODY: something of the sandbox itself.
asks() {
  local host="${AWS_ENDPOINT_URL#http://}"
  exec 8<>"/dev/tcp/${host%:*}/${host#*:}"
  printf '%s /_sandbox/%s HTTP/1.1\r\nHost: %s\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "$1" "$2" "$host" "${#3}" "$3" >&8
  cat <&8
  exec 8<&-
}

# ecs OPERATION BODY: something of ECS, as somebody else; says what it answers.
ecs() {
  local host="${AWS_ENDPOINT_URL#http://}" scope="20261122/ap-northeast-1/ecs/aws4_request"
  exec 8<>"/dev/tcp/${host%:*}/${host#*:}"
  printf 'POST / HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-amz-json-1.1\r\n' "$host" >&8
  printf 'X-Amz-Target: AmazonEC2ContainerServiceV20141113.%s\r\n' "$1" >&8
  printf 'Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/%s, SignedHeaders=host, Signature=0\r\n' "$scope" >&8
  printf 'Content-Length: %s\r\nConnection: close\r\n\r\n%s' "${#2}" "$2" >&8
  cat <&8
  exec 8<&-
}

# later SECONDS: lets the world's time pass.
later() {
  local now
  now="$(asks GET clock "")"
  now="${now##*\"now\":}"
  asks POST clock "{\"until\":$((${now%%[^0-9]*} + $1 * 1000))}" >/dev/null
}

# ends: waits for what `begins` started, says what it said, and ends as it did.
ends() {
  local code=0
  # Bash tells about a killed child on standard error; the code says it too.
  wait $! 2>/dev/null || code=$?
  cat "$FOLDER/said"
  return "$code"
}
"#;

/// The package's own folder.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A program in the package's folder, with an empty environment but for `PATH`.
#[expect(clippy::disallowed_methods, reason = "programs are found on PATH; nothing else comes from outside")]
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root()).env_clear().stdin(Stdio::null());
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// The binary with these arguments.
pub(crate) fn espalier(arguments: &[&str]) -> Command {
    let mut command = program(BINARY);
    command.args(arguments);
    command
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

impl Run {
    /// Runs it to its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::ended(&command.output().expect("the program starts"))
    }

    pub(crate) fn ended(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Asserts the exit code, showing everything when it is another.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        assert_eq!(self.code, code, "exit code\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard output says something.
    #[track_caller]
    pub(crate) fn says(self, what: &str) -> Self {
        assert!(self.stdout.contains(what), "`{what}` is not in\n{}", self.stdout);
        self
    }

    /// Asserts that standard error says something.
    #[track_caller]
    pub(crate) fn complains(self, about: &str) -> Self {
        assert!(self.stderr.contains(about), "`{about}` is not in\n{}", self.stderr);
        self
    }
}

/// A world to tell a story in, and a folder for what it needs beside.
pub(crate) struct Story {
    scenario: String,
    folder: TempDir,
    variables: Vec<(String, String)>,
}

impl Story {
    /// A built-in scenario by its name.
    pub(crate) fn within(scenario: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { scenario: scenario.to_owned(), folder, variables: Vec::new() }
    }

    /// One of `tests/fixtures/scenarios`.
    pub(crate) fn within_file(name: &str) -> Self {
        Self::within(&format!("tests/fixtures/scenarios/{name}.yml"))
    }

    /// A scenario of the story's own.
    pub(crate) fn of(scenario: &serde_json::Value) -> Self {
        let mut story = Self::within("promoted");
        story.scenario = story.write("scenario.yml", &scenario.to_string());
        story
    }

    /// A path in the story's own folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file of the story.
    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        let path = self.path(name);
        fs::write(&path, text).expect("the story's folder takes files");
        path.to_str().expect("UTF-8").to_owned()
    }

    /// The same story within a scenario of its own.
    pub(crate) fn elsewhere(self, name: &str, scenario: &str) -> Self {
        let scenario = self.write(name, scenario);
        Self { scenario, ..self }
    }

    /// Reads one; what was never written is empty.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// A variable of the environment.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.variables.push((name.to_owned(), value.as_ref().to_str().expect("UTF-8").to_owned()));
        self
    }

    /// One command in the world.
    pub(crate) fn run(&self, command: &[&str]) -> Told {
        let run = Run::of(self.sandbox(command).envs(self.variables.iter().map(|(name, value)| (name, value))));
        let world = self.read("world.json");
        assert!(!world.is_empty(), "the sandbox ran\n{}{}", run.stdout, run.stderr);
        Told { run, world: World::read(&world) }
    }

    fn sandbox(&self, command: &[&str]) -> Command {
        let mut sandbox = espalier(&["sandbox", "run", "--scenario", &self.scenario, "--snapshot"]);
        sandbox.arg(self.path("world.json")).arg("--").args(command).env("ESPALIER", BINARY).env("FOLDER", self.folder.path());
        sandbox
    }

    /// The world, open for as long as the test likes: it runs programs of its own there.
    pub(crate) fn open(self) -> Open {
        let wait = r#"env -0 >"$FOLDER/environment" && echo open && cat >/dev/null"#;
        let mut sandbox = self.sandbox(&["bash", "-c", wait]);
        let mut child = sandbox.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the sandbox starts");
        let keeper = child.stdin.take();
        let mut said = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut said).expect("the sandbox says something");
        assert_eq!(said, "open\n");
        let environment = self.read("environment");
        let pairs = environment.split('\0').filter_map(|pair| pair.split_once('='));
        let environment = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Open { story: self, child, keeper, environment }
    }

    /// `deploy` of the seed.
    pub(crate) fn deploy(&self, arguments: &[&str]) -> Told {
        self.run(&[&["deploy", "-c", CONFIG], arguments].concat())
    }

    /// Several commands, one after the other, in the same world.
    pub(crate) fn script(&self, text: &str) -> Told {
        let path = self.write("story.sh", &format!("{SCRIPT_WORDS}\n{text}\n"));
        self.run(&["bash", &path])
    }

    /// The world when nobody does anything.
    pub(crate) fn untold(&self) -> World {
        self.run(&["true"]).world
    }
}

/// A world in which the test itself is at work.
pub(crate) struct Open {
    pub(crate) story: Story,
    child: Child,
    /// The world is there until this is closed.
    keeper: Option<ChildStdin>,
    environment: Vec<(String, String)>,
}

impl Open {
    /// What the world says about itself: endpoints, credentials, the event.
    pub(crate) fn environment(&self) -> &[(String, String)] {
        &self.environment
    }

    /// Sets one of these variables anew.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    /// Runs a script of somebody else's there.
    pub(crate) fn script(&self, text: &str) -> Run {
        let path = self.story.write("other.sh", &format!("{SCRIPT_WORDS}\n{text}\n"));
        Run::of(program("bash").arg(path).envs(self.environment.iter().map(|(name, value)| (name, value))))
    }

    /// The world as it is now, JSON.
    pub(crate) fn now(&self) -> String {
        let url = self.environment.iter().find(|(name, _)| name == "AWS_ENDPOINT_URL").expect("an endpoint");
        let host = url.1.strip_prefix("http://").expect("http");
        let mut stream = std::net::TcpStream::connect(host).expect("the sandbox listens");
        let asked = format!("GET /_sandbox/world HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        stream.write_all(asked.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }

    /// The world at its end.
    pub(crate) fn close(mut self) -> World {
        drop(self.keeper.take());
        assert!(self.child.wait().expect("the sandbox ends").success());
        World::read(&self.story.read("world.json"))
    }
}

/// Its folder goes only after the sandbox has written there.
impl Drop for Open {
    fn drop(&mut self) {
        drop(self.keeper.take());
        let _ended = self.child.wait();
    }
}

/// What a story came to.
pub(crate) struct Told {
    pub(crate) run: Run,
    pub(crate) world: World,
}

impl Told {
    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Self {
        Self { run: self.run.ends_with(code), ..self }
    }

    /// Asserts that standard output says something.
    #[track_caller]
    pub(crate) fn says(self, what: &str) -> Self {
        Self { run: self.run.says(what), ..self }
    }

    /// Asserts that standard error says something.
    #[track_caller]
    pub(crate) fn complains(self, about: &str) -> Self {
        Self { run: self.run.complains(about), ..self }
    }
}
