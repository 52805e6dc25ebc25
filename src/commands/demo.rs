//! `demo`: the main job in the sandbox, with nothing set up: a release that is promoted, and one that rolls itself back.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use super::{connect, sandbox, start};
use crate::{
    exit::{Error, Exit},
    sandbox::serve::{Mode, Running},
};

/// The definitions of the seed document, its service definition with the real ECS field, and the config for them.
const FILES: [(&str, &str); 3] = [
    ("ecs-service-def.json", include_str!("../../tests/fixtures/demo/ecs-service-def.json")),
    ("ecs-task-def.json", include_str!("../../tests/fixtures/seed/ecs-task-def.json")),
    ("espalier.yml", include_str!("../../tests/fixtures/seed/espalier.yml")),
];

/// One release of the demo.
struct Act {
    what: &'static str,
    image: &'static str,
    exit: Exit,
    /// How long a minute of the world lasts on a terminal: some five seconds for each release, and what our own work takes.
    a_minute: Duration,
}

const ACTS: [Act; 2] = [
    Act { what: "a good candidate", image: "web=nginx:1.29", exit: Exit::Done, a_minute: Duration::from_millis(150) },
    Act {
        what: "a candidate whose targets turn unhealthy at 25 % of the traffic",
        image: "web=nginx:1.29-leaky",
        exit: Exit::RolledBack,
        a_minute: Duration::from_millis(500),
    },
];

/// Runs it: at once where nobody watches, at a pace that can be followed on a terminal.
///
/// # Errors
/// When the sandbox cannot start, or a release ends in another way than it must.
pub(crate) async fn demo(is_watched: bool) -> Result<Exit, Error> {
    let folder = Folder::with(&FILES)?;
    let running = sandbox::begin(start::named("demo")?, Mode::Stepped).await?;
    connect::print(&format!(
        "Two releases of `myservice`. In place of AWS and GitHub a sandbox answers, on\n\
         http://{}. Its clock runs ahead: half an hour there is seconds here.",
        running.addr
    ));
    let mut ended = Vec::new();
    for (number, act) in (1..).zip(&ACTS) {
        heading(&format!("Release {number}: {}", act.what));
        connect::print(&format!("$ espalier deploy -c espalier.yml --image {}\n", act.image));
        if is_watched {
            running.set_pace(act.a_minute);
        }
        let command = ["deploy", "-c", "espalier.yml", "--image", act.image].map(str::to_owned);
        let code = sandbox::child(&running, &command, &folder.0, None).await?.code();
        show_reports(&running);
        if code != Some(act.exit.code().into()) {
            running.shutdown().await;
            let code = code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
            let message = format!("release {number} ended with {code}; the demo expects exit code {}", act.exit.code());
            return Err(Error::new(Exit::Malfunction, message));
        }
        ended.push(format!("{}  {}", act.exit.code(), act.what));
    }
    running.shutdown().await;
    heading("Exit codes");
    connect::print(&ended.join("\n"));
    connect::print("\nWhat else it can rehearse: espalier sandbox scenarios");
    Ok(Exit::Done)
}

/// What stands on GitHub now.
fn show_reports(running: &Running) {
    let world = running.snapshot();
    let newest =
        |list: &str| world.pointer(list).and_then(Value::as_array).and_then(|all| all.last()).cloned().unwrap_or(Value::Null);
    let text = |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let comment = newest("/github/comments");
    heading("The pull request's comment, as GitHub has it");
    connect::print(&folded(&text(&comment, "/body")));
    let check = newest("/github/check_runs");
    heading("Its check run");
    let status = [text(&check, "/status"), text(&check, "/conclusion")].join(", ");
    connect::print(&format!("{}: {status}\n{}", text(&check, "/name"), text(&check, "/output/title")));
}

/// The comment with its folded parts as GitHub shows them: by their summaries alone; what is hidden is hidden.
fn folded(body: &str) -> String {
    let mut shown: Vec<String> = Vec::new();
    let mut is_folded = false;
    for line in body.lines().filter(|line| !line.starts_with("<!--")) {
        if let Some(rest) = line.strip_prefix("<details><summary>") {
            shown.push(format!("▸ {}", rest.trim_end_matches("</summary>")));
            is_folded = true;
        } else if line == "</details>" {
            is_folded = false;
        } else if !is_folded {
            shown.push(line.to_owned());
        }
    }
    shown.join("\n").trim_end().to_owned()
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

#[cfg(test)]
mod tests {
    #[test]
    fn folded_parts_show_their_summaries_alone() {
        let body = "<!-- marker -->\n### promoted\n\n<details><summary>Log, 2 lines</summary>\n\none\ntwo\n\n</details>\n\nend\n";
        assert_eq!(super::folded(body), "### promoted\n\n▸ Log, 2 lines\n\nend");
    }
}
