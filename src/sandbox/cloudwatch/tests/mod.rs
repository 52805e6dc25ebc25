//! CloudWatch over the wire's bytes.

mod alarms;
mod asking;
mod custom;
mod data;
mod protocols;
