//! Door of sandbox.
