//! What is there of one preview.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    home::{Home, LATTICE},
    listing::Listing,
};
use crate::{
    aws::{
        Aws,
        fault::Fault,
        lattice::{
            groups::{Target, TargetStatus},
            ids::TargetGroupArn,
        },
    },
    preview::{
        name::{self, Names},
        seen::{Group, Joined, Life, Own, Rule, Seen, Tasks},
        watch::{Deployment, Look},
    },
    resources::resource::OWNER,
    time::Timestamp,
};

/// How closely to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// What bringing it up goes by.
    Up,
    /// What taking it away goes by, besides: targets and task definitions.
    Down,
}

/// The header of its requests.
#[derive(Clone, Copy, Debug)]
pub struct Header<'a>(pub &'a str);

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What AWS calls the life of something of Lattice's.
fn life(one: &Value) -> Life {
    let status = one["status"].as_str().unwrap_or_default();
    match status {
        "CREATE_IN_PROGRESS" => Life::Coming,
        "DELETE_IN_PROGRESS" => Life::Going,
        _ if status.ends_with("_FAILED") => Life::Failed(one["failureMessage"].as_str().unwrap_or(status).to_owned()),
        _ => Life::Ready,
    }
}

impl Home {
    /// Whether tags are those of a preview of this pull request.
    pub(super) fn is_ours(&self, tags: &BTreeMap<String, String>, number: u64) -> bool {
        let identity = tags.get(name::IDENTITY);
        let is_it = match &self.repository {
            Some(repository) => identity == Some(&name::identity(Some(repository), number)),
            // Whoever names it at a shell means it, whichever repository it is of.
            None => identity.is_some_and(|identity| identity.ends_with(&format!(":{number}"))),
        };
        is_it && tags.get(OWNER) == Some(&name::value(&self.owner))
    }

    /// The tags of everything of it.
    #[must_use]
    pub fn tags(&self, number: u64) -> BTreeMap<String, String> {
        let identity = name::identity(self.repository.as_deref(), number);
        BTreeMap::from([(OWNER.to_owned(), name::value(&self.owner)), (name::IDENTITY.to_owned(), identity)])
    }

