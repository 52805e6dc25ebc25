//! Whether a service lets a request in.

use super::super::{lattice::Addressed, wire::Request, world::World};

/// Whether the service's auth type and policy allow the request. `authType` NONE asks nobody; AWS_IAM without an auth policy that
/// allows the request denies it (VPC Lattice User Guide, "Control access to VPC Lattice services using auth policies").
pub(super) fn authorized(_world: &World, service: &Addressed, _request: &Request) -> bool {
    !service.iam
}
