//! A token: its claims, its signature.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::sandbox::{
    github::job::{BASE_REF, HEAD_REF, HEAD_SHA as HEAD, PULL_REQUEST, REPOSITORY},
    world::World,
};

/// The claims of a token by name.
pub(crate) type Claims = Map<String, Value>;

/// The provider as IAM names it: the issuer without its scheme.
pub(crate) const PROVIDER: &str = "token.actions.githubusercontent.com";

/// The audience that AWS's own action asks for, and the only one that the account's provider knows.
pub(crate) const AUDIENCE: &str = "sts.amazonaws.com";

/// Owner and repository have these ids.
const OWNER_ID: &str = "583231";
const REPOSITORY_ID: &str = "1000001";

/// Why a token says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is no JWT.
    Malformed,
    /// Nobody here signed it.
    Forged,
}

/// A token for this audience. The claims are those of GitHub's documentation ("OpenID Connect reference").
pub(super) fn issue(world: &mut World, audience: &str) -> String {
    let id = world.uuid32();
    let now = world.now.as_secs();
    let oidc = &world.scenario.oidc;
    let (owner, name) = REPOSITORY.split_once('/').unwrap_or((REPOSITORY, ""));
    let repository =
        if oidc.immutable_ids { format!("{owner}@{OWNER_ID}/{name}@{REPOSITORY_ID}") } else { REPOSITORY.to_owned() };
    // A colon in the environment's name is escaped.
    let context = oidc
        .environment
        .as_ref()
        .map_or_else(|| "pull_request".to_owned(), |name| format!("environment:{}", name.replace(':', "%3A")));
    let workflow = format!("{REPOSITORY}/.github/workflows/deploy.yml@refs/pull/{PULL_REQUEST}/merge");
    let mut claims = json!({
        "jti": id,
        "sub": format!("repo:{repository}:{context}"),
        "aud": audience,
        "iss": format!("https://{PROVIDER}"),
        "iat": now,
        "nbf": now.saturating_sub(600),
        "exp": now + oidc.lifetime,
        "actor": "octocat",
        "actor_id": "583231",
        "base_ref": BASE_REF,
        "event_name": "pull_request",
        "head_ref": HEAD_REF,
        "job_workflow_ref": workflow,
        "job_workflow_sha": HEAD,
        "ref": format!("refs/pull/{PULL_REQUEST}/merge"),
        "ref_protected": "false",
        "ref_type": "branch",
        "repository": REPOSITORY,
        "repository_id": REPOSITORY_ID,
        "repository_owner": owner,
        "repository_owner_id": OWNER_ID,
        "repository_visibility": "public",
        "run_attempt": "1",
        "run_id": "1",
        "run_number": "1",
        "runner_environment": "github-hosted",
        "sha": HEAD,
        "workflow": "deploy",
        "workflow_ref": workflow,
        "workflow_sha": HEAD,
    });
    if let Some(environment) = &oidc.environment {
        claims["environment"] = json!(environment);
    }
    let header = json!({"typ": "JWT", "alg": "HS256", "kid": "sandbox"});
    let signed = format!("{}.{}", encoded(&header), encoded(&claims));
    let signature = signer(world).map(|mut signer| {
        signer.update(signed.as_bytes());
        URL_SAFE_NO_PAD.encode(signer.finalize().into_bytes())
    });
    format!("{signed}.{}", signature.unwrap_or_default())
}

/// The claims of a token that this world signed.
pub(crate) fn read(world: &World, token: &str) -> Result<Claims, Unreadable> {
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(Unreadable::Malformed);
    };
    let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok().and_then(|bytes| serde_json::from_slice::<Claims>(&bytes).ok());
    let (Some(_), Some(read)) = (decoded(header), decoded(claims)) else { return Err(Unreadable::Malformed) };
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| Unreadable::Malformed)?;
    let mut signer = signer(world).ok_or(Unreadable::Forged)?;
    signer.update(header.as_bytes());
    signer.update(b".");
    signer.update(claims.as_bytes());
    signer.verify_slice(&signature).map_err(|_| Unreadable::Forged)?;
    Ok(read)
}

fn encoded(part: &Value) -> String {
    URL_SAFE_NO_PAD.encode(part.to_string())
}

/// With the world's key. There is one for a key of any length.
fn signer(world: &World) -> Option<Hmac<Sha256>> {
    let key = Sha256::digest(format!("espalier sandbox {} {}", world.scenario.account, world.scenario.region));
    Hmac::<Sha256>::new_from_slice(&key).ok()
}
