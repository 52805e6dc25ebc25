//! How fast `patch` is as a whole process: `cargo bench --bench patch`, or `-- --binary FILE` for a binary that is built already.
//!
//! Shown, never judged: a clock judges the machine as well. The bars: the seed's definition no slower than `gojq` on the same edit
//! (`benches/patch-peers` asks both), a definition of 1 MB in 100 ms. Measured with the static binary, newest first:
//!
//! | when | the seed's (best, median) | 1 MB (best, median) | where |
//! |---|---|---|---|
//! | 2026-11-27 | 2.4 ms, 6.8 ms | 160 ms, 206 ms (1.19 MB) | two virtual cores, four compilers on them: `gojq` 2.6 ms and 72 ms at the same time |
//! | 2026-11-27 | 2.6 ms, 2.8 ms | 91 ms, 104 ms (1.19 MB) | the same, hardly busy: `gojq` 1.9 ms and 33 ms; before only the verb's own arguments are made and no jq is compiled |
//! | 2026-11-27 | 2.7 ms, 5.1 ms | 147 ms, 265 ms (1.19 MB) | two virtual cores, busy with compilers; before objects of few members were read without a set of their names |

#![expect(clippy::print_stdout, reason = "a benchmark shows what it measured")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

const SEED: &str = "tests/fixtures/seed/ecs-service-def.json";
const GROUP: &str = "arn:aws:vpc-lattice:ap-northeast-1:123456789012:targetgroup/tg-0b000000000000000";
const ROLE: &str = "arn:aws:iam::123456789012:role/ecsInfrastructureRole";

fn main() {
    let binary = binary();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    println!("{binary}");
    let seed = root.join(SEED);
    measure("the seed's", &binary, &seed, 200);
    let large = large();
    let size = fs::metadata(&large).expect("written").len();
    measure(&format!("{:.2} MB", size as f64 / 1e6), &binary, &large, 20);
    fs::remove_file(large).expect("ours");
}

/// The one that cargo built, unless another is named. Cargo itself passes `--bench`.
fn binary() -> String {
    let mut arguments = std::env::args().skip_while(|argument| argument != "--binary");
    arguments.nth(1).unwrap_or_else(|| option_env!("CARGO_BIN_EXE_espalier").unwrap_or("espalier").to_owned())
}

/// A definition of 1 MB: the most that anybody could have, and much of it text with escapes.
fn large() -> PathBuf {
    let mut text = String::from("{\n  \"serviceName\": \"myservice\",\n  \"tags\": [");
    for number in 0..11_000 {
        let comma = if number == 0 { "" } else { "," };
        let _ = write!(
            text,
            "{comma}\n    {{ \"key\": \"key-{number:05}\", \"value\": \"value \\\"{number}\\\" of \\u00fcber 1e{number}\" }}"
        );
    }
    text.push_str("\n  ]\n}\n");
    let path = std::env::temp_dir().join(format!("espalier-bench-{}.json", std::process::id()));
    fs::write(&path, text).expect("written");
    path
}

fn measure(what: &str, binary: &str, definition: &Path, times: usize) {
    let mut took: Vec<Duration> = (0..times).map(|_| patch(binary, definition)).collect();
    took.sort();
    println!("{what}: best {:?}, median {:?} of {times}", took[0], took[times / 2]);
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
fn patch(binary: &str, definition: &Path) -> Duration {
    let mut command = Command::new(binary);
    command.arg("patch").arg(definition).args(["--target-group", GROUP, "--infrastructure-role", ROLE, "--port-name", "http"]);
    command.env_clear().stdout(Stdio::null()).stderr(Stdio::null());
    let began = Instant::now();
    let status = command.status().expect("it starts");
    let took = began.elapsed();
    assert!(status.success(), "{status}");
    took
}
