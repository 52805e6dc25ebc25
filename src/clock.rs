//! The only trait between us and the world's time, and the only file that reads a clock or waits for one.
//!
//! Three clocks: [`System`] (AWS's and GitHub's time is ours), [`Scaled`] (a sandbox that foreign clients use, sped up) and
//! [`Stepped`] (a sandbox whose time moves only when we wait: instant and deterministic).

use std::{
    cell::Cell,
    future::Future,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::LazyLock,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use bytes::Bytes;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

pub use crate::time::Timestamp;

/// What time it is, and waiting until it is later.
///
/// Have one wait at a time: a [`Stepped`] clock takes the world to whatever moment it is asked for, at once.
pub trait Clock {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Resolves once it is at least `until`. Dropping the future gives the wait up.
    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + '_>>;

    /// Whether it stands still until somebody waits, and then moves at once: real work must then be waited for in real time.
    fn stands_still(&self) -> bool {
        false
    }
}

/// The system's clock as it was when it was first read, and from then on the time that has really passed: somebody who puts the
/// clock back in mid-rollout would otherwise keep it from watching for as long, and its lease would run out.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

/// What the system's clock said when it was read, and when that was.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
static FIRST: LazyLock<(Timestamp, Instant)> = LazyLock::new(|| {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    (Timestamp::default() + since, Instant::now())
});

impl Clock for System {
    fn now(&self) -> Timestamp {
        let (first, at) = *FIRST;
        first + at.elapsed()
    }

    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        // Again when it is too early still: a timer may be early.
        Box::pin(async move {
            while self.now() < until {
                sleep(until.since(self.now())).await;
            }
        })
    }
}

/// A clock that began at a chosen moment and runs so many times faster than the system's.
#[derive(Clone, Copy, Debug)]
pub struct Scaled {
    start: Timestamp,
    began: Instant,
    speed: f64,
}

impl Scaled {
    /// It is `start` now, and `speed` seconds pass in each second. A speed that is not above 0 is taken for 1.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
    pub fn from(start: Timestamp, speed: f64) -> Self {
        Self { start, began: Instant::now(), speed: if speed > 0.0 && speed.is_finite() { speed } else { 1.0 } }
    }
}

impl Clock for Scaled {
    fn now(&self) -> Timestamp {
        let passed = self.began.elapsed().as_secs_f64() * self.speed;
        self.start + Duration::try_from_secs_f64(passed).unwrap_or(Duration::MAX)
    }

    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            while self.now() < until {
                // A millisecond at least, so that rounding down cannot keep the loop from waiting.
                let wait =
                    Duration::try_from_secs_f64(until.since(self.now()).as_secs_f64() / self.speed).unwrap_or(Duration::MAX);
                sleep(wait.max(Duration::from_millis(1))).await;
            }
        })
    }
}

/// Waits for real time, whatever clock the rollout runs by.
#[expect(clippy::disallowed_methods, reason = "this is the one place that waits for real time")]
pub(crate) async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// A sandbox's clock: its time stands still until somebody waits, and then moves at once.
#[derive(Debug)]
pub struct Stepped {
    address: SocketAddr,
    path: String,
    /// What the sandbox said last.
    heard: Cell<Timestamp>,
}

/// Why a stepped clock cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClockError {
    /// Not a URL like `http://127.0.0.1:1234/_sandbox/clock`.
    #[error("`{url}` is not the address of a sandbox's clock; wanted is one like http://127.0.0.1:1234/_sandbox/clock")]
    Malformed {
        /// What was given.
        url: String,
    },
    /// The host is not this machine.
    #[error("the clock `{url}` is not on this machine; a stepped clock is only for a sandbox on 127.0.0.1")]
    NotLoopback {
        /// What was given.
        url: String,
    },
    /// Nobody answers there, or not with a time.
    #[error("failed to ask the sandbox's clock at {address} for the time: {reason}; is `espalier sandbox` still running?")]
    Unreachable {
        /// Where it was looked for.
        address: SocketAddr,
        /// What went wrong.
        reason: String,
    },
}

