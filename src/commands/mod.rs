//! Door of commands.
