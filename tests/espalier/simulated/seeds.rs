//! As many seeds as fit into seconds; `cargo bench --bench simulate` plays as many as one likes.

use std::process::Command;

use crate::simulation::{
    case::Case,
    long::Summary,
    play::{Played, play},
    wire,
};

/// In a debug build a case takes some ten milliseconds.
const SEEDS: u64 = 3000;
/// Over HTTP it takes some hundreds. They are the first of the same seeds whose cases can be told to a sandbox.
const WIRED: usize = 100;

#[test]
fn no_seed_breaks_a_rule() {
    let mut summary = Summary::default();
    for seed in 0..SEEDS {
        summary.play(seed);
        assert!(summary.violations.is_empty(), "{}", summary.violations.join("\n"));
    }
    let of = |kind: &str| summary.outcomes.get(kind).copied().unwrap_or(0);
    for kind in ["promoted", "rolled-back", "stuck", "superseded", "held", "killed", "declined"] {
        assert!(of(kind) > 0, "no case is `{kind}`, so that nothing is said about it: {}", summary.line());
    }
}

/// A seed replays: what it found on one day it finds on another.
#[test]
fn a_seed_gives_the_same_endings_and_journals_however_often_it_is_played() {
    for seed in 0..50 {
        let case = Case::of(seed);
        let [one, other] = [(); 2].map(|()| {
            let Played { endings, journals, took, .. } = play(&case, false);
            (endings, journals, took)
        });
        assert_eq!(one, other, "{case}");
    }
}

#[test]
fn the_driver_gives_the_same_journals_over_http() {
    // The clients read credentials from the environment, which a test cannot set for itself.
    let own = std::env::current_exe().expect("a test binary");
    let played = Command::new(own)
        .args(["--exact", "simulated::seeds::over_http", "--ignored", "--nocapture"])
        .envs([("AWS_ACCESS_KEY_ID", "simulated"), ("AWS_SECRET_ACCESS_KEY", "simulated")])
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&played.stdout).into_owned() + &String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success() && said.contains("1 passed"), "{said}");
}

#[test]
#[ignore = "`the_driver_gives_the_same_journals_over_http` plays it, with credentials in the environment"]
fn over_http() {
    let cases = wire::fitting(0, WIRED);
    for (what, of) in wire::befallen(&cases) {
        assert!(of > 4, "{what}: {of} of {WIRED} say little about it");
    }
    let differences = wire::compare(cases);
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}
