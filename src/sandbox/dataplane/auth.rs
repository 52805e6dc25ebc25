//! Whether a service lets a request in.

use crate::sandbox::{
    iam,
    lattice::{self, Addressed, Invocation},
    protocol::dispatch,
    wire::Request,
    world::World,
};

/// Whether the auth policies of the service and of its network allow a request to that port of a listener. Who signs it (AWS
/// Signature Version 4) is who the access key belongs to; who does not is anonymous.
pub(super) fn authorized(world: &World, service: &Addressed, port: u64, request: &Request) -> bool {
    let key = Some(dispatch::access_key(request)).filter(|key| !key.is_empty());
    let caller = key.map(|key| iam::caller(world, &key).arn());
    let invocation = Invocation {
        method: request.method.as_str(),
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
        port: u16::try_from(port).unwrap_or_default(),
        caller: caller.as_deref(),
    };
    lattice::authorized(world, &service.id, &invocation)
}
