//! HTTP/1.1 on loopback: one task for each connection, one world for all of them, and no time but the world's.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Response, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot, watch},
    task::JoinSet,
};

use super::{
    control, dataplane, page,
    record::Recording,
    route::{self, Outcome},
    wire::{Reply, Request},
    world::World,
};
use crate::clock::{self, Clock as _, Scaled, Timestamp};

/// More than the largest request of any of the services.
const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// The world behind a listening socket, and what moves its time.
pub(super) struct Server {
    world: Mutex<World>,
    /// None where the time is stepped.
    clock: Option<Scaled>,
    /// How long whoever steps the time is kept waiting for each minute of it.
    a_minute: Mutex<Duration>,
    /// Where requests and answers are written down.
    recording: Option<Recording>,
    /// Who is told that somebody cancels the job.
    canceller: Mutex<Option<mpsc::UnboundedSender<oneshot::Sender<()>>>>,
}

/// What a port is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Port {
    /// AWS, GitHub and the sandbox's own pages.
    Control,
    /// The services of VPC Lattice.
    DataPlane,
}

/// Why a connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed by a fault of the scenario")]
struct Closed;

impl Server {
    pub(super) fn new(world: World, clock: Option<Scaled>) -> Self {
        Self { world: Mutex::new(world), clock, a_minute: Mutex::default(), recording: None, canceller: Mutex::default() }
    }

    /// The same, with its requests and answers written down.
    pub(super) fn recorded_by(self, recording: Option<Recording>) -> Self {
        Self { recording, ..self }
    }

    /// What kept a request from being written down, once.
    pub(super) fn record_failure(&self) -> Option<io::Error> {
        self.recording.as_ref()?.failure()
    }

    /// The world, brought to the present time.
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(clock) = self.clock {
            world.advance(clock.now());
        } else {
            // What is due at this very moment; a stepped world stands still otherwise.
            let now = world.now;
            world.advance(now);
        }
        world
    }

    /// From now on whoever steps the time is kept waiting so long for each minute of it.
    pub(super) fn set_pace(&self, a_minute: Duration) {
        *self.a_minute.lock().unwrap_or_else(PoisonError::into_inner) = a_minute;
    }

    /// From now on whoever has this end hears when somebody cancels the job. Until they let go of what they get then, nobody hears the
    /// time at which it happened.
    pub(super) fn cancels(&self) -> mpsc::UnboundedReceiver<oneshot::Sender<()>> {
        let (canceller, cancels) = mpsc::unbounded_channel();
        *self.canceller.lock().unwrap_or_else(PoisonError::into_inner) = Some(canceller);
        cancels
    }

    /// Passes on that somebody has cancelled the job, where that is so and anybody cares.
    async fn pass_on(&self) {
        if !std::mem::take(&mut self.world().people.cancelled) {
            return;
        }
        let (told, heard) = oneshot::channel();
        let canceller = self.canceller.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if canceller.is_some_and(|canceller| canceller.send(told).is_ok()) {
            // It is let go of, one way or the other.
            let _heard = heard.await;
        }
    }

    /// How long the answer to this request is kept back, so that a person can watch: nothing but a step of the clock is.
    fn delay(&self, request: &Request) -> Duration {
        let a_minute = *self.a_minute.lock().unwrap_or_else(PoisonError::into_inner);
        if a_minute.is_zero() || self.clock.is_some() {
            return Duration::ZERO;
        }
        control::step(&self.world(), request).map_or(Duration::ZERO, |step| a_minute.mul_f64(step.as_secs_f64() / 60.0))
    }

    /// What a request gets, and the headers that every answer of the sandbox has.
    pub(super) fn answer(&self, port: Port, request: &Request) -> Outcome {
        let mut world = self.world();
        if port == Port::DataPlane {
            let reply = dataplane::answer(&mut world, request);
            let outcome = Outcome::Reply(reply.with("date", http_date(world.now)));
            self.write_down(&world, request, &outcome);
            return outcome;
        }
        if page::is_asked_for(request) {
            return Outcome::Reply(page::answer(&world));
        }
        if request.path.starts_with("/_sandbox/") {
            return Outcome::Reply(control::handle(&mut world, request, self.clock.is_none()));
        }
        world.begin_request();
        let outcome = route::answer(&mut world, request);
        let now = world.now;
        let outcome = match outcome {
            Outcome::Reply(reply) => {
                let date = http_date(now);
                let id = world.request_id();
                let reply = reply.with("date", date);
                let is_githubs = reply.headers.iter().any(|(name, _)| name == "x-github-request-id");
                Outcome::Reply(if is_githubs { reply } else { reply.with("x-amzn-requestid", id) })
            }
            Outcome::Never | Outcome::Closed => outcome,
        };
        self.write_down(&world, request, &outcome);
        outcome
    }

    /// Within the world's lock, so that the lines are in the order of the world.
    fn write_down(&self, world: &World, request: &Request, outcome: &Outcome) {
        if let Some(recording) = &self.recording {
            recording.write(world.now, request, outcome);
        }
    }
}

