//! The two clients behind every verb.

use aws_sdk_vpclattice::Client;

/// VPC Lattice of one account and region. Its verbs are in the files beside this one.
#[derive(Clone, Debug)]
pub struct Lattice {
    /// Everything but weights: repeated by the SDK.
    pub(in crate::aws) reads: Client,
    /// Weights: sent once, answered within two seconds or not at all (DESIGN §5).
    pub(super) weights: Client,
}

impl Lattice {
    pub(in crate::aws) const fn new(reads: Client, weights: Client) -> Self {
        Self { reads, weights }
    }
}
