//! What everything of a preview is called, and the tags that say whose it is.
//!
//! Names only find things; what is changed or deleted carries our tags besides.

use sha2::{Digest as _, Sha256};

/// The tag of everything that a preview consists of: which pull request's it is.
pub const IDENTITY: &str = "espalier:preview";
/// The target group's tag: until when the preview is wanted.
pub const UNTIL: &str = "espalier:until";
/// The target group's tag: the commit that it runs.
pub const COMMIT: &str = "espalier:commit";
/// The target group's tag: the branch, as far as a tag can hold it.
pub const BRANCH: &str = "espalier:branch";
/// The target group's tag: which job is at it.
pub const CLAIM: &str = "espalier:claim";
/// What the names of previews' rules begin with: they hold no weights, and are never taken for traffic targets.
pub const RULE_PREFIX: &str = "espalier-preview-";

/// The longest names that Lattice takes (service model: `ServiceName`, `RuleName`, `TargetGroupName`), and ECS.
const LONGEST_SERVICE: usize = 40;
const LONGEST_RULE: usize = 63;
const LONGEST_GROUP: usize = 128;
const LONGEST_OF_ECS: usize = 255;
/// The most characters of a tag's value.
const LONGEST_VALUE: usize = 256;
/// What a name of Lattice's cannot begin with (service model).
const RESERVED: [&str; 6] = ["svc-", "tg-", "listener-", "rule-", "sn-", "rcfg-"];

/// What everything of one preview is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The pull request's number.
    pub number: u64,
    /// `pr-7`: the header's value.
    pub key: String,
    /// Its target group, which is made first and deleted last.
    pub group: String,
    /// Its rule on the real service.
    pub rule: String,
    /// Its own Lattice service.
    pub service: String,
    /// Its ECS service.
    pub ecs_service: String,
    /// Its task definitions' family.
    pub family: String,
}

impl Names {
    /// What the preview of a pull request is called. `prefix` is the service's name, or what the config says in its place.
    #[must_use]
    pub fn of(prefix: &str, number: u64) -> Self {
        let key = format!("pr-{number}");
        let slug = slug(prefix);
        let lattice = |most: usize| ended(&slug, &key, most);
        let ecs: String = prefix.chars().map(|one| if is_of_ecs(one) { one } else { '-' }).collect();
        let ecs = ended(if ecs.is_empty() { "preview" } else { &ecs }, &key, LONGEST_OF_ECS);
        Self {
            number,
            group: lattice(LONGEST_GROUP),
            rule: format!("{RULE_PREFIX}{}", ended(&slug, &key, LONGEST_RULE - RULE_PREFIX.len())),
            service: lattice(LONGEST_SERVICE),
            family: ecs.clone(),
            ecs_service: ecs,
            key,
        }
    }

    /// The preview that something of this name may belong to. Only its tags tell whether it does.
    #[must_use]
    pub fn of_name(prefix: &str, name: &str) -> Option<Self> {
        let number = name.rsplit_once("-pr-")?.1.parse().ok()?;
        let names = Self::of(prefix, number);
        [&names.group, &names.rule, &names.service, &names.ecs_service].contains(&&name.to_owned()).then_some(names)
    }

    /// A text of the config's, with the pull request's number in place of `{number}`.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        text.replace("{number}", &self.number.to_string())
    }
}

const fn is_of_ecs(one: char) -> bool {
    one.is_ascii_alphanumeric() || one == '-' || one == '_'
}

/// Small letters, digits and single hyphens, from anything.
fn slug(text: &str) -> String {
    let mut made = String::new();
    for one in text.chars() {
        match one.to_ascii_lowercase() {
            one @ ('a'..='z' | '0'..='9') => made.push(one),
            _ if made.is_empty() || made.ends_with('-') => {}
            _ => made.push('-'),
        }
    }
    let made = made.trim_end_matches('-');
    if made.is_empty() {
        return "preview".to_owned();
    }
    let is_reserved = RESERVED.iter().any(|start| format!("{made}-").starts_with(start));
    if is_reserved { format!("p-{made}") } else { made.to_owned() }
}

