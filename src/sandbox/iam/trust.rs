//! Who may have a role.

use super::{context::Context, policy::Verdict};
use crate::sandbox::{oidc, world::World};

/// Whether the role's trust policy lets somebody have it who brings a token with these claims. A role that the scenario gives no
/// trust policy trusts every token.
pub(crate) fn trusts(world: &World, role: &str, claims: &serde_json::Map<String, serde_json::Value>) -> bool {
    let roles = &world.scenario.iam.roles;
    let Some(seed) = roles.get(role) else { return roles.is_empty() };
    let Some(trust) = &seed.trust else { return true };
    let mut context = Context::default();
    for (claim, value) in claims {
        if let Some(text) = value.as_str() {
            context.set(&format!("{}:{claim}", oidc::PROVIDER), text);
        }
    }
    let provider = format!("arn:aws:iam::{}:oidc-provider/{}", world.scenario.account, oidc::PROVIDER);
    trust.of_trust("sts:AssumeRoleWithWebIdentity", ("Federated", &provider), &context) == Verdict::Allowed
}
