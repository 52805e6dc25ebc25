//! A request as the operations want it, and how GitHub refuses one.

use serde_json::{Value, json};

use crate::sandbox::wire::{Reply, Request};

/// What an operation answers, or how it is refused.
pub(crate) type Outcome = Result<Reply, Reply>;

/// A request, taken apart.
pub(crate) struct Call {
    /// Percent-decoded query, in order.
    query: Vec<(String, String)>,
    /// The JSON body; null when there was none.
    pub(crate) body: Value,
    /// `http://host:port`, as the client calls us.
    pub(crate) server: String,
    /// The path as sent, after `/api/v3`.
    pub(crate) path: String,
}

impl Call {
    /// Reads query and body.
    pub(crate) fn read(request: &Request) -> Result<Self, Reply> {
        let pairs = request.query.split('&').filter(|pair| !pair.is_empty());
        let pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        let query = pairs.map(|(name, value)| (decoded(&name.replace('+', " ")), decoded(&value.replace('+', " "))));
        let body = if request.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&request.body).map_err(|_| refuse(400, "Problems parsing JSON"))?
        };
        if !body.is_null() && !body.is_object() {
            return Err(refuse(400, "Body should be a JSON object"));
        }
        let server = format!("http://{}", request.header("host").unwrap_or("127.0.0.1"));
        Ok(Self { query: query.collect(), body, server, path: request.path.clone() })
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// All parameters of the query but these.
    pub(crate) fn parameters_but<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = &'a (String, String)> {
        self.query.iter().filter(|(known, _)| !names.contains(&known.as_str()))
    }

    /// A member of the body; JSON null is no member.
    pub(crate) fn member(&self, name: &str) -> Option<&Value> {
        self.body.get(name).filter(|value| !value.is_null())
    }

    /// A member that has to be a string where it is there.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>, Reply> {
        text(&self.body, name)
    }

    /// A member that has to be there and a string.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Reply> {
        self.text(name)?.ok_or_else(|| invalid_request(&format!("\"{name}\" wasn't supplied.")))
    }

    /// A string member that is one of a few.
    pub(crate) fn one_of(&self, name: &str, values: &[&str]) -> Result<Option<&str>, Reply> {
        let Some(given) = self.text(name)? else { return Ok(None) };
        if values.contains(&given) {
            return Ok(Some(given));
        }
        let all = values.join(", ");
        Err(invalid_request(&format!("For 'properties/{name}', {given} is not a member of [{all}].")))
    }

    /// A boolean member.
    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, Reply> {
        let wrong = |given: &Value| invalid_request(&format!("For 'properties/{name}', {given} is not a boolean."));
        self.member(name).map(|given| given.as_bool().ok_or_else(|| wrong(given))).transpose()
    }
}

/// A member that has to be a string where it is there.
pub(crate) fn text<'a>(object: &'a Value, name: &str) -> Result<Option<&'a str>, Reply> {
    let wrong = |given: &Value| invalid_request(&format!("For 'properties/{name}', {given} is not a string."));
    let given = object.get(name).filter(|value| !value.is_null());
    given.map(|given| given.as_str().ok_or_else(|| wrong(given))).transpose()
}

/// A path segment or query value without its percent-encoding.
pub(crate) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A refusal with a message only.
pub(crate) fn refuse(status: u16, message: &str) -> Reply {
    let documentation = "https://docs.github.com/rest";
    Reply::json(status, &json!({ "message": message, "documentation_url": documentation, "status": status.to_string() }))
}

/// 404, for what is not there and for what one may not see.
pub(crate) fn not_found() -> Reply {
    refuse(404, "Not Found")
}

/// 422 because of the form of a request.
pub(crate) fn invalid_request(finding: &str) -> Reply {
    refuse(422, &format!("Invalid request.\n\n{finding}"))
}

/// 422 because of one field's value.
pub(crate) fn invalid_field(resource: &str, code: &str, field: &str, message: &str) -> Reply {
    let errors = json!([{ "resource": resource, "code": code, "field": field, "message": message }]);
    let documentation = "https://docs.github.com/rest";
    Reply::json(
        422,
        &json!({ "message": "Validation Failed", "errors": errors, "documentation_url": documentation, "status": "422" }),
    )
}
