//! A request as the operations want it, and how GitHub refuses one.
//!
//! The words of the refusals are GitHub's, as public issue threads quote them: `Only 65535 characters are allowed; 70292 were
//! supplied.`, `No more than 50 items are allowed; 51 were supplied.`, `"head_sha" wasn't supplied.`

use serde_json::{Map, Value, json};

use super::job::PERSONAL_TOKEN;
use crate::sandbox::wire::{Reply, Request};

/// What an operation answers, or how it is refused.
pub(super) type Outcome = Result<Reply, Refusal>;

/// A request, taken apart.
pub(super) struct Call {
    /// Percent-decoded query, in order.
    query: Vec<(String, String)>,
    /// The JSON object of the body; empty when there was none.
    body: Map<String, Value>,
    /// What stands in the path in place of the pattern's names, decoded.
    parts: Vec<String>,
    /// `http://host:port`, as the client calls us.
    pub(super) server: String,
    /// The path as sent, after the repository's own.
    pub(super) path: String,
    /// The pull request's author calls, with a token of their own, and not the job.
    pub(super) by_person: bool,
}

/// The token of a request, whatever it is worth.
pub(super) fn token(request: &Request) -> Option<&str> {
    let (scheme, token) = request.header("authorization")?.split_once(' ')?;
    ["bearer", "token"].contains(&scheme.to_ascii_lowercase().as_str()).then(|| token.trim())
}

impl Call {
    /// Reads query and body.
    pub(super) fn read(request: &Request, parts: Vec<String>, path: &str) -> Result<Self, Refusal> {
        let pairs = request.query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let query = pairs.map(|(name, value)| (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " "))));
        let body = if request.body.is_empty() {
            Map::new()
        } else {
            match serde_json::from_slice(&request.body) {
                Ok(Value::Object(body)) => body,
                Ok(_) => return Err(refuse(400, "Body should be a JSON object")),
                Err(_) => return Err(refuse(400, "Problems parsing JSON")),
            }
        };
        let by_person = token(request) == Some(PERSONAL_TOKEN);
        Ok(Self { query: query.collect(), body, parts, server: server(request), path: path.to_owned(), by_person })
    }

    /// What stands in the path in place of the pattern's nth name, from 0.
    pub(super) fn part(&self, place: usize) -> &str {
        self.parts.get(place).map_or("", String::as_str)
    }

    /// A parameter of the query.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All parameters of the query but `page`.
    pub(super) fn parameters_but_page(&self) -> impl Iterator<Item = &(String, String)> {
        self.query.iter().filter(|(known, _)| known != "page")
    }

    /// A member of the body; JSON null is one.
    pub(super) fn member(&self, name: &str) -> Option<&Value> {
        self.body.get(name)
    }

    /// The members of the body that an operation does not know. GitHub ignores them.
    pub(super) fn members_but<'a>(&'a self, known: &'a [&str]) -> impl Iterator<Item = &'a str> {
        self.body.keys().map(String::as_str).filter(|member| !known.contains(member))
    }

    /// Refuses a body that lacks any of these members.
    pub(super) fn required(&self, names: &[&str]) -> Result<(), Refusal> {
        required(&self.body, names)
    }

    /// A member that has to be a string where it is there.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        text(&self.body, name)
    }

    /// A member that has to be a string or null where it is there.
    pub(super) fn text_or_null(&self, name: &str) -> Result<Option<&str>, Refusal> {
        if self.member(name).is_some_and(Value::is_null) { Ok(None) } else { self.text(name) }
    }

    /// A string member that is one of a few.
    pub(super) fn one_of(&self, name: &str, values: &[&str]) -> Result<Option<&str>, Refusal> {
        one_of(&self.body, name, values)
    }

    /// A member that has to be an array of objects, of so many at most, where it is there.
    pub(super) fn objects(&self, name: &str, most: usize) -> Result<Vec<&Map<String, Value>>, Refusal> {
        objects(&self.body, name, most)
    }

    /// A boolean member.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Refusal> {
        let wrong = |given: &Value| mistyped(name, given, "a boolean");
        self.member(name).map(|given| given.as_bool().ok_or_else(|| wrong(given))).transpose()
    }

    /// A member that is a point of time, as ISO 8601 writes it.
    pub(super) fn time(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let given = self.text(name)?;
        match given {
            Some(text) if humantime::parse_rfc3339_weak(text.trim_end_matches("+00:00")).is_err() => {
                Err(invalid_request(&format!("{text} is not a valid date-time.")))
            }
            Some(_) | None => Ok(given),
        }
    }
}

