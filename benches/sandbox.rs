//! How fast the sandbox is: `cargo bench --bench sandbox`, or `-- --binary FILE` for a binary that is built already.
//!
//! Shown, never judged: a clock judges the machine as well. The bars: ready in 50 ms, 2 000 requests a second on one core, a
//! canary of 40 minutes with load in 2 s. Measured with the static binary, newest first:
//!
//! | when | ready (best, median) | GetRule, ListTargets, DescribeServices a second | canary (best, median) | where |
//! |---|---|---|---|---|
//! | 2026-11-26 | 7.9 ms, 19 ms | 8 131, 19 823, 4 861 | 0.98 s, 1.2 s | two virtual cores, busy with compilers |

#![expect(clippy::print_stdout, reason = "a benchmark shows what it measured")]

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

/// How many clients ask at once, each on a connection of its own.
const CLIENTS: usize = 4;
/// How long each kind of request is asked.
const ASKED_FOR: Duration = Duration::from_secs(2);
const LISTENER: &str = "/services/svc-12345678901234567/listeners/listener-12345678901234567";

fn main() {
    let binary = binary();
    println!("{binary}");
    ready(&binary);
    requests(&binary);
    canary(&binary);
}

/// The one that cargo built, unless another is named. Cargo itself passes `--bench`.
fn binary() -> String {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--binary");
    arguments.nth(1).unwrap_or_else(|| option_env!("CARGO_BIN_EXE_espalier").unwrap_or("espalier").to_owned())
}

/// A sandbox that serves; killed with the value.
struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(binary: &str) -> Self {
        let mut child =
            Command::new(binary).args(["sandbox", "serve"]).stdout(Stdio::piped()).spawn().expect("the binary starts");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("a line");
        let address = line.trim().rsplit('/').next().expect("an address").to_owned();
        Self { child, address }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
fn now() -> Instant {
    Instant::now()
}

fn shown(what: &str, mut times: Vec<Duration>) {
    times.sort();
    println!("{what}: best {:.1?}, median {:.1?} of {}", times[0], times[times.len() / 2], times.len());
}

fn ready(binary: &str) {
    let measured = (0..20).map(|_| {
        let began = now();
        let _served = Served::start(binary);
        began.elapsed()
    });
    shown("from start to ready", measured.collect());
}

fn requests(binary: &str) {
    let served = Served::start(binary);
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: sandbox\r\nContent-Length: 0\r\n\r\n");
    let post = |path: &str, headers: &str, body: &str| {
        format!("POST {path} HTTP/1.1\r\nHost: sandbox\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
    };
    let ecs = "X-Amz-Target: AmazonEC2ContainerServiceV20141113.DescribeServices\r\nContent-Type: application/x-amz-json-1.1\r\n";
    let asked = BTreeMap::from([
        ("vpc-lattice:GetRule", get(&format!("{LISTENER}/rules/rule-12345678901234567"))),
        ("vpc-lattice:ListTargets", post("/targetgroups/tg-12345678901234567/listtargets", "", "{}")),
        ("ecs:DescribeServices", post("/", ecs, r#"{"cluster":"my-cluster","services":["myservice"]}"#)),
    ]);
    for (what, request) in asked {
        let (stop, done) = (AtomicBool::new(false), AtomicU64::new(0));
        let began = now();
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| ask(&served.address, &request, &stop, &done));
            }
            // The clients watch the clock themselves: nothing here sleeps.
            while began.elapsed() < ASKED_FOR {
                ask_once(&served.address, &request);
                done.fetch_add(1, Ordering::Relaxed);
            }
            stop.store(true, Ordering::Relaxed);
        });
        let rate = done.load(Ordering::Relaxed) as f64 / began.elapsed().as_secs_f64();
        println!("{what}: {rate:.0} requests a second from {CLIENTS} clients, {:.1} MiB resident", resident(&served.child));
    }
}

fn ask(address: &str, request: &str, stop: &AtomicBool, done: &AtomicU64) {
    let mut connection = TcpStream::connect(address).expect("a connection");
    connection.set_nodelay(true).expect("no delay");
    while !stop.load(Ordering::Relaxed) {
        exchange(&mut connection, request);
        done.fetch_add(1, Ordering::Relaxed);
    }
}

fn ask_once(address: &str, request: &str) {
    exchange(&mut TcpStream::connect(address).expect("a connection"), request);
}

/// One request and its answer, on a connection that stays open.
fn exchange(connection: &mut TcpStream, request: &str) {
    connection.write_all(request.as_bytes()).expect("the request is sent");
    let mut answer = Vec::with_capacity(4096);
    let mut chunk = [0; 8192];
    loop {
        let read = connection.read(&mut chunk).expect("an answer");
        assert!(read > 0, "the connection was closed");
        answer.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            assert!(head.starts_with("HTTP/1.1 200"), "{text}");
            let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if length.is_some_and(|length: usize| body.len() >= length) {
                return;
            }
        }
    }
}

/// Resident memory in MiB; 0 where the system does not tell.
fn resident(child: &Child) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let kibibytes = status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    kibibytes.unwrap_or(0.0) / 1024.0
}

/// Three steps with 10, 10 and 15 minutes of bake and 90 seconds of settle each: 39.5 minutes, and 10 until the old slot is retired.
fn canary(binary: &str) {
    let scenario = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/canary-with-load.yml");
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/seed/espalier.yml");
    let measured = (0..5).map(|_| {
        let began = now();
        let ended = Command::new(binary)
            .args(["sandbox", "run", "--scenario", scenario, "--", "deploy", "-c", config])
            .args(["--steps", "5%:10m,25%:10m,100%:15m", "--timeout", "90m"])
            .stdout(Stdio::null())
            .status();
        assert!(ended.expect("the binary runs").success());
        began.elapsed()
    });
    shown("a canary of 40 minutes with load", measured.collect());
}
