//! A request and a reply as plain values, so that every protocol can be tested without a socket.

use serde_json::Value;

/// An HTTP request, body and all. Path and query are as sent: still percent-encoded.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: http::Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: bytes::Bytes,
}

impl Request {
    /// A header's value, when it is there and printable.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// An HTTP reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// A JSON body, announced as `application/json`.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self { status, headers: Vec::new(), body: body.to_string().into_bytes() }.with("content-type", "application/json")
    }

    /// No body at all.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// With this header, in place of one of the same name (lower case).
    pub(crate) fn with(mut self, header: &str, value: impl Into<String>) -> Self {
        self.headers.retain(|(name, _)| name != header);
        self.headers.push((header.to_owned(), value.into()));
        self
    }

    /// The body as JSON; null when it is not.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}
