//! The long run of the simulator: `cargo bench --bench simulate -- [--rollouts N] [--seed S] [--seconds T] [--wire N]`.
//!
//! It plays seeds from S on, on one core, until N rollouts have ended in a typed outcome or T seconds have passed, and prints what came of
//! them, and how many jobs there were: also those that were killed, that declined, and that touched nothing.
//! Every rule of DESIGN §5 is held at every instant; the first case that breaks one is shortened, told, and ends the run with
//! code 1. With `--rollouts 1` the story of seed S is told whatever comes of it.
//!
//! The bar is 100 000 rollouts a minute on one core. A job is one rollout of the machine's from its first event to its last; not each ends in
//! an outcome, since jobs are killed, decline, or touch nothing. Both are told. What counts is processor time, since others are at work on the
//! same machine; even that grows by half while they are. Measured side by side, newest first:
//!
//! | when | typed outcomes a minute, by the clock | jobs a minute, sweeps after the last one among them | what was done |
//! |---|---|---|---|
//! | 2026-11-28 | 73 700 to 102 400 minutes apart, with nothing else of ours at work: others slow the machine (8000 to 60 000 rollouts from 330000000, fourteen times) | not measured | nothing: 1.550 thousand million instructions as before. Fat LTO makes it 1.543 and takes longer to build |
//! | 2026-11-28 | 116 600 on a core of its own, tests on the other (150 000 rollouts from 330000000) | 139 300 | groups without health checks, why tasks could not be placed: 1.550 thousand million instructions for 400 rollouts from 330000000, 1.524 before |
//! | 2026-11-28 | 108 200 on a quiet machine (150 000 rollouts from 330000000); 76 100 of the same binary and seeds an hour before, while others slowed the machine | 129 200; 90 800 | stopped tasks are read while targets drain, and the court holds ten rules more |
//! | 2026-11-28 | 108 300 on a core of its own, tests on the other (230 000 rollouts from 101000000); 91 400 to 92 500 with compilers and tests on both | 129 900; 109 600 to 111 100 | what never changes of a world is shared, each part is asked once a step when it is due, tasks know their containers, edges of rates by Newton's method: 19 % fewer instructions |
//! | 2026-11-27 | 92 700 and 85 400 on a quiet machine (300 000 rollouts from 90000000, twice); 78 300 before | 111 200 and 102 500; 94 000 before | a record is read once however many ask for it; what there is is listed and not sorted; an interval of rates stops at 1e-12 |
//! | 2026-11-27 | 86 900 on a core of its own, two compilers on the other (63 000 rollouts); 77 000 with tests on it (77 000 rollouts) | 104 300; 92 300 | a service's tasks are looked through once for all of its targets; tags are packed without a string for each number |
//! | 2026-11-27 | 57 000 with compilers on both (10 000 rollouts) | 68 800 | the court holds rule 3's emergency rollback; machines that stand still for hours, slow calls, people who move everything |
//!
//! The figures before are of jobs, without the sweeps after a case's last one. Of 13 827 such jobs (the first 10 000 seeds) 11 460 ended in a
//! typed outcome, which is 83 %; 1960 were killed, 403 declined, 4 touched nothing.
//!
//! | when | a minute of processor time, busy machine | quiet machine | what was done |
//! |---|---|---|---|
//! | 2026-11-27 | 67 000 to 103 500 within one hour, by the clock 67 000 to 102 000, whatever else was at work | 101 200, by the clock too, while it had its core alone (300 000 rollouts) | more is asked of each case: sweeps after the last job, second releases, readings before writes |
//! | 2026-11-27 | 84 000 to 132 000, 13 000 to 47 000 rollouts at a time, load 18 on two cores | 124 000, by the clock too, while it had its core alone (`taskset -c 0 nice -n -15`) | the same build; jobs are killed with a call under way as well |
//! | 2026-11-27 | 80 000 (55 000 before, the same seeds on the same core) | not measured | what is asked at every event (health checks, containers) is read from JSON once; a record that stands as its job wrote it is not decoded; idle services are passed over |
//! | 2026-11-27 | 71 000 | not measured | the bench is built in one piece (thin LTO, one codegen unit) |
//! | 2026-11-27 | 55 000 | not measured | health checks that would find nothing new are not done; copies of a world share what never changes; worlds are compared without words; records are written and read without a string for each pair; an allocator of the bench's own (a fifth of it) |
//! | 2026-11-26 | 32 000 | 48 700 | the world says whether it changed |
//!
//! Before the newest of these the world's own steps took 20 %, writing records as tags 7 %, handing out memory 17 %, making and dropping
//! the copy of a world 7 %, comparing strings 10 %, the machine 6 %. The next that could go: words for the log of a world that nobody
//! tells, and addresses and ids as strings.
//!
//! The newest long runs without a violation, 2026-11-28: 300 000 rollouts each from 500000000, 510000000, 520000000, 600000000, 610000000,
//! 620000000, 710000000 and 720000000. Seeds find about one thing in 300 000 rollouts, and of those more than every other one is the court's
//! own: where a rule of it claimed too much, a comment there names the seed. The newest in the machine: 102077963, a test rule that nobody
//! had recorded; 103002298, a hook's failure that put back what somebody had set before anything was attached; 111212211, a size that was
//! given up and took effect once a rollback had begun; 112181034, a forced abort of what was stopped meanwhile; 730074720, a test rule that a
//! rollback left which was cancelled before it wrote anything. What they have found is a case each in `tests/espalier/simulated/found.rs` or
//! in the machine's own tests.
//!
//! A profile in instructions, which a busy machine does not blur: `valgrind --tool=callgrind` of the bench's binary with `--rollouts 400`.
//!
//! `--wire N` plays the first N seeds that can be told to a sandbox a second time through the real driver, the real clients and HTTP, with
//! signals, kills and the runner's clock, and compares the journals. For that set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, to anything.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "what a person runs by hand tells what it found")]

