//! Who calls: the access key of a signature, and the temporary credentials that STS gave out.

use std::time::Duration;

use super::{Policy, state::Session};
use crate::{
    clock::Timestamp,
    sandbox::{
        protocol::{Protocol, Refusal, dispatch},
        serve,
        wire::Request,
        world::World,
    },
};

/// The name of the session that the sandbox's own access key stands for.
const OWN_SESSION: &str = "GitHubActions";

/// Whoever calls: a session of a role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The role's name, path included.
    pub(super) role: String,
    session: String,
    account: String,
}

impl Caller {
    /// The session as STS prints it, without the role's path.
    pub(crate) fn arn(&self) -> String {
        let role = self.role.rsplit('/').next().unwrap_or_default();
        format!("arn:aws:sts::{}:assumed-role/{role}/{}", self.account, self.session)
    }

    /// `AROA…:SESSION`.
    pub(crate) fn user_id(&self) -> String {
        format!("{}:{}", role_id(&self.role), self.session)
    }

    pub(super) fn role_arn(&self) -> String {
        format!("arn:aws:iam::{}:role/{}", self.account, self.role)
    }
}

/// A role's unique id, made from its name.
pub(super) fn role_id(role: &str) -> String {
    use sha2::Digest as _;
    let digest = sha2::Sha256::digest(role.as_bytes());
    digest.iter().take(8).fold("AROAX".to_owned(), |id, byte| format!("{id}{byte:02X}"))
}

/// Whose access key it is: a session's, else the sandbox's own.
pub(crate) fn caller(world: &World, access_key: &str) -> Caller {
    let account = world.scenario.account.clone();
    match world.iam.sessions.get(access_key) {
        Some(session) => Caller { role: session.role.clone(), session: session.name.clone(), account },
        None => Caller { role: world.scenario.iam.role.clone(), session: OWN_SESSION.to_owned(), account },
    }
}

/// Refuses credentials that have ended, do not belong together or, where the scenario wants that known, are nobody's.
pub(crate) fn authenticate(world: &World, protocol: Protocol, request: &Request) -> Result<(), Refusal> {
    let key = dispatch::access_key(request);
    let json_status = if protocol == Protocol::RestJson { 403 } else { 400 };
    let said = |of_xml: &'static str, of_json: &'static str, text: &str| {
        let (code, status) = if protocol.is_xml() { (of_xml, 403) } else { (of_json, json_status) };
        Refusal::new(code, text).status(status)
    };
    let unknown = || {
        let text = "The security token included in the request is invalid.";
        said("InvalidClientTokenId", "UnrecognizedClientException", text)
    };
    let expired = || said("ExpiredToken", "ExpiredTokenException", "The security token included in the request is expired");
    if let Some(session) = world.iam.sessions.get(&key) {
        if request.header("x-amz-security-token") != Some(session.token.as_str()) {
            return Err(unknown());
        }
        if world.now >= session.expires {
            return Err(expired());
        }
        return Ok(());
    }
    if ends(world).is_some_and(|ends| world.now >= ends) {
        return Err(expired());
    }
    if !world.scenario.iam.authentication || key == serve::ACCESS_KEY {
        return Ok(());
    }
    if key.is_empty() {
        let text = if protocol.is_xml() { "Request is missing Authentication Token" } else { "Missing Authentication Token" };
        return Err(said("MissingAuthenticationToken", "MissingAuthenticationTokenException", text));
    }
    Err(unknown())
}

/// When the sandbox's own access key ends.
pub(crate) fn ends(world: &World) -> Option<Timestamp> {
    world.scenario.iam.expires.map(|secs| world.scenario.start + Duration::from_secs(secs))
}

/// Temporary credentials as they are given out.
pub(crate) struct Granted {
    pub(crate) access_key: String,
    pub(crate) secret: String,
    pub(crate) token: String,
    pub(crate) expires: Timestamp,
    pub(crate) caller: Caller,
}

/// Gives out credentials of a role for so many seconds.
pub(crate) fn grant(world: &mut World, role: &str, session: &str, secs: u64, policy: Option<Policy>) -> Granted {
    let id = world.uuid32().to_ascii_uppercase();
    let access_key = format!("ASIA{}", id.get(..16).unwrap_or_default());
    let secret = format!("{}{}", world.uuid32(), id.get(16..24).unwrap_or_default());
    let token = format!("IQoJb3JpZ2luX2VjE{}{}", world.uuid32(), world.uuid32());
    let expires = world.now + Duration::from_secs(secs);
    let kept = Session { role: role.to_owned(), name: session.to_owned(), token: token.clone(), expires, policy };
    world.iam.sessions.insert(access_key.clone(), kept);
    let caller = caller(world, &access_key);
    Granted { access_key, secret, token, expires, caller }
}
