//! `schema`: the JSON Schema of a file that people write.

use super::connect;
use crate::{exit::Exit, sandbox::scenario};

/// Prints the schema of scenarios.
pub(crate) fn of_scenarios() -> Exit {
    connect::print(&format!("{:#}", scenario::schema()));
    Exit::Done
}
