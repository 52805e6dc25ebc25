//! `AssumeRoleWithWebIdentity`.

use serde_json::{Value, json};

use crate::sandbox::{
    iam::{self, Policy},
    oidc::{self, Unreadable},
    protocol::{Call, Refusal},
    world::World,
};

/// The session's length where none is asked for (API reference, DurationSeconds).
const USUAL: u64 = 3600;

pub(super) fn assume(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let invalid = |text: &str| Refusal::new("ValidationError", text);
    if call.given("ProviderId").is_some() {
        return Err(invalid("ProviderId is not supported for OpenID Connect tokens"));
    }
    if !call.list("PolicyArns").is_empty() {
        return Err(invalid("The sandbox has no managed policies: PolicyArns cannot be used."));
    }
    let account = format!("arn:aws:iam::{}:role/", world.scenario.account);
    let role = call.text("RoleArn").strip_prefix(&account).filter(|role| !role.is_empty());
    let role = role.ok_or_else(|| match call.text("RoleArn").split(':').collect::<Vec<_>>().as_slice() {
        ["arn", _, "iam", "", _, role] if role.starts_with("role/") => denied(),
        _ => invalid(&format!("{} is invalid", call.text("RoleArn"))),
    })?;
    let claims = valid(world, call.text("WebIdentityToken"))?;
    let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
    if !iam::trusts(world, role, &claims) {
        return Err(denied());
    }
    let asked = call.number("DurationSeconds").unwrap_or(USUAL);
    let longest = world.scenario.iam.roles.get(role).map_or(USUAL.max(asked), |role| role.max_session);
    if asked > longest {
        return Err(invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
    }
    let malformed = |problem: String| Refusal::new("MalformedPolicyDocumentException", problem);
    let policy = match call.given("Policy") {
        Some(text) => {
            let document: Value = serde_json::from_str(text).map_err(|_| malformed("The policy is not JSON.".to_owned()))?;
            Some(Policy::try_from(document).map_err(malformed)?)
        }
        None => None,
    };
    let granted = iam::grant(world, role, call.text("RoleSessionName"), asked, policy);
    let mut answer = json!({
        "Credentials": {
            "AccessKeyId": granted.access_key,
            "SecretAccessKey": granted.secret,
            "SessionToken": granted.token,
            "Expiration": granted.expires.as_secs(),
        },
        "AssumedRoleUser": {"Arn": granted.caller.arn(), "AssumedRoleId": granted.caller.user_id()},
        "SubjectFromWebIdentityToken": subject,
        "Provider": format!("arn:aws:iam::{}:oidc-provider/{}", world.scenario.account, oidc::PROVIDER),
        "Audience": oidc::AUDIENCE,
    });
    if let Some(text) = call.given("Policy") {
        // In percent of what may be; AWS packs it first.
        answer["PackedPolicySize"] = json!(text.len().div_ceil(20).min(100));
    }
    Ok(answer)
}

fn denied() -> Refusal {
    Refusal::new("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity").status(403)
}

/// The claims of a token that this account's provider vouches for, now.
fn valid(world: &World, token: &str) -> Result<oidc::Claims, Refusal> {
    let invalid = |text: String| Refusal::new("InvalidIdentityTokenException", text);
    let claims = oidc::read(world, token).map_err(|why| match why {
        Unreadable::Malformed => {
            invalid("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)".to_owned())
        }
        Unreadable::Forged => invalid("Token signature is not valid".to_owned()),
    })?;
    let text = |claim: &str| claims.get(claim).and_then(Value::as_str).unwrap_or_default();
    if text("iss") != format!("https://{}", oidc::PROVIDER) {
        return Err(invalid(format!("No OpenIDConnect provider found in your account for {}", text("iss"))));
    }
    if text("aud") != oidc::AUDIENCE {
        return Err(invalid("Incorrect token audience".to_owned()));
    }
    let (now, ends) = (world.now.as_secs(), claims.get("exp").and_then(Value::as_u64).unwrap_or_default());
    if now >= ends {
        let text = format!("Token expired: current date/time {now} must be before the expiration date/time {ends}");
        return Err(Refusal::new("ExpiredTokenException", text));
    }
    Ok(claims)
}
