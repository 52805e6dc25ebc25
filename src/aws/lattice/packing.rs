//! Text of any length in tags, and whether it came back whole. Pure.
//!
//! A tag value holds 256 characters: letters, digits, spaces and `_ . : / = + - @` (AWS tagging rules), so text is split over
//! numbered keys and closed by a checksum: two writers, or a hand in the console, leave something that does not add up rather
//! than something that reads as a record.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// All our keys begin with this.
pub const KEY_PREFIX: &str = "espalier:";

/// The longest value (service model, `TagValue`).
pub const VALUE_LENGTH: usize = 256;

/// The most tags that a resource can have, AWS's own (`aws:…`) not counted.
pub const MAX_TAGS: usize = 50;

/// Text that tags cannot hold as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unpackable {
    /// A character that AWS refuses.
    #[error("tag values cannot hold {0:?}: they take letters, digits, spaces and _ . : / = + - @")]
    Character(char),
    /// Spaces where a value would begin or end, or so many that every cut would make them.
    #[error("text in tags cannot begin or end with a space, nor have a run of spaces as long as a value")]
    Spaces,
}

/// Tags that hold some of a text and not all of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the tags `{KEY_PREFIX}{prefix}…` do not add up: {why}")]
pub struct Torn {
    /// Which text.
    pub prefix: String,
    /// What does not fit.
    pub why: String,
}

/// A resource without enough free tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{missing} more free tags are needed: a resource holds {MAX_TAGS}")]
pub struct TooFewTags {
    /// How many must be removed first.
    pub missing: usize,
}

/// The tags that hold `text`: `espalier:<prefix>.0`, `.1`, … and `espalier:<prefix>.sum`, which is their number and the first 16
/// hexadecimal digits of the text's SHA-256.
///
/// # Errors
/// When the text holds what a tag value cannot.
pub fn pack(prefix: &str, text: &str) -> Result<BTreeMap<String, String>, Unpackable> {
    if !text.bytes().all(|byte| ALLOWED[usize::from(byte)])
        && let Some(refused) = text.chars().find(|character| !is_allowed(*character))
    {
        return Err(Unpackable::Character(refused));
    }
    if text.starts_with(' ') || text.ends_with(' ') {
        return Err(Unpackable::Spaces);
    }
    let mut chunks = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(cut(rest).ok_or(Unpackable::Spaces)?);
        chunks.push(chunk);
        rest = after;
    }
    let mut tags: BTreeMap<String, String> =
        chunks.iter().enumerate().map(|(index, chunk)| (key(prefix, &index.to_string()), (*chunk).to_owned())).collect();
    tags.insert(key(prefix, "sum"), sum(chunks.len(), text));
    Ok(tags)
}

/// The text that [`pack`] put under this prefix; none where there is none. Numbered keys beyond the counted ones are left over
/// from a longer text and are passed over.
///
/// # Errors
/// When some of it is missing or the checksum does not fit.
pub fn unpack(prefix: &str, tags: &BTreeMap<String, String>) -> Result<Option<String>, Torn> {
    let torn = |why: &str| Torn { prefix: prefix.to_owned(), why: why.to_owned() };
    let Some(given) = tags.get(&key(prefix, "sum")) else {
        return if tags.contains_key(&key(prefix, "0")) { Err(torn("the checksum is missing")) } else { Ok(None) };
    };
    let count = given.split(' ').next().and_then(|count| count.parse::<usize>().ok());
    let count = count.filter(|count| *count < MAX_TAGS).ok_or_else(|| torn("the checksum cannot be read"))?;
    let mut text = String::with_capacity(count * VALUE_LENGTH);
    for index in 0..count {
        text.push_str(tags.get(&key(prefix, &index.to_string())).ok_or_else(|| torn("a part is missing"))?);
    }
    if sum(count, &text) == *given { Ok(Some(text)) } else { Err(torn("the checksum does not fit")) }
}

/// Whether a resource with these tags can take `needed` of ours. Its own `espalier:` tags are replaced, so they do not count, except for the
/// marks of `others`; and neither do AWS's.
///
/// # Errors
/// How many are missing.
pub fn free_tags(tags: &BTreeMap<String, String>, needed: usize, others: usize) -> Result<(), TooFewTags> {
    let foreign = tags.keys().filter(|key| !key.starts_with(KEY_PREFIX) && !key.starts_with("aws:")).count();
    match (foreign + others + needed).saturating_sub(MAX_TAGS) {
        0 => Ok(()),
        missing => Err(TooFewTags { missing }),
    }
}

fn key(prefix: &str, end: &str) -> String {
    [KEY_PREFIX, prefix, ".", end].concat()
}

