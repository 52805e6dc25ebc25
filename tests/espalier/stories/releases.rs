//! Releases that go well.

use super::{QUICK, QUICKLY};
use crate::harness::Story;

#[test]
fn a_good_release_is_promoted() {
    let story = Story::within("promoted");
    let outputs = story.path("outputs");
    let summary = story.path("summary.md");
    let story = story.with("GITHUB_OUTPUT", &outputs).with("GITHUB_STEP_SUMMARY", &summary);
    let told = story.deploy(&[]).ends_with(0).says("myservice:2 promoted");

    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 25, 100], "every step, and nothing else");
    assert_eq!((told.world.tasks("myservice"), told.world.desired("myservice")), (0, Some(0)), "the old slot is retired");
    assert_eq!((told.world.tasks("myservice-green"), told.world.desired("myservice-green")), (3, Some(3)));

    let outputs = story.read("outputs");
    for line in [
        "outcome=promoted",
        "reason=steps-passed",
        "stable-revision=myservice:2",
        "candidate-revision=myservice:2",
        "weights={\"stable\":0,\"candidate\":100}",
        "task-definition=myservice:2",
        "ecs-service=myservice-green",
    ] {
        assert!(outputs.lines().any(|found| found == line), "{line} is not in\n{outputs}");
    }
    assert!(outputs.contains("\ncomment-url=http") && outputs.contains("\ncheck-run-url=http"), "{outputs}");
    assert!(story.read("summary.md").contains("`myservice:2` promoted"));

    let comments = told.world.comments();
    assert_eq!(comments.len(), 1, "one comment, edited");
    assert!(comments[0].contains("`myservice:2` promoted"), "{}", comments[0]);
    assert_eq!(
        told.world.check(),
        ("completed".to_owned(), "success".to_owned(), "myservice:2 promoted after 33m 17s".to_owned())
    );
}

#[test]
fn c19_throttling_slows_a_release_down_and_never_fails_it() {
    let told = Story::within("throttled").deploy(&QUICK).ends_with(0).says("will be repeated");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
}

#[test]
fn the_first_release_of_all_serves_alone_and_the_second_goes_beside_it() {
    let told = Story::within("bootstrap").script(&format!(
        r#"
        exits 0 deploy --image web=myservice:1
        exits 0 espalier status --lattice-service myservice
        exits 0 deploy --image web=nginx:1.29 {QUICKLY}
        "#
    ));
    let told = told.ends_with(0).says("default action of http-80: myservice-a 100").says("myservice:2 promoted");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    assert_eq!((told.world.tasks("myservice"), told.world.tasks("myservice-green")), (0, 3));
}

#[test]
fn a_first_release_that_fails_puts_the_fixed_response_back() {
    let story = Story::within_file("bootstrap-unhealthy");
    let told = story.deploy(&QUICK).ends_with(3);
    let before = story.untold().actions();
    assert_eq!(before["http-80/default"]["fixed_response"], 404);
    assert_eq!(told.world.actions(), before);
    assert_eq!(told.world.tasks("myservice"), 0);
}

#[test]
fn roles_swap_at_every_promotion() {
    let told = Story::within("promoted")
        .script(&format!("exits 0 deploy --image web=nginx:1.28 {QUICKLY}\nexits 0 deploy --image web=nginx:1.29 {QUICKLY}"));
    let told = told.ends_with(0).says("myservice:2 (slot b) → myservice:3 (slot a)");
    told.world.forwards(&[("myservice-a", 100), ("myservice-b", 0)]);
    assert_eq!((told.world.tasks("myservice"), told.world.tasks("myservice-green")), (3, 0));
    assert_eq!(told.world.revision("myservice"), "myservice:3");
    let record = told.world.record();
    assert!(record.contains("previous.slot=b") && record.contains("task-definition/myservice:2 previous.count=3"), "{record}");
}

#[test]
fn what_already_runs_is_not_released_again_unless_forced() {
    let story = Story::within("promoted");
    let same = ["--image", "web=myservice:1"];
    let told = story.deploy(&same).ends_with(0).says("unchanged (nothing-changed)");
    assert_eq!(told.world.writes(), [""; 0]);

    let forced = story.deploy(&[&same[..], &["--force"], &QUICK].concat()).ends_with(0).says("myservice:2 promoted");
    forced.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
}

#[test]
fn a_floating_image_is_always_a_change() {
    Story::within("promoted").deploy(&["--dry-run"]).ends_with(0).says("would release myservice");
}

#[test]
fn a_dry_run_writes_nothing() {
    let story = Story::within("promoted");
    let told = story.deploy(&["--dry-run"]).ends_with(0).says("create target group myservice-b like myservice-a");
    assert_eq!(told.world.writes(), [""; 0]);
    assert_eq!(told.world.state(), story.untold().state());
}

#[test]
fn half_a_percent_of_the_requests_is_exactly_that() {
    let steps = ["--steps", "0.5%:30s,100%:30s", "--settle", "30s", "--retire-after", "30s"];
    let told = Story::within("promoted").deploy(&steps).ends_with(0).says("step 1 of 2: 0.5% of the requests are to go to");
    let (stable, candidate) = (told.world.weights_of("myservice-a"), told.world.weights_of("myservice-b"));
    assert_eq!((stable.len(), candidate.len()), (3, 3), "{stable:?} {candidate:?}");
    assert!(candidate[1] > 0 && 5 * stable[1] == 995 * candidate[1], "{} to {}", stable[1], candidate[1]);
}

/// Written as they are meant, recorded, and gone on with by another job.
#[test]
fn any_share_that_a_pair_of_weights_represents_is_exactly_that() {
    let told = Story::within("promoted").script(
        r#"
        exits 0 deploy --steps 1.5625%:30s,hold:4h,1/3:30s,100%:30s --settle 30s --retire-after 30s
        exits 0 espalier status --lattice-service myservice
        exits 0 espalier promote --lattice-service myservice
        "#,
    );
    let told = told.ends_with(0).says("step 1 of 3: 1.5625% of the requests are to go to");
    let told = told.says("it waits to be promoted to step 2 of 3 (1/3)").says("step 2 of 3: 1/3 of the requests are to go to");
    let weights = ["myservice-a", "myservice-b"].map(|group| told.world.weights_of(group));
    assert_eq!(weights, [vec![100, 63, 2, 0], vec![0, 1, 100]]);
    let thirds = ["--strategy", "linear:1/3:30s", "--dry-run"];
    Story::within("promoted").deploy(&thirds).ends_with(0).says("the strategy stands for the steps 1/3:30s,2/3:30s,100%:30s");
}

/// What a strategy is short for is said before and in the course of it.
#[test]
fn a_strategy_is_printed_as_the_steps_that_it_stands_for() {
    let says = "the strategy stands for the steps 5%:30s,100%:30s";
    let strategy = ["--strategy", "canary:5%:30s", "--settle", "30s", "--retire-after", "30s"];
    let story = Story::within("promoted");
    story.deploy(&[&strategy[..], &["--dry-run"]].concat()).ends_with(0).says(says);
    let told = story.deploy(&strategy).ends_with(0).says(&format!("note: {says}"));
    assert_eq!(told.world.weights_of("myservice-b"), [0, 5, 100]);
    let shift = ["shift", "--lattice-service", "myservice", "--from", "myservice-a", "--to", "good"];
    let story = Story::within_file("three-services");
    let shift = [&shift[..], &strategy[..4]].concat();
    story.run(&[&shift[..], &["--dry-run"]].concat()).ends_with(0).says(says);
    story.run(&shift).ends_with(0).says(&format!("note: {says}"));
}
