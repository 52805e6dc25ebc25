//! The emulated STS: who calls, and a role for whoever brings the token of a run of GitHub Actions.
//!
//! Inside: one file per operation. What a session may do is `iam`'s. Deliberately absent: every other operation; `AssumeRole` and its
//! kin are refused as unknown; managed session policies, and what only a real identity provider can say (`IDPRejectedClaim`,
//! `IDPCommunicationError`).
//!
//! To call: [`OPERATIONS`].

mod identity;
mod operation;
mod web_identity;

pub(crate) use operation::OPERATIONS;
