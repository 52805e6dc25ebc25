//! Upwards: the next step of one resource.

use super::{
    Kind, Known, Life, Resource, Seen,
    compare::{Difference, Way, differences},
    resource::OWNER,
};

/// What the person who runs it allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// Take over what exists and has no owner.
    pub adopt: bool,
    /// Take away and make again what cannot be changed.
    pub replace: bool,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Nothing: it is as it is wanted.
    Keep,
    /// Make it.
    Make,
    /// Change it.
    Change(Vec<Difference>),
    /// Take it away, to make it again: what cannot be changed, and what could not be made.
    Remake(Vec<Difference>),
    /// Ask again: AWS is still at it.
    Wait,
    /// Nothing can be done, and why; and what would help.
    Blocked(String, String),
}

/// The next step of a resource whose needs are there.
#[must_use]
pub fn next(resource: &Resource, seen: Option<&Seen>, known: &Known, owner: &str, allowed: Allowed) -> Step {
    let title = resource.title();
    let Some(seen) = seen else {
        return if resource.is_external {
            let hint = "correct the name, or declare it here".to_owned();
            Step::Blocked(format!("{title} does not exist"), hint)
        } else {
            Step::Make
        };
    };
    if resource.is_external {
        return if seen.life == Life::Changing { Step::Wait } else { Step::Keep };
    }
    if let Some(network) = elsewhere(resource, seen, known) {
        let hint = "take it out of that one first, or name that one here: `network: NAME`".to_owned();
        return Step::Blocked(format!("{} is in the service network {network}, and a VPC can be in one", resource.name), hint);
    }
    // An association or a record has no name of its own: whoever made it, it is there.
    let is_association = matches!(resource.kind, Kind::VpcAssociation | Kind::ServiceAssociation | Kind::Alias);
    if is_association && !is_ours(seen, owner) && seen.life == Life::Active {
        let found = differences(resource, seen, known);
        if found.iter().all(|difference| difference.way == Way::Tag) {
            return Step::Keep;
        }
    }
    if resource.kind.is_tagged() && !is_ours(seen, owner) {
        match seen.owner() {
            Some(other) => {
                let hint = format!("name it instead of declaring it, or take it out of the config of `{other}` first");
                return Step::Blocked(format!("{title} is there and belongs to `{other}`"), hint);
            }
            None if !allowed.adopt => {
                let hint = "run `up --adopt` to take it over, or give another `name`".to_owned();
                return Step::Blocked(format!("{title} is there and is not ours"), hint);
            }
            None => {}
        }
    }
    match &seen.life {
        Life::Changing | Life::Going => return Step::Wait,
        Life::Failed(_) => return Step::Remake(Vec::new()),
        Life::Active => {}
    }
    let found = differences(resource, seen, known);
    if let Some((member, why)) = found.iter().find_map(|it| match &it.way {
        Way::Never(why) => Some((&it.member, why)),
        Way::Update | Way::Tag | Way::Replace => None,
    }) {
        return Step::Blocked(
            format!("{title}: `{member}` cannot be changed now: {why}"),
            "run `up` again after that".to_owned(),
        );
    }
    let fixed: Vec<&Difference> = found.iter().filter(|it| it.way == Way::Replace).collect();
    if !fixed.is_empty() {
        if allowed.replace {
            return Step::Remake(found);
        }
        let members: Vec<String> =
            fixed.iter().map(|it| format!("`{}` is {} and never changes, wanted is {}", it.member, it.is, it.wanted)).collect();
        let hint = format!(
            "put it back in the config, give another `name`, or run `up --replace`: it takes this and all that needs it away and \
             makes them again; {}",
            resource.kind.meanwhile()
        );
        return Step::Blocked(format!("{title}: {}", members.join("; ")), hint);
    }
    if found.is_empty() { Step::Keep } else { Step::Change(found) }
}

/// The other service network that a VPC is associated with.
fn elsewhere(resource: &Resource, seen: &Seen, known: &Known) -> Option<String> {
    let text = |name: &str| seen.attributes[name].as_str().map(str::to_owned);
    let (Kind::VpcAssociation, Some(is)) = (resource.kind, text("serviceNetworkId")) else { return None };
    let wanted = resource.resolved(known);
    (wanted["serviceNetworkIdentifier"] != is).then(|| text("serviceNetworkName").unwrap_or(is))
}

