//! How slow sinks are fed: each has a task of its own, at most one write in flight, and always the newest journal.
//!
//! The pace goes by real time (timeouts, no clock): GitHub's limits do not know of the sandbox's time.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt as _, future::join_all};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use super::sinks::{Sink, SinkError};
use crate::rollout::journal::{Happening, Journal};

/// How writes to GitHub are spaced, for each sink. A change of phase is a milestone; mere readings are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// After a write, nothing for this long.
    pub milestones: Duration,
    /// After a write, no mere readings for this long.
    pub readings: Duration,
    /// After this many writes even milestones wait as long as readings do.
    pub brisk_writes: u32,
    /// The rollout's clock waits until each milestone was written: for a clock that can.
    pub in_step: bool,
}

impl Pace {
    /// No spacing at all.
    pub const UNLIMITED: Self =
        Self { milestones: Duration::ZERO, readings: Duration::ZERO, brisk_writes: u32::MAX, in_step: false };

    /// Every milestone at its own time and no mere reading: for a clock that passes hours in a second.
    pub const MILESTONES: Self = Self { readings: Duration::from_secs(3600), in_step: true, ..Self::UNLIMITED };
}

impl Default for Pace {
    /// At most 8 + 20 writes of a sink in an hour, and the last one: two sinks stay below 60.
    fn default() -> Self {
        Self { milestones: Duration::from_secs(5), readings: Duration::from_secs(180), brisk_writes: 8, in_step: false }
    }
}

/// How long a clock that waits for the milestones waits for one of them, in real time.
const IN_STEP: Duration = Duration::from_secs(2);

/// How often the last state is tried.
const LAST_ATTEMPTS: u32 = 3;

/// How a sink is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum SinkState {
    #[default]
    Working,
    /// The last write failed in passing; the next one tries again.
    Degraded,
    /// Never again in this run.
    Disabled,
}

/// What became of a sink's writes.
#[derive(Clone, Debug, Default)]
pub(super) struct Delivery {
    pub(super) state: SinkState,
    pub(super) url: Option<String>,
    /// Its one warning.
    pub(super) warning: Option<String>,
}

/// What the tasks are woken by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Beat {
    entries: usize,
    milestones: usize,
    closing: bool,
}

