//! A command in a comment: `/espalier VERB …` as the comment's first line. A grammar of our own: words divided by spaces, text of
//! several words between double quotes; nothing is handed to a shell, and what is not known is refused.

use std::iter::Peekable;

/// What a comment starts with that is for us.
const NAME: &str = "/espalier";
/// The longest reason that is taken, in characters.
const LONGEST_REASON: usize = 200;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// What to do.
    pub verb: AskedVerb,
    /// For which of several services.
    pub service: Option<String>,
}

/// What to do, and what was said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AskedVerb {
    /// Show what is live.
    Status,
    /// Release a hold.
    Promote {
        /// Later holds too.
        full: bool,
        /// Only where it waits before this step.
        step: Option<String>,
        /// Only this rollout.
        rollout_id: Option<String>,
    },
    /// Roll a rollout back.
    Abort {
        /// Why.
        reason: Option<String>,
        /// Only this rollout.
        rollout_id: Option<String>,
    },
    /// Go back to the revision before.
    Rollback {
        /// Why.
        reason: Option<String>,
        /// Only to this revision.
        revision: Option<String>,
        /// Only from this rollout.
        rollout_id: Option<String>,
    },
}

impl AskedVerb {
    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Promote { .. } => "promote",
            Self::Abort { .. } => "abort",
            Self::Rollback { .. } => "rollback",
        }
    }
}

/// Why a command cannot be read. `Display` is a sentence without a full stop; what it quotes is the author's text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Misread {
    /// Nothing follows `/espalier`.
    #[error("it says nothing after /espalier")]
    NoVerb,
    /// A verb that there is not, or not in comments.
    #[error("there is no command `{0}` in comments")]
    UnknownVerb(String),
    /// A word or flag that the verb does not take.
    #[error("{verb} takes no `{word}`")]
    UnknownWord {
        /// The verb.
        verb: &'static str,
        /// The word.
        word: String,
    },
    /// A flag that is given twice.
    #[error("--{0} is given twice")]
    Twice(&'static str),
    /// A flag without its value.
    #[error("--{0} needs a value")]
    NoValue(&'static str),
    /// A value with characters that no such value has.
    #[error("`{value}` cannot be a --{flag}")]
    Impossible {
        /// The flag.
        flag: &'static str,
        /// Its value.
        value: String,
    },
    /// A quotation that does not end.
    #[error("a double quote is opened and not closed")]
    Unclosed,
}

/// Reads a comment; none when it is no command.
///
/// # Errors
/// It is one, and cannot be read: the first reason why.
pub fn read(body: &str) -> Option<Result<Asked, Misread>> {
    let line = body.lines().next()?.trim_end();
    let rest = line.strip_prefix(NAME)?;
    // `/espaliers` is another word.
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| command(rest))
}

fn command(text: &str) -> Result<Asked, Misread> {
    let words = words(text)?;
    let mut words = words.into_iter().peekable();
    let verb = words.next().ok_or(Misread::NoVerb)?;
    let (verb, takes): (&'static str, &[&'static str]) = match verb.as_str() {
        "status" => ("status", &["service"]),
        "promote" => ("promote", &["service", "full", "step", "rollout-id"]),
        "abort" => ("abort", &["service", "reason", "rollout-id"]),
        "rollback" => ("rollback", &["service", "reason", "revision", "rollout-id"]),
        _ => return Err(Misread::UnknownVerb(verb)),
    };
    let mut given: Vec<(&'static str, String)> = Vec::new();
    while let Some(word) = words.next() {
        let (flag, value) = flag(&word, verb, takes, &mut words)?;
        if given.iter().any(|(known, _)| *known == flag) {
            return Err(Misread::Twice(flag));
        }
        given.push((flag, value));
    }
    let mut take = |flag: &str| given.iter().position(|(known, _)| *known == flag).map(|place| given.swap_remove(place).1);
    let service = take("service");
    let verb = match verb {
        "promote" => AskedVerb::Promote { full: take("full").is_some(), step: take("step"), rollout_id: take("rollout-id") },
        "abort" => AskedVerb::Abort { reason: take("reason"), rollout_id: take("rollout-id") },
        "rollback" => AskedVerb::Rollback { reason: take("reason"), revision: take("revision"), rollout_id: take("rollout-id") },
        _ => AskedVerb::Status,
    };
    Ok(Asked { verb, service })
}

