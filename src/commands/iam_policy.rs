//! `iam-policy`: what the role of a config's releases needs, and nothing beyond it.
//!
//! Names are looked up in AWS. With an account and a region nothing is asked, and what only AWS knows is a pattern.

use std::path::Path;

use super::{
    connect,
    declared_policy::declared,
    definitions::Definitions,
    deploy,
    dispatch::{on_runtime, settled},
    patch::note,
    replace::replace,
    trust_policy,
};
use crate::{
    aws::{autoscaling, survey, survey::Survey},
    cli,
    definition::template::Reference,
    exit::{Error, Exit},
    settings::{DeploySettings, Environment, Format, Lock, PolicySettings, Previews, Rules, Templating, resolve},
    verify::{
        needs::{Need, Release},
        policy::{self, Statement},
        preview_policy, trust, up_policy,
    },
};

/// What a config's names mean in AWS, by ARNs or patterns of them.
#[derive(Default)]
struct Meant {
    /// What is known of it, resources of Lattice and ECS.
    release: Release,
    /// The ARN of the role itself.
    role: Option<String>,
    /// Callers of the Lattice service need a permission.
    guarded: bool,
    /// What was not known.
    notes: Vec<String>,
}

/// Where previews are.
fn previews_of(release: &DeploySettings, previews: &Previews, meant: &Meant) -> preview_policy::Previews {
    let there = &meant.release;
    let listeners = listeners_of(there.moving.iter().map(String::as_str));
    let listener = match (listeners.as_slice(), &previews.listener) {
        ([only], None) => (*only).to_owned(),
        _ => format!("{}/listener/*", there.lattice_service),
    };
    preview_policy::Previews {
        home: there.home.clone(),
        cluster: there.cluster.clone(),
        prefix: previews.prefix.clone().unwrap_or_else(|| release.service.clone()),
        listener,
        guarded: meant.guarded,
        names_networks: !previews.networks.is_empty(),
    }
}

/// Prints it.
///
/// # Errors
/// What is wrong with the request, or AWS's refusal.
pub(super) fn iam_policy(args: &cli::IamPolicy, environment: &mut Environment) -> Result<Exit, Error> {
    if let Some(trusted) = settled(environment, |it| resolve::trust(args, it))? {
        return trust_policy::print(&trusted);
    }
    let settings = settled(environment, |it| resolve::iam_policy(args, it))?;
    printed(&settings, environment)
}

/// The same with everything settled.
///
/// # Errors
/// As [`iam_policy`].
pub(super) fn printed(settings: &PolicySettings, environment: &Environment) -> Result<Exit, Error> {
    let (mut statements, mut notes) = (Vec::new(), Vec::new());
    if let Some(release) = &settings.release {
        let mut meant = match &settings.account {
            Some(account) => offline(release, account),
            None => on_runtime(looked_up(release, settings.declared.is_some()))?,
        };
        configured(release, &deploy::definitions(release)?, &mut meant);
        let lookups = lookups(environment.answers.keys(), &settings.templating, &meant.release.home);
        let own = settings.role.as_ref().or(release.aws.role.as_ref());
        let roles = roles(own, &mut meant);
        statements = policy::policy(&meant.release, roles, lookups);
        if let Some(previews) = &settings.previews {
            let more = preview_policy::statements(&previews_of(release, previews, &meant));
            statements.extend(preview_policy::beside(&statements, more));
        }
        notes = meant.notes;
    } else {
        notes.push("the config has no service definition: the policy is for `up` and `down` alone".to_owned());
    }
    if let Some(resources) = &settings.declared {
        let mut declared = declared(resources, settings.account.as_deref())?;
        declared.lookups = lookups(environment.answers.keys(), &settings.templating, &declared.home);
        let more = up_policy::statements(&declared);
        statements.extend(preview_policy::beside(&statements, more));
    }

    let document = format!("{:#}", policy::document(&statements));
    let text = match settings.format {
        Format::Json => document,
        Format::Text => in_words(&statements, "").join("\n"),
        Format::Markdown => format!("{}\n\n```json\n{document}\n```", in_words(&statements, "- ").join("\n")),
    };
    match &settings.output {
        Some(path) if path != Path::new("-") => replace(path, format!("{text}\n").as_bytes())?,
        Some(_) | None => connect::print(&text),
    }
    notes.iter().for_each(|what| note(&format!("note: {what}")));
    Ok(Exit::Done)
}

