//! What can be shared, and with whom.

use crate::sandbox::{lattice, protocol::Refusal, world::World};

/// Refuses what is no Lattice service or service network of this account.
pub(super) fn resource(world: &World, arn: &str) -> Result<(), Refusal> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, service, region, account, _] = parts[..] else {
        let text = format!("The specified resource ARN {arn} is not valid. Verify the ARN and try again.");
        return Err(Refusal::new("MalformedArnException", text));
    };
    if account != world.scenario.account || region != world.scenario.region {
        let text = format!("You can't share the resource {arn}, because it isn't in your account or not in this Region.");
        return Err(Refusal::new("OperationNotPermittedException", text));
    }
    if service != "vpc-lattice" || lattice::shareable(world, arn).is_none() {
        return Err(Refusal::new("UnknownResourceException", format!("Resource {arn} could not be found.")));
    }
    Ok(())
}

/// Whether a principal is another account, which has to accept an invitation.
pub(super) fn principal(world: &World, given: &str, external_allowed: bool) -> Result<bool, Refusal> {
    let is_account = given.len() == 12 && given.bytes().all(|byte| byte.is_ascii_digit());
    let of_organization = given
        .strip_prefix("arn:aws:organizations::")
        .and_then(|rest| rest.split_once(':'))
        .is_some_and(|(_, path)| path.starts_with("organization/o-") || path.starts_with("ou/o-"));
    if of_organization {
        return Ok(false);
    }
    if !is_account || given == world.scenario.account {
        let text = format!("Principal ID {given} is malformed. Verify the ID and try again.");
        return Err(Refusal::new("InvalidParameterException", text));
    }
    if !external_allowed {
        let text = "The resource you are attempting to share can only be shared within your AWS Organization. This error may also \
                    occur if you have not enabled sharing with your AWS organization, or that onboarding process is still in \
                    progress.";
        return Err(Refusal::new("OperationNotPermittedException", text));
    }
    Ok(true)
}