/// `START-END`, its start cut where it would be too long; then a digest of all of it keeps it apart from others that are cut alike.
fn ended(start: &str, end: &str, most: usize) -> String {
    let whole = format!("{start}-{end}");
    if whole.len() <= most {
        return whole;
    }
    let digest: String = Sha256::digest(start.as_bytes()).iter().take(3).map(|byte| format!("{byte:02x}")).collect();
    let room = most.saturating_sub(end.len() + digest.len() + 2);
    let cut: String = start.chars().take(room).collect();
    format!("{}-{digest}-{end}", cut.trim_end_matches('-'))
}

/// Which pull request's it is, as [`IDENTITY`] says it: `owner/name:7`. Without GitHub there is no repository.
#[must_use]
pub fn identity(repository: Option<&str>, number: u64) -> String {
    format!("{}:{number}", repository.map_or_else(|| "-".to_owned(), value))
}

/// Any text as a tag can hold it: letters, digits, spaces and `_ . : / = + - @`, 256 of them.
#[must_use]
pub fn value(text: &str) -> String {
    let one = |one: char| if one.is_ascii_alphanumeric() || "_.:/=+-@ ".contains(one) { one } else { '_' };
    let made: String = text.chars().map(one).take(LONGEST_VALUE).collect();
    let made = made.trim();
    if made.is_empty() { "-".to_owned() } else { made.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_readable() {
        let names = Names::of("myservice", 7);
        assert_eq!(
            (names.key.as_str(), names.group.as_str(), names.service.as_str()),
            ("pr-7", "myservice-pr-7", "myservice-pr-7")
        );
        assert_eq!((names.rule.as_str(), names.ecs_service.as_str()), ("espalier-preview-myservice-pr-7", "myservice-pr-7"));
        assert_eq!(Names::of("My_Service", 7).ecs_service, "My_Service-pr-7", "ECS takes what Lattice does not");
        assert_eq!(Names::of("My_Service", 7).group, "my-service-pr-7");
        assert_eq!(Names::of("svc", 7).group, "p-svc-pr-7", "what Lattice keeps for ids");
        assert_eq!(Names::of("", 7).group, "preview-pr-7");
        let long = Names::of(&"a-service-".repeat(5), 123);
        assert!(long.service.starts_with("a-service-a-service-"), "{long:?}");
        assert!(long.service.len() <= 40 && long.service.ends_with("-pr-123"), "{long:?}");
        assert_ne!(long.service, Names::of(&format!("{}b", "a-service-".repeat(5)), 123).service);
    }

    #[test]
    fn a_name_leads_to_its_preview_and_no_other_name_does() {
        for prefix in ["myservice", "My_Service", &"long-".repeat(60)] {
            let names = Names::of(prefix, 42);
            for name in [&names.group, &names.rule, &names.service, &names.ecs_service] {
                assert_eq!(Names::of_name(prefix, name).as_ref(), Some(&names), "{name}");
            }
        }
        for other in ["myservice-a", "other-pr-42", "myservice-pr-", "myservice-pr-x", "myservice-pr-042", "x-myservice-pr-42"] {
            assert_eq!(Names::of_name("myservice", other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn whatever_a_service_is_called_aws_takes_the_names(prefix in ".{0,80}", number in any::<u64>()) {
            let names = Names::of(&prefix, number);
            for (name, most) in [(&names.group, 128), (&names.rule, 63), (&names.service, 40)] {
                prop_assert!((3..=most).contains(&name.len()), "{}", name);
                prop_assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'), "{}", name);
                prop_assert!(!name.starts_with('-') && !name.ends_with('-') && !name.contains("--"), "{}", name);
                prop_assert!(!RESERVED.iter().any(|start| name.starts_with(start)), "{}", name);
            }
            prop_assert!(names.ecs_service.len() <= 255 && names.ecs_service.chars().all(is_of_ecs), "{}", names.ecs_service);
            prop_assert_eq!(Names::of_name(&prefix, &names.group), Some(names));
        }

        #[test]
        fn whatever_a_branch_is_called_a_tag_holds_it(branch in any::<String>()) {
            let value = value(&branch);
            prop_assert!((1..=256).contains(&value.len()) && value.trim() == value);
            prop_assert!(value.chars().all(|one| one.is_ascii_alphanumeric() || "_.:/=+-@ ".contains(one)), "{}", value);
        }
    }
}