fn sum(count: usize, text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let start = digest.iter().take(8).fold(0, |start: u64, byte| start << 8 | u64::from(*byte));
    format!("{count} {start:016x}")
}

/// The same of every byte.
const ALLOWED: [bool; 256] = {
    let mut allowed = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        allowed[byte] = is_allowed(byte as u8 as char);
        byte += 1;
    }
    allowed
};

/// ASCII only, so that a character is a byte.
const fn is_allowed(character: char) -> bool {
    matches!(character, 'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
}

/// The longest start of `text` that neither ends with a space nor leaves a rest that begins with one: whether AWS keeps spaces at
/// a value's ends is not documented.
fn cut(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.len() <= VALUE_LENGTH {
        return Some(bytes.len());
    }
    (1..=VALUE_LENGTH).rev().find(|at| bytes[at - 1] != b' ' && bytes[*at] != b' ')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_text_takes_two_tags() {
        let tags = pack("rollout", "generation 3").expect("allowed");
        assert_eq!(tags.get("espalier:rollout.0").map(String::as_str), Some("generation 3"));
        assert_eq!(tags.get("espalier:rollout.sum").map(String::as_str), Some("1 80ce020a890cca5e"));
        assert_eq!(tags.len(), 2);
    }

    #[test]
    fn what_tags_cannot_hold_is_refused() {
        assert_eq!(pack("rollout", "{}"), Err(Unpackable::Character('{')));
        assert_eq!(pack("rollout", "é"), Err(Unpackable::Character('é')));
        assert_eq!(pack("rollout", " a"), Err(Unpackable::Spaces));
        assert_eq!(pack("rollout", &format!("a{}b", " ".repeat(300))), Err(Unpackable::Spaces));
    }

    #[test]
    fn no_tags_are_no_text_and_some_tags_are_a_torn_one() {
        assert_eq!(unpack("rollout", &BTreeMap::new()), Ok(None));
        let whole = pack("rollout", "word ".repeat(200).trim()).expect("allowed");
        for key in whole.keys().filter(|key| *key != "espalier:rollout.sum") {
            let mut tags = whole.clone();
            tags.remove(key);
            assert!(unpack("rollout", &tags).is_err(), "{key}");
        }
        let mut unclosed = whole;
        unclosed.remove("espalier:rollout.sum");
        assert_eq!(unpack("rollout", &unclosed).expect_err("torn").why, "the checksum is missing");
        let huge = BTreeMap::from([("espalier:rollout.sum".to_owned(), "99999999999 00".to_owned())]);
        assert!(unpack("rollout", &huge).is_err());
    }

    #[test]
    fn a_shorter_text_reads_over_the_leftovers_of_a_longer_one() {
        let mut tags = pack("rollout", &"x".repeat(600)).expect("allowed");
        tags.insert("Name".to_owned(), "mine".to_owned());
        tags.insert("espalier:rollout2.0".to_owned(), "another".to_owned());
        let short = pack("rollout", "short").expect("allowed");
        tags.extend(short);
        assert_eq!(unpack("rollout", &tags), Ok(Some("short".to_owned())));
    }

    #[test]
    fn free_tags_counts_other_peoples_tags_only() {
        let mut tags: BTreeMap<String, String> = (0..45).map(|index| (format!("team{index}"), String::new())).collect();
        tags.insert("aws:cloudformation:stack-name".to_owned(), String::new());
        tags.insert("espalier:rollout.0".to_owned(), String::new());
        assert_eq!(free_tags(&tags, 5, 0), Ok(()));
        assert_eq!(free_tags(&tags, 5, 1), Err(TooFewTags { missing: 1 }), "a mark of another application");
        assert_eq!(free_tags(&tags, 8, 0), Err(TooFewTags { missing: 3 }));
    }

    proptest! {
        #[test]
        fn text_comes_back_whole_in_values_that_aws_takes(words in prop::collection::vec("[a-zA-Z0-9_.:/=+@-]{1,80}", 0..60)) {
            let text = words.join(" ");
            let tags = pack("rollout", &text).expect("allowed");
            for value in tags.values() {
                prop_assert!(value.len() <= 256 && value.trim() == value && !value.is_empty());
            }
            prop_assert_eq!(unpack("rollout", &tags), Ok(Some(text)));
        }

        #[test]
        fn any_changed_value_is_noticed(text in "[a-z]{1,700}", which in any::<prop::sample::Index>()) {
            let mut tags = pack("rollout", &text).expect("allowed");
            let key = tags.keys().nth(which.index(tags.len())).cloned().expect("a key");
            tags.entry(key).and_modify(|value| value.push('!'));
            prop_assert!(unpack("rollout", &tags).is_err());
        }
    }
}
