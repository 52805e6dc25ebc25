//! Reports never decide anything.

use super::QUICK;
use crate::harness::Story;

#[test]
fn a_release_does_not_need_github() {
    let told = Story::within_file("github-outage").deploy(&QUICK).ends_with(0).says("myservice:2 promoted");
    told.world.forwards(&[("myservice-a", 0), ("myservice-b", 100)]);
    assert_eq!(told.world.comments(), [""; 0]);
}

#[test]
fn a_token_that_may_only_read_is_told_once_with_the_missing_permission() {
    let told = Story::within_file("github-read-only").deploy(&QUICK).ends_with(0).says("myservice:2 promoted");
    for (report, permission) in [("pull request comment", "pull-requests: write"), ("check run", "checks: write")] {
        let lines = told.run.stdout.lines().chain(told.run.stderr.lines());
        let warnings: Vec<_> = lines.filter(|line| line.contains(permission)).collect();
        let [warning] = warnings[..] else { panic!("{warnings:#?}") };
        assert!(warning.contains(report) && warning.contains(&format!("add `{permission}` to the `permissions:`")), "{warning}");
    }
}

#[test]
fn outside_of_actions_there_is_nothing_to_report_to() {
    let told = Story::within("promoted")
        .script(&format!("for name in ${{!GITHUB_*}}; do unset \"$name\"; done\nexits 0 deploy {}", super::QUICKLY));
    let told = told.ends_with(0).says("myservice:2 promoted");
    assert_eq!(told.world.comments(), [""; 0]);
    assert_eq!(told.world.check().0, "");
}
