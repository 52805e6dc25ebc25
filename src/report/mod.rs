//! Door of report.
