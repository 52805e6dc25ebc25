//! What the role may, and the infrastructure role.

use futures_util::{StreamExt as _, stream};

use super::{
    words::{thing, unchecked},
    world::Known,
};
use crate::{
    aws::{
        Fault,
        access::{Question, Ruling, Verdict},
    },
    commands::view::View,
    definition::Given,
    resources::resource::OWNER,
    settings::{DeploySettings, Lock},
    verify::{
        Code, Found, Level,
        needs::{self, Need},
        policy, trust,
    },
};

/// Questions to IAM in flight at once.
const AT_ONCE: usize = 4;

/// Everything that can be said of permissions.
pub(super) async fn check(known: &Known<'_>) -> Vec<Found> {
    let caller = match known.aws.access.caller(known.now).await {
        Ok(caller) => caller,
        Err(fault) => return vec![unchecked("permissions were not checked", &fault, "")],
    };
    let mut found = Vec::new();
    let service = &known.survey.service;
    let account = account_of(&service.arn);
    if account != caller.account {
        let message = format!(
            "the Lattice service {} lies in account {account}, and these credentials are of account {}: only its owner can change its rules",
            service.name, caller.account
        );
        found.push(Found::error(Code::OtherAccount, thing(&service.arn), message).hint("use credentials of that account"));
    }
    let infrastructure = infrastructure_role(known);
    let (own, role) = tokio::join!(own(known, &caller), async {
        match &infrastructure {
            Some(role) => infrastructure_findings(known, role).await,
            None => Vec::new(),
        }
    });
    found.extend(own);
    found.extend(role);
    found
}

fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// Whether the role of the job may do what a release does.
async fn own(known: &Known<'_>, caller: &crate::aws::access::Caller) -> Vec<Found> {
    // A session does not tell its role's path; where it cannot be asked for, most roles have none.
    let principal = match caller.role() {
        Some(name) => match known.aws.access.role(name, known.now).await {
            Ok(Some(role)) => role.arn,
            Ok(None) | Err(_) => format!("arn:{}:iam::{}:role/{name}", partition(&caller.arn), caller.account),
        },
        None => caller.arn.clone(),
    };
    let needs = needs::of(&facts(known, &caller.arn));
    let denied = |ruling: &Ruling, need: &Need| {
        let passed = need.passed_to.map(|to| format!(", to be passed to {to}")).unwrap_or_default();
        let what = format!("{} on {}{passed}", ruling.action, ruling.resource);
        let hint = "give it to the role; `espalier iam-policy` prints all that it needs";
        if ruling.verdict == Verdict::Unsaid && !ruling.missing.is_empty() {
            let keys = ruling.missing.join(", ");
            let message = format!("whether the role may {what} depends on {keys}, which cannot be known beforehand");
            return Found::warning(Code::PermissionUnknown, thing(&principal), message);
        }
        let why = if ruling.verdict == Verdict::Denied { "a policy denies it" } else { "no policy allows it" };
        Found::error(Code::PermissionDenied, thing(&principal), format!("the role may not {what}: {why}")).hint(hint)
    };
    simulated(known, &principal, needs, denied).await.unwrap_or_else(|fault| {
        let message = format!("permissions were not simulated, only tried where reading shows them: {fault}");
        let hint = "let the role call iam:SimulatePrincipalPolicy on itself, and iam:GetRole";
        vec![Found::note(Code::PermissionsUnchecked, thing(&principal), message).hint(hint)]
    })
}