/// What AWS says. What is to be made yet has no ids.
async fn looked_up(release: &DeploySettings, is_declared: bool) -> Result<Meant, Error> {
    let aws = connect::aws(&release.aws).await?;
    let now = connect::clock(&release.surroundings).await?.now();
    let caller = aws.access.caller(now).await?;
    let survey = match deploy::look(release, &aws).await {
        Err(error) if is_declared && error.exit == Exit::Invalid => {
            let mut meant = offline(release, &caller.account);
            let lacks = error.problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ");
            meant.notes = vec![format!("{lacks}: the policy has patterns; print it again after `up`")];
            return Ok(meant);
        }
        survey => survey?,
    };
    let part = |place: usize| survey.service.arn.split(':').nth(place).unwrap_or_default().to_owned();
    let resources: Vec<String> =
        release.lattice.slots.iter().map(|slot| autoscaling::resource(&release.cluster, &slot.ecs_service)).collect();
    let mut meant = Meant::default();
    let there = &mut meant.release;
    there.home = (part(1), aws.region.clone(), part(4));
    there.lattice_service = survey.service.arn.clone();
    // Whether another listener sends requests to a slot is read, too.
    there.seen = with_rules_of(survey.targets.iter().chain(&survey.elsewhere).map(|(target, _)| target.arn()));
    there.moving = match &release.lattice.rules {
        Rules::All => with_rules_of(survey.targets.iter().map(|(target, _)| target.arn())),
        Rules::Listed(rules) => listed(&survey, rules)?,
    };
    for slot in &survey.slots {
        there.groups.extend(slot.group.as_ref().map(|group| group.arn.as_str().to_owned()));
        there.creates.extend(slot.wanted.ecs_service.clone().filter(|_| slot.service.is_none()));
        if slot.group.is_none() {
            there.makes_group = true;
            let name = &slot.wanted.target_group;
            meant.notes.push(format!(
                "there is no target group {name} yet: the policy allows to make one; print it again when it is there"
            ));
        }
    }
    there.scales = aws.autoscaling.targets(&resources, now).await?.iter().any(Option::is_some);
    meant.guarded = aws.standing(&survey.service).await.is_ok_and(|standing| standing.needs_auth);
    meant.role = match caller.role() {
        None => None,
        Some(name) => match aws.access.role(name, now).await {
            Ok(Some(role)) => Some(role.arn),
            Ok(None) | Err(_) => Some(format!("arn:{}:iam::{}:role/{name}", there.home.0, caller.account)),
        },
    };
    Ok(meant)
}

fn listed(survey: &Survey, rules: &[String]) -> Result<Vec<String>, Error> {
    let roles = survey::roles(survey, Some(rules))?;
    Ok(roles.targets.iter().map(|(target, _)| target.arn().to_owned()).collect())
}