/// Binds a port of 127.0.0.1; 0 is any that is free.
pub(super) async fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Serves until `stop` changes. Connections that are still open then are closed.
pub(super) async fn serve(listener: TcpListener, port: Port, server: Arc<Server>, mut stop: watch::Receiver<bool>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _stopped = stop.changed() => break,
            Some(_ended) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) if allowed(peer) => {
                    let server = Arc::clone(&server);
                    connections.spawn(async move {
                        let service = service_fn(|request| respond(&server, port, request));
                        // An error here is a client that went away, or a fault that closes on purpose.
                        let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                    });
                }
                // Not from this machine: dropped unanswered.
                Ok(_) => {}
                // Out of file descriptors or the like: some connection has to end first.
                Err(_) => tokio::select! {
                    _stopped = stop.changed() => break,
                    _ended = connections.join_next() => tokio::task::yield_now().await,
                },
            },
        }
    }
}

fn allowed(peer: SocketAddr) -> bool {
    peer.ip().is_loopback()
}

async fn respond(server: &Server, port: Port, request: http::Request<Incoming>) -> Result<Response<Full<Bytes>>, Closed> {
    let (head, body) = request.into_parts();
    let reply = match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(body) => {
            let request = Request {
                path: head.uri.path().to_owned(),
                query: head.uri.query().unwrap_or_default().to_owned(),
                method: head.method,
                headers: head.headers,
                body: body.to_bytes(),
            };
            // The world stands still meanwhile; a client that goes away has not moved it.
            let delay = server.delay(&request);
            if !delay.is_zero() {
                clock::sleep(delay).await;
            }
            let outcome = server.answer(port, &request);
            server.pass_on().await;
            match outcome {
                Outcome::Reply(reply) => reply,
                Outcome::Never => std::future::pending().await,
                Outcome::Closed => return Err(Closed),
            }
        }
        Err(_) => Reply::empty(413),
    };
    Ok(response(reply))
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = http::StatusCode::from_u16(reply.status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (header::HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

/// A moment as in a `Date` header (RFC 7231, IMF-fixdate): `Sun, 22 Nov 2026 00:00:00 GMT`.
fn http_date(at: Timestamp) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let text = at.to_string();
    let part = |range: std::ops::Range<usize>| text.get(range).unwrap_or("00").to_owned();
    let month = part(5..7).parse::<usize>().unwrap_or(1).clamp(1, 12);
    // The first day of the epoch was a Thursday.
    let weekday = usize::try_from(at.as_secs() / 86_400 % 7).unwrap_or(0);
    format!("{}, {} {} {} {} GMT", DAYS[weekday], part(8..10), MONTHS[month - 1], part(0..4), part(11..19))
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use bytes::Bytes;
    use http_body_util::{BodyExt as _, Full};
    use hyper_util::rt::TokioIo;
    use serde_json::Value;
    use tokio::{net::TcpStream, sync::watch};

    use super::{Port, Request, Server, bind, http_date, serve};
    use crate::{
        clock::{Clock as _, Scaled, Stepped, Timestamp},
        sandbox::{
            scenario::{self, Effect, Fault},
            world::World,
        },
    };

    #[test]
    fn dates_are_as_http_writes_them() {
        assert_eq!(http_date(Timestamp::from_secs(1_795_305_600)), "Sun, 22 Nov 2026 00:00:00 GMT");
        assert_eq!(http_date(Timestamp::from_secs(784_111_777)), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    async fn get(address: std::net::SocketAddr, path: &str) -> (http::HeaderMap, Value) {
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let request = http::Request::get(path).header("host", "sandbox").body(Full::new(Bytes::new())).unwrap();
        let response = sender.send_request(request).await.unwrap();
        let headers = response.headers().clone();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (headers, serde_json::from_slice(&body).unwrap())
    }

    #[test]
    fn a_fault_can_close_the_connection_in_place_of_an_answer() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut world = World::new(scenario::load("promoted").unwrap());
            let (operations, effect) = (vec!["ListServices".to_owned()], Effect::DropAfterWrite);
            world.faults.add(Fault { operations, nth: Some(1), effect, ..Fault::default() });
            let listener = bind(0).await.unwrap();
            let address = listener.local_addr().unwrap();
            let (_stop, stopped) = watch::channel(false);
            tokio::spawn(serve(listener, Port::Control, Arc::new(Server::new(world, None)), stopped));
            let stream = TcpStream::connect(address).await.unwrap();
            let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
            tokio::spawn(connection);
            let request = http::Request::get("/services").header("host", "sandbox").body(Full::new(Bytes::new())).unwrap();
            assert!(sender.send_request(request).await.is_err());
            assert_eq!(get(address, "/services").await.1["items"][0]["name"], "myservice", "the next one is answered");
        });
    }

    #[test]
    fn a_pace_holds_back_the_steps_of_the_clock_and_nothing_else() {
        let server = Server::new(World::new(scenario::load("promoted").unwrap()), None);
        let start = server.world().now;
        let request = |method: http::Method, path: &str| Request {
            method,
            path: path.to_owned(),
            query: String::new(),
            headers: http::HeaderMap::new(),
            body: format!("{{\"until\":{}}}", start.as_millis() + 90_000).into(),
        };
        let step = request(http::Method::POST, "/_sandbox/clock");
        assert_eq!(server.delay(&step), Duration::ZERO, "without a pace nobody waits");
        server.set_pace(Duration::from_millis(200));
        assert_eq!(server.delay(&step), Duration::from_millis(300), "a minute and a half");
        assert_eq!(server.delay(&request(http::Method::GET, "/_sandbox/clock")), Duration::ZERO);
        assert_eq!(server.delay(&request(http::Method::GET, "/services")), Duration::ZERO);
        let scaled = Server::new(World::new(scenario::load("promoted").unwrap()), Some(Scaled::from(start, 1.0)));
        scaled.set_pace(Duration::from_millis(200));
        assert_eq!(scaled.delay(&step), Duration::ZERO, "a clock that goes by itself is nobody's to step");
    }

    #[test]
    fn a_stepped_world_moves_only_when_its_clock_is_waited_for() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = Arc::new(Server::new(World::new(scenario::load("promoted").unwrap()), None));
            let listener = bind(0).await.unwrap();
            let address = listener.local_addr().unwrap();
            let (stop, stopped) = watch::channel(false);
            let serving = tokio::spawn(serve(listener, Port::Control, server, stopped));

            let clock = Stepped::connect(&format!("http://{address}/_sandbox/clock")).await.unwrap();
            let start = clock.now();
            assert_eq!(start, Timestamp::from_secs(1_795_305_600));
            let later = start + std::time::Duration::from_secs(3600);
            clock.sleep_until(later).await;
            assert_eq!(clock.now(), later);

            let (headers, body) = get(address, "/services").await;
            assert_eq!(headers["date"], "Sun, 22 Nov 2026 01:00:00 GMT");
            assert_eq!(headers["x-amzn-requestid"], "00000000-0000-4000-8000-000000000001");
            assert_eq!(body["items"][0]["name"], "myservice");
            let (_, world) = get(address, "/_sandbox/world").await;
            assert_eq!(world["now"], later.as_millis());

            stop.send(true).unwrap();
            serving.await.unwrap();
            assert!(TcpStream::connect(address).await.is_err(), "nothing listens any more");
            // Whoever waits when the sandbox is gone still gets to the end.
            let end = later + std::time::Duration::from_secs(60);
            clock.sleep_until(end).await;
            assert_eq!(clock.now(), end);
        });
    }
}