impl Stepped {
    /// The clock at this URL, which must be of this machine.
    ///
    /// # Errors
    /// When the URL is not one of a clock on loopback, or nobody answers there.
    pub async fn connect(url: &str) -> Result<Self, ClockError> {
        let malformed = || ClockError::Malformed { url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| malformed())?;
        if uri.scheme_str() != Some("http") {
            return Err(malformed());
        }
        let host = uri.host().ok_or_else(malformed)?;
        let ip = match host.trim_matches(['[', ']']) {
            "localhost" => IpAddr::from([127, 0, 0, 1]),
            // Any other name may lead anywhere.
            ip => ip.parse().map_err(|_| ClockError::NotLoopback { url: url.to_owned() })?,
        };
        if !ip.is_loopback() {
            return Err(ClockError::NotLoopback { url: url.to_owned() });
        }
        let address = SocketAddr::from((ip, uri.port_u16().ok_or_else(malformed)?));
        let clock = Self { address, path: uri.path().to_owned(), heard: Cell::default() };
        clock.ask(Method::GET, String::new()).await.map_err(|reason| ClockError::Unreachable { address, reason })?;
        Ok(clock)
    }

    /// Asks once, and remembers the time that it is told.
    async fn ask(&self, method: Method, body: String) -> Result<(), String> {
        let stream = TcpStream::connect(self.address).await.map_err(|error| error.to_string())?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
        let request = Request::builder().method(method).uri(&self.path).header("host", self.address.to_string());
        let request = request.body(Full::new(Bytes::from(body))).map_err(|error| error.to_string())?;
        let exchange = async {
            let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
            let body = response.into_body().collect().await.map_err(|error| error.to_string())?.to_bytes();
            let told: serde_json::Value = serde_json::from_slice(&body).map_err(|error| error.to_string())?;
            told["now"]
                .as_u64()
                .map(Timestamp::from_millis)
                .ok_or_else(|| told["message"].as_str().unwrap_or("no time").to_owned())
        };
        // The connection has to be driven for as long as the exchange lasts, and no longer.
        let mut exchange = std::pin::pin!(exchange);
        let told = tokio::select! {
            told = &mut exchange => told,
            _ended = connection => exchange.await,
        };
        self.heard.set(told?);
        Ok(())
    }
}

impl Clock for Stepped {
    /// What the sandbox said when it was last asked; nothing but our waiting moves it.
    fn now(&self) -> Timestamp {
        self.heard.get()
    }

    /// Takes the sandbox's world to `until`. Where the sandbox is gone the time passes all the same, so that whoever waits gets
    /// to a deadline and ends.
    fn sleep_until(&self, until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(async move {
            if self.now() >= until {
                return;
            }
            let asked = self.ask(Method::POST, format!("{{\"until\":{}}}", until.as_millis())).await;
            if asked.is_err() || self.now() < until {
                self.heard.set(until);
            }
        })
    }

    fn stands_still(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Clock as _, ClockError, Scaled, Stepped, System, Timestamp};

    fn block_on<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
    }

    #[test]
    fn a_stepped_clock_is_on_this_machine_or_refused() {
        block_on(async {
            for url in ["http://10.0.0.1:80/_sandbox/clock", "http://example.com:80/", "http://169.254.169.254:80/"] {
                assert!(matches!(Stepped::connect(url).await, Err(ClockError::NotLoopback { .. })), "{url}");
            }
            for url in ["https://127.0.0.1:1/", "127.0.0.1", "http://127.0.0.1/_sandbox/clock", ""] {
                assert!(matches!(Stepped::connect(url).await, Err(ClockError::Malformed { .. })), "{url}");
            }
        });
    }

    #[test]
    fn a_scaled_clock_starts_where_it_is_told_and_runs_fast() {
        let start = Timestamp::from_secs(1_000);
        let clock = Scaled::from(start, 1_000_000.0);
        let later = start + std::time::Duration::from_secs(100);
        block_on(clock.sleep_until(later));
        assert!(clock.now() >= later);
    }

    #[test]
    fn the_past_is_not_waited_for() {
        block_on(System.sleep_until(Timestamp::from_secs(1)));
        assert!(System.now() > Timestamp::from_secs(1_700_000_000));
    }
}
