//! From HTTP to an operation of a service and back: what a request asks for, held against the service's model; and its answer.
//!
//! Inside: [`dispatch`] (whose request it is, validation, doing it, logging it), one file per protocol (`rest_json` for VPC
//! Lattice and RAM; `rest_xml` for Route 53; `aws_json` for ECS, Application Auto Scaling, SSM and CloudWatch; `query` for STS and CloudWatch; `cbor` for
//! CloudWatch), [`Call`] (a request taken apart) and [`Refusal`] (an error of a service).
//!
//! Deliberately absent: what any operation does. Each service's folder has a table of its operations; nothing here knows them.
//!
//! To call: [`dispatch::identify`] and [`dispatch::perform`].

mod aws_json;
mod call;
mod cbor;
pub(crate) mod dispatch;
pub(crate) mod form;
mod query;
mod refusal;
mod rest_json;
mod rest_xml;
mod services;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use call::Call;
pub(crate) use dispatch::{Protocol, validate};
pub(crate) use refusal::Refusal;
pub(crate) use services::{EMULATED, Emulated, Perform, emulated, said_by_coral};