    /// Looks at all of it.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn look(
        &self,
        aws: &Aws,
        (listing, names): (&Listing, &Names),
        header: Header<'_>,
        depth: Depth,
        now: Timestamp,
    ) -> Result<Seen, Fault> {
        let mut seen = Seen::default();
        let named =
            |list: &[Value], name: &str| -> Vec<Value> { list.iter().filter(|one| one["name"] == *name).cloned().collect() };
        for one in named(&listing.groups, &names.group) {
            let Some(tags) = read_tags(aws, &text(&one["arn"])).await? else { continue };
            if !self.is_ours(&tags, names.number) {
                seen.foreign.push(format!("the target group {}", names.group));
                continue;
            }
            let group = group(aws, &one, &tags, depth).await?;
            // One that is going is there beside its successor.
            if seen.group.as_ref().is_none_or(|known| known.life == Life::Going) {
                seen.group = Some(group);
            }
        }
        for one in named(&listing.rules, &names.rule) {
            let arn = text(&one["arn"]);
            let Some(tags) = read_tags(aws, &arn).await? else { continue };
            if !self.is_ours(&tags, names.number) {
                seen.foreign.push(format!("the rule {}", names.rule));
                continue;
            }
            let fits = depth == Depth::Down || self.fits(aws, &one, seen.group.as_ref(), (header, &names.key), now).await?;
            seen.rules.push(Rule { arn, fits });
        }
        for one in named(&listing.services, &names.service) {
            let Some(tags) = read_tags(aws, &text(&one["arn"])).await? else { continue };
            if self.is_ours(&tags, names.number) {
                seen.own = self.own(aws, &one, now).await?;
            } else {
                seen.foreign.push(format!("the Lattice service {}", names.service));
            }
        }
        self.tasks(aws, names, &mut seen, now).await?;
        if depth == Depth::Down {
            seen.definitions = self.definitions(aws, names, now).await?;
        }
        Ok(seen)
    }

    /// Whether a rule says what it is to say.
    async fn fits(
        &self,
        aws: &Aws,
        rule: &Value,
        group: Option<&Group>,
        (header, key): (Header<'_>, &str),
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let Some(front) = &self.front else { return Ok(false) };
        let input = json!({
            "serviceIdentifier": self.service.id.as_str(), "listenerIdentifier": front.id.as_str(), "ruleIdentifier": rule["id"],
        });
        let rule = match aws.calls.call(LATTICE, "GetRule", &input, now).await {
            Err(fault) if fault.is_not_found() => return Ok(false),
            rule => rule?,
        };
        let forwards = rule.pointer("/action/forward/targetGroups").and_then(Value::as_array).map(Vec::as_slice);
        let [only] = forwards.unwrap_or_default() else { return Ok(false) };
        let matched = &rule["match"]["httpMatch"];
        let headers = matched["headerMatches"].as_array().map(Vec::as_slice).unwrap_or_default();
        let [condition] = headers else { return Ok(false) };
        let to = text(&only["targetGroupIdentifier"]);
        let to = to.rsplit('/').next().unwrap_or_default();
        let is_group = group.is_some_and(|group| group.arn.rsplit('/').next() == Some(to));
        let is_name = condition["name"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(header.0));
        Ok(is_group && is_name && condition["match"]["exact"] == *key)
    }

    async fn own(&self, aws: &Aws, one: &Value, now: Timestamp) -> Result<Option<Own>, Fault> {
        let id = json!({ "serviceIdentifier": one["id"] });
        let (arn, life) = (text(&one["arn"]), self::life(one));
        if life == Life::Going {
            return Ok(Some(Own { arn, life, listens: false, guarded: true, joined: Vec::new() }));
        }
        let (listeners, associations, policy) = tokio::join!(
            aws.calls.list(LATTICE, "ListListeners", &id, now),
            aws.calls.list(LATTICE, "ListServiceNetworkServiceAssociations", &id, now),
            self.has_policy(aws, &arn, now),
        );
        let gone = |fault: &Fault| fault.is_not_found();
        let (listeners, associations, guarded) = match (listeners, associations, policy) {
            (Err(fault), ..) | (_, Err(fault), _) | (_, _, Err(fault)) if gone(&fault) => return Ok(None),
            (listeners, associations, policy) => (listeners?, associations?, policy?),
        };
        let joined =
            |one: &Value| Joined { arn: text(&one["arn"]), network: text(&one["serviceNetworkId"]), life: self::life(one) };
        let joined = associations.iter().map(joined).collect();
        Ok(Some(Own { arn, life, listens: !listeners.is_empty(), guarded, joined }))
    }

    /// Whether a service is as closed as the real one.
    async fn has_policy(&self, aws: &Aws, arn: &str, now: Timestamp) -> Result<bool, Fault> {
        if self.auth_type != "AWS_IAM" {
            return Ok(true);
        }
        match aws.calls.call(LATTICE, "GetAuthPolicy", &json!({ "resourceIdentifier": arn }), now).await {
            Err(fault) if fault.is_not_found() => Ok(false),
            answer => Ok(answer?["policy"].as_str().is_some_and(|policy| !policy.is_empty())),
        }
    }

    async fn tasks(&self, aws: &Aws, names: &Names, seen: &mut Seen, now: Timestamp) -> Result<(), Fault> {
        let Some(service) = self.ecs_service(aws, names, now).await? else { return Ok(()) };
        let tags = service["tags"].as_array().into_iter().flatten();
        let tags = tags.filter_map(|tag| Some((tag["key"].as_str()?.to_owned(), tag["value"].as_str()?.to_owned()))).collect();
        seen.tasks = match service["status"].as_str().unwrap_or_default() {
            "ACTIVE" | "DRAINING" if !self.is_ours(&tags, names.number) => {
                seen.foreign.push(format!("the ECS service {}", names.ecs_service));
                return Ok(());
            }
            "ACTIVE" => Tasks::Active { arn: text(&service["serviceArn"]), task_definition: text(&service["taskDefinition"]) },
            "DRAINING" => Tasks::Draining,
            _ => Tasks::Absent,
        };
        Ok(())
    }

    /// Its ECS service as ECS describes it; none where there is none.
    async fn ecs_service(&self, aws: &Aws, names: &Names, now: Timestamp) -> Result<Option<Value>, Fault> {
        let input = json!({ "cluster": self.cluster, "services": [names.ecs_service], "include": ["TAGS"] });
        let answer = aws.calls.call("ecs", "DescribeServices", &input, now).await?;
        Ok(answer.pointer("/services/0").cloned())
    }

    /// Its task definitions that can still be run.
    async fn definitions(&self, aws: &Aws, names: &Names, now: Timestamp) -> Result<Vec<String>, Fault> {
        let input = json!({ "familyPrefix": names.family, "status": "ACTIVE" });
        let listed = aws.calls.list("ecs", "ListTaskDefinitions", &input, now).await?;
        let of_family = format!("/{}:", names.family);
        let mut ours = Vec::new();
        for arn in listed.iter().filter_map(Value::as_str).filter(|arn| arn.contains(&of_family)) {
            let input = json!({ "taskDefinition": arn, "include": ["TAGS"] });
            let described = aws.calls.call("ecs", "DescribeTaskDefinition", &input, now).await?;
            let tags = described["tags"].as_array().into_iter().flatten();
            let tags =
                tags.filter_map(|tag| Some((tag["key"].as_str()?.to_owned(), tag["value"].as_str()?.to_owned()))).collect();
            if self.is_ours(&tags, names.number) {
                ours.push(arn.to_owned());
            }
        }
        Ok(ours)
    }

    /// Its task definitions that are not the one that runs.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn older_definitions(&self, aws: &Aws, names: &Names, runs: &str, now: Timestamp) -> Result<Vec<String>, Fault> {
        let mut all = self.definitions(aws, names, now).await?;
        all.retain(|arn| arn != runs);
        Ok(all)
    }

    /// How its tasks and targets are doing.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn watch(&self, aws: &Aws, names: &Names, group: &str, now: Timestamp) -> Result<Look, Fault> {
        let (service, targets) = tokio::try_join!(self.ecs_service(aws, names, now), async {
            aws.lattice.list_targets(&TargetGroupArn::of(group)).await
        })?;
        let service = service.unwrap_or_default();
        let count = |value: &Value| value.as_u64().and_then(|count| u32::try_from(count).ok()).unwrap_or_default();
        let deployment = |one: &Value| Deployment {
            task_definition: text(&one["taskDefinition"]),
            failed: (one["rolloutState"] == "FAILED")
                .then(|| one["rolloutStateReason"].as_str().unwrap_or("ECS gave the deployment up").to_owned()),
        };
        let is_well = |target: &&Target| matches!(target.status, TargetStatus::Healthy | TargetStatus::Unavailable);
        let why = |target: &Target| {
            let is_sick = target.status == TargetStatus::Unhealthy;
            is_sick.then(|| target.reason.clone().unwrap_or_else(|| "unhealthy".to_owned()))
        };
        Ok(Look {
            task_definition: text(&service["taskDefinition"]),
            deployments: service["deployments"].as_array().into_iter().flatten().map(deployment).collect(),
            desired: count(&service["desiredCount"]),
            running: count(&service["runningCount"]),
            healthy: u32::try_from(targets.iter().filter(is_well).count()).unwrap_or(u32::MAX),
            unhealthy: targets.iter().filter_map(why).collect(),
        })
    }

    /// The domain name of its own Lattice service.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn own_domain(&self, aws: &Aws, own: &Own, now: Timestamp) -> Result<String, Fault> {
        let card = aws.calls.call(LATTICE, "GetService", &json!({ "serviceIdentifier": own.arn }), now).await?;
        Ok(card.pointer("/dnsEntry/domainName").map(text).unwrap_or_default())
    }
}

