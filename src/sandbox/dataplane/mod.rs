//! Requests as VPC Lattice would route them, and what became of them.
//!
//! Inside: `door` (the service that a request is for, and its answer), `traffic` and `histogram` (`world.traffic`: what every
//! target group and service got, minute by minute). Deliberately absent: sockets, and CloudWatch's view of the traffic.

mod door;
mod histogram;
mod traffic;

pub(crate) use door::{State, addressed, answer};
pub(crate) use traffic::{Key, Minute, Traffic};
