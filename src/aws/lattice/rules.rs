//! Rules that are ours: made and taken away again. Rules that hold weights are traffic targets, and neither.

use std::collections::BTreeMap;

use aws_sdk_vpclattice::types::{HeaderMatch, HeaderMatchType, HttpMatch, PathMatch, PathMatchType, RuleMatch, RuleSummary};

use super::{
    Lattice,
    action::Action,
    ids::{ListenerId, ServiceId, TargetGroupId, path_of},
    traffic::to_sdk,
};
use crate::aws::fault::Fault;

/// The numbers that a priority may have (service model, `RulePriority`); lower goes first.
pub const PRIORITIES: std::ops::RangeInclusive<u32> = 1..=100;

/// A rule that is not the default one, as listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedRule {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Its priority.
    pub priority: u32,
}

/// What requests a rule is for: those with all of these headers, under this path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// Names and exact values.
    pub headers: Vec<(String, String)>,
    /// The start of the path; any path when `None`.
    pub path: Option<String>,
}

/// A rule to make.
#[derive(Clone, Debug)]
pub struct NewRule<'a> {
    /// Its name: up to 63 small letters, digits and single hyphens, unique on its listener.
    pub name: &'a str,
    /// Its priority, unique on its listener.
    pub priority: u32,
    /// What it is for.
    pub conditions: &'a Conditions,
    /// Where it sends everything.
    pub group: &'a TargetGroupId,
    /// Its tags.
    pub tags: &'a BTreeMap<String, String>,
    /// The same for a repeated call.
    pub token: &'a str,
}

impl Lattice {
    /// The rules of a listener but the default one.
    ///
    /// # Errors
    /// When AWS refuses, or the listener is gone.
    pub async fn list_rules(&self, service: &ServiceId, listener: &ListenerId) -> Result<Vec<ListedRule>, Fault> {
        let pages = self.reads.list_rules().service_identifier(service.as_str()).listener_identifier(listener.as_str());
        let rules: Vec<RuleSummary> = pages
            .max_results(100)
            .into_paginator()
            .items()
            .send()
            .try_collect()
            .await
            .map_err(|error| Fault::from_sdk("ListRules", &error))?;
        let listed = |rule: RuleSummary| ListedRule {
            arn: rule.arn.unwrap_or_default(),
            name: rule.name.unwrap_or_default(),
            priority: rule.priority.and_then(|priority| u32::try_from(priority).ok()).unwrap_or_default(),
        };
        Ok(rules.into_iter().filter(|rule| rule.is_default != Some(true)).map(listed).collect())
    }

    /// Makes a rule; its ARN.
    ///
    /// # Errors
    /// When AWS refuses: its name or priority is taken, the listener has as many rules as it may have.
    pub async fn create_rule(&self, service: &ServiceId, listener: &ListenerId, rule: &NewRule<'_>) -> Result<String, Fault> {
        const OPERATION: &str = "CreateRule";
        let unwritable = || Fault::invalid(OPERATION, format!("{}: its conditions cannot be written", rule.name));
        let conditions = conditions_to_sdk(rule.conditions).ok_or_else(unwritable)?;
        let action = to_sdk(&Action::alone(rule.group)).ok_or_else(unwritable)?;
        let call = self.reads.create_rule().service_identifier(service.as_str()).listener_identifier(listener.as_str());
        let call =
            call.name(rule.name).priority(i32::try_from(rule.priority).unwrap_or(i32::MAX)).r#match(conditions).action(action);
        let call = call.set_tags(Some(rule.tags.clone().into_iter().collect())).client_token(rule.token);
        let answer = call.send().await.map_err(|error| Fault::from_sdk(OPERATION, &error))?;
        answer.arn.ok_or_else(|| Fault::unreadable(OPERATION, "the answer has no ARN"))
    }

    /// Takes a rule away. One that is gone is as wanted.
    ///
    /// # Errors
    /// When the text is not a rule's ARN; when AWS refuses.
    pub async fn delete_rule(&self, arn: &str) -> Result<(), Fault> {
        const OPERATION: &str = "DeleteRule";
        let Some((service, listener, Some(rule))) = path_of(arn) else {
            return Err(Fault::invalid(OPERATION, format!("`{arn}` is not the ARN of a rule")));
        };
        let call = self.reads.delete_rule().service_identifier(service.as_str()).listener_identifier(listener.as_str());
        match call.rule_identifier(rule.as_str()).send().await.map_err(|error| Fault::from_sdk(OPERATION, &error)) {
            Err(fault) if fault.is_not_found() => Ok(()),
            deleted => deleted.map(|_| ()),
        }
    }
}

/// Case is sent explicitly: the User Guide and the API reference do not agree on what it is without.
fn conditions_to_sdk(conditions: &Conditions) -> Option<RuleMatch> {
    let header = |(name, value): &(String, String)| {
        let exact = HeaderMatchType::Exact(value.clone());
        HeaderMatch::builder().name(name).r#match(exact).case_sensitive(true).build().ok()
    };
    let headers = conditions.headers.iter().map(header).collect::<Option<Vec<_>>>()?;
    let path = |text: &String| {
        let start = PathMatchType::Prefix(text.clone());
        PathMatch::builder().r#match(start).case_sensitive(true).build()
    };
    let path = conditions.path.as_ref().map(path);
    Some(RuleMatch::HttpMatch(HttpMatch::builder().set_header_matches(Some(headers)).set_path_match(path).build()))
}

/// The number for a rule that goes before those with these priorities and takes nobody's: the nearest below the first of them.
#[must_use]
pub fn free_above(taken: &[u32], those: &[u32]) -> Option<u32> {
    let end = those.iter().min().copied().unwrap_or(PRIORITIES.end() + 1);
    PRIORITIES.rev().filter(|number| *number < end).find(|number| !taken.contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_free_priority_is_the_nearest_above() {
        for (taken, those, free) in [
            (&[10, 20][..], &[10, 20][..], Some(9)),
            (&[8, 9, 10], &[10], Some(7)),
            (&[1], &[1], None),
            (&[1, 2], &[2], None),
            (&[10], &[], Some(100)),
            (&[99, 100], &[], Some(98)),
            (&[5, 50], &[50], Some(49)),
        ] {
            assert_eq!(free_above(taken, those), free, "{taken:?}, above {those:?}");
        }
        let all: Vec<u32> = PRIORITIES.collect();
        assert_eq!(free_above(&all, &[]), None);
    }

    #[test]
    fn conditions_are_exact_headers_and_the_start_of_a_path() {
        let headers = vec![("x-test".to_owned(), "1".to_owned())];
        let made = conditions_to_sdk(&Conditions { headers, path: Some("/a".to_owned()) }).expect("a match");
        let made = made.as_http_match().expect("HTTP");
        let [header] = made.header_matches() else { panic!("{made:?}") };
        assert_eq!((header.name(), header.case_sensitive()), ("x-test", Some(true)));
        assert_eq!(header.r#match().and_then(|value| value.as_exact().ok()).map(String::as_str), Some("1"));
        let path = made.path_match().expect("a path");
        assert_eq!(
            (path.r#match().and_then(|value| value.as_prefix().ok()).map(String::as_str), path.case_sensitive()),
            (Some("/a"), Some(true))
        );
    }
}
