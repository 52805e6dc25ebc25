//! Any operation of a service that speaks JSON, by its name: members in, members out, as the service model has them.
//!
//! What a config makes and takes away touches nearly every operation that Lattice has, and each of the SDK's would weigh some ten
//! kilobytes. The models that are in the program already know the routes and what every member may be.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::{
    fault::{Fault, FaultKind},
    signed::{Ask, Signer, Tries, is_passing},
};
use crate::{
    models::{self, Operation, Place, Service},
    time::Timestamp,
};

/// What stays as it is in a label of a path and in a query (RFC 3986, unreserved).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// Pages of one listing that are read; a page has a hundred items.
const MOST_PAGES: usize = 100;

/// Calls operations. A read is repeated a few times while AWS throttles it or fails, a write while AWS throttles it; whether one that
/// failed is, and when, is the caller's business.
#[derive(Clone, Debug)]
pub struct Calls(Signer);

impl Calls {
    pub(super) const fn new(signer: Signer) -> Self {
        Self(signer)
    }

    /// Who signs, for what has no model in JSON.
    pub(super) const fn signer(&self) -> &Signer {
        &self.0
    }

    /// Calls `operation` (`CreateRule`) of `service` (`vpc-lattice`, `ecs`) with these members; those of its answer. `now` is for the
    /// signature.
    ///
    /// # Errors
    /// When the members are not what the model says, which is told before anything is sent; AWS's refusal; no answer.
    pub async fn call(
        &self,
        service: &'static str,
        operation: &'static str,
        input: &Value,
        now: Timestamp,
    ) -> Result<Value, Fault> {
        let is_read = ["Get", "List", "Describe"].iter().any(|verb| operation.starts_with(verb));
        // What was throttled has not happened; of any other end of a write only a look tells.
        let is_again = if is_read { is_passing } else { |kind| kind == FaultKind::Throttled };
        self.0.repeated(Tries::READ.most, is_again, async || self.once(service, operation, input, now).await).await
    }

    async fn once(&self, service: &'static str, operation: &'static str, input: &Value, now: Timestamp) -> Result<Value, Fault> {
        let (service, model) = model(service, operation)?;
        let wrong: Vec<_> = models::check::request(service, model, input)
            .iter()
            .map(|finding| format!("`{}` {}", finding.place(), finding.problem))
            .collect();
        if !wrong.is_empty() {
            return Err(Fault::invalid(operation, wrong.join("; ")));
        }
        if let Some(prefix) = service.target_prefix.as_deref() {
            return self.0.json((service.signs_as(), prefix), operation, input, now).await;
        }
        let answer = self.0.send(ask(operation, service, model, input), now).await?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if (200..300).contains(&answer.status) {
            return Ok(if said.is_object() { said } else { Value::Object(Map::new()) });
        }
        // restJson1: the code is in a header, or in the body where a proxy has eaten it.
        let code = answer.error_type.as_deref().or_else(|| ["__type", "code"].into_iter().find_map(|name| said[name].as_str()));
        let code = code.map(|code| code.rsplit('#').next().unwrap_or(code).split(':').next().unwrap_or(code));
        let message = ["message", "Message"].into_iter().find_map(|name| said[name].as_str());
        Err(Fault::answered(operation, answer.status, code, message.unwrap_or("AWS gave no message")))
    }

    /// The items of a listing, of all its pages. A listing answers with one list.
    ///
    /// # Errors
    /// As [`Calls::call`]; when it does not come to an end.
    pub async fn list(
        &self,
        service: &'static str,
        operation: &'static str,
        input: &Value,
        now: Timestamp,
    ) -> Result<Vec<Value>, Fault> {
        let mut input = input.clone();
        let mut items = Vec::new();
        input["maxResults"] = 100.into();
        for _ in 0..MOST_PAGES {
            let Value::Object(answer) = self.call(service, operation, &input, now).await? else { return Ok(items) };
            let mut token = None;
            for (name, value) in answer {
                match value {
                    Value::Array(page) => items.extend(page),
                    Value::String(next) if name == "nextToken" => token = Some(next),
                    Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {}
                }
            }
            match token {
                Some(token) => input["nextToken"] = token.into(),
                None => return Ok(items),
            }
        }
        Err(Fault::unreadable(operation, "the listing has no end"))
    }
}

fn model(service: &str, operation: &'static str) -> Result<(&'static Service, &'static Operation), Fault> {
    models::service(service)
        .and_then(|service| Some((service, service.operations.get(operation)?)))
        .ok_or_else(|| Fault::invalid(operation, "the model has no such operation"))
}