/// Whether it carries our tag.
#[must_use]
pub fn is_ours(seen: &Seen, owner: &str) -> bool {
    seen.tags.get(OWNER).is_some_and(|it| it == owner)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn group() -> Resource {
        Resource {
            address: "target_groups.a".to_owned(),
            kind: Kind::TargetGroup,
            name: "shop-a".to_owned(),
            from: "f".to_owned(),
            needs: Vec::new(),
            is_external: false,
            wanted: json!({ "name": "shop-a", "type": "IP", "config": { "port": 80 }, "tags": { OWNER: "shop" } }),
        }
    }

    fn seen(owner: Option<&str>, port: u16) -> Seen {
        let tags = owner.map(|owner| (OWNER.to_owned(), owner.to_owned())).into_iter().collect();
        Seen { id: "tg-1".to_owned(), tags, attributes: json!({ "type": "IP", "config": { "port": port } }), ..Seen::default() }
    }

    fn step(seen: Option<&Seen>, allowed: Allowed) -> Step {
        next(&group(), seen, &Known::new(), "shop", allowed)
    }

    #[test]
    fn what_is_not_there_is_made_and_what_is_as_wanted_is_kept() {
        let none = Allowed::default();
        assert_eq!(step(None, none), Step::Make);
        assert_eq!(step(Some(&seen(Some("shop"), 80)), none), Step::Keep);
        for (life, expected) in
            [(Life::Changing, Step::Wait), (Life::Going, Step::Wait), (Life::Failed("x".to_owned()), Step::Remake(vec![]))]
        {
            assert_eq!(step(Some(&Seen { life, ..seen(Some("shop"), 80) }), none), expected);
        }
    }

    #[test]
    fn what_is_not_ours_is_taken_over_only_when_told_to() {
        let told = |step: Step| {
            let Step::Blocked(why, _) = step else { panic!("{step:?}") };
            why
        };
        assert_eq!(told(step(Some(&seen(None, 80)), Allowed::default())), "target group shop-a is there and is not ours");
        let adopt = Allowed { adopt: true, replace: false };
        assert_eq!(told(step(Some(&seen(Some("other"), 80)), adopt)), "target group shop-a is there and belongs to `other`");
        let Step::Change(found) = step(Some(&seen(None, 80)), adopt) else { panic!("not adopted") };
        assert_eq!(found.iter().map(|it| it.member.as_str()).collect::<Vec<_>>(), ["tags.espalier:owner"]);
    }

    #[test]
    fn what_never_changes_is_replaced_only_when_told_to() {
        let ours = seen(Some("shop"), 81);
        let Step::Blocked(why, hint) = step(Some(&ours), Allowed::default()) else { panic!("not blocked") };
        assert_eq!(why, "target group shop-a: `config.port` is 81 and never changes, wanted is 80");
        assert!(hint.contains("`up --replace`") && hint.contains("what forwards to it answers nothing meanwhile"), "{hint}");
        assert!(matches!(step(Some(&ours), Allowed { adopt: false, replace: true }), Step::Remake(_)));
    }

    #[test]
    fn a_vpc_is_in_one_network() {
        let wanted = json!({ "serviceNetworkIdentifier": "@network", "vpcIdentifier": "vpc-1" });
        let vpc = Resource { kind: Kind::VpcAssociation, name: "vpc-1".to_owned(), wanted, ..group() };
        let attributes = json!({ "serviceNetworkId": "sn-1", "serviceNetworkName": "prod" });
        let seen = Seen { attributes, ..seen(Some("shop"), 80) };
        let step = |id: &str| {
            let known = Known::from([("network".to_owned(), (id.to_owned(), String::new()))]);
            next(&vpc, Some(&seen), &known, "shop", Allowed::default())
        };
        assert_eq!(step("sn-1"), Step::Keep);
        let Step::Blocked(why, _) = step("sn-2") else { panic!("not blocked") };
        assert_eq!(why, "vpc-1 is in the service network prod, and a VPC can be in one");
    }

    #[test]
    fn an_association_that_somebody_else_made_is_there() {
        let wanted = json!({ "serviceNetworkIdentifier": "@network", "vpcIdentifier": "vpc-1", "securityGroupIds": ["sg-1"], "tags": { OWNER: "shop" } });
        let vpc = Resource { kind: Kind::VpcAssociation, name: "vpc-1".to_owned(), wanted, ..group() };
        let step = |group: &str| {
            let attributes = json!({ "securityGroupIds": [group] });
            next(&vpc, Some(&Seen { attributes, ..seen(Some("other"), 80) }), &Known::new(), "shop", Allowed::default())
        };
        assert_eq!(step("sg-1"), Step::Keep);
        assert!(matches!(step("sg-2"), Step::Blocked(..)));
    }

    #[test]
    fn what_is_only_named_has_to_be_there() {
        let named = Resource { is_external: true, ..group() };
        let step = |seen: Option<&Seen>| next(&named, seen, &Known::new(), "shop", Allowed::default());
        assert!(matches!(step(None), Step::Blocked(..)));
        assert_eq!(step(Some(&seen(None, 9))), Step::Keep);
        assert_eq!(step(Some(&Seen { life: Life::Changing, ..seen(None, 9) })), Step::Wait);
    }
}
