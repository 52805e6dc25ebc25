//! Requests as VPC Lattice would route them, and what became of them.
//!
//! A service is asked by its domain name: the `Host` header, on a port of its own (`ESPALIER_DATA_PLANE`). A port in the header
//! picks the listener; where it is no listener's, the first of HTTP listens, else the first of HTTPS, which is answered in clear
//! text. Whoever asks is taken for a client in an associated VPC.
//!
//! Inside: `door` (one request and its answer), `course` (where requests of a kind go as the world is now: `matching`, `auth`,
//! `backends`), `travel` (how many of them go where, evenly: `balance`, `latency`), `load` (the scenario's load, counted in the world's time),
//! `traffic` and `histogram` (`world.traffic`: what every target group and service got, minute by minute), `state` (the rest that is
//! kept) and `report` (all of it as JSON).
//!
//! Deliberately absent: sockets, real waiting, access logs, TLS, and CloudWatch's view of the traffic.
//!
//! To call: `answer` with a request; `notice`, `next_event` and `account` as the world goes on.

mod auth;
mod backends;
mod balance;
mod course;
mod door;
mod histogram;
mod latency;
mod load;
mod matching;
mod report;
mod state;
#[cfg(test)]
mod tests;
mod traffic;
mod travel;

pub(crate) use backends::{Answer, Place, answer_of, changes_after, checked};
pub(crate) use door::answer;
pub(crate) use load::{account, next_change, next_event, notice};
pub(crate) use report::report;
pub(crate) use state::State;
pub(crate) use traffic::{Key, Minute, Traffic};
