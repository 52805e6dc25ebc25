//! A release of which nothing is known yet: its check run is there from the first second, and says how it ends when the release
//! does not even begin.

use std::{path::PathBuf, time::Duration};

use tokio::{task::JoinHandle, time::timeout};

use super::{
    files::SummaryFile,
    markdown,
    options::{ReportOptions, Surroundings},
    publisher,
    sinks::{CheckSink, Sink},
};
use crate::{
    rollout::journal::{Entry, Happening, Journal, Problem, Release},
    time::Timestamp,
};

/// How long GitHub may take to be told the end of what did not begin.
const LAST_WRITES: Duration = Duration::from_secs(4);

/// What is known before anything was read: what is to be released, and where.
#[derive(Debug)]
pub struct Opening {
    release: Release,
    surroundings: Surroundings,
    summary_file: Option<PathBuf>,
    check: Option<JoinHandle<Box<CheckSink>>>,
}

impl Opening {
    /// Begins it; waits for nothing. Must be called inside a tokio runtime when GitHub is given.
    #[must_use]
    pub fn begin(options: &ReportOptions, release: Release) -> Self {
        let github = options.github.as_ref();
        let subject = github.and_then(|github| github.subject().ok()).unwrap_or_default();
        let surroundings = Surroundings::new(options, &release, &subject);
        // What is wrong with GitHub is said once, by the reports that come after this.
        let sink = github.and_then(|github| publisher::check_sink(github, &release, &subject, &surroundings));
        let journal = std::sync::Mutex::new(Journal { release: release.clone(), entries: Vec::new() });
        let check = sink.map(|sink| {
            tokio::spawn(async move {
                let mut sink = Sink::Check(sink);
                let _said = sink.write(&journal).await;
                if let Sink::Check(sink) = sink { sink } else { unreachable!("it is the one from above") }
            })
        });
        let summary_file = options.summary_file.clone().filter(|_| github.is_none_or(|github| github.summary));
        Self { release, surroundings, summary_file, check }
    }

    /// The check run, for the release that begins.
    pub(super) fn into_check(self) -> Option<JoinHandle<Box<CheckSink>>> {
        self.check
    }

    /// The release does not begin: says why where people look.
    pub async fn break_off(self, at: Timestamp, exit: u8, cancelled: bool, problems: Vec<Problem>) {
        let entry = Entry { at, event: Happening::BrokenOff { exit, cancelled, problems } };
        let journal = Journal { release: self.release, entries: vec![entry] };
        if let Some(path) = self.summary_file {
            // The console has said it all; there is nowhere else to say that this failed.
            let _unwritten = SummaryFile::new(path).write(&markdown::report(&journal, &self.surroundings));
        }
        if let Some(check) = self.check {
            let last = async {
                if let Ok(sink) = check.await {
                    let _said = Sink::Check(sink).write(&std::sync::Mutex::new(journal)).await;
                }
            };
            let _late = timeout(LAST_WRITES, last).await;
        }
    }
}