/// What IAM does not allow of these needs, each as a finding.
///
/// # Errors
/// That IAM may not be asked, or does not answer.
async fn simulated(
    known: &Known<'_>,
    principal: &str,
    needs: Vec<Need>,
    finding: impl Fn(&Ruling, &Need) -> Found,
) -> Result<Vec<Found>, Fault> {
    let asked = stream::iter(needs).map(async |need: Need| {
        let question = Question {
            actions: need.actions.iter().map(ToString::to_string).collect(),
            resources: need.resources.clone(),
            context: context(known, &need),
        };
        let rulings = known.aws.access.simulate(principal, &question, known.now).await;
        (need, rulings)
    });
    let answers: Vec<_> = asked.buffered(AT_ONCE).collect().await;
    let mut found = Vec::new();
    for (need, rulings) in answers {
        let refused = rulings?.into_iter().filter(|ruling| ruling.verdict != Verdict::Allowed);
        found.extend(refused.map(|ruling| finding(&ruling, &need)));
    }
    Ok(found)
}

/// The condition keys whose values are known beforehand. One that does not belong to an action does no harm, and IAM then does not
/// miss it.
fn context(known: &Known<'_>, need: &Need) -> Vec<(String, String)> {
    let service = &known.survey.service.arn;
    let account = account_of(service);
    let region = known.aws.region.as_str();
    let cluster = known.release.cluster.rsplit('/').next().unwrap_or_default();
    let cluster = format!("arn:{}:ecs:{region}:{account}:cluster/{cluster}", partition(service));
    let creates_service = need.resources.iter().any(|arn| arn.contains(":service/"));
    let created_by = if creates_service { "CreateService" } else { "RegisterTaskDefinition" };
    let (owned, tested) = (format!("aws:RequestTag/{}", OWNER), format!("aws:ResourceTag/{}", policy::TEST));
    let keys = [
        (owned.as_str(), known.release.service.as_str()),
        (tested.as_str(), "a rollout"),
        ("application-autoscaling:service-namespace", "ecs"),
        ("iam:PassedToService", need.passed_to.unwrap_or(trust::ECS)),
        ("aws:RequestedRegion", region),
        ("aws:ResourceAccount", account),
        ("aws:PrincipalAccount", account),
        ("aws:SecureTransport", "true"),
        ("ecs:cluster", &cluster),
        ("ecs:CreateAction", created_by),
    ];
    keys.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
}

fn partition(arn: &str) -> &str {
    arn.split(':').nth(1).unwrap_or("aws")
}

/// What the release would do, in IAM's terms.
fn facts(known: &Known<'_>, caller: &str) -> needs::Release {
    let Known { aws, release, survey, roles, definitions, .. } = *known;
    let candidate = roles.map(|roles| &survey.slots[roles.candidate]);
    let stable = roles.and_then(|roles| roles.stable);
    let home = (partition(caller).to_owned(), aws.region.clone(), account_of(&survey.service.arn).to_owned());
    let passes = passed(known, &home);
    let cluster = release.cluster.rsplit('/').next().unwrap_or_default();
    let created = candidate.filter(|slot| slot.service.is_none()).and_then(|slot| slot.wanted.ecs_service.clone());
    let creates = Vec::from_iter(created);
    needs::Release {
        lattice_service: survey.service.arn.clone(),
        seen: survey.targets.iter().map(|(target, _)| target.arn().to_owned()).collect(),
        moving: known.moving(),
        groups: survey.slots.iter().filter_map(|slot| Some(slot.group.as_ref()?.arn.as_str().to_owned())).collect(),
        makes_group: candidate.is_some_and(|slot| slot.group.is_none()) && stable.is_some(),
        cluster: cluster.to_owned(),
        services: survey.slots.iter().filter_map(|slot| Some(slot.service.as_ref()?.name.clone())).collect(),
        family: definitions.map(|definitions| definitions.family().to_owned()).unwrap_or_default(),
        passes,
        compares: stable.is_some()
            && !release.force
            && definitions.is_some_and(|definitions| definitions.floating_images().is_empty()),
        measures: !release.judging.analysis.metrics.is_empty(),
        alarms: release.judging.analysis.alarms.iter().map(|alarm| alarm.name.clone()).collect(),
        locks: release.lock == Lock::Ssm,
        tests: release.lattice.test_rule.is_some() && stable.is_some(),
        runs: definitions.map(|definitions| definitions.run_by(&release.hooks)).unwrap_or_default(),
        tagged: definitions.map(|definitions| definitions.tagged(&creates, cluster)).unwrap_or_default(),
        creates,
        home,
        // Found out before the first write, by asking Application Auto Scaling itself.
        scales: false,
    }
}

