//! How slow sinks are fed: each has a task of its own, at most one write in flight, and always the newest journal.
//!
//! The pace goes by real time (timeouts, no clock): GitHub's limits do not know of the sandbox's time. Where the rollout's clock
//! waits for the reports, it goes by the journal's times instead: so a rehearsal writes what a release would have written.

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt as _, future::join_all};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use super::sinks::{Sink, SinkError, Written};
use crate::{
    rollout::journal::{Happening, Journal},
    time::Timestamp,
};

/// How writes to GitHub are spaced, for each sink. A change of phase is a milestone; mere readings are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// After a write, nothing for this long.
    pub milestones: Duration,
    /// After a write, no mere readings for this long.
    pub readings: Duration,
    /// After this many writes even milestones wait as long as readings do.
    pub brisk_writes: u32,
    /// The rollout's clock waits until what is due was written: for a clock that can.
    pub in_step: bool,
}

impl Pace {
    /// No spacing at all.
    pub const UNLIMITED: Self =
        Self { milestones: Duration::ZERO, readings: Duration::ZERO, brisk_writes: u32::MAX, in_step: false };

    /// At most 8 + 15 writes of a sink in an hour, and the last one: comment, check run and deployment stay below 60, since a
    /// deployment is written to at a few changes only.
    pub const REAL: Self =
        Self { milestones: Duration::from_secs(5), readings: Duration::from_secs(240), brisk_writes: 8, in_step: false };

    /// The same for a clock that passes hours in a second.
    pub const REHEARSED: Self = Self { in_step: true, ..Self::REAL };

    /// How long after its so many writes a sink stays quiet.
    const fn quiet(&self, writes: u32) -> Duration {
        if writes > self.brisk_writes { self.readings } else { self.milestones }
    }
}

impl Default for Pace {
    fn default() -> Self {
        Self::REAL
    }
}

/// How long a clock that waits for what is due waits for it, in real time.
const IN_STEP: Duration = Duration::from_secs(2);

/// How often the last state is tried where the clock waits; elsewhere the deadline of `finish` ends it.
const LAST_ATTEMPTS: u32 = 3;
/// How long after a failure the last state is tried again, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

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
    /// When the newest entry happened.
    at: Timestamp,
    /// The rollout is ours: comment and deployment are not another one's any more.
    claimed: bool,
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
        let claimed = ours.entries.iter().any(|entry| is_ours(&entry.event));
        let entries = ours.entries.len();
        let at = ours.entries.last().map(|entry| entry.at).unwrap_or_default();
        drop(ours);
        let before = *self.beat.borrow();
        self.beat.send_replace(Beat { entries, milestones, at, claimed, ..before });
        milestones != before.milestones
    }

    /// Where the pace is in step with the rollout's clock: waits until every sink that works has written the newest milestone, or
    /// found that it is not due yet.
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

    /// Lets every sink write the last state, until `late` at most, all of them together.
    pub(super) async fn finish(&mut self, late: impl Future<Output = ()>) -> Vec<(&'static str, Delivery)> {
        self.beat.send_modify(|beat| beat.closing = true);
        let tasks = join_all(self.running.iter_mut().map(|sink| &mut sink.task));
        let is_late = tokio::select! {
            biased;
            _ = tasks => false,
            () = late => true,
        };
        if is_late {
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

/// Whether nobody else's rollout is spoken of from here on.
const fn is_ours(event: &Happening) -> bool {
    matches!(event, Happening::Claimed | Happening::TakenOver | Happening::RollingBack { .. } | Happening::Finished { .. })
}

/// Whether it is worth a write of its own. A step that begins is not: its weights follow at once, and are.
const fn is_milestone(event: &Happening) -> bool {
    match event {
        Happening::Claimed
        | Happening::TakenOver
        | Happening::Launching { .. }
        | Happening::Ready { .. }
        | Happening::Shifted { .. }
        | Happening::Settled { .. }
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
        | Happening::Finished { .. }
        | Happening::BrokenOff { .. } => true,
        Happening::Prepared { .. }
        | Happening::StepBegun { .. }
        | Happening::StepPassed { .. }
        | Happening::Observed { .. }
        | Happening::Judged { .. }
        | Happening::Concern { .. }
        | Happening::Retrying { .. } => false,
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
    let waits_for_claim = sink.waits_for_claim();
    let may_write = |beat: &Beat| beat.entries > 0 && (beat.claimed || !waits_for_claim);
    if beats.wait_for(|beat| may_write(beat) || beat.closing).await.is_err() {
        return;
    }
    let (mut writes, mut last_attempts, mut pause) = (0, 0, FIRST_PAUSE);
    let mut written = None;
    loop {
        let beat = *beats.borrow_and_update();
        let mut asked_for = Duration::ZERO;
        if may_write(&beat) && written != Some(beat.entries) {
            let result = AssertUnwindSafe(sink.write(&journal)).catch_unwind().await.unwrap_or(Err(SinkError::Panicked));
            written = result.is_ok().then_some(beat.entries);
            writes += u32::from(!matches!(result, Ok(Written::Nothing)));
            asked_for = result.as_ref().err().map_or(Duration::ZERO, SinkError::pause);
            if take(&mut locked(&delivery), result) == SinkState::Disabled {
                return;
            }
            trying.send_replace(beat.milestones);
        }
        if beat.closing {
            // The last state is worth some attempts; the deadline of `finish` bounds them.
            last_attempts += 1;
            if written == Some(beat.entries) || !may_write(&beat) || pace.in_step && last_attempts == LAST_ATTEMPTS {
                return;
            }
            pass(if pace.in_step { Duration::ZERO } else { pause.max(asked_for) }).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            continue;
        }
        let quiet = pace.quiet(writes).max(asked_for);
        let woken = if pace.in_step {
            wait_in_step(&mut beats, beat, quiet, pace.readings, &trying).await
        } else {
            wait(&mut beats, beat, quiet, pace.readings).await
        };
        if woken.is_err() {
            return;
        }
    }
}

/// Lets real time pass.
pub(super) async fn pass(time: Duration) {
    let _passed = timeout(time, std::future::pending::<()>()).await;
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

/// The same by the journal's times. What is not due yet counts as tried, so that the rollout's clock goes on.
async fn wait_in_step(
    beats: &mut watch::Receiver<Beat>,
    seen: Beat,
    quiet: Duration,
    readings: Duration,
    trying: &watch::Sender<usize>,
) -> Result<(), watch::error::RecvError> {
    let is_worth_it = |now: &Beat| {
        let passed = now.at.since(seen.at);
        let is_due = now.milestones != seen.milestones && passed >= quiet || now.entries != seen.entries && passed >= readings;
        if !is_due {
            trying.send_replace(now.milestones);
        }
        now.closing || is_due
    };
    beats.wait_for(is_worth_it).await.map(drop)
}

fn take(delivery: &mut Delivery, result: Result<Written, SinkError>) -> SinkState {
    match result {
        Ok(written) => {
            delivery.state = SinkState::Working;
            if let Written::At(Some(url)) = written {
                delivery.url = Some(url);
            }
        }
        Err(error) => {
            delivery.state = if error.is_passing() { SinkState::Degraded } else { SinkState::Disabled };
            delivery.warning.get_or_insert_with(|| error.to_string());
        }
    }
    delivery.state.clone()
}
