//! What `--dry-run` tells of that which a release does beside moving weights.

use super::lock;
use crate::{
    aws::lattice::{action::Action, traffic::TrafficTarget},
    hooks::Jobs,
    settings::{Lock, TestRule},
};

/// Its lock, its test rule and its hooks, a line for each.
pub(super) fn besides(
    taken: Lock,
    test_rule: Option<&TestRule>,
    hooks: &Jobs,
    targets: &[(TrafficTarget, Action)],
) -> Vec<String> {
    let mut lines = Vec::new();
    if let (Lock::Ssm, Some(holder)) = (taken, targets.iter().map(|(target, _)| target.arn()).min()) {
        lines.push(format!("take the lock {}", lock::name(holder)));
    }
    if let Some(TestRule { headers, path, .. }) = test_rule {
        let mut listeners: Vec<&str> = targets
            .iter()
            .map(|(target, _)| match target {
                TrafficTarget::Rule { listener_name: name, .. } | TrafficTarget::Default { name, .. } => name.as_str(),
            })
            .collect();
        listeners.sort_unstable();
        listeners.dedup();
        let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
        let path = path.as_ref().map(|path| format!(" to {path}*")).unwrap_or_default();
        lines.push(format!(
            "make a test rule on {}: requests{path} with {} reach the candidate until the release is over",
            listeners.join(" and "),
            headers.join(" and ")
        ));
    }
    lines.extend(hooks.wanted.iter().map(|(point, hook)| {
        let each = if point.is_of_a_step() { ", at every step" } else { "" };
        format!("hook {point}{each}: {}, at most {}", hook.job.what(), humantime::format_duration(hook.limit))
    }));
    lines
}