#[path = "../tests/espalier/simulation/mod.rs"]
mod simulation;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use simulation::{
    case::Case,
    long::{Summary, story},
    play::play,
    wire,
};

/// A case is made and thrown away in less than a millisecond: handing out memory is a quarter of that.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is asked for.
struct Asked {
    rollouts: u64,
    seed: u64,
    seconds: u64,
    wire: u64,
}

fn main() -> ExitCode {
    match asked() {
        Err(argument) => {
            eprintln!("`{argument}` is not understood; write --rollouts N, --seed S, --seconds T or --wire N");
            ExitCode::from(2)
        }
        Ok(asked) if asked.wire > 0 => over_the_wire(&asked),
        Ok(asked) if asked.rollouts == 1 => tell(asked.seed),
        Ok(asked) => many(&asked),
    }
}

fn asked() -> Result<Asked, String> {
    let mut asked = Asked { rollouts: 100_000, seed: 0, seconds: u64::MAX, wire: 0 };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let place = match argument.as_str() {
            "--rollouts" => &mut asked.rollouts,
            "--seed" => &mut asked.seed,
            "--seconds" => &mut asked.seconds,
            "--wire" => &mut asked.wire,
            // What cargo itself adds.
            "--bench" => continue,
            _ => return Err(argument),
        };
        *place = arguments.next().and_then(|number| number.parse().ok()).ok_or(argument)?;
    }
    Ok(asked)
}

/// The story of one seed.
fn tell(seed: u64) -> ExitCode {
    let case = Case::of(seed);
    let played = play(&case, true);
    println!("{case}{}", played.story.join("\n"));
    println!("it took {:?} of the world's time; the rules were held {} times", played.took, played.history.len());
    for (job, ending) in &played.endings {
        println!("{job}: {ending:?}");
    }
    if played.violation.is_none() {
        return ExitCode::SUCCESS;
    }
    println!("{}", story(&case));
    ExitCode::FAILURE
}

#[expect(clippy::disallowed_methods, reason = "how fast it is can only be told by a real clock")]
fn many(asked: &Asked) -> ExitCode {
    let began = Instant::now();
    let mut summary = Summary::default();
    let mut seed = asked.seed;
    while summary.rollouts < asked.rollouts && began.elapsed().as_secs() < asked.seconds && summary.violations.is_empty() {
        summary.play(seed);
        seed += 1;
    }
    println!("{}", summary.line());
    for (counted, what) in [(summary.rollouts, "rollouts"), (summary.jobs, "jobs")] {
        let a_minute = |took: Duration| u128::from(counted) * 60_000_000 / took.as_micros().max(1);
        let of_processor = processor_time().map(|took| format!(", {} a minute of processor time", a_minute(took)));
        println!("{} {what} a minute by the clock{}", a_minute(began.elapsed()), of_processor.unwrap_or_default());
    }
    summary.violations.iter().for_each(|story| println!("{story}"));
    if summary.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// For how long this thread was given a processor until now, where the system tells: others may be at work beside it.
fn processor_time() -> Option<Duration> {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    told.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn over_the_wire(asked: &Asked) -> ExitCode {
    let count = usize::try_from(asked.wire).unwrap_or(usize::MAX);
    let cases = wire::fitting(asked.seed, count);
    let befallen = wire::befallen(&cases).map(|(what, of)| format!("{what} {of}"));
    let differences = wire::compare(cases);
    println!("{count} seeds over HTTP ({}): {} journals differ from the simulator's", befallen.join(", "), differences.len());
    differences.iter().for_each(|difference| println!("\n{difference}"));
    if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
