//! `demo`: the main job in the sandbox, with nothing set up: a release that is promoted, and one that rolls itself back.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{connect, sandbox};
use crate::{
    exit::{Error, Exit},
    sandbox::serve::{Mode, Running},
};

/// The definitions of the seed document, and the config for them.
const FILES: [(&str, &str); 3] = [
    ("ecs-service-def.json", include_str!("../../tests/fixtures/seed/ecs-service-def.json")),
    ("ecs-task-def.json", include_str!("../../tests/fixtures/seed/ecs-task-def.json")),
    ("espalier.yml", include_str!("../../tests/fixtures/seed/espalier.yml")),
];

/// What is released, and how it must end.
const RELEASES: [(&str, &str, u8); 2] = [
    ("a good candidate", "web=nginx:1.29", 0),
    ("a candidate whose targets turn unhealthy at 25 % of the traffic", "web=nginx:1.29-leaky", 3),
];

/// Runs it.
///
/// # Errors
/// When the sandbox cannot start, or a release ends in another way than it must.
pub(crate) async fn demo() -> Result<Exit, Error> {
    let folder = Folder::with(&FILES)?;
    let running = sandbox::begin(sandbox::load(Some("demo"))?, Mode::Stepped).await?;
    let mut ended = Vec::new();
    for (number, (what, image, _)) in (1..).zip(RELEASES) {
        heading(&format!("Release {number}: {what}"));
        connect::print(&format!("$ espalier deploy -c espalier.yml --image {image}\n"));
        let command = ["deploy", "-c", "espalier.yml", "--image", image].map(str::to_owned);
        let status = sandbox::child(&running, &command, &folder.0).await?;
        ended.push(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1));
        show_reports(&running);
    }
    heading("Exit codes");
    for ((what, _, _), code) in RELEASES.iter().zip(&ended) {
        connect::print(&format!("{code}  {what}"));
    }
    running.shutdown().await;
    let expected = RELEASES.map(|(_, _, code)| code);
    if ended == expected {
        return Ok(Exit::Done);
    }
    Err(Error::new(Exit::Malfunction, format!("the releases should have ended with {expected:?} and ended with {ended:?}")))
}

/// What stands on GitHub now, and how the weights went.
fn show_reports(running: &Running) {
    let world = running.snapshot();
    let newest = |list: &str| world.pointer(list).and_then(Value::as_array).and_then(|all| all.last()).cloned().unwrap_or(Value::Null);
    let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let comment = newest("/github/comments");
    heading("The pull request's comment, as GitHub has it");
    connect::print(&text(&comment, "/body"));
    let check = newest("/github/check_runs");
    heading("Its check run");
    let status = [text(&check, "/status"), text(&check, "/conclusion")].join(" ");
    connect::print(&format!("{} · {status}\n{}", text(&check, "/name"), text(&check, "/output/title")));
}

fn heading(text: &str) {
    connect::print(&format!("\n━━ {text} ━━\n"));
}

/// A folder that goes when we do.
struct Folder(PathBuf);

impl Folder {
    fn with(files: &[(&str, &str)]) -> Result<Self, Error> {
        let folder = Self(std::env::temp_dir().join(format!("espalier-demo-{}", std::process::id())));
        let failed = |path: &Path, error: &std::io::Error| Error::malfunction(format!("cannot write {}", path.display()), error);
        std::fs::create_dir_all(&folder.0).map_err(|error| failed(&folder.0, &error))?;
        for (name, text) in files {
            let path = folder.0.join(name);
            std::fs::write(&path, text).map_err(|error| failed(&path, &error))?;
        }
        Ok(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left in the temporary folder is the system's to remove.
        let _left = std::fs::remove_dir_all(&self.0);
    }
}