struct Running {
    name: &'static str,
    delivery: Arc<Mutex<Delivery>>,
    /// How many milestones it has tried to write.
    tried: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

/// The newest journal and the sinks that read it. Publishing never waits and never fails.
pub(super) struct Feed {
    journal: Arc<Mutex<Journal>>,
    beat: watch::Sender<Beat>,
    running: Vec<Running>,
    in_step: bool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a panicking report left behind is still the journal.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Feed {
    /// Starts a task for each sink. Must be called inside a tokio runtime when there is a sink.
    pub(super) fn start(sinks: Vec<Sink>, pace: Pace) -> Self {
        let journal = Arc::new(Mutex::new(Journal::default()));
        let (beat, beats) = watch::channel(Beat::default());
        let start = |sink: Sink| {
            let delivery = Arc::<Mutex<Delivery>>::default();
            let name = sink.name();
            let (trying, tried) = watch::channel(0);
            let task = tokio::spawn(run(sink, beats.clone(), Arc::clone(&journal), Arc::clone(&delivery), pace, trying));
            Running { name, delivery, tried, task }
        };
        let running = sinks.into_iter().map(start).collect();
        Self { journal, beat, running, in_step: pace.in_step }
    }

    /// Takes what is new in `journal`. Whether there was more in it than readings.
    pub(super) fn publish(&self, journal: &Journal) -> bool {
        let mut ours = locked(&self.journal);
        if ours.release != journal.release || ours.entries.len() > journal.entries.len() {
            *ours = journal.clone();
        } else {
            let known = ours.entries.len();
            ours.entries.extend_from_slice(&journal.entries[known..]);
        }
        let milestones = ours.entries.iter().filter(|entry| is_milestone(&entry.event)).count();
        let entries = ours.entries.len();
        drop(ours);
        let before = *self.beat.borrow();
        self.beat.send_replace(Beat { entries, milestones, ..before });
        milestones != before.milestones
    }

    /// Where the pace is in step with the rollout's clock: waits until every sink that works has tried to write the newest milestone.
    pub(super) async fn keep_in_step(&mut self) {
        let milestones = self.beat.borrow().milestones;
        for sink in self.running.iter_mut().filter(|_| self.in_step) {
            if locked(&sink.delivery).state == SinkState::Working {
                // A sink that takes too long, or has ended, is not waited for.
                let _late = timeout(IN_STEP, sink.tried.wait_for(|tried| *tried >= milestones)).await;
            }
        }
    }

    /// What became of each sink so far, by its name.
    pub(super) fn deliveries(&self) -> Vec<(&'static str, Delivery)> {
        self.running.iter().map(|sink| (sink.name, locked(&sink.delivery).clone())).collect()
    }

    /// Lets every sink write the last state, for `deadline` at most, all of them together.
    pub(super) async fn finish(&mut self, deadline: Duration) -> Vec<(&'static str, Delivery)> {
        self.beat.send_modify(|beat| beat.closing = true);
        let tasks = join_all(self.running.iter_mut().map(|sink| &mut sink.task));
        if timeout(deadline, tasks).await.is_err() {
            for sink in self.running.iter().filter(|sink| !sink.task.is_finished()) {
                sink.task.abort();
                let mut delivery = locked(&sink.delivery);
                delivery.state = SinkState::Degraded;
                delivery.warning.get_or_insert_with(|| "GitHub did not answer in time; it may show an older state".to_owned());
            }
        }
        self.deliveries()
    }
}

const fn is_milestone(event: &Happening) -> bool {
    match event {
        Happening::Claimed
        | Happening::TakenOver
        | Happening::Prepared { .. }
        | Happening::Launching { .. }
        | Happening::Ready { .. }
        | Happening::StepBegun { .. }
        | Happening::Shifted { .. }
        | Happening::Settled { .. }
        | Happening::StepPassed { .. }
        | Happening::TestOpened { .. }
        | Happening::TestClosed { .. }
        | Happening::HookBegun { .. }
        | Happening::HookEnded { .. }
        | Happening::RollingBack { .. }
        | Happening::Restored
        | Happening::Promoted
        | Happening::Retiring { .. }
        | Happening::Retired { .. }
        | Happening::Note { .. }
        | Happening::Finished { .. } => true,
        Happening::Observed { .. } | Happening::Judged { .. } | Happening::Concern { .. } | Happening::Retrying { .. } => false,
    }
}

/// One sink's task. It ends after the last state was written, when the sink is disabled, or when the feed is dropped.
async fn run(
    mut sink: Sink,
    mut beats: watch::Receiver<Beat>,
    journal: Arc<Mutex<Journal>>,
    delivery: Arc<Mutex<Delivery>>,
    pace: Pace,
    trying: watch::Sender<usize>,
) {
    // Before the first entry nothing is claimed: the comment may still be another rollout's.
    if beats.wait_for(|beat| beat.entries > 0 || beat.closing).await.is_err() {
        return;
    }
    let (mut writes, mut last_attempts) = (0, 0);
    let mut written = None;
    loop {
        let beat = *beats.borrow_and_update();
        let mut pause = Duration::ZERO;
        if beat.entries > 0 && written != Some(beat.entries) {
            writes += 1;
            let result = AssertUnwindSafe(sink.write(&journal)).catch_unwind().await.unwrap_or(Err(SinkError::Panicked));
            written = result.is_ok().then_some(beat.entries);
            pause = result.as_ref().err().map_or(Duration::ZERO, SinkError::pause);
            if take(&mut locked(&delivery), result) == SinkState::Disabled {
                return;
            }
            trying.send_replace(beat.milestones);
        }
        if beat.closing {
            // The last state is worth a few attempts; the deadline of `finish` bounds them.
            last_attempts += 1;
            if written == Some(beat.entries) || beat.entries == 0 || !pause.is_zero() || last_attempts == LAST_ATTEMPTS {
                return;
            }
            continue;
        }
        let quiet = if writes > pace.brisk_writes { pace.readings } else { pace.milestones };
        let Ok(()) = wait(&mut beats, beat, quiet.max(pause), pace.readings).await else { return };
    }
}

/// Waits for something worth a write after the state of `seen`. Closing cuts every wait short.
async fn wait(
    beats: &mut watch::Receiver<Beat>,
    seen: Beat,
    quiet: Duration,
    readings: Duration,
) -> Result<(), watch::error::RecvError> {
    for (longest, milestones, entries) in
        [(quiet, false, false), (readings.saturating_sub(quiet), true, false), (Duration::MAX, true, true)]
    {
        let is_worth_it =
            |now: &Beat| now.closing || milestones && now.milestones != seen.milestones || entries && now.entries != seen.entries;
        if let Ok(woken) = timeout(longest, beats.wait_for(is_worth_it)).await {
            return woken.map(drop);
        }
    }
    Ok(())
}

fn take(delivery: &mut Delivery, result: Result<Option<String>, SinkError>) -> SinkState {
    match result {
        Ok(url) => {
            delivery.state = SinkState::Working;
            delivery.url = url.or(delivery.url.take());
        }
        Err(error) => {
            delivery.state = if error.is_passing() { SinkState::Degraded } else { SinkState::Disabled };
            delivery.warning.get_or_insert_with(|| error.to_string());
        }
    }
    delivery.state.clone()
}
