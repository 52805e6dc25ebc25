//! Of two jobs at once: who goes on.
//!
//! Each job writes its claim into a tag of the target group and reads it again before each of its writes. Tags have no compare-and-set:
//! a claim may be written over by an older job that had not seen it. The newer one finds that at its next look and writes its own
//! again; the older one gives way as soon as it sees a newer one.

use std::{cmp::Ordering, fmt, str::FromStr};

use crate::time::Timestamp;

/// What a job is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Bringing the preview up.
    Up,
    /// Taking it away.
    Down,
}

/// A job at a preview. Its text form, as a tag has it, is `MILLISECONDS:OWNER:up`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// When it began, by AWS's time.
    pub at: Timestamp,
    /// Who it is: different for each job.
    pub owner: String,
    /// What it is at.
    pub purpose: Purpose,
}

impl Claim {
    /// Whether this job goes on where the other one is at it, too: the one that began later, whatever each of them does.
    #[must_use]
    pub fn goes_before(&self, other: &Self) -> bool {
        self.at.cmp(&other.at).then_with(|| self.owner.cmp(&other.owner)) == Ordering::Greater
    }

    /// The same job, a moment later where it began in the same moment as one that it finds there: whoever comes after goes on, since the
    /// other one may be gone.
    #[must_use]
    pub fn after(self, found: Option<&Self>) -> Self {
        match found {
            Some(found) if found.at == self.at && found.owner != self.owner => {
                Self { at: self.at + std::time::Duration::from_millis(1), ..self }
            }
            Some(_) | None => self,
        }
    }

    /// Whether it is the same job.
    #[must_use]
    pub fn is_of(&self, other: &Self) -> bool {
        self.at == other.at && self.owner == other.owner
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let purpose = match self.purpose {
            Purpose::Up => "up",
            Purpose::Down => "down",
        };
        write!(f, "{}:{}:{purpose}", self.at.as_millis(), self.owner)
    }
}

/// A text that is no claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the form MILLISECONDS:OWNER:up")]
pub struct NoClaim;

impl FromStr for Claim {
    type Err = NoClaim;

    fn from_str(text: &str) -> Result<Self, NoClaim> {
        let [at, owner, purpose] = text.split(':').collect::<Vec<_>>()[..] else { return Err(NoClaim) };
        let purpose = match purpose {
            "up" => Purpose::Up,
            "down" => Purpose::Down,
            _ => return Err(NoClaim),
        };
        let at = Timestamp::from_millis(at.parse().map_err(|_| NoClaim)?);
        Ok(Self { at, owner: owner.to_owned(), purpose })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(text: &str) -> Claim {
        text.parse().expect("a claim")
    }

    #[test]
    fn the_later_one_goes_on_and_never_both() {
        for (one, other, goes_before) in [
            ("2:a:up", "1:b:up", true),
            ("1:b:up", "2:a:up", false),
            ("2:a:down", "1:b:up", true),
            ("2:a:up", "1:b:down", true),
            ("1:b:up", "1:a:up", true),
            ("1:a:up", "1:a:up", false),
            ("1:a:up", "1:a:down", false),
        ] {
            assert_eq!(claim(one).goes_before(&claim(other)), goes_before, "{one} before {other}");
            assert!(!(goes_before && claim(other).goes_before(&claim(one))), "{one} and {other}");
        }
        let (first, second) = (claim("5:z:down"), claim("5:a:up"));
        assert!(second.clone().after(Some(&first)).goes_before(&first), "whatever their names are");
        assert_eq!(second.clone().after(Some(&claim("6:z:down"))), second, "that one is newer");
        assert_eq!(second.clone().after(None), second);
        assert!(claim("1:a:up").is_of(&claim("1:a:down")) && !claim("1:a:up").is_of(&claim("1:b:up")));
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        let text = "1795309200000:4f1c2d3e:down";
        assert_eq!(claim(text).to_string(), text);
        for wrong in ["", "x", "1:a", "1:a:sideways", "soon:a:up", "1:a:up:b"] {
            assert_eq!(wrong.parse::<Claim>(), Err(NoClaim), "{wrong}");
        }
    }
}
