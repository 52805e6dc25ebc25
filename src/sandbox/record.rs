//! `--record`: every request and its answer as a line of JSON, tokens and secrets masked.
//!
//! A line has `time` (the world's), `request` (`method`, `path`, `query`, `headers`, `body`) and `answer` (`status`, `headers`,
//! `body`; or a word where there is none: `hang`, `closed`). A body is JSON where it is JSON, else text, else `{"base64": …}`. What
//! goes to `/_sandbox/` is about the sandbox and not in its world: it is left out.

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};

use super::{
    route::Outcome,
    wire::{Reply, Request},
};
use crate::clock::Timestamp;

/// What stands in place of a secret.
const MASK: &str = "***";

/// The request headers that say what is asked for; the rest is the transport's.
const HEADERS: [&str; 12] = [
    "accept",
    "authorization",
    "content-type",
    "host",
    "if-none-match",
    "smithy-protocol",
    "user-agent",
    "x-amz-security-token",
    "x-amz-target",
    "x-amzn-query-mode",
    "x-amzn-trace-id",
    "x-github-api-version",
];

/// Names of which a part gives away that the value is a secret, in lower case and without `-` and `_`.
const SECRETIVE: [&str; 9] =
    ["authorization", "secret", "password", "passwd", "token", "apikey", "privatekey", "credential", "signature"];

/// Names that look like it and are not: what pages and repeats requests, and what only points at a secret.
const HARMLESS: [&str; 7] =
    ["nexttoken", "clienttoken", "clientrequesttoken", "continuationtoken", "secretarn", "secretname", "idtokenpermission"];

/// A file that requests and answers are written to as they come.
pub(super) struct Recording {
    file: Mutex<File>,
    /// What kept a line from being written, the first time.
    failed: Mutex<Option<io::Error>>,
}

impl Recording {
    /// Begins a file, in place of one of that name.
    pub(super) fn create(path: &Path) -> io::Result<Self> {
        Ok(Self { file: Mutex::new(File::create(path)?), failed: Mutex::default() })
    }

    /// Writes one line, and has the system have it.
    pub(super) fn write(&self, at: Timestamp, request: &Request, outcome: &Outcome) {
        let line = format!("{}\n", line(at, request, outcome));
        let written = self.file.lock().unwrap_or_else(PoisonError::into_inner).write_all(line.as_bytes());
        if let Err(error) = written {
            self.failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        }
    }

    /// What kept a line from being written, once.
    pub(super) fn failure(&self) -> Option<io::Error> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A request and what became of it.
fn line(at: Timestamp, request: &Request, outcome: &Outcome) -> Value {
    let headers = HEADERS.iter().filter_map(|name| Some((*name, request.header(name)?)));
    let kind = request.header("content-type").unwrap_or_default();
    json!({
        "time": at.to_string(),
        "request": {
            "method": request.method.as_str(),
            "path": request.path,
            "query": pairs(&request.query),
            "headers": headers.map(|(name, value)| (name.to_owned(), json!(header(name, value)))).collect::<Map<_, _>>(),
            "body": body(&request.body, kind),
        },
        "answer": match outcome {
            Outcome::Reply(reply) => answer(reply),
            Outcome::Never => json!("hang"),
            Outcome::Closed => json!("closed"),
        },
    })
}

fn answer(reply: &Reply) -> Value {
    let kind = reply.headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, kind)| kind);
    let headers = reply.headers.iter().map(|(name, value)| (name.clone(), json!(header(name, value))));
    json!({"status": reply.status, "headers": headers.collect::<Map<_, _>>(), "body": body(&reply.body, kind)})
}

/// Whether what is called so is to be masked.
fn is_secret(name: &str) -> bool {
    let name: String = name.to_ascii_lowercase().chars().filter(|char| !"-_.".contains(*char)).collect();
    SECRETIVE.iter().any(|part| name.contains(part)) && !HARMLESS.iter().any(|harmless| name.ends_with(harmless))
}

/// Whether a text is a JSON Web Token, wherever it stands: three parts of base64url, the first of which is a JSON object.
fn is_web_token(text: &str) -> bool {
    let part = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    text.starts_with("eyJ") && text.split('.').count() == 3 && text.split('.').all(part)
}

