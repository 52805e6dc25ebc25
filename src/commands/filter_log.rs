//! What filters say with `debug` and `stderr`: on standard error, under their own name.

use std::io::Write as _;

/// Shows what jaq's standard library logs, and nothing else.
struct FilterLog;

impl log::Log for FilterLog {
    fn enabled(&self, metadata: &log::Metadata<'_>) -> bool {
        metadata.target().starts_with("jaq_std")
    }

    fn log(&self, record: &log::Record<'_>) {
        if self.enabled(record.metadata()) {
            // Where standard error is closed nobody listens.
            let _ = writeln!(std::io::stderr(), "filter: {}", record.args());
        }
    }

    fn flush(&self) {}
}

/// Listens from here on.
pub(super) fn listen() {
    // Whoever set another logger before listens to that one.
    if log::set_logger(&FilterLog).is_ok() {
        log::set_max_level(log::LevelFilter::Debug);
    }
}
