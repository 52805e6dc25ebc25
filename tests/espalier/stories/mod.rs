//! Stories: a world, what somebody does in it, and what stands there in the end.
//!
//! In the order of reading: `releases` (that go well), `failures` (that end rolled back or stuck), `interruptions` (signals, killed
//! jobs, other jobs), `killed` and `killed_equipped` (at each call in turn), `holds` and `jobs` (what other jobs go on with), `judging` and `measures` (metrics and alarms), `hazards` (other
//! people, lost answers), `managed` (weights that ECS moves by itself), `targets` (several traffic targets at once), `test_rules`, `capacity` (what else scales the slots),
//! `credentials` (as whom, and how long), `locks` (two at once), `hooks`, `afterwards` (rollback and status), `suggested` (commands that people are told), `shifts`, `github`
//! (reports, and their absence), `comments` (commands in them), `rehearsals` (the
//! sandbox's own commands and the demo), `scenarios` (worlds to begin with), `data_plane` (requests to the services of a sandbox),
//! `definitions` (projects of ecspresso's, templates, states), `lookups` (what they refer to in AWS), `slots` (patched for one of them), `references` (names, ids, ARNs, tags),
//! `resources` (`up` and `down`), `resources_killed` and `up_policies`, `previews` (up, pushed to, down), `preview_jobs` (killed, two at once, swept) and `preview_policies`,
//! `permissions` and `policies` (what the role needs), `broken_worlds` and `verify` (what would make a release fail), `mistakes` (what their
//! makers are told).

use serde_json::{Value, json};

mod afterwards;
mod broken_worlds;
mod capacity;
mod comments;
mod credentials;
mod data_plane;
mod definitions;
mod failures;
mod github;
mod hazards;
mod holds;
mod hooks;
mod init;
mod interruptions;
mod jobs;
mod judging;
mod killed;
mod killed_equipped;
mod locks;
mod lookups;
mod managed;
mod measures;
mod mistakes;
mod neighbours;
mod permissions;
mod policies;
mod preview_jobs;
mod preview_policies;
mod previews;
mod reasons;
mod references;
mod rehearsals;
mod releases;
mod resources;
mod resources_killed;
mod scenarios;
mod shifts;
mod signals;
mod slots;
mod suggested;
mod sweeps;
mod targets;
mod test_rules;
mod up_policies;
mod verify;

/// A world whose listener has so many rules, each sending everything to what is stable, and these members besides.
pub(crate) fn with_rules(priorities: impl IntoIterator<Item = u32>, more: &Value) -> Value {
    let rule = |priority: u32| {
        json!({
            "name": format!("rule-{priority}"), "priority": priority,
            "match": { "httpMatch": { "pathMatch": { "match": { "prefix": format!("/{priority}") } } } },
            "action": { "forward": { "myservice-a": 100 } },
        })
    };
    let rules: Vec<Value> = priorities.into_iter().map(rule).collect();
    let listener = json!({
        "name": "http-80", "id": "listener-12345678901234567", "port": 80,
        "default_action": { "forward": { "myservice-a": 100 } }, "rules": rules,
    });
    let service = json!({ "name": "myservice", "id": "svc-12345678901234567", "listeners": [listener] });
    let mut world = json!({ "name": "rules", "lattice": { "services": [service] } });
    for (member, value) in more.as_object().expect("members") {
        world[member] = value.clone();
    }
    world
}

/// Steps for stories in which it does not matter how long anything is watched.
pub(crate) const QUICK: [&str; 6] = ["--steps", "5%:30s,100%:30s", "--settle", "30s", "--retire-after", "30s"];

/// The same for scripts.
pub(crate) const QUICKLY: &str = "--steps 5%:30s,100%:30s --settle 30s --retire-after 30s";

/// The same without the time until the old slot is retired.
const STEPS: &str = "--steps 5%:30s,100%:30s --settle 30s";
