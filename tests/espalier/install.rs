//! The action's first step: the binary of the action's own release, from a mirror on loopback.

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::harness::{Run, program, root};

const ASSET: &str = "espalier-x86_64-unknown-linux-musl";
const RELEASED: &str = "#!/bin/sh\necho released\n";

/// Serves one path, after these refusals, and remembers what it was asked.
struct Mirror {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Mirror {
    fn start(path: &str, body: &str, refusals: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (memory, path, body) = (Arc::clone(&asked), path.to_owned(), body.to_owned());
        let mut refusals = Vec::from(refusals).into_iter();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let lines = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
                let request = lines.collect::<Vec<_>>().join("\n");
                let there = request.starts_with(&format!("GET {path} "));
                let status = refusals.next().unwrap_or(if there { 200 } else { 404 });
                let body = if status == 200 { body.as_str() } else { "no" };
                memory.lock().expect("no panic").push(request);
                let head = format!("HTTP/1.1 {status} Said\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
                // A client that went away is not this test's business.
                let _gone = stream.write_all(format!("{head}{body}").as_bytes());
            }
        });
        Self { url, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

/// A checkout of the action without a binary, a tool cache, and a PATH that holds nothing but what is named.
struct Checkout {
    folder: TempDir,
    version: String,
}

impl Checkout {
    /// One whose checksums.txt has this sum; a PATH with these tools.
    fn of(sum: Option<&str>, tools: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for file in [".github/action/install.sh", "Cargo.toml", "checksums.txt"] {
            let to = folder.path().join("action").join(file);
            fs::create_dir_all(to.parent().expect("a parent")).expect("a folder");
            fs::copy(root().join(file), to).expect("a copy");
        }
        let version = env!("CARGO_PKG_VERSION").to_owned();
        if let Some(sum) = sum {
            let entry = format!("{}  v{version}/another\n{sum}  v{version}/{ASSET}\n", "0".repeat(64));
            fs::write(folder.path().join("action/checksums.txt"), format!("# sums\n{entry}")).expect("a file");
        }
        let bin = folder.path().join("bin");
        fs::create_dir(&bin).expect("a folder");
        for tool in ["bash", "cat", "chmod", "dirname", "env", "mkdir", "mktemp", "mv", "perl", "rm", "uname"].iter().chain(tools)
        {
            let found = Run::of(program("bash").args(["-c", "command -v \"$1\"", "-", tool]));
            if *tool != "perl" || found.code == 0 {
                symlink(found.ends_with(0).stdout.trim_end(), bin.join(tool)).expect("a link");
            }
        }
        // The pauses between attempts are not what is tested.
        let pause = Run::of(program("bash").args(["-c", "type -P true"])).ends_with(0).stdout;
        symlink(pause.trim_end(), bin.join("sleep")).expect("a link");
        Self { folder, version }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the mirror has to serve.
    fn asset(&self) -> String {
        format!("/v{}/{ASSET}", self.version)
    }

    /// Where the tool cache has it.
    fn kept(&self) -> PathBuf {
        self.path(&format!("tools/espalier/{}/x64/espalier", self.version))
    }

    fn install(&self) -> Command {
        let mut bash = program(self.path("bin/bash").to_str().expect("UTF-8"));
        bash.arg(self.path("action/.github/action/install.sh")).current_dir(self.folder.path());
        bash.env("PATH", self.path("bin")).env("RUNNER_TOOL_CACHE", self.path("tools"));
        bash.env("GITHUB_OUTPUT", self.path("outputs")).env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64");
        bash
    }

    fn from(&self, mirror: &Mirror) -> Run {
        Run::of(self.install().env("ESPALIER_DOWNLOAD_URL", format!("{}/", mirror.url)))
    }

    /// What the binary says that the last run gave.
    fn given(&self) -> String {
        let outputs = fs::read_to_string(self.path("outputs")).unwrap_or_default();
        let binary = outputs.lines().last().and_then(|line| line.strip_prefix("binary=")).expect("an output").to_owned();
        Run::of(program(&binary).current_dir(self.folder.path())).ends_with(0).stdout
    }

    fn gave_nothing(&self) -> bool {
        !self.path("outputs").exists() && !self.kept().exists()
    }
}

fn sum(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_release_is_downloaded_once_checked_and_kept() {
    for tools in [["curl", "sha256sum"], ["wget", "sha256sum"], ["curl", "shasum"]] {
        let checkout = Checkout::of(Some(&sum(RELEASED)), &tools);
        let mirror = Mirror::start(&checkout.asset(), RELEASED, &[]);
        checkout.from(&mirror).ends_with(0).says("was downloaded from http://127.0.0.1:");
        assert_eq!(checkout.given(), "released\n", "{tools:?}");
        assert!(checkout.path(&format!("tools/espalier/{}/x64.complete", checkout.version)).is_file());
        checkout.from(&mirror).ends_with(0).says("is in the tool cache");
        assert_eq!((checkout.given().as_str(), mirror.asked().len()), ("released\n", 1), "{tools:?}");
        let left = fs::read_dir(checkout.kept().parent().expect("a folder")).expect("a folder").count();
        assert_eq!(left, 1, "nothing but the binary is left there");
    }
}

#[test]
fn what_is_not_what_was_released_is_not_run() {
    let checkout = Checkout::of(Some(&sum(RELEASED)), &["curl", "sha256sum"]);
    let mirror = Mirror::start(&checkout.asset(), "#!/bin/sh\necho forged\n", &[]);
    let run = checkout
        .from(&mirror)
        .ends_with(1)
        .says("::error title=espalier::")
        .says("is not what was released")
        .says("It was not run.");
    assert!(run.stdout.contains(&sum(RELEASED)) && run.stdout.contains(&sum("#!/bin/sh\necho forged\n")));
    assert!(checkout.gave_nothing());
}

#[test]
fn a_tool_cache_that_was_tampered_with_is_not_believed() {
    let checkout = Checkout::of(Some(&sum(RELEASED)), &["curl", "sha256sum"]);
    let mirror = Mirror::start(&checkout.asset(), RELEASED, &[]);
    checkout.from(&mirror).ends_with(0);
    fs::write(checkout.kept(), "#!/bin/sh\necho forged\n").expect("a file");
    checkout.from(&mirror).ends_with(0).says("::warning title=espalier::").says("It is downloaded again.");
    assert_eq!((checkout.given().as_str(), mirror.asked().len()), ("released\n", 2));

    // A download that broke off left no mark that it is complete.
    fs::remove_file(checkout.path(&format!("tools/espalier/{}/x64.complete", checkout.version))).expect("a mark");
    checkout.from(&mirror).ends_with(0);
    assert_eq!(mirror.asked().len(), 3);
}

#[test]
fn what_passes_is_tried_again_and_what_does_not_is_told() {
    for tool in ["curl", "wget"] {
        let checkout = Checkout::of(Some(&sum(RELEASED)), &[tool, "sha256sum"]);
        let mirror = Mirror::start(&checkout.asset(), RELEASED, &[503, 500]);
        checkout.from(&mirror).ends_with(0);
        assert_eq!((checkout.given().as_str(), mirror.asked().len()), ("released\n", 3), "{tool}");

        let checkout = Checkout::of(Some(&sum(RELEASED)), &[tool, "sha256sum"]);
        let mirror = Mirror::start("/elsewhere", RELEASED, &[]);
        checkout
            .from(&mirror)
            .ends_with(1)
            .says("could not be downloaded in 4 attempts")
            .says("download-url")
            .says("binary-path");
        assert_eq!(mirror.asked().len(), 4, "{tool}");
        assert!(checkout.gave_nothing());
    }
}

#[test]
fn no_token_leaves_the_job() {
    let checkout = Checkout::of(Some(&sum(RELEASED)), &["curl", "sha256sum"]);
    let mirror = Mirror::start(&checkout.asset(), RELEASED, &[]);
    let mut install = checkout.install();
    for name in ["GITHUB_TOKEN", "ESPALIER_GITHUB_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_RUNTIME_TOKEN"] {
        install.env(name, "a-secret");
    }
    Run::of(install.env("ESPALIER_DOWNLOAD_URL", &mirror.url)).ends_with(0);
    let asked = mirror.asked().join("\n");
    assert!(!asked.contains("a-secret") && !asked.to_lowercase().contains("authorization"), "{asked}");
}

#[test]
fn a_ref_that_is_no_release_says_what_to_do() {
    for broken in [None, Some("not a sum"), Some("")] {
        let checkout = Checkout::of(broken, &["curl", "sha256sum"]);
        let mirror = Mirror::start(&checkout.asset(), RELEASED, &[]);
        checkout
            .from(&mirror)
            .ends_with(1)
            .says("This ref of the action is no release")
            .says("Use a released tag")
            .says("binary-path");
        assert_eq!(mirror.asked(), [""; 0]);
    }
}

#[test]
fn other_systems_and_processors_are_told_so() {
    let checkout = Checkout::of(Some(&sum(RELEASED)), &["curl", "sha256sum"]);
    for (system, processor, told) in [
        ("macOS", "ARM64", "There is no espalier for macOS."),
        ("Windows", "X64", "There is no espalier for Windows."),
        ("Linux", "ARM", "There is no espalier for Linux on ARM."),
    ] {
        let run = Run::of(checkout.install().env("RUNNER_OS", system).env("RUNNER_ARCH", processor));
        run.ends_with(1).says(told).says("X64 and ARM64").says("binary-path");
    }
    assert!(checkout.gave_nothing());
}

#[test]
fn without_a_mirror_it_is_the_release_of_the_actions_own_repository() {
    let checkout = Checkout::of(Some(&sum(RELEASED)), &["sha256sum"]);
    fs::write(checkout.path("bin/curl"), "#!/bin/sh\necho \"$*\" >>asked\nexit 22\n").expect("a file");
    fs::set_permissions(checkout.path("bin/curl"), fs::Permissions::from_mode(0o755)).expect("a mode");
    let asked = |install: &mut Command| {
        Run::of(install.env("ESPALIER_DOWNLOAD_URL", "")).ends_with(1);
        let asked = fs::read_to_string(checkout.path("asked")).expect("curl was called");
        fs::remove_file(checkout.path("asked")).expect("a file");
        asked
    };
    let url = format!(" https://github.com/octo/espalier/releases/download{}", checkout.asset());
    assert!(asked(checkout.install().env("ESPALIER_ACTION_REPOSITORY", "octo/espalier")).contains(&url));

    // Where the runner keeps actions, and does not say whose this one is.
    fs::create_dir_all(checkout.path("_actions/octo/espalier")).expect("a folder");
    fs::rename(checkout.path("action"), checkout.path("_actions/octo/espalier/v0")).expect("moved");
    let mut bash = program(checkout.path("bin/bash").to_str().expect("UTF-8"));
    bash.arg(checkout.path("_actions/octo/espalier/v0/.github/action/install.sh")).current_dir(checkout.folder.path());
    bash.env("PATH", checkout.path("bin")).env("RUNNER_TOOL_CACHE", checkout.path("tools"));
    bash.env("GITHUB_OUTPUT", checkout.path("outputs")).env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64");
    assert!(asked(&mut bash).contains(&url));
}

#[test]
fn tools_that_are_missing_are_named() {
    let checkout = Checkout::of(Some(&sum(RELEASED)), &["sha256sum"]);
    let mirror = Mirror::start(&checkout.asset(), RELEASED, &[]);
    checkout.from(&mirror).ends_with(1).says("Neither curl nor wget is on PATH");
    let checkout = Checkout::of(Some(&sum(RELEASED)), &["curl"]);
    let mirror = Mirror::start(&checkout.asset(), RELEASED, &[]);
    checkout.from(&mirror).ends_with(1).says("Neither sha256sum nor shasum is on PATH");
    assert!(checkout.gave_nothing());
}

#[test]
fn a_binary_that_is_given_or_was_built_comes_first() {
    let checkout = Checkout::of(None, &[]);
    let executable = |name: &str, says: &str| {
        let path = checkout.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        fs::write(&path, format!("#!/bin/sh\necho {says}\n")).expect("a file");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    };
    // `uses: ./` of a checkout in which nothing was built.
    let none = Checkout::of(Some(&sum(RELEASED)), &["curl", "sha256sum"]);
    Run::of(&mut none.install()).ends_with(1).says("::error title=espalier::").says("cargo build --release --locked");

    executable("action/target/debug/espalier", "debug");
    Run::of(&mut checkout.install()).ends_with(0);
    assert_eq!(checkout.given(), "debug\n");
    executable("action/target/release/espalier", "release");
    Run::of(&mut checkout.install()).ends_with(0);
    assert_eq!(checkout.given(), "release\n");
    executable("mine", "mine");
    Run::of(checkout.install().env("ESPALIER_BINARY_PATH", "mine")).ends_with(0);
    assert_eq!(checkout.given(), "mine\n");
    for wrong in ["not there", "action", "action/Cargo.toml"] {
        let run = Run::of(checkout.install().env("ESPALIER_BINARY_PATH", wrong)).ends_with(2);
        run.says("::error title=espalier::").says("is not an executable file");
    }
    let run = Run::of(checkout.install().env("ESPALIER_BINARY_PATH", "100%\n::error::not\nthere")).ends_with(2);
    assert_eq!(run.stdout.lines().count(), 1, "{}", run.stdout);
}
