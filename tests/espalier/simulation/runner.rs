//! The runner that a job over the wire is on: its clock, and what befalls the job there.
//!
//! A blow falls at an effect, and the driver keeps its effects to itself. It waits by the runner's clock, however, and as often as the
//! machine asked for it in the simulator: so a case can be played where its blow falls at a wait, or is a signal at the effect after one.
//! That is most of a rollout: readings and waits take turns. Jobs that are killed at their writes are stories of the real binary.

use std::{
    cell::{Cell, RefCell},
    pin::Pin,
    process::Command,
};

use espalier::{
    clock::{Clock, Stepped},
    rollout::machine::Effect,
    time::Timestamp,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
};

use super::{
    case::{Blow, Case, Falls},
    facts::Facts,
    play::{Bend, play_bent},
};

/// A blow at a wait, in the order in which the job waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Fall {
    wait: usize,
    when: When,
    is_signal: bool,
}

/// When at that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// As soon as it begins.
    Before,
    /// As soon as it is over.
    After,
}

/// Which of the first job's effects are waits.
#[derive(Default)]
struct Listener(RefCell<Vec<bool>>);

impl Bend for Listener {
    fn asks(&self, effect: Effect, _facts: &Facts) -> Effect {
        self.0.borrow_mut().push(matches!(effect, Effect::WaitUntil(_)));
        effect
    }
}

impl Fall {
    /// Where the blow of a case falls: an error where no wait is near, none where there is none, or the job is over before.
    pub(super) fn of(case: &Case) -> Result<Option<Self>, ()> {
        let [Blow { job: 0, at, falls }] = case.blows[..] else { return if case.blows.is_empty() { Ok(None) } else { Err(()) } };
        let listener = Listener::default();
        play_bent(case, false, Some(&listener));
        let waits = listener.0.into_inner();
        let is_wait = |at: Option<usize>| at.and_then(|at| waits.get(at)).copied();
        let before = |at: usize| waits.iter().take(at).filter(|wait| **wait).count();
        let is_signal = falls == Falls::Signal;
        match (is_wait(Some(at)), falls) {
            (None, _) => Ok(None),
            (Some(true), Falls::Signal | Falls::KillBefore) => Ok(Some(Self { wait: before(at), when: When::Before, is_signal })),
            (Some(true), Falls::KillAfter | Falls::KillLate(_)) => {
                Ok(Some(Self { wait: before(at), when: When::After, is_signal }))
            }
            (Some(false), Falls::Signal) if is_wait(at.checked_sub(1)) == Some(true) => {
                Ok(Some(Self { wait: before(at) - 1, when: When::After, is_signal }))
            }
            (Some(false), _) => Err(()),
        }
    }

    /// Whether it is sent to the whole process: other jobs would hear it as well.
    pub(super) const fn is_signal(self) -> bool {
        self.is_signal
    }
}

/// A runner, whose clock is the world's and so many milliseconds.
pub(super) struct Runner<'a> {
    world: &'a Stepped,
    ahead: i64,
    fall: Option<Fall>,
    waits: Cell<usize>,
    killed: Notify,
}

impl<'a> Runner<'a> {
    /// One whose clock is so many seconds ahead.
    pub(super) fn new(world: &'a Stepped, ahead: i64, fall: Option<Fall>) -> Self {
        Self { world, ahead: ahead * 1000, fall, waits: Cell::new(0), killed: Notify::new() }
    }

    /// Resolves when it kills the job.
    pub(super) async fn kills(&self) {
        self.killed.notified().await;
    }

    /// What falls at this wait, if it does so then.
    async fn fall(&self, wait: usize, when: When) {
        let Some(fall) = self.fall.filter(|fall| (fall.wait, fall.when) == (wait, when)) else { return };
        if fall.is_signal {
            send_signal().await;
        } else {
            self.killed.notify_one();
        }
        if when == When::Before || !fall.is_signal {
            std::future::pending::<()>().await;
        }
    }
}

impl Clock for Runner<'_> {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.world.now().as_millis().saturating_add_signed(self.ahead))
    }

    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        let wait = self.waits.replace(self.waits.get() + 1);
        Box::pin(async move {
            self.fall(wait, When::Before).await;
            let until = Timestamp::from_millis(until.as_millis().saturating_add_signed(-self.ahead));
            self.world.sleep_until(until).await;
            self.fall(wait, When::After).await;
        })
    }

    fn stands_still(&self) -> bool {
        true
    }
}

/// Sends it; whoever listens in this process has it when this is over, since all of them get it at once.
async fn send_signal() {
    let mut own = signal(SignalKind::terminate()).expect("signals");
    let sent = Command::new("kill").args(["-TERM", &std::process::id().to_string()]).status().expect("a program `kill`");
    assert!(sent.success(), "{sent}");
    own.recv().await;
}
