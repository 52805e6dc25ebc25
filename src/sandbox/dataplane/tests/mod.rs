//! The data plane as its clients and its readers see it.

mod asking;
mod counting;
mod load;
mod routing;
mod targets;
