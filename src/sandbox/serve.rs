//! What the `sandbox` commands call: a sandbox that listens, and the environment that points clients at it.
//!
//! The environment is what any AWS SDK and any GitHub client reads: endpoints, dummy credentials and a region, and in place of a
//! real run of GitHub Actions a pull request, number 7 of `octo/myservice`, whose event file is written to the temporary folder
//! and removed with the sandbox. [`Mode::Stepped`] adds `ESPALIER_CLOCK`, which only espalier understands: for other clients use
//! [`Mode::Scaled`]. `ESPALIER_DATA_PLANE` is where the services of VPC Lattice are asked: any HTTP client whose `Host` header is a
//! service's domain name.

use std::{
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

use super::{
    control,
    github::job,
    iam, oidc,
    record::Recording,
    scenario::Scenario,
    server::{self, Port, Server},
    world::World,
};
use crate::clock::Scaled;

/// The access key that the environment names.
pub(super) const ACCESS_KEY: &str = "AKIASANDBOXSANDBOX00";

/// What moves the world's time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mode {
    /// Only a client that waits: espalier itself, through `ESPALIER_CLOCK`.
    Stepped,
    /// Real time, so many times as fast.
    Scaled(f64),
}

/// How to serve.
#[derive(Clone, Debug)]
pub struct Serve {
    /// The port of 127.0.0.1; 0 is any that is free.
    pub port: u16,
    /// Gets the environment as `NAME=value` lines once the sandbox listens.
    pub env_file: Option<PathBuf>,
    /// Gets every request and its answer, JSON lines.
    pub record: Option<PathBuf>,
    /// The world.
    pub scenario: Scenario,
    /// Its time.
    pub mode: Mode,
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The port is taken, or not allowed.
    #[error("failed to listen on 127.0.0.1:{port}; choose another port, or 0 for any that is free")]
    Port {
        /// The port asked for.
        port: u16,
        /// What the system says.
        source: io::Error,
    },
    /// A file of the sandbox's own cannot be written.
    #[error("failed to write {}", path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A sandbox that listens. Dropping it stops it.
#[derive(Debug)]
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// Where the services of VPC Lattice listen, all of them: the `Host` header says which one is meant.
    pub data_plane: SocketAddr,
    server: Arc<Server>,
    mode: Mode,
    region: String,
    record: Option<PathBuf>,
    folder: PathBuf,
    stop: watch::Sender<bool>,
    serving: Option<JoinHandle<((), ())>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

/// Starts a sandbox on the present tokio runtime; it listens when this returns.
///
/// # Errors
/// When the port cannot be had, or a file cannot be written.
pub async fn start(options: Serve) -> Result<Running, Error> {
    let port = options.port;
    let listener = server::bind(port).await.map_err(|source| Error::Port { port, source })?;
    let addr = listener.local_addr().map_err(|source| Error::Port { port, source })?;
    let services = server::bind(0).await.map_err(|source| Error::Port { port: 0, source })?;
    let data_plane = services.local_addr().map_err(|source| Error::Port { port: 0, source })?;
    let folder = std::env::temp_dir().join(format!("espalier-sandbox-{}-{}", std::process::id(), addr.port()));
    write_event(&folder, addr)?;
    let clock = match options.mode {
        Mode::Stepped => None,
        Mode::Scaled(speed) => Some(Scaled::from(options.scenario.start, speed)),
    };
    let region = options.scenario.region.clone();
    let recording = options.record.map(|path| match Recording::create(&path) {
        Ok(recording) => Ok((recording, path)),
        Err(source) => Err(Error::File { path, source }),
    });
    let (recording, record) = recording.transpose()?.unzip();
    let server = Arc::new(Server::new(World::new(options.scenario), clock).recorded_by(recording));
    let (stop, stopped) = watch::channel(false);
    let controlled = server::serve(listener, Port::Control, Arc::clone(&server), stopped.clone());
    let asked = server::serve(services, Port::DataPlane, Arc::clone(&server), stopped);
    let serving = tokio::spawn(async move { tokio::join!(controlled, asked) });
    let running = Running { addr, data_plane, server, mode: options.mode, region, record, folder, stop, serving: Some(serving) };
    if let Some(path) = options.env_file {
        let lines: String = running.environment().into_iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        write(&path, &lines)?;
    }
    Ok(running)
}

impl Running {
    /// What to set for a command that is to live in this sandbox: names and values.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, String)> {
        let base = format!("http://{}", self.addr);
        let event = self.folder.join("event.json");
        let mut all = vec![
            ("AWS_ENDPOINT_URL", base.clone()),
            ("ESPALIER_DATA_PLANE", format!("http://{}", self.data_plane)),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "sandbox".to_owned()),
            ("AWS_REGION", self.region.clone()),
            ("AWS_DEFAULT_REGION", self.region.clone()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("GITHUB_API_URL", format!("{base}/api/v3")),
            ("GITHUB_GRAPHQL_URL", format!("{base}/api/graphql")),
            ("GITHUB_SERVER_URL", base.clone()),
            ("GITHUB_TOKEN", job::TOKEN.to_owned()),
            ("GITHUB_REPOSITORY", job::REPOSITORY.to_owned()),
            ("GITHUB_EVENT_NAME", "pull_request".to_owned()),
            ("GITHUB_EVENT_PATH", event.display().to_string()),
            ("GITHUB_SHA", job::HEAD_SHA.to_owned()),
            ("GITHUB_RUN_ID", "1".to_owned()),
            ("GITHUB_RUN_ATTEMPT", "1".to_owned()),
        ];
        if let Some(ends) = iam::ends(&self.server.world()) {
            all.push(("AWS_CREDENTIAL_EXPIRATION", ends.to_string()));
        }
        if oidc::enabled(&self.server.world()) {
            all.push(("ACTIONS_ID_TOKEN_REQUEST_URL", format!("{base}{}?api-version=2.0", oidc::PATH)));
            all.push(("ACTIONS_ID_TOKEN_REQUEST_TOKEN", oidc::REQUEST_TOKEN.to_owned()));
        }
        if self.mode == Mode::Stepped {
            all.push(("ESPALIER_CLOCK", format!("{base}/_sandbox/clock")));
        }
        all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Lets the time of a stepped sandbox pass slowly enough to be watched: from now on, so much real time for each minute of the
    /// world's. Nothing else changes: what happens stays the same, and so does when by the world's clock.
    pub fn set_pace(&self, a_minute: Duration) {
        self.server.set_pace(a_minute);
    }

