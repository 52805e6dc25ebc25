//! What is asked, and of whom.

use super::{access, measures, reports, terraform, words, world};
use crate::{
    aws::{Aws, survey},
    commands::{connect, definitions::Definitions, deploy},
    settings::DeploySettings,
    time::Timestamp,
    verify::{Code, Found, Spot},
};

/// Checks everything.
pub(super) async fn check(release: &DeploySettings) -> Vec<Found> {
    let mut found = Vec::new();
    let definitions = match Definitions::read(release) {
        Ok(definitions) => Some(definitions),
        Err(findings) => {
            found.extend(findings.iter().map(|finding| Found::of(Code::Definition, finding)));
            None
        }
    };
    let (in_aws, on_github) = tokio::join!(in_aws(release, definitions.as_ref()), reports::check(release));
    found.extend(in_aws);
    found.extend(on_github);
    found
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
    let (reads, neighbours) = tokio::join!(
        survey::read(aws, &release.lattice.service, listener, Some(cluster), &wanted),
        aws.services_of(cluster),
    );
    let mut found = world::unread(&reads, release);
    if let Ok(service) = &reads.service {
        found.extend(world::reach(aws, service).await);
    }
    found.extend(world::groups(&reads, release));

    // The whole, as `deploy` has it; what of it is missing is told above.
    let survey = match reads.survey(wanted) {
        Ok(survey) => survey.tagged(aws, deploy::listed(&release.lattice.rules)).await,
        Err(_) => {
            let what = "which slot serves, permissions, quotas, metrics and Terraform were not checked, since not all could be read";
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
    let roles = match roles {
        Ok(roles) => Some(roles),
        Err(errors) => {
            found.extend(errors.iter().map(words::roleless));
            None
        }
    };
    let known = world::Known { aws, now, release, survey: &survey, roles: roles.as_ref(), definitions };
    found.extend(known.neighbours(&neighbours));
    found.extend(known.quotas());
    let (more, access, measures, terraform) =
        tokio::join!(known.preflight(), access::check(&known), measures::check(&known), terraform::check(&known));
    found.extend([more, access, measures, terraform].concat());
    found
}