/// The roles that ECS is handed, by ARN.
fn passed(known: &Known<'_>, (partition, _, account): &(String, String, String)) -> Vec<(String, &'static str)> {
    let arn = |role: &str| {
        if role.starts_with("arn:") { role.to_owned() } else { format!("arn:{partition}:iam::{account}:role/{role}") }
    };
    let mut passes: Vec<_> = infrastructure_role(known).map(|role| (arn(&role), trust::ECS)).into_iter().collect();
    if let Some(definitions) = known.definitions {
        passes.extend(definitions.task_roles().map(|role| (arn(role), trust::TASKS)));
    }
    passes.dedup();
    passes
}

/// The infrastructure role by name or ARN: as it is configured, else as the definition has it.
fn infrastructure_role(known: &Known<'_>) -> Option<String> {
    let DeploySettings { lattice, .. } = known.release;
    let configured = lattice.infrastructure_role.as_ref().map(|Given { text, .. }| text.clone());
    configured.or_else(|| {
        let (definitions, roles) = (known.definitions?, known.roles?);
        let view = View { settings: known.release, survey: known.survey, roles, definitions };
        view.patched().ok()?.lattice.map(|entry| entry.role_arn)
    })
}

/// Whether the infrastructure role is there, trusts ECS, and may do what ECS does with it.
async fn infrastructure_findings(known: &Known<'_>, role: &str) -> Vec<Found> {
    let name = role.rsplit('/').next().unwrap_or(role);
    let seen = match known.aws.access.role(name, known.now).await {
        Err(fault) => return vec![unchecked("the infrastructure role was not checked", &fault, role)],
        Ok(None) => {
            let message = format!("there is no role {name}: ECS could not register a single task");
            let hint =
                "create it, trusted by ecs.amazonaws.com, with the managed policy AmazonECSInfrastructureRolePolicyForVpcLattice";
            return vec![Found::error(Code::RoleMissing, thing(role), message).hint(hint)];
        }
        Ok(Some(seen)) => seen,
    };
    let mut found = Vec::new();
    if !trust::trusts(&seen.trust, trust::ECS) {
        let others = trust::services(&seen.trust).join(", ");
        let but = if others.is_empty() { String::new() } else { format!(", but {others}") };
        let message = format!("the infrastructure role {name} does not trust {}{but}", trust::ECS);
        let hint = format!(
            "let its trust policy allow sts:AssumeRole to {{\"Service\": \"{}\"}}: aws iam update-assume-role-policy --role-name {name} --policy-document …",
            trust::ECS
        );
        found.push(Found::error(Code::RoleTrust, thing(&seen.arn), message).hint(hint));
    }
    let groups = known.survey.slots.iter().filter_map(|slot| Some(slot.group.as_ref()?.arn.as_str().to_owned())).collect();
    let lacking = |ruling: &Ruling, _: &Need| {
        let message = format!("the infrastructure role {name} may not {} on {}", ruling.action, ruling.resource);
        let is_known = ruling.missing.is_empty() || ruling.verdict == Verdict::Denied;
        let level = if is_known { Level::Error } else { Level::Warning };
        let hint = "attach the managed policy AmazonECSInfrastructureRolePolicyForVpcLattice to it";
        Found { level, ..Found::error(Code::RolePermissions, thing(&seen.arn), message).hint(hint) }
    };
    match simulated(known, &seen.arn, needs::of_infrastructure_role(groups), lacking).await {
        Ok(lacks) => found.extend(lacks),
        Err(fault) => found.push(unchecked("what the infrastructure role may was not checked", &fault, &seen.arn)),
    }
    found
}
