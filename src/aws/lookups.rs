//! What definitions refer to: parameters, secrets' ARNs, stacks' outputs and exports, objects in buckets. Reads only.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::{
    fault::Fault,
    signed::{Ask, Signer},
    xml::{texts, tree},
};
use crate::time::Timestamp;

/// Pages of exports that are read; a page has a hundred.
const MOST_PAGES: usize = 50;
/// What S3 leaves as it is in a path (API reference, "Authenticating Requests").
const OF_PATHS: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// Reads them, as the job's role.
#[derive(Clone, Debug)]
pub struct Lookups(Signer);

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its values: one, but for a `StringList`.
    pub value: Value,
    /// It is a `SecureString`.
    pub is_secret: bool,
}

impl Lookups {
    pub(super) const fn new(signer: Signer) -> Self {
        Self(signer)
    }

    /// Who signs.
    pub(super) const fn signer(&self) -> &Signer {
        &self.0
    }

    /// A parameter of Systems Manager, decrypted; none where there is none of that name.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn parameter(&self, name: &str, now: Timestamp) -> Result<Option<Parameter>, Fault> {
        let body = json!({ "Name": name, "WithDecryption": true });
        let answer = match self.0.json(("ssm", "AmazonSSM"), "GetParameter", &body, now).await {
            Err(fault) if fault.is_not_found() => return Ok(None),
            answer => answer?,
        };
        let parameter = &answer["Parameter"];
        let text = parameter["Value"].as_str().unwrap_or_default();
        let value = if parameter["Type"] == "StringList" { text.split(',').collect() } else { text.into() };
        Ok(Some(Parameter { value, is_secret: parameter["Type"] == "SecureString" }))
    }

    /// The ARN of a secret of Secrets Manager; none where there is none of that name.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn secret_arn(&self, name: &str, now: Timestamp) -> Result<Option<String>, Fault> {
        let service = ("secretsmanager", "secretsmanager");
        match self.0.json(service, "DescribeSecret", &json!({ "SecretId": name }), now).await {
            Err(fault) if fault.is_not_found() => Ok(None),
            answer => Ok(answer?["ARN"].as_str().map(str::to_owned)),
        }
    }

    /// The outputs of a CloudFormation stack, by key; none where there is no such stack.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn stack_outputs(&self, stack: &str, now: Timestamp) -> Result<Option<Vec<(String, String)>>, Fault> {
        let text = match self.query("DescribeStacks", &[("StackName", stack)], now).await {
            // Its words for a stack that is not there are a validation error (API reference, `DescribeStacks`).
            Err(fault) if fault.message.contains("does not exist") => return Ok(None),
            answer => answer?,
        };
        Ok(Some(pairs(&text, "OutputKey", "OutputValue")))
    }

    /// What the stacks of the region export, by name.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn stack_exports(&self, now: Timestamp) -> Result<Vec<(String, String)>, Fault> {
        let mut exports = Vec::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let fields: Vec<_> = token.iter().map(|token: &String| ("NextToken", token.as_str())).collect();
            let text = self.query("ListExports", &fields, now).await?;
            exports.extend(pairs(&text, "Name", "Value"));
            token = texts(&text, &["NextToken"]).pop().map(|(_, token)| token);
            if token.is_none() {
                break;
            }
        }
        Ok(exports)
    }

    /// The names of the metrics in a name space that have this dimension alone.
    ///
    /// # Errors
    /// AWS's refusal.
    pub(super) async fn metric_names(
        &self,
        namespace: &str,
        (dimension, value): (&str, &str),
        now: Timestamp,
    ) -> Result<Vec<String>, Fault> {
        let (mut names, mut token) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let mut fields =
                vec![("Namespace", namespace), ("Dimensions.member.1.Name", dimension), ("Dimensions.member.1.Value", value)];
            fields.extend(token.iter().map(|token: &String| ("NextToken", token.as_str())));
            let fields: Vec<_> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let answer = tree(&self.0.query(("monitoring", "2010-08-01"), "ListMetrics", &fields, now).await?);
            let metrics = answer.find("Metrics").map(|list| list.inside.as_slice()).unwrap_or_default();
            names.extend(metrics.iter().map(|metric| metric.of("MetricName").to_owned()));
            token = answer.find("NextToken").map(|token| token.text.clone()).filter(|token| !token.is_empty());
            if token.is_none() {
                break;
            }
        }
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// An object in a bucket of S3; none where there is none.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn object(&self, bucket: &str, key: &str, region: Option<&str>, now: Timestamp) -> Result<Option<Vec<u8>>, Fault> {
        let operation = "GetObject";
        let key = utf8_percent_encode(key.trim_start_matches('/'), OF_PATHS);
        let ask = Ask {
            operation,
            service: "s3",
            region,
            method: http::Method::GET,
            path: format!("/{bucket}/{key}"),
            ..Ask::default()
        };
        let answer = self.0.send(ask, now).await?;
        if answer.status == 200 {
            return Ok(Some(answer.body));
        }
        let text = String::from_utf8_lossy(&answer.body);
        let said = |name: &str| texts(&text, &[name]).pop().map(|(_, text)| text);
        let code = said("Code");
        if code.as_deref() == Some("NoSuchKey") {
            return Ok(None);
        }
        let message = said("Message").unwrap_or_else(|| format!("S3 answered {}", answer.status));
        Err(Fault::answered(operation, answer.status, code.as_deref(), &message))
    }

    async fn query(&self, operation: &'static str, fields: &[(&str, &str)], now: Timestamp) -> Result<String, Fault> {
        let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
        self.0.query(("cloudformation", "2010-05-15"), operation, &fields, now).await
    }
}