/// A resource's tags; none where it is gone.
pub(super) async fn read_tags(aws: &Aws, arn: &str) -> Result<Option<BTreeMap<String, String>>, Fault> {
    match aws.lattice.read_tags(arn).await {
        Err(fault) if fault.is_not_found() => Ok(None),
        tags => tags.map(Some),
    }
}

async fn group(aws: &Aws, one: &Value, tags: &BTreeMap<String, String>, depth: Depth) -> Result<Group, Fault> {
    let arn = text(&one["arn"]);
    let life = self::life(one);
    let targets = if depth == Depth::Down && life == Life::Ready {
        match aws.lattice.list_targets(&TargetGroupArn::of(&arn)).await {
            Err(fault) if fault.is_not_found() => Vec::new(),
            targets => targets?,
        }
    } else {
        Vec::new()
    };
    let draining = targets.iter().filter(|target| target.status == TargetStatus::Draining).count();
    let tag = |name: &str| tags.get(name).cloned();
    let until = tag(name::UNTIL).and_then(|text| humantime::parse_rfc3339(&text).ok());
    let until = until.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    Ok(Group {
        claim: tag(name::CLAIM).and_then(|text| text.parse().ok()),
        until: until.map(|since| Timestamp::from_secs(since.as_secs())),
        commit: tag(name::COMMIT),
        branch: tag(name::BRANCH),
        targets: targets.len() - draining,
        draining,
        life,
        arn,
    })
}
