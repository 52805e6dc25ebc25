//! The service models of AWS as data: routes, members and constraints of the operations that espalier and its sandbox speak of.
//!
//! Inside: [`Service`] with its [`Operation`]s and [`Shape`]s, read from the JSON files beside this page (`condense.py` makes them
//! from botocore's models, Apache-2.0); and [`check`], which holds a JSON value against a shape and tells everything that does not
//! fit. Pure: no clock, no I/O.
//!
//! Deliberately absent: wire protocols (the sandbox's and the SDKs' own), prose, and what AWS checks beyond its models.
//!
//! To call: [`service`], then [`check::request`] or [`check::value`].

pub mod check;
mod pattern;
mod service;

pub use service::{Kind, Member, Operation, Place, SERVICES, Service, Shape, service};
