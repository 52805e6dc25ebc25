//! The first signal. The runner sends SIGINT, SIGTERM 7.5 s later, and kills 2.5 s after that (actions/runner,
//! `ProcessInvoker.cs`): the first one is the whole message.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// SIGINT and SIGTERM from now on; both stop having their default effect.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
    came: bool,
}

impl Signals {
    /// Starts listening.
    ///
    /// # Errors
    /// When the operating system refuses to install a handler.
    pub fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())?, came: false })
    }

    /// Whether one came.
    #[must_use]
    pub const fn came(&self) -> bool {
        self.came
    }

    /// Resolves at the first signal, once; afterwards never. Dropping it loses nothing.
    pub async fn first(&mut self) {
        if self.came {
            std::future::pending::<()>().await;
        }
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        self.came = true;
    }
}