    /// Tells from now on when somebody in the world cancels the job. What is received is to be dropped once the job has heard of it: the
    /// world's time is kept back until then.
    #[must_use]
    pub fn cancels(&self) -> mpsc::UnboundedReceiver<oneshot::Sender<()>> {
        self.server.cancels()
    }

    /// The world as it is now, as `GET /_sandbox/world` gives it.
    #[must_use]
    pub fn snapshot(&self) -> Value {
        control::snapshot(&self.server.world())
    }

    /// Whether every request so far was recorded.
    ///
    /// # Errors
    /// Once, when something kept a line from being written.
    pub fn recorded(&self) -> Result<(), Error> {
        match (self.server.record_failure(), &self.record) {
            (Some(source), Some(path)) => Err(Error::File { path: path.clone(), source }),
            _ => Ok(()),
        }
    }

    /// Stops listening, closes every connection, and removes what was written to the temporary folder.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if let Some(serving) = self.serving.take() {
            // It ends by itself once told; a panic of it has nobody to go to.
            let _ended = serving.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        // Nothing is lost when it stays: it is in the temporary folder.
        let _removed = std::fs::remove_dir_all(&self.folder);
    }
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    std::fs::write(path, text).map_err(|source| Error::File { path: path.to_owned(), source })
}

/// The event of a run of GitHub Actions for the pull request.
fn write_event(folder: &Path, addr: SocketAddr) -> Result<(), Error> {
    std::fs::create_dir(folder).map_err(|source| Error::File { path: folder.to_owned(), source })?;
    write(&folder.join("event.json"), &job::event(&format!("http://{addr}")).to_string())
}

#[cfg(test)]
mod tests {
    use super::{Mode, Serve, start};
    use crate::sandbox::scenario;

    #[test]
    fn the_environment_leads_to_this_sandbox_and_is_gone_with_it() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let env_file = folder.path().join("env");
            let scenario = scenario::load("promoted").unwrap();
            let options = Serve { port: 0, env_file: Some(env_file.clone()), record: None, scenario, mode: Mode::Stepped };
            let running = start(options).await.unwrap();
            let base = format!("http://{}", running.addr);
            let environment = running.environment();
            let value = |wanted: &str| environment.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
            assert_eq!(value("AWS_ENDPOINT_URL"), Some(base.clone()));
            assert_eq!(value("ESPALIER_CLOCK"), Some(format!("{base}/_sandbox/clock")));
            assert!(std::fs::read_to_string(&env_file).unwrap().contains(&format!("GITHUB_API_URL={base}/api/v3\n")));
            let event = value("GITHUB_EVENT_PATH").unwrap();
            let event: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&event).unwrap()).unwrap();
            assert_eq!(event["pull_request"]["number"], 7);
            assert_eq!(running.snapshot()["scenario"], "promoted");
            let event = value("GITHUB_EVENT_PATH").unwrap();
            running.shutdown().await;
            assert!(!std::path::Path::new(&event).exists());
        });
    }
}
