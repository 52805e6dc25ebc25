//! The long run of the simulator: `cargo bench --bench simulate -- [--rollouts N] [--seed S] [--seconds T]`.
//!
//! It plays seeds from S on, on one core, until N rollouts have ended or T seconds have passed, and prints what came of them.
//! Every rule of DESIGN §5 is held at every instant; the first case that breaks one is shortened, told, and ends the run with
//! code 1. With `--rollouts 1` the story of the seed is told whatever comes of it.

#[path = "../tests/espalier/simulation/mod.rs"]
mod simulation;

use std::{process::ExitCode, time::Instant};

use simulation::{
    case::Case,
    long::{Summary, story},
    run::play,
};

fn main() -> ExitCode {
    let (mut rollouts, mut seed, mut seconds) = (100_000, 0, u64::MAX);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|number| number.parse::<u64>().ok());
        let known = match argument.as_str() {
            "--rollouts" => number().map(|given| rollouts = given),
            "--seed" => number().map(|given| seed = given),
            "--seconds" => number().map(|given| seconds = given),
            // What cargo itself adds.
            "--bench" => Some(()),
            _ => None,
        };
        if known.is_none() {
            eprintln!("`{argument}` is not understood; write --rollouts N, --seed S or --seconds T");
            return ExitCode::from(2);
        }
    }
    let began = Instant::now();
    let mut summary = Summary::default();
    if rollouts == 1 {
        let case = Case::of(seed);
        let played = play(&case, true);
        println!("{case}{}", played.story.join("\n"));
        println!("{:?}", played.endings);
        if played.violation.is_some() {
            println!("{}", story(&case));
            return ExitCode::FAILURE;
        }
        return ExitCode::SUCCESS;
    }
    while (summary.rollouts as u64) < rollouts && began.elapsed().as_secs() < seconds && summary.violations.is_empty() {
        summary.play(seed);
        seed += 1;
    }
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    println!(
        "{} rollouts in {} cases: {}; violations {}; {:.0} rollouts a minute",
        summary.rollouts,
        summary.cases,
        summary.outcomes(),
        summary.violations.len(),
        summary.rollouts as f64 / minutes
    );
    for story in &summary.violations {
        println!("{story}");
    }
    if summary.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
