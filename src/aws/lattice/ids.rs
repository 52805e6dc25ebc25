//! Ids, ARNs and names of Lattice resources, and which of them are the same thing. Pure.
//!
//! Lattice's API takes an id or an ARN wherever it takes an identifier, and never a name; its answers give either
//! (service model 2022-11-30). An ARN ends in the id, so everything here is compared by id.

use std::{collections::BTreeMap, fmt};

/// The resources that people name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// `svc-…`, `arn:…:service/svc-…`.
    Service,
    /// `listener-…`, `arn:…:service/svc-…/listener/listener-…`.
    Listener,
    /// `rule-…`, `arn:…:service/svc-…/listener/listener-…/rule/rule-…`.
    Rule,
    /// `tg-…`, `arn:…:targetgroup/tg-…`.
    TargetGroup,
}

impl Resource {
    const fn prefix(self) -> &'static str {
        match self {
            Self::Service => "svc-",
            Self::Listener => "listener-",
            Self::Rule => "rule-",
            Self::TargetGroup => "tg-",
        }
    }

    /// Shortest and longest name (service model).
    const fn name_length(self) -> (usize, usize) {
        match self {
            Self::Service => (3, 40),
            Self::Listener | Self::Rule => (3, 63),
            Self::TargetGroup => (3, 128),
        }
    }

    /// The ARN's path: kinds in order, each followed by an id of that kind.
    const fn path(self) -> &'static [(&'static str, Self)] {
        match self {
            Self::Service => &[("service", Self::Service)],
            Self::Listener => &[("service", Self::Service), ("listener", Self::Listener)],
            Self::Rule => &[("service", Self::Service), ("listener", Self::Listener), ("rule", Self::Rule)],
            Self::TargetGroup => &[("targetgroup", Self::TargetGroup)],
        }
    }

    fn is_id(self, text: &str) -> bool {
        text.strip_prefix(self.prefix())
            .is_some_and(|rest| rest.len() == 17 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase()))
    }

    /// The ids that an ARN of this resource names, outermost first.
    fn ids_of_arn(self, text: &str) -> Option<Vec<&str>> {
        let (header, path) = text.rsplit_once(':')?;
        let header: Vec<&str> = header.split(':').collect();
        let ["arn", partition, "vpc-lattice", region, account] = header[..] else { return None };
        if partition.is_empty() || region.is_empty() || account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let segments: Vec<&str> = path.split('/').collect();
        if segments.len() != self.path().len() * 2 {
            return None;
        }
        let named = segments.chunks_exact(2).zip(self.path());
        named.map(|(pair, (kind, resource))| (pair[0] == *kind && resource.is_id(pair[1])).then_some(pair[1])).collect()
    }

    fn is_name(self, text: &str) -> bool {
        let (least, most) = self.name_length();
        (least..=most).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_lowercase() || byte == b'-')
            && !text.starts_with(self.prefix())
            && !text.starts_with('-')
            && !text.ends_with('-')
            && !text.contains("--")
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Service => "Lattice service",
            Self::Listener => "listener",
            Self::Rule => "rule",
            Self::TargetGroup => "target group",
        })
    }
}

/// What a person wrote to name a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// An id.
    Id(String),
    /// An ARN.
    Arn(String),
    /// A name: the API takes none, it is looked up.
    Name(String),
    /// `tag:KEY=VALUE`, which is looked up too; without a value any will do.
    Tag(String, Option<String>),
}

/// Text that is neither an id, nor an ARN, nor a possible name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not a {resource}: write its name (lower case letters, digits and single hyphens), its id (`{prefix}` and 17 letters or digits), its ARN, or a tag of its (`tag:KEY=VALUE`)",
    prefix = resource.prefix()
)]
pub struct IdError {
    /// What was written.
    pub given: String,
    /// What it should name.
    pub resource: Resource,
}