/// `http://host:port`, as the client calls us.
pub(super) fn server(request: &Request) -> String {
    format!("http://{}", request.header("host").unwrap_or("127.0.0.1"))
}

/// Refuses an object that lacks any of these members.
pub(super) fn required(object: &Map<String, Value>, names: &[&str]) -> Result<(), Refusal> {
    let missing: Vec<_> = names.iter().filter(|name| !object.contains_key(**name)).map(|name| format!("\"{name}\"")).collect();
    match missing.as_slice() {
        [] => Ok(()),
        [one] => Err(invalid_request(&format!("{one} wasn't supplied."))),
        several => Err(invalid_request(&format!("{} weren't supplied.", several.join(", ")))),
    }
}

/// A member that has to be a string where it is there.
pub(super) fn text<'a>(object: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, Refusal> {
    let given = object.get(name);
    given.map(|given| given.as_str().ok_or_else(|| mistyped(name, given, "a string"))).transpose()
}

/// A string member that is one of a few.
pub(super) fn one_of<'a>(object: &'a Map<String, Value>, name: &str, values: &[&str]) -> Result<Option<&'a str>, Refusal> {
    let Some(given) = text(object, name)? else { return Ok(None) };
    if values.contains(&given) {
        return Ok(Some(given));
    }
    Err(invalid_request(&format!("For 'properties/{name}', {given} is not a member of {}.", json!(values))))
}

/// A member that has to be an array of objects, of so many at most, where it is there.
pub(super) fn objects<'a>(
    object: &'a Map<String, Value>,
    name: &str,
    most: usize,
) -> Result<Vec<&'a Map<String, Value>>, Refusal> {
    let Some(given) = object.get(name) else { return Ok(Vec::new()) };
    let list = given.as_array().ok_or_else(|| mistyped(name, given, "an array"))?;
    if list.len() > most {
        return Err(invalid_request(&format!("No more than {most} items are allowed; {} were supplied.", list.len())));
    }
    list.iter().map(|item| item.as_object().ok_or_else(|| mistyped(name, item, "an object"))).collect()
}

/// Refuses a string member of more characters than this.
pub(super) fn at_most(object: &Map<String, Value>, name: &str, most: usize) -> Result<(), Refusal> {
    let count = text(object, name)?.map_or(0, |text| text.chars().count());
    if count > most {
        return Err(invalid_request(&format!("Only {most} characters are allowed; {count} were supplied.")));
    }
    Ok(())
}

/// 422 because a member is of another type.
pub(super) fn mistyped(name: &str, given: &Value, wanted: &str) -> Refusal {
    let given = if given.is_null() { "nil".to_owned() } else { given.to_string() };
    invalid_request(&format!("For 'properties/{name}', {given} is not {wanted}."))
}

/// A path segment or query value without its percent-encoding.
pub(super) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// How GitHub refuses a request; the dispatch adds where its documentation is.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) message: String,
    /// What is wrong with which field; mostly nothing that one could name.
    pub(super) errors: Vec<Value>,
    /// Where the refusal itself is documented, when that is not with the operation.
    pub(super) documentation: Option<&'static str>,
    /// Seconds until it is worth trying again.
    pub(super) retry_after: Option<u64>,
}

impl Refusal {
    /// As GitHub writes it; `documentation` is the operation's.
    pub(super) fn reply(&self, documentation: &str) -> Reply {
        let mut body = json!({ "message": self.message });
        if !self.errors.is_empty() {
            body["errors"] = json!(self.errors);
        }
        body["documentation_url"] = json!(self.documentation.unwrap_or(documentation));
        body["status"] = json!(self.status.to_string());
        let reply = Reply::json(self.status, &body);
        match self.retry_after {
            Some(seconds) => reply.with("retry-after", seconds.to_string()),
            None => reply,
        }
    }
}

/// A refusal with a message only.
pub(super) fn refuse(status: u16, message: &str) -> Refusal {
    Refusal { status, message: message.to_owned(), errors: Vec::new(), documentation: None, retry_after: None }
}

/// 404, for what is not there and for what one may not see.
pub(super) fn not_found() -> Refusal {
    refuse(404, "Not Found")
}

/// 422 because of the form of a request.
pub(super) fn invalid_request(finding: &str) -> Refusal {
    refuse(422, &format!("Invalid request.\n\n{finding}"))
}

/// 422 because of one field's value.
pub(super) fn invalid_field(resource: &str, code: &str, field: &str, message: &str) -> Refusal {
    let mut error = json!({ "resource": resource, "code": code, "field": field });
    if !message.is_empty() {
        error["message"] = json!(message);
    }
    Refusal { errors: vec![error], ..refuse(422, "Validation Failed") }
}
