//! Tokens of calls that make something.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use crate::time::Timestamp;

/// What was made and is not seen after that time is taken to be gone: lists of AWS's are behind by seconds.
const VISIBLE_WITHIN: Duration = Duration::from_secs(30);

/// How often something was made in this run, so that a call for another one has another token: AWS answers one that it knows with what
/// it made for it, though that is gone.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lives {
    pub(super) before: u32,
    /// When the one was made that nobody has seen yet.
    unseen: Option<Timestamp>,
}

impl Lives {
    /// It was made at this time, or was seen.
    pub(super) fn note(&mut self, is_made: bool, now: Timestamp) {
        let is_over = match (is_made, self.unseen) {
            (false, unseen) => unseen.is_some(),
            (true, Some(at)) => now >= at + VISIBLE_WITHIN,
            (true, None) => false,
        };
        self.before += u32::from(is_over);
        self.unseen = is_made.then(|| self.unseen.filter(|_| !is_over).unwrap_or(now));
    }
}

/// The same for a repeated call, and as long as AWS takes it.
pub(super) fn token(of: &str) -> String {
    Sha256::digest(of).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_785_000_000);

    #[test]
    fn what_is_gone_after_it_was_seen_is_asked_for_by_another_token() {
        let mut lives = Lives::default();
        lives.note(true, START);
        lives.note(true, START + Duration::from_secs(2));
        assert_eq!(lives.before, 0, "nobody has seen it yet");
        lives.note(false, START + Duration::from_secs(4));
        lives.note(false, START + Duration::from_secs(6));
        assert_eq!(lives.before, 1, "it was there");
        lives.note(true, START + Duration::from_secs(8));
        lives.note(true, START + Duration::from_secs(38));
        assert_eq!(lives.before, 2, "it has had its time");
    }
}