impl Given {
    /// Reads an id, an ARN, a name or a tag.
    ///
    /// # Errors
    /// When it is none of them: a name breaks Lattice's rules for names, or an ARN is another resource's.
    pub fn parse(resource: Resource, text: &str) -> Result<Self, IdError> {
        if let Some(tag) = text.strip_prefix("tag:").filter(|tag| !tag.is_empty() && !tag.starts_with('=')) {
            // Keys may have a `=` in them; values more often do.
            let (key, value) = tag.split_once('=').map_or((tag, None), |(key, value)| (key, Some(value.to_owned())));
            Ok(Self::Tag(key.to_owned(), value))
        } else if resource.is_id(text) {
            Ok(Self::Id(text.to_owned()))
        } else if resource.ids_of_arn(text).is_some() {
            Ok(Self::Arn(text.to_owned()))
        } else if resource.is_name(text) {
            Ok(Self::Name(text.to_owned()))
        } else {
            Err(IdError { given: text.to_owned(), resource })
        }
    }

    /// Whether this names the resource of that id and that name. An ARN's account is for whoever asks to compare.
    #[must_use]
    pub fn names(&self, id: &str, name: &str) -> bool {
        match self {
            Self::Id(given) => given == last(id),
            Self::Arn(given) => last(given) == last(id),
            Self::Name(given) => given == name,
            Self::Tag(..) => false,
        }
    }

    /// Whether a resource with these tags is meant.
    #[must_use]
    pub fn is_tag_of(&self, tags: &BTreeMap<String, String>) -> bool {
        match self {
            Self::Tag(key, value) => tags.get(key).is_some_and(|found| value.as_ref().is_none_or(|value| value == found)),
            Self::Id(_) | Self::Arn(_) | Self::Name(_) => false,
        }
    }
}

