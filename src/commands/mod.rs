//! One file per verb; each reads top to bottom: settings, definitions, work, exit code.
//!
//! [`run`] is the only way in. Shared by the verbs: `connect` (AWS, clock, reports), `definitions` and `replace` (files, read and written), `lookups` (what they refer to), `verify` (a folder: everything that a release would fail by), `as_findings` (its formats), `iam_policy`, `declared_policy` and `trust_policy` (what the role needs, and who may have it), `init` (a folder: a project to begin with), `resources` (a folder: `up` and `down`), `preview` (a folder: environments of pull requests), `filter_log` (what their filters say), `view` and
//! `preflight` (what is known and judged before the first write), `stable_service` (who fills the slot that serves), `capacity` (what else scales the slots), `judging` (metrics and
//! alarms beforehand), `lock` (that nobody else begins), `dry_run` (what is done beside that), `recorded` (a rollout found by its record), `takeover` (by another job),
//! `sweep` (all of them), `opened` (a release before anything is known of it), `patch_slot` (`patch` for a slot), `conduct` (from a prepared rollout to an exit code); `start` (the world of a sandbox), with `rehearse` (under a config's names) and `live` (from an
//! account).

mod abort;
mod abort_to;
mod answer;
mod as_findings;
mod capacity;
mod completions;
mod conduct;
mod connect;
mod declared_policy;
mod definitions;
mod demo;
mod deploy;
mod diff;
mod dispatch;
mod dry_run;
mod filter_log;
mod iam_policy;
mod init;
mod judging;
mod live;
mod lock;
mod lookups;
mod opened;
mod patch;
mod patch_slot;
mod preflight;
mod preview;
mod promote;
mod recorded;
mod recover;
mod rehearse;
mod replace;
mod resources;
mod resume;
mod rollback;
mod sandbox;
mod schema;
mod shift;
mod stable_service;
mod start;
mod status;
mod status_watch;
mod sweep;
mod takeover;
mod test_rule;
mod trust_policy;
mod verify;
mod view;

pub use dispatch::{in_words, run};