/// What can be said without AWS: ARNs and ids as they are given, patterns for names.
fn offline(release: &DeploySettings, account: &str) -> Meant {
    let region = release.aws.region.clone().unwrap_or_default();
    let partition = trust_policy::partition(&region);
    let mut meant = Meant::default();
    let mut unknown = Vec::new();
    let mut arn = |given: &str, start: &str, ids: &str, above: &str| {
        if given.starts_with("arn:") {
            given.to_owned()
        } else if given.starts_with(ids) {
            format!("{above}{start}{given}")
        } else {
            unknown.push(given.to_owned());
            format!("{above}{start}*")
        }
    };
    let lattice = &release.lattice;
    let home = format!("arn:{partition}:vpc-lattice:{region}:{account}:");
    let service = arn(&lattice.service, "service/", "svc-", &home);
    let listener = match &lattice.listener {
        Some(listener) => arn(listener, "/listener/", "listener-", &service),
        None => format!("{service}/listener/*"),
    };
    let there = &mut meant.release;
    // Whether another listener sends requests to a slot is read, too.
    there.seen = with_rules(&format!("{service}/listener/*")).into();
    there.moving = match &lattice.rules {
        Rules::All => with_rules(&listener).into(),
        Rules::Listed(rules) => rules
            .iter()
            .map(|rule| if rule.starts_with("default") { listener.clone() } else { arn(rule, "/rule/", "rule-", &listener) })
            .collect(),
    };
    there.groups = lattice.slots.iter().map(|slot| arn(&slot.target_group.text, "targetgroup/", "tg-", &home)).collect();
    there.makes_group = there.groups.iter().any(|group| group.ends_with('*'));
    there.lattice_service = service;
    there.home = (partition.to_owned(), region, account.to_owned());
    there.creates = lattice.slots.iter().map(|slot| slot.ecs_service.clone()).collect();
    there.scales = true;
    meant.guarded = true;
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        meant.notes.push(format!(
            "only AWS knows the ids of {names}: the policy has patterns; give ids or ARNs, or leave --account out"
        ));
    }
    meant.notes.push("without --account autoscaling is allowed only where something scales the services".to_owned());
    meant
}

/// The listeners of traffic targets, by ARNs.
fn listeners_of<'a>(targets: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut listeners: Vec<&str> = targets.map(|arn| arn.split("/rule/").next().unwrap_or(arn)).collect();
    listeners.sort_unstable();
    listeners.dedup();
    listeners
}

/// The same listeners, and whatever rules they have.
fn with_rules_of<'a>(targets: impl Iterator<Item = &'a str>) -> Vec<String> {
    listeners_of(targets).into_iter().flat_map(with_rules).collect()
}

/// A listener, and whatever rules it has.
fn with_rules(listener: &str) -> [String; 2] {
    [listener.to_owned(), format!("{listener}/rule/*")]
}

/// What the config and the definitions say, wherever their names lead.
fn configured(release: &DeploySettings, definitions: &Definitions, meant: &mut Meant) {
    let there = &mut meant.release;
    let role = |name: &str| role_arn(name, there);
    let passes = definitions.infrastructure_role().map(|name| (role(&name), trust::ECS));
    there.passes = passes.into_iter().chain(definitions.task_roles().map(|name| (role(name), trust::TASKS))).collect();
    if definitions.infrastructure_role().is_none() {
        meant.notes.push("no infrastructure role is configured: the policy lets none be passed".to_owned());
    }
    there.cluster = release.cluster.rsplit('/').next().unwrap_or_default().to_owned();
    there.services = release.lattice.slots.iter().map(|slot| slot.ecs_service.clone()).collect();
    there.family = definitions.family().to_owned();
    there.compares = true;
    there.measures = !release.judging.analysis.metrics.is_empty();
    there.alarms = release.judging.analysis.alarms.iter().map(|alarm| alarm.name.clone()).collect();
    there.locks = release.lock == Lock::Ssm;
    there.tests = release.lattice.test_rule.is_some();
    there.runs = definitions.run_by(&release.hooks);
    there.tagged = definitions.tagged(&there.creates, &there.cluster);
    let own = format!("{}:", there.family);
    if there.runs.iter().any(|run| !run.starts_with(&own)) {
        let what = "a hook runs a task definition of its own: let the role pass the roles that it names, too";
        meant.notes.push(what.to_owned());
    }
}

fn role_arn(name: &str, there: &Release) -> String {
    let (partition, _, account) = &there.home;
    if name.starts_with("arn:") { name.to_owned() } else { format!("arn:{partition}:iam::{account}:role/{name}") }
}

/// The roles that `verify` looks at: this one and the infrastructure role.
fn roles(own: Option<&String>, meant: &mut Meant) -> Vec<String> {
    let own = own.cloned().or_else(|| meant.role.clone()).unwrap_or_else(|| {
        meant.notes.push("the role itself is not known: verify may look at all; --aws-role says which it is".to_owned());
        role_arn("*", &meant.release)
    });
    let passed = meant.release.passes.iter().filter(|(_, to)| *to == trust::ECS).map(|(role, _)| role.clone());
    [own].into_iter().chain(passed).collect()
}