/// Pairs of elements that follow each other: a key, then its value. What stands between them does not matter.
fn pairs(xml: &str, key: &str, value: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut before = None;
    for (name, text) in texts(xml, &[key, value]) {
        if name == key {
            before = Some(text);
        } else if let Some(before) = before.take() {
            pairs.push((before, text));
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::aws::testing::{Asked, asked, ok, refused, with_aws};

    const NOW: Timestamp = Timestamp::from_secs(1_795_309_200);

    #[test]
    fn what_definitions_refer_to_is_read_in_signed_requests() {
        let script = |asked: &Asked, _: usize| {
            let body = String::from_utf8_lossy(&asked.body).into_owned();
            Some(match asked.what.as_str() {
                "GetParameter" => match asked.json()["Name"].as_str() {
                    Some("/list") => ok(json!({ "Parameter": { "Type": "StringList", "Value": "a,b" } })),
                    Some("/secret") => ok(json!({ "Parameter": { "Type": "SecureString", "Value": "s" } })),
                    _ => refused(400, "ParameterNotFound", "Parameter not found."),
                },
                "DescribeSecret" => ok(json!({ "ARN": "arn:secret", "Name": "db" })),
                "GET /bucket/dir/terraform%20x.tfstate" => ok("{}"),
                "GET /bucket/gone" => refused(404, "NoSuchKey", "").body("<Error><Code>NoSuchKey</Code><Message>gone</Message></Error>"),
                "GET /bucket/shut" => refused(403, "AccessDenied", "").body("<Error><Code>AccessDenied</Code><Message>no</Message></Error>"),
                _ if body.contains("Action=DescribeStacks") && body.contains("StackName=net%2D1") => ok(
                    "<DescribeStacksResponse><Outputs><member><OutputKey>Vpc</OutputKey><OutputValue>vpc-1</OutputValue></member></Outputs></DescribeStacksResponse>",
                ),
                _ if body.contains("Action=DescribeStacks") => refused(400, "ValidationError", "")
                    .body("<ErrorResponse><Error><Code>ValidationError</Code><Message>Stack with id x does not exist</Message></Error></ErrorResponse>"),
                _ if !body.contains("NextToken=t") => ok("<R><Exports><member><Name>a</Name><Value>1</Value></member></Exports><NextToken>t</NextToken></R>"),
                _ => ok("<R><Exports><member><Name>b</Name><Value>2</Value></member></Exports></R>"),
            })
        };
        with_aws(script, async |aws, log| {
            let lookups = &aws.lookups;
            let parameter = |value, is_secret| Ok(Some(Parameter { value, is_secret }));
            assert_eq!(lookups.parameter("/list", NOW).await, parameter(json!(["a", "b"]), false));
            assert_eq!(lookups.parameter("/secret", NOW).await, parameter(json!("s"), true));
            assert_eq!(lookups.parameter("/gone", NOW).await, Ok(None));
            assert_eq!(lookups.secret_arn("db", NOW).await, Ok(Some("arn:secret".to_owned())));
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            assert_eq!(lookups.stack_outputs("net-1", NOW).await, Ok(Some(vec![pair("Vpc", "vpc-1")])));
            assert_eq!(lookups.stack_outputs("x", NOW).await, Ok(None));
            assert_eq!(lookups.stack_exports(NOW).await, Ok(vec![pair("a", "1"), pair("b", "2")]));
            assert_eq!(lookups.object("bucket", "dir/terraform x.tfstate", None, NOW).await, Ok(Some(b"{}".to_vec())));
            assert_eq!(lookups.object("bucket", "gone", None, NOW).await, Ok(None));
            let fault = lookups.object("bucket", "shut", Some("us-west-2"), NOW).await.expect_err("shut");
            assert_eq!((fault.code.as_deref(), fault.message.as_str()), (Some("AccessDenied"), "no"));
            let asked = asked(&log);
            assert_eq!(asked[0].json()["WithDecryption"], true);
            let of_s3 = asked.last().expect("something was asked");
            assert!(of_s3.header("authorization").contains("/us-west-2/s3/aws4_request"));
            assert_eq!(of_s3.header("x-amz-content-sha256").len(), 64, "S3 wants the digest of the body");
        });
    }

    #[test]
    fn text_is_taken_out_of_xml() {
        let xml = "<?xml version=\"1.0\"?><a xmlns=\"x\"><m><Name>one</Name><Value>1 &lt;&amp;lt; 2</Value></m><m><Name>two</Name><Value/></m>\
                   <m><Name>three</Name><Other>x</Other><Value>3</Value></m></a>";
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs(xml, "Name", "Value"), [pair("one", "1 <&lt; 2"), pair("two", ""), pair("three", "3")]);
    }
}
