//! Door of github.
