//! A program that a hook runs: started in a process group of its own, so that a signal to the job is not one to it, and so that it
//! can be ended with everything that it started.

use std::{
    io,
    os::unix::process::ExitStatusExt as _,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    process::{Child, Command},
    sync::oneshot,
};

use super::output::Output;
use crate::{rollout::hooks::HookEnd, settings::Secret};

/// How long a program may take to end after SIGTERM. Real time: a cancelled job has seconds.
const GRACE: Duration = Duration::from_secs(1);
/// How long what a program said last may take to arrive after it ended. A child of its own may keep the pipe open for ever.
const LINGER: Duration = Duration::from_millis(500);
/// Of ours, and nobody else's business.
const NOT_HANDED_ON: &str = "ESPALIER_GITHUB_TOKEN";

/// A program at work.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) output: Output,
    /// Says that it is to end; dropping it says the same.
    stop: Option<oneshot::Sender<()>>,
    supervised: tokio::task::JoinHandle<()>,
}

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// When there is no such program, or it may not be run.
    pub(super) fn start(
        words: &[String],
        directory: &Path,
        variables: &[(&'static str, String)],
        secrets: &[Secret],
    ) -> io::Result<Self> {
        let (program, arguments) = words.split_first().ok_or_else(|| io::Error::other("there is nothing to run"))?;
        let mut command = Command::new(program);
        command.args(arguments).envs(variables.iter().map(|(name, value)| (*name, value))).env_remove(NOT_HANDED_ON);
        if !directory.as_os_str().is_empty() {
            command.current_dir(directory);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let output = Output::hiding(secrets);
        let (stop, stopped) = oneshot::channel();
        let supervised = tokio::spawn(supervise(child, output.clone(), stopped));
        Ok(Self { output, stop: Some(stop), supervised })
    }

    /// Ends it, with everything that it started, and comes back when it is gone.
    pub(super) async fn end(mut self) {
        drop(self.stop.take());
        // A task that was aborted or panicked has nothing left to end.
        let _gone = self.supervised.await;
    }
}

/// The only one that reaps the program, and therefore the only one that knows its id to be its own still.
async fn supervise(mut child: Child, output: Output, stopped: oneshot::Receiver<()>) {
    let said = [
        child.stdout.take().map(|stream| tokio::spawn(output.clone().read(stream))),
        child.stderr.take().map(|stream| tokio::spawn(output.clone().read(stream))),
    ];
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let status = tokio::select! {
        status = child.wait() => status,
        _told = stopped => {
            signal(group, Signal::TERM);
            match tokio::time::timeout(GRACE, child.wait()).await {
                Ok(status) => {
                    // What it started may think otherwise of SIGTERM.
                    signal(group, Signal::KILL);
                    status
                }
                Err(_late) => {
                    signal(group, Signal::KILL);
                    child.wait().await
                }
            }
        }
    };
    for reader in said.into_iter().flatten() {
        let abort = reader.abort_handle();
        if tokio::time::timeout(LINGER, reader).await.is_err() {
            abort.abort();
        }
    }
    output.ended(status.map_or_else(|error| HookEnd { exit: None, why: Some(error.to_string()) }, end_of));
}

fn signal(group: Option<Pid>, signal: Signal) {
    // A group that is gone is what this is for.
    let _sent = group.map(|group| kill_process_group(group, signal));
}

fn end_of(status: ExitStatus) -> HookEnd {
    HookEnd { exit: status.code(), why: status.signal().map(|signal| format!("ended by signal {signal}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_runtime<T>(work: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
    }

    fn shell(text: &str) -> Running {
        let words = ["sh", "-c", text].map(str::to_owned);
        Running::start(&words, Path::new("/"), &[("ESPALIER_HOOK", "before_shift".to_owned())], &[]).expect("sh starts")
    }

    async fn ended(running: &Running) -> (HookEnd, Vec<String>) {
        loop {
            if let (Some(end), tail) = running.output.seen() {
                return (end, tail);
            }
            running.output.stirs().await;
        }
    }

    #[test]
    fn a_program_tells_its_exit_code_and_what_it_said_on_both_streams() {
        on_runtime(async {
            let (end, mut tail) = ended(&shell("echo \"$ESPALIER_HOOK in $PWD\"; echo trouble >&2; exit 7")).await;
            tail.sort();
            assert_eq!(end, HookEnd { exit: Some(7), why: None });
            assert_eq!(tail, ["before_shift in /", "trouble"]);
        });
    }

    #[test]
    fn a_program_that_a_signal_ends_has_no_exit_code() {
        on_runtime(async {
            let (end, _) = ended(&shell("kill -KILL $$")).await;
            assert_eq!(end, HookEnd { exit: None, why: Some("ended by signal 9".to_owned()) });
        });
    }

    /// Both the program and its child refuse to end; the child holds the pipe.
    #[test]
    fn whatever_a_program_started_ends_with_it() {
        on_runtime(async {
            let running = shell("trap '' TERM; (trap '' TERM; while :; do :; done) & echo $!; wait");
            running.output.stirs().await;
            let child = running.output.fresh().concat();
            let output = running.output.clone();
            running.end().await;
            assert!(output.seen().0.is_some_and(|end| end.exit.is_none()));
            // A zombie that nobody has reaped yet has no memory and no command line.
            let gone = std::fs::read(format!("/proc/{child}/cmdline")).is_ok_and(|line| !line.is_empty());
            assert!(!gone, "the child {child} is still there");
        });
    }

    #[test]
    fn a_child_that_keeps_the_pipe_does_not_keep_the_hook() {
        on_runtime(async {
            let running = shell("sleep 600 & echo $!; exit 0");
            let (end, tail) = ended(&running).await;
            assert_eq!(end, HookEnd { exit: Some(0), why: None });
            let child = tail.concat().parse().ok().and_then(Pid::from_raw).expect("its id");
            rustix::process::kill_process(child, Signal::KILL).expect("it is there still, and is not left behind");
        });
    }

    #[test]
    fn a_program_that_is_not_there_is_told_at_once() {
        on_runtime(async {
            let missing = Running::start(&["/no/such/program".to_owned()], Path::new(""), &[], &[]);
            assert_eq!(missing.expect_err("refused").kind(), io::ErrorKind::NotFound);
        });
    }
}
