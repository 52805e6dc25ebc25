//! Stories: a world, what somebody does in it, and what stands there in the end.
//!
//! In the order of reading: `releases` (that go well), `failures` (that end rolled back or stuck), `interruptions` (signals, killed
//! jobs, other jobs), `holds` and `jobs` (what other jobs go on with), `judging` (metrics and alarms), `hazards` (other people, lost
//! answers), `capacity` (what else scales the slots), `credentials` (as whom, and how long), `locks` (two at once), `hooks`,
//! `afterwards` (rollback and status), `shifts`, `github` (reports, and their absence), `rehearsals` (the
//! sandbox's own commands and the demo), `scenarios` (worlds to begin with), `data_plane` (requests to the services of a sandbox),
//! `definitions` (projects of ecspresso's, templates, states).

mod afterwards;
mod capacity;
mod credentials;
mod data_plane;
mod definitions;
mod failures;
mod github;
mod hazards;
mod holds;
mod hooks;
mod interruptions;
mod jobs;
mod judging;
mod killed;
mod locks;
mod permissions;
mod rehearsals;
mod releases;
mod scenarios;
mod shifts;

/// Steps for stories in which it does not matter how long anything is watched.
pub(crate) const QUICK: [&str; 6] = ["--steps", "5%:30s,100%:30s", "--settle", "30s", "--retire-after", "30s"];

/// The same for scripts.
pub(crate) const QUICKLY: &str = "--steps 5%:30s,100%:30s --settle 30s --retire-after 30s";

/// The same without the time until the old slot is retired.
const STEPS: &str = "--steps 5%:30s,100%:30s --settle 30s";