fn ask(operation: &'static str, service: &'static Service, model: &Operation, input: &Value) -> Ask<'static> {
    let members = model.input.as_deref().and_then(|shape| service.shape(shape)).map(|shape| &shape.members);
    let (mut path, mut query, mut body) = (model.uri.clone(), Vec::new(), Map::new());
    for (name, member) in members.into_iter().flatten() {
        let given = &input[name];
        if given.is_null() {
            continue;
        }
        let wire = member.location_name.as_deref().unwrap_or(name);
        let text = || given.as_str().map_or_else(|| given.to_string(), ToOwned::to_owned);
        let encoded = |text: &str| utf8_percent_encode(text, UNRESERVED).to_string();
        match member.place {
            Some(Place::Uri) => path = path.replace(&format!("{{{wire}}}"), &encoded(&text())),
            Some(Place::Querystring) => match given {
                Value::Array(items) => {
                    query.extend(items.iter().filter_map(Value::as_str).map(|item| format!("{wire}={}", encoded(item))));
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                    query.push(format!("{wire}={}", encoded(&text())));
                }
            },
            // None of these services has any.
            Some(Place::Header | Place::StatusCode) => {}
            None => {
                body.insert(wire.to_owned(), given.clone());
            }
        }
    }
    if !query.is_empty() {
        path = format!("{path}?{}", query.join("&"));
    }
    let has_body = !matches!(model.method.as_str(), "GET" | "DELETE");
    let body = if has_body { Value::Object(body).to_string().into_bytes() } else { Vec::new() };
    let headers = if has_body { vec![("content-type", "application/json".to_owned())] } else { Vec::new() };
    let method = model.method.parse().unwrap_or(http::Method::POST);
    Ask { operation, service: service.signs_as(), method, path, headers, body, ..Ask::default() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{
        fault::FaultKind,
        testing::{asked, ok, refused, with_aws},
    };
    use crate::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_secs(1_785_000_000);

    #[test]
    fn members_go_where_the_model_says() {
        with_aws(
            |_, _| Some(ok(r#"{"arn":"a"}"#)),
            async |aws, log| {
                let rule = json!({
                    "serviceIdentifier": "svc-0123456789abcdef0", "listenerIdentifier": "listener-0123456789abcdef0",
                    "name": "api", "priority": 10, "match": { "httpMatch": { "method": "GET" } },
                    "action": { "fixedResponse": { "statusCode": 404 } },
                });
                assert_eq!(
                    aws.calls.call("vpc-lattice", "CreateRule", &rule, NOW).await.expect("an answer"),
                    json!({ "arn": "a" })
                );
                let arn = "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-0123456789abcdef0";
                aws.calls
                    .call("vpc-lattice", "UntagResource", &json!({ "resourceArn": arn, "tagKeys": ["a b", "c"] }), NOW)
                    .await
                    .expect("an answer");
                let asked = asked(&log);
                assert_eq!(asked[0].what, "POST /services/svc-0123456789abcdef0/listeners/listener-0123456789abcdef0/rules");
                assert_eq!(asked[0].json()["match"], json!({ "httpMatch": { "method": "GET" } }));
                assert!(asked[0].json().get("serviceIdentifier").is_none());
                assert!(asked[0].header("authorization").contains("/eu-central-1/vpc-lattice/aws4_request"));
                let path = "arn%3Aaws%3Avpc-lattice%3Aeu-central-1%3A123456789012%3Aservice%2Fsvc-0123456789abcdef0";
                assert_eq!(asked[1].what, format!("DELETE /tags/{path}?tagKeys=a%20b&tagKeys=c"));
                assert!(asked[1].body.is_empty());
            },
        );
    }

    #[test]
    fn a_listing_is_read_to_its_end() {
        with_aws(
            |asked, _| {
                let is_second = asked.what.contains("nextToken");
                Some(ok(if is_second { r#"{"items":[{"id":"b"}]}"# } else { r#"{"items":[{"id":"a"}],"nextToken":"t/1"}"# }))
            },
            async |aws, log| {
                let items = aws.calls.list("vpc-lattice", "ListServices", &json!({}), NOW).await.expect("a listing");
                assert_eq!(items, [json!({ "id": "a" }), json!({ "id": "b" })]);
                let asked = asked(&log);
                assert_eq!(asked[1].what, "GET /services?maxResults=100&nextToken=t%2F1");
            },
        );
    }

    #[test]
    fn what_is_throttled_is_repeated_and_a_write_that_failed_is_not() {
        with_aws(
            |asked, before| {
                let is_write = asked.what.starts_with("POST");
                Some(match before {
                    0 | 1 => refused(429, "ThrottlingException", "Rate exceeded"),
                    2 => refused(500, "InternalServerException", "It failed"),
                    _ if is_write => ok(r#"{"id":"never asked for"}"#),
                    _ => ok("{}"),
                })
            },
            async |aws, log| {
                aws.calls.call("vpc-lattice", "ListServices", &json!({}), NOW).await.expect("the fourth attempt");
                let shop = json!({ "name": "shop" });
                let fault = aws.calls.call("vpc-lattice", "CreateService", &shop, NOW).await.expect_err("refused");
                assert_eq!((fault.kind, asked(&log).len()), (FaultKind::Server, 4 + 3));
            },
        );
    }

    #[test]
    fn what_the_model_forbids_is_not_sent_and_what_aws_refuses_has_its_code() {
        with_aws(
            |_, _| Some(refused(402, "ServiceQuotaExceededException", "Too many")),
            async |aws, log| {
                let fault = aws
                    .calls
                    .call("vpc-lattice", "CreateService", &json!({ "name": "A", "authType": "SOME" }), NOW)
                    .await
                    .expect_err("refused");
                assert_eq!(fault.kind, FaultKind::Invalid);
                for told in ["`authType` must be one of NONE, AWS_IAM", "`name` must be 3 to 40 long, is 1"] {
                    assert!(fault.message.contains(told), "{fault}");
                }
                assert!(asked(&log).is_empty());
                let shop = json!({ "name": "shop" });
                let fault = aws.calls.call("vpc-lattice", "CreateService", &shop, NOW).await.expect_err("refused");
                assert_eq!((fault.kind, fault.code.as_deref()), (FaultKind::Quota, Some("ServiceQuotaExceededException")));
            },
        );
    }
}
