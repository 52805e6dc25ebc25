//! The operations that a fault can name: those of the service models.

use crate::models;

/// Where requests go, as patterns name it.
pub(super) fn services() -> Vec<&'static str> {
    models::SERVICES.into_iter().chain(["github", "oidc"]).collect()
}

/// The operations of a service; of all of them where none is named.
pub(super) fn of(service: Option<&str>) -> Vec<&'static str> {
    let services = models::SERVICES.into_iter().filter(|name| service.is_none_or(|wanted| wanted == *name));
    services.filter_map(models::service).flat_map(|service| service.operations.keys()).map(String::as_str).collect()
}

/// Operations that do several things and can do some of them only.
pub(super) const BATCHES: [&str; 3] = ["BatchUpdateRule", "RegisterTargets", "GetMetricData"];

/// Whether a pattern can mean one of those.
pub(super) fn can_be_partial(pattern: &str) -> bool {
    let operation = pattern.rsplit(':').next().unwrap_or(pattern);
    matches!(operation, "*" | "write") || BATCHES.contains(&operation)
}