/// One flag with its value: `--flag value` or `--flag=value`.
fn flag(
    word: &str,
    verb: &'static str,
    takes: &[&'static str],
    words: &mut Peekable<impl Iterator<Item = String>>,
) -> Result<(&'static str, String), Misread> {
    let unknown = || Misread::UnknownWord { verb, word: word.to_owned() };
    let named = word.strip_prefix("--").ok_or_else(unknown)?;
    let (name, value) = named.split_once('=').map_or((named, None), |(name, value)| (name, Some(value.to_owned())));
    let flag = *takes.iter().find(|known| **known == name).ok_or_else(unknown)?;
    if flag == "full" {
        return if value.is_none() { Ok((flag, String::new())) } else { Err(unknown()) };
    }
    let value = value.or_else(|| words.next_if(|word| !word.starts_with("--")));
    let value = value.filter(|value| !value.trim().is_empty()).ok_or(Misread::NoValue(flag))?;
    if flag == "reason" {
        return Ok((flag, reason(&value)));
    }
    let is_possible = value.chars().all(|character| character.is_ascii_alphanumeric() || "-_.:/".contains(character));
    if is_possible { Ok((flag, value)) } else { Err(Misread::Impossible { flag, value }) }
}

/// A reason on one line, of bounded length; it becomes part of the rollout's record and of every report.
fn reason(text: &str) -> String {
    let visible = text.chars().map(|character| if character.is_control() { ' ' } else { character });
    visible.take(LONGEST_REASON).collect::<String>().trim().to_owned()
}

/// The words of a line. A double quote begins and ends a stretch in which spaces do not divide.
fn words(text: &str) -> Result<Vec<String>, Misread> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for character in text.chars() {
        // What phones and word processors make of a double quote.
        let is_quote = matches!(character, '"' | '\u{201C}' | '\u{201D}');
        if is_quote {
            quoted = !quoted;
            word.get_or_insert_default();
        } else if character.is_whitespace() && !quoted {
            words.extend(word.take());
        } else {
            word.get_or_insert_default().push(character);
        }
    }
    if quoted {
        return Err(Misread::Unclosed);
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(body: &str) -> Asked {
        read(body).expect("a command").unwrap_or_else(|misread| panic!("{body}: {misread}"))
    }

    fn misread(body: &str) -> String {
        read(body).expect("a command").expect_err("cannot be read").to_string()
    }

    fn abort(reason: &str) -> Asked {
        Asked { verb: AskedVerb::Abort { reason: Some(reason.to_owned()), rollout_id: None }, service: None }
    }

    #[test]
    fn only_the_first_line_can_be_a_command() {
        for body in ["", "no", " /espalier status", "> /espalier status", "see\n/espalier status", "/espaliers status", "/esp"] {
            assert_eq!(read(body), None, "{body}");
        }
        let status = Asked { verb: AskedVerb::Status, service: None };
        for body in ["/espalier status", "/espalier  status  \r\nplease", "/espalier\tstatus\n/espalier abort"] {
            assert_eq!(asked(body), status, "{body}");
        }
    }

    #[test]
    fn every_verb_takes_its_own_words() {
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            asked("/espalier promote --service web --full --step 2 --rollout-id=20261122T0-ab"),
            Asked {
                verb: AskedVerb::Promote { full: true, step: text("2"), rollout_id: text("20261122T0-ab") },
                service: text("web")
            }
        );
        assert_eq!(asked(r#"/espalier abort --reason "it is slow""#), abort("it is slow"));
        assert_eq!(asked("/espalier abort --reason=\u{201C}it is slow\u{201D}"), abort("it is slow"));
        assert_eq!(asked("/espalier abort --reason slow"), abort("slow"));
        assert_eq!(
            asked("/espalier rollback --revision myservice:41"),
            Asked { verb: AskedVerb::Rollback { reason: None, revision: text("myservice:41"), rollout_id: None }, service: None }
        );
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        for (body, why) in [
            ("/espalier", "it says nothing after /espalier"),
            ("/espalier deploy", "there is no command `deploy` in comments"),
            ("/espalier status now", "status takes no `now`"),
            ("/espalier abort --full", "abort takes no `--full`"),
            ("/espalier promote --full=false", "promote takes no `--full=false`"),
            ("/espalier status --config x.yml", "status takes no `--config`"),
            ("/espalier abort --reason", "--reason needs a value"),
            ("/espalier promote --step --full", "--step needs a value"),
            ("/espalier abort --reason a --reason b", "--reason is given twice"),
            ("/espalier abort --reason \"a", "a double quote is opened and not closed"),
            ("/espalier status --service $(id)", "`$(id)` cannot be a --service"),
            ("/espalier abort --rollout-id ##[error]x", "`##[error]x` cannot be a --rollout-id"),
        ] {
            assert_eq!(misread(body), why, "{body}");
        }
    }

    #[test]
    fn a_reason_stays_one_line_of_bounded_length() {
        assert_eq!(asked("/espalier abort --reason \"a\u{1b}[31m b\""), abort("a [31m b"));
        let AskedVerb::Abort { reason: Some(reason), .. } = asked(&format!("/espalier abort --reason {}", "x".repeat(999))).verb
        else {
            panic!("an abort")
        };
        assert_eq!(reason.len(), LONGEST_REASON);
    }
}
