//! `schema`: the JSON Schema of a file that people write.

use super::connect;
use crate::{cli, exit::Exit, sandbox::scenario, settings::config};

/// Prints the schema of the config, or of scenarios.
pub(crate) fn schema(args: &cli::Schema) -> Exit {
    if args.scenario {
        connect::print(&format!("{:#}", scenario::schema()));
    } else {
        connect::print(config::schema().trim_end());
    }
    Exit::Done
}
