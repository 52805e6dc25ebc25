//! An error of a service, before a protocol writes it.

use serde_json::Value;

use crate::models::Service;

/// Why a request was not done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    /// The error's shape in the model: `ResourceNotFoundException`.
    pub(crate) code: &'static str,
    /// The text for people.
    pub(crate) message: String,
    /// The error's other members: `resourceId`, `fieldList`.
    pub(crate) members: Vec<(&'static str, Value)>,
    /// The HTTP status where it is not the model's.
    pub(crate) status: Option<u16>,
    /// Headers besides, such as `retry-after`.
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), members: Vec::new(), status: None, headers: Vec::new() }
    }

    /// With another member of the error.
    pub(crate) fn with(mut self, member: &'static str, value: impl Into<Value>) -> Self {
        self.members.push((member, value.into()));
        self
    }

    /// With this HTTP status, whatever the model says.
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// With a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The members besides code and message.
    pub(crate) fn extra(&self) -> impl Iterator<Item = (String, Value)> {
        self.members.iter().map(|(name, value)| ((*name).to_owned(), value.clone()))
    }

    /// `x-amzn-query-error` (awsQueryCompatible): what a service that once spoke the query protocol says of an error in its newer
    /// ones, its old code and whose fault it is. None for services that never spoke it.
    pub(crate) fn query_error(&self, service: &Service) -> Option<String> {
        service.xml_namespace.as_ref()?;
        let fault = if self.http_status(Some(service)) >= 500 { "Receiver" } else { "Sender" };
        Some(format!("{};{fault}", self.query_code(service)))
    }

    /// The error's code in the query protocol.
    pub(crate) fn query_code<'a>(&'a self, service: &'a Service) -> &'a str {
        service.shape(self.code).and_then(|shape| shape.code.as_deref()).unwrap_or(self.code)
    }

    /// The HTTP status: the model's, and 400 where it says nothing.
    pub(crate) fn http_status(&self, service: Option<&Service>) -> u16 {
        let modelled = service.and_then(|service| service.shape(self.code)).and_then(|shape| shape.status);
        self.status.or(modelled).unwrap_or(400)
    }
}
