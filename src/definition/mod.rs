//! Door of definition.
