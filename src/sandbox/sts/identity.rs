//! `GetCallerIdentity` over the query protocol: a form in, XML out.

use crate::sandbox::{wire::Reply, world::World};

const NAMESPACE: &str = "https://sts.amazonaws.com/doc/2011-06-15/";
const VERSION: &str = "2011-06-15";

/// Answers one call of the query protocol.
pub(crate) fn handle(world: &mut World, form: &[(String, String)]) -> Reply {
    let field = |name: &str| form.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str());
    let request = request_id(world);
    match (field("Action"), field("Version")) {
        (Some("GetCallerIdentity"), Some(VERSION)) => identity(world, &request),
        (None | Some(""), _) => refusal("MissingAction", "The request is missing an action parameter", &request),
        (Some(action), version) => {
            let text = format!("Could not find operation {action} for version {}", version.unwrap_or("NO_VERSION_SPECIFIED"));
            refusal("InvalidAction", &text, &request)
        }
    }
}

/// A UUID, as AWS numbers its requests.
fn request_id(world: &mut World) -> String {
    let hex = world.uuid32();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    format!("{}-{}-4{}-9{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

fn identity(world: &World, request: &str) -> Reply {
    let account = escaped(&world.scenario.account);
    let arn = format!("arn:aws:sts::{account}:assumed-role/deployer/GitHubActions");
    xml(
        200,
        format!(
            "<GetCallerIdentityResponse xmlns=\"{NAMESPACE}\"><GetCallerIdentityResult><Arn>{arn}</Arn>\
             <UserId>AROA3XFRBF535ESPALIER:GitHubActions</UserId><Account>{account}</Account></GetCallerIdentityResult>\
             <ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
        ),
    )
}

fn refusal(code: &str, message: &str, request: &str) -> Reply {
    let message = escaped(message);
    xml(
        400,
        format!(
            "<ErrorResponse xmlns=\"{NAMESPACE}\"><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message>\
             </Error><RequestId>{request}</RequestId></ErrorResponse>"
        ),
    )
}

fn xml(status: u16, body: String) -> Reply {
    Reply { status, headers: vec![("content-type".to_owned(), "text/xml".to_owned())], body: body.into_bytes() }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::scenario::Scenario;

    fn ask(fields: &[(&str, &str)]) -> (u16, String) {
        let scenario = Scenario { account: "123456789012".to_owned(), ..Scenario::default() };
        let form = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
        let reply = handle(&mut World::new(scenario), &form);
        (reply.status, String::from_utf8(reply.body).unwrap())
    }

    #[test]
    fn tells_the_account_and_refuses_the_rest_as_sts_does() {
        let (status, body) = ask(&[("Action", "GetCallerIdentity"), ("Version", "2011-06-15")]);
        assert_eq!(status, 200);
        assert!(body.contains("<Account>123456789012</Account>"), "{body}");
        assert!(body.contains("<Arn>arn:aws:sts::123456789012:assumed-role/deployer/GitHubActions</Arn>"), "{body}");
        let (status, body) = ask(&[("Action", "Assume<Role"), ("Version", "2011-06-15")]);
        assert_eq!(status, 400);
        assert!(body.contains("<Code>InvalidAction</Code>") && body.contains("Assume&lt;Role"), "{body}");
        assert!(ask(&[]).1.contains("<Code>MissingAction</Code>"));
    }
}