/// A header's value; of what authorizes, the scheme alone.
fn header(name: &str, value: &str) -> String {
    match value.split_once(' ') {
        Some((scheme, _)) if is_secret(name) => format!("{scheme} {MASK}"),
        None if is_secret(name) => MASK.to_owned(),
        _ if is_web_token(value) => MASK.to_owned(),
        _ => value.to_owned(),
    }
}

fn body(bytes: &[u8], kind: &str) -> Value {
    let Ok(text) = std::str::from_utf8(bytes) else { return json!({"base64": STANDARD.encode(bytes)}) };
    if let Ok(mut value) = serde_json::from_str(text) {
        mask(&mut value);
        return value;
    }
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/x-www-form-urlencoded" => json!(pairs(text)),
        kind if kind.ends_with("xml") => json!(elements(text)),
        _ if text.is_empty() => Value::Null,
        _ if is_web_token(text.trim()) => json!(MASK),
        _ => json!(text),
    }
}

/// Masks what is secret by its name, by the `name` beside it, by its being a web token, or by its being a `SecureString`.
fn mask(value: &mut Value) {
    match value {
        Value::Object(members) => {
            let text = |name: &str| members.get(name).and_then(Value::as_str);
            // A variable of a container, with its value.
            let named = text("name").or_else(|| text("Name")).is_some_and(is_secret);
            // A parameter of SSM: only what is said to be plain is.
            let parameter = members.contains_key("Name") && members.contains_key("Value");
            let secure = parameter && !matches!(text("Type"), Some("String" | "StringList"));
            for (name, member) in members.iter_mut() {
                let is_value = name.eq_ignore_ascii_case("value");
                if member.is_object() || member.is_array() {
                    mask(member);
                } else if !member.is_null() && (is_secret(name) || is_value && (named || secure)) {
                    *member = json!(MASK);
                } else {
                    mask(member);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::String(text) if is_web_token(text) => MASK.clone_into(text),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A query or form as it was sent, but for the values that are secret.
fn pairs(text: &str) -> String {
    let masked = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if is_secret(name) || is_web_token(value) => format!("{name}={MASK}"),
        _ => pair.to_owned(),
    };
    text.split('&').map(masked).collect::<Vec<_>>().join("&")
}

/// XML as it was sent, but for the text of the elements that are secret.
fn elements(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    for piece in text.split_inclusive('>') {
        // What stands before an end tag is the text of its element.
        match piece.split_once("</") {
            Some((inner, end)) if is_secret(end.trim_end_matches('>')) && !inner.is_empty() => {
                masked.push_str(MASK);
                masked.push_str("</");
                masked.push_str(end);
            }
            _ => masked.push_str(piece),
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Outcome, Recording, Reply, Request, line};
    use crate::clock::Timestamp;

    const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJyZXBvOm8vciJ9.c2ln";

    fn recorded(query: &str, headers: &[(&'static str, &str)], body: &str, reply: Reply) -> Value {
        let headers = headers.iter().map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()));
        let request = Request {
            method: http::Method::POST,
            path: "/x".to_owned(),
            query: query.to_owned(),
            headers: headers.collect(),
            body: body.to_owned().into(),
        };
        line(Timestamp::from_secs(60), &request, &Outcome::Reply(reply))
    }

    #[test]
    fn a_line_says_what_was_asked_and_answered() {
        let headers =
            [("x-amz-target", "AmazonSSM.GetParameter"), ("content-type", "application/x-amz-json-1.1"), ("x-odd", "1")];
        let body = r#"{"Name":"lock","nextToken":"page2","clientToken":"c"}"#;
        let written = recorded("a=1&maxResults=2", &headers, body, Reply::json(200, &json!({"ok": true})).with("link", "<x>"));
        let expected = json!({
            "time": "1970-01-01T00:01:00Z",
            "request": {
                "method": "POST", "path": "/x", "query": "a=1&maxResults=2",
                "headers": {"content-type": "application/x-amz-json-1.1", "x-amz-target": "AmazonSSM.GetParameter"},
                "body": {"Name": "lock", "nextToken": "page2", "clientToken": "c"},
            },
            "answer": {"status": 200, "headers": {"content-type": "application/json", "link": "<x>"}, "body": {"ok": true}},
        });
        assert_eq!(written, expected);
    }

    #[test]
    fn tokens_and_secrets_are_masked_wherever_they_stand() {
        let headers = [
            ("authorization", "AWS4-HMAC-SHA256 Credential=AKIA/20261122, Signature=hidden"),
            ("x-amz-security-token", "hidden"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let form = format!("Action=AssumeRoleWithWebIdentity&WebIdentityToken={TOKEN}&RoleSessionName=s");
        let xml = "<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>hidden</SecretAccessKey>\
             <SessionToken>hidden</SessionToken></Credentials>";
        let reply = Reply { status: 200, headers: Vec::new(), body: xml.into() }.with("content-type", "text/xml");
        let written = recorded("X-Amz-Signature=hidden&X-Amz-Security-Token=hidden&b=2", &headers, &form, reply);
        assert_eq!(written["request"]["headers"]["authorization"], "AWS4-HMAC-SHA256 ***");
        assert_eq!(written["request"]["query"], "X-Amz-Signature=***&X-Amz-Security-Token=***&b=2");
        assert_eq!(written["request"]["body"], "Action=AssumeRoleWithWebIdentity&WebIdentityToken=***&RoleSessionName=s");
        let shown = "<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>***</SecretAccessKey>\
             <SessionToken>***</SessionToken></Credentials>";
        assert_eq!(written["answer"]["body"], shown);

        for (body, masked) in [
            (json!({"Parameter": {"Name": "p", "Type": "SecureString", "Value": "hidden"}}), "/Parameter/Value"),
            (json!({"Name": "p", "Value": "hidden", "Overwrite": true}), "/Value"),
            (json!({"value": TOKEN}), "/value"),
            (
                json!({"containerDefinitions": [{"environment": [{"name": "DB_PASSWORD", "value": "hidden"}]}]}),
                "/containerDefinitions/0/environment/0/value",
            ),
            (json!({"SecretString": "hidden"}), "/SecretString"),
            (json!({"credentials": {"sessionToken": "hidden", "secretAccessKey": "hidden"}}), "/credentials/secretAccessKey"),
        ] {
            let written = recorded("", &[("authorization", "Bearer hidden")], &body.to_string(), Reply::json(200, &body));
            assert_eq!(written["request"]["body"].pointer(masked), Some(&json!("***")), "{body}");
            assert_eq!(written["answer"]["body"].pointer(masked), Some(&json!("***")), "{body}");
            assert!(!written.to_string().contains("hidden") && !written.to_string().contains("eyJ"), "{written}");
        }
        let plain = json!({"Name": "p", "Type": "String", "Value": "seen", "secrets": [{"name": "A", "valueFrom": "arn:x"}]});
        assert_eq!(recorded("", &[], &plain.to_string(), Reply::empty(204))["request"]["body"], plain);
    }

    #[test]
    fn bytes_are_base64_and_no_answer_is_a_word() {
        let request = Request {
            method: http::Method::POST,
            path: "/service/GraniteServiceVersion20100801/operation/GetMetricData".to_owned(),
            query: String::new(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::from_static(&[0xbf, 0xff]),
        };
        let written = line(Timestamp::default(), &request, &Outcome::Never);
        assert_eq!((&written["request"]["body"], &written["answer"]), (&json!({"base64": "v/8="}), &json!("hang")));
        assert_eq!(line(Timestamp::default(), &request, &Outcome::Closed)["answer"], "closed");
    }

    #[test]
    fn every_line_is_in_the_file_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.jsonl");
        let recording = Recording::create(&path).unwrap();
        let request = Request {
            method: http::Method::GET,
            path: "/services".to_owned(),
            query: String::new(),
            headers: http::HeaderMap::new(),
            body: bytes::Bytes::new(),
        };
        for number in 1..=2 {
            recording.write(Timestamp::default(), &request, &Outcome::Reply(Reply::empty(200)));
            assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), number);
        }
        assert!(recording.failure().is_none());
        assert!(Recording::create(folder.path()).is_err(), "a folder is no file");
    }
}
