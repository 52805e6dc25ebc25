//! What is asked, and of whom.

use super::{access, admission, measures, reports, terraform, words, world};
use crate::{
    aws::{
        Aws,
        lattice::traffic::TrafficTarget,
        ledger::{self, Found as Recorded},
        survey::{self, RolesError},
    },
    commands::{
        connect,
        definitions::{Definitions, ForSlot},
        deploy, preflight,
    },
    definition::{Finding, patch::Weighted},
    settings::{DeploySettings, Slot},
    time::Timestamp,
    verify::{Code, Found, Spot},
};

/// Checks everything.
pub(super) async fn check(release: &DeploySettings) -> Vec<Found> {
    let mut found = Vec::new();
    let (definitions, findings) = Definitions::judged(release, None);
    found.extend(findings.iter().map(|finding| Found::of(Code::Definition, finding)));
    if let Some(definitions) = &definitions {
        found.extend(alone(release, definitions));
    }
    let (in_aws, on_github) = tokio::join!(in_aws(release, definitions.as_ref()), reports::check(release));
    found.extend(in_aws);
    found.extend(on_github);
    found
}

/// What is wrong with the definitions whatever AWS says: filters, ports, roles. The group is one that nobody has.
fn alone(release: &DeploySettings, definitions: &Definitions) -> Vec<Found> {
    let region = release.aws.region.as_deref().unwrap_or("us-east-1");
    let group_arn = format!("arn:aws:vpc-lattice:{region}:000000000000:targetgroup/tg-00000000000000000");
    let rule = format!(
        "arn:aws:vpc-lattice:{region}:000000000000:service/svc-00000000000000000/listener/listener-00000000000000000/rule/rule-00000000000000000"
    );
    let rules = vec![Weighted { arn: rule, weights: vec![("tg-00000000000000000".to_owned(), 100)] }];
    let of = |slot: &Slot| {
        let (slot, ecs_service, overrides) = (slot.name.as_str(), slot.ecs_service.as_str(), slot.overrides.as_slice());
        let slot = ForSlot { slot, ecs_service, group_arn: &group_arn, overrides, beside_stable: false, rules: rules.clone() };
        definitions.for_slot(slot).map_or_else(|findings| findings, |patched| patched.warnings)
    };
    // Of the group's account nothing is known here.
    let is_sound = |finding: &Finding| !finding.message.contains("000000000000");
    release.lattice.slots.iter().flat_map(of).filter(is_sound).map(|finding| Found::of(Code::Definition, &finding)).collect()
}

async fn in_aws(release: &DeploySettings, definitions: Option<&Definitions>) -> Vec<Found> {
    let connected = connect::aws(&release.aws).await;
    let clock = connect::clock(&release.surroundings).await;
    let (aws, clock) = match (connected, clock) {
        (Ok(aws), Ok(clock)) => (aws, clock),
        (aws, clock) => {
            let errors = aws.err().into_iter().chain(clock.err());
            let mut found: Vec<Found> = errors.flat_map(|error| words::problems(&error, Code::Credentials, "")).collect();
            found.push(Found::note(Code::NotChecked, Spot::Request, "nothing in AWS was looked at"));
            return found;
        }
    };
    world_of(&aws, clock.now(), release, definitions).await
}

async fn world_of(aws: &Aws, now: Timestamp, release: &DeploySettings, definitions: Option<&Definitions>) -> Vec<Found> {
    let wanted = deploy::wanted(release);
    let (listener, cluster) = (release.lattice.listener.as_deref(), release.cluster.as_str());
    let (reads, neighbours) =
        tokio::join!(survey::read(aws, &release.lattice.service, listener, Some(cluster), &wanted), aws.services_of(cluster),);
    let mut found = world::unread(aws, &reads, release);
    if let Ok(service) = &reads.service {
        found.extend(world::reach(aws, service).await);
    }
    found.extend(world::groups(&reads, release));

    // The whole, as `deploy` has it; what of it is missing is told above.
    let survey = match reads.survey(wanted) {
        Ok(survey) => survey.tagged(aws, deploy::listed(&release.lattice.rules)).await,
        Err(_) => {
            let what = "which slot serves, permissions, security groups, quotas, metrics and Terraform were not checked, since not all could be read";
            found.push(Found::note(Code::NotChecked, Spot::Request, what));
            return found;
        }
    };
    let survey = match survey {
        Ok(survey) => survey,
        Err(fault) => {
            found.push(words::refused(&fault, ""));
            return found;
        }
    };
    let roles = survey::roles(&survey, deploy::listed(&release.lattice.rules));
    let records = match ledger::on_targets(aws, survey.concerned().map(TrafficTarget::arn)).await {
        Ok(records) => preflight::ours(records, &survey),
        Err(error) => {
            found.extend(words::problems(&error.into(), Code::UnderWay, &survey.service.arn));
            Vec::new()
        }
    };
    let roles = match roles {
        Ok(roles) => Some(roles),
        Err(errors) => {
            // Weights in the middle of a rollout are no riddle: that it is under way is told.
            let explained =
                |error: &&RolesError| matches!(error, RolesError::Split { .. }) && records.iter().any(Recorded::is_open);
            found.extend(errors.iter().filter(|error| !explained(error)).map(words::roleless));
            None
        }
    };
    let known = world::Known { aws, now, release, survey: &survey, roles: roles.as_ref(), definitions, records: &records };
    found.extend(known.neighbours(&neighbours));
    found.extend(known.stable_service(&neighbours));
    found.extend(known.quotas());
    let (more, access, admission, measures, terraform) = tokio::join!(
        known.preflight(),
        access::check(&known),
        admission::check(&known),
        measures::check(&known),
        terraform::check(&known)
    );
    found.extend([more, access, admission, measures, terraform].concat());
    found
}