fn last(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

macro_rules! id {
    ($name:ident, $resource:expr, $doc:literal) => {
        #[doc = $doc]
        ///
        /// Made from an id or an ARN alike, so that both are equal.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// From what AWS answered: an id, or an ARN that ends in it. Whatever it looks like, it is kept.
            #[must_use]
            pub fn of(id_or_arn: &str) -> Self {
                Self(last(id_or_arn).to_owned())
            }

            /// The id.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                match Given::parse($resource, text) {
                    Ok(Given::Id(id) | Given::Arn(id)) => Ok(Self::of(&id)),
                    Ok(Given::Name(_) | Given::Tag(..)) | Err(_) => Err(IdError { given: text.to_owned(), resource: $resource }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(ServiceId, Resource::Service, "A Lattice service's id, `svc-…`.");
id!(ListenerId, Resource::Listener, "A listener's id, `listener-…`.");
id!(RuleId, Resource::Rule, "A rule's id, `rule-…`.");
id!(TargetGroupId, Resource::TargetGroup, "A target group's id, `tg-…`.");

/// A target group's ARN: what ECS wants in `vpcLatticeConfigurations`, and what its tags hang on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetGroupArn(String);

impl TargetGroupArn {
    /// From what AWS answered; it is kept whatever it looks like.
    #[must_use]
    pub fn of(arn: &str) -> Self {
        Self(arn.to_owned())
    }

    /// The ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The id it ends in.
    #[must_use]
    pub fn id(&self) -> TargetGroupId {
        TargetGroupId::of(&self.0)
    }
}

impl std::str::FromStr for TargetGroupArn {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        match Given::parse(Resource::TargetGroup, text) {
            Ok(Given::Arn(arn)) => Ok(Self(arn)),
            Ok(Given::Id(_) | Given::Name(_) | Given::Tag(..)) | Err(_) => {
                Err(IdError { given: text.to_owned(), resource: Resource::TargetGroup })
            }
        }
    }
}

impl fmt::Display for TargetGroupArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Region and account of an ARN; none where it is none.
#[must_use]
pub fn home(arn: &str) -> Option<(&str, &str)> {
    let mut parts = arn.strip_prefix("arn:")?.splitn(5, ':').skip(2);
    Some((parts.next()?, parts.next()?))
}

/// The service, listener and, for a rule's ARN, rule that a traffic target's ARN names.
#[must_use]
pub(super) fn path_of(arn: &str) -> Option<(ServiceId, ListenerId, Option<RuleId>)> {
    match Resource::Rule.ids_of_arn(arn).or_else(|| Resource::Listener.ids_of_arn(arn))?[..] {
        [service, listener] => Some((ServiceId::of(service), ListenerId::of(listener), None)),
        [service, listener, rule] => Some((ServiceId::of(service), ListenerId::of(listener), Some(RuleId::of(rule)))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-0123456789abcdef0";
    const RULE: &str = "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-0123456789abcdef0/listener/listener-0123456789abcdef0/rule/rule-0123456789abcdef0";

    #[test]
    fn ids_arns_and_names_are_told_apart() {
        let parse = |text: &str| Given::parse(Resource::TargetGroup, text);
        assert_eq!(parse("tg-0123456789abcdef0"), Ok(Given::Id("tg-0123456789abcdef0".to_owned())));
        assert_eq!(parse(GROUP), Ok(Given::Arn(GROUP.to_owned())));
        assert_eq!(parse("myservice-a"), Ok(Given::Name("myservice-a".to_owned())));
        for wrong in [
            "",
            "ab",
            "tg-short",
            "My-Group",
            "-a-b",
            "a--b",
            "ends-",
            "svc-0123456789abcdef0/x",
            "tag:",
            "tag:=x",
            RULE,
            "arn:aws:vpc-lattice:eu-central-1:1234:targetgroup/tg-0123456789abcdef0",
            "arn:aws:ecs:eu-central-1:123456789012:targetgroup/tg-0123456789abcdef0",
            "arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-0123456789abcdef",
        ] {
            let error = parse(wrong).expect_err(wrong);
            assert!(error.to_string().starts_with(&format!("`{wrong}` is not a target group: write")), "{error}");
        }
    }

    #[test]
    fn gateway_2_an_id_equals_its_arn() {
        let id: TargetGroupId = "tg-0123456789abcdef0".parse().expect("an id");
        assert_eq!(GROUP.parse::<TargetGroupId>(), Ok(id.clone()));
        assert_eq!(GROUP.parse::<TargetGroupArn>().expect("an ARN").id(), id);
        assert!("tg-0123456789abcdef0".parse::<TargetGroupArn>().is_err());
        assert!("myservice-a".parse::<TargetGroupId>().is_err(), "a name is not an id");
        assert!(Given::Arn(GROUP.to_owned()).names("tg-0123456789abcdef0", "other"));
        assert!(Given::Name("a-b".to_owned()).names("tg-0123456789abcdef0", "a-b"));
        assert!(!Given::Name("a-b".to_owned()).names("tg-0123456789abcdef0", "other"));
        let tags = BTreeMap::from([("team".to_owned(), "a=b".to_owned())]);
        for (text, meant) in [("tag:team=a=b", true), ("tag:team", true), ("tag:team=a", false), ("tag:app=a=b", false)] {
            assert_eq!(Given::parse(Resource::TargetGroup, text).expect("a tag").is_tag_of(&tags), meant, "{text}");
        }
        assert_eq!(home(GROUP), Some(("eu-central-1", "123456789012")));
    }

    #[test]
    fn a_traffic_targets_arn_names_its_parents() {
        let (service, listener, rule) = path_of(RULE).expect("a rule's ARN");
        assert_eq!((service.as_str(), listener.as_str()), ("svc-0123456789abcdef0", "listener-0123456789abcdef0"));
        assert_eq!(rule, Some(RuleId::of(RULE)));
        let listener = RULE.split("/rule/").next().expect("a listener's ARN");
        assert_eq!(path_of(listener).map(|(_, _, rule)| rule), Some(None));
        assert_eq!(path_of(GROUP), None);
    }
}