/// What the definitions and the config refer to.
fn lookups<'a>(
    references: impl Iterator<Item = &'a Reference>,
    templating: &Templating,
    (partition, region, account): &(String, String, String),
) -> Vec<Need> {
    let arn = |service: &str, path: &str| format!("arn:{partition}:{service}:{region}:{account}:{path}");
    let need = |action, resource| Need { actions: vec![action], resources: vec![resource], passed_to: None };
    let of_state = |state: &str| {
        let object = state.strip_prefix("s3://")?.split('?').next()?;
        Some(need("s3:GetObject", format!("arn:{partition}:s3:::{object}")))
    };
    let one = |reference: &Reference| match reference {
        Reference::Parameter { name } => {
            vec![need("ssm:GetParameter", arn("ssm", &format!("parameter/{}", name.trim_start_matches('/'))))]
        }
        // Its ARN ends in six characters of AWS's choice.
        Reference::Secret { name } => {
            vec![need("secretsmanager:DescribeSecret", arn("secretsmanager", &format!("secret:{name}-??????")))]
        }
        Reference::StackOutput { stack, .. } => {
            vec![need("cloudformation:DescribeStacks", arn("cloudformation", &format!("stack/{stack}/*")))]
        }
        Reference::StackExport { .. } => vec![need("cloudformation:ListExports", "*".to_owned())],
        Reference::Terraform { state, .. } if state.is_empty() => {
            templating.states().iter().filter_map(|state| of_state(state)).collect()
        }
        Reference::Terraform { state, .. } => of_state(state).into_iter().collect(),
        // What a program asks of AWS is its own.
        Reference::External { .. } => Vec::new(),
    };
    references.flat_map(one).collect()
}

fn in_words(statements: &[Statement], bullet: &str) -> Vec<String> {
    let line = |statement: &Statement| {
        let Statement { sid, what_for, actions, resources, .. } = statement;
        format!("{bullet}{sid}: {what_for}: {} on {}", actions.join(", "), resources.join(", "))
    };
    statements.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_looked_up_where_they_point_to() {
        let state =
            |state: &str| Reference::Terraform { state: state.to_owned(), address: "output.x".to_owned(), optional: false };
        let references = [
            Reference::Parameter { name: "/app/image".to_owned() },
            Reference::Secret { name: "db".to_owned() },
            Reference::StackOutput { stack: "net".to_owned(), key: "Vpc".to_owned() },
            Reference::StackExport { name: "x".to_owned() },
            state(""),
            state("terraform.tfstate"),
        ];
        let templating = Templating { state: Some("s3://bucket/dir/it.tfstate?region=r".to_owned()), ..Templating::default() };
        let home = ("aws".to_owned(), "r".to_owned(), "1".to_owned());
        let needs = lookups(references.iter(), &templating, &home);
        let found: Vec<(&str, &str)> = needs.iter().map(|need| (need.actions[0], need.resources[0].as_str())).collect();
        let expected = [
            ("ssm:GetParameter", "arn:aws:ssm:r:1:parameter/app/image"),
            ("secretsmanager:DescribeSecret", "arn:aws:secretsmanager:r:1:secret:db-??????"),
            ("cloudformation:DescribeStacks", "arn:aws:cloudformation:r:1:stack/net/*"),
            ("cloudformation:ListExports", "*"),
            ("s3:GetObject", "arn:aws:s3:::bucket/dir/it.tfstate"),
        ];
        assert_eq!(found, expected);
        let release = Release { home, ..Release::default() };
        let statements = policy::policy(&release, Vec::new(), needs);
        let filled = statements.iter().find(|statement| statement.sid == "FillInDefinitions").expect("a statement");
        assert_eq!((filled.actions.len(), filled.resources.len()), (4, 4));
    }
}
