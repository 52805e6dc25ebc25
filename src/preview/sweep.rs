//! What a sweep takes away: by GitHub's word and by our own tags, never by age alone.

use crate::time::Timestamp;

/// What GitHub says of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// It is open.
    Open,
    /// It is closed.
    Closed,
    /// It does not say.
    Silent(String),
}

/// What becomes of a preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It stays, and why.
    Keep(String),
    /// It goes, and why.
    Remove(String),
}

/// What becomes of a preview whose target group's tag says `until`. A tag that is missing says nothing.
#[must_use]
pub fn judge(word: &Word, until: Option<Timestamp>, now: Timestamp) -> Verdict {
    let is_over = until.filter(|until| *until <= now);
    match (word, is_over, until) {
        (Word::Closed, ..) => Verdict::Remove("its pull request is closed".to_owned()),
        (_, Some(until), _) => Verdict::Remove(format!("its time to live ended at {until}")),
        (Word::Open, None, Some(until)) => Verdict::Keep(format!("its pull request is open; until {until}")),
        (Word::Open, None, None) => Verdict::Keep("its pull request is open".to_owned()),
        (Word::Silent(why), None, _) => Verdict::Keep(format!("GitHub does not say whether its pull request is open: {why}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pull_request_or_our_own_tag_decides_and_nothing_else() {
        let (now, later) = (Timestamp::from_secs(1000), Timestamp::from_secs(1001));
        let silent = Word::Silent("no answer".to_owned());
        for (word, until, goes) in [
            (Word::Closed, None, true),
            (Word::Closed, Some(later), true),
            (Word::Open, None, false),
            (Word::Open, Some(later), false),
            (Word::Open, Some(now), true),
            (silent.clone(), None, false),
            (silent.clone(), Some(later), false),
            (silent, Some(now), true),
        ] {
            let verdict = judge(&word, until, now);
            assert_eq!(matches!(verdict, Verdict::Remove(_)), goes, "{word:?} {until:?}: {verdict:?}");
        }
    }
}
