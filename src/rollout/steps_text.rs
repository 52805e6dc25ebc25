//! Steps as people write them in one line: `5%:2m,25%:5m,hold:4h,100%:10m`.

use std::{fmt, str::FromStr, time::Duration};

use super::plan::{Hold, OnTimeout, Step};

/// Reads steps. A `hold:TIME` or `hold:TIME:continue` belongs to the step that follows it.
///
/// # Errors
/// All steps that cannot be read, in one message.
pub fn parse_steps(text: &str) -> Result<Vec<Step>, StepsError> {
    let mut steps = Vec::new();
    let mut problems = Vec::new();
    let mut waiting: Option<Hold> = None;
    for item in text.split(',').map(str::trim) {
        if item.split(':').next().is_some_and(|word| word.trim() == "hold") {
            if waiting.is_some() {
                problems.push(format!("`{item}` follows another hold: write one, with the time of both"));
            }
            match item.parse() {
                Ok(hold) => waiting = Some(hold),
                Err(StepsError(problem)) => problems.push(problem),
            }
            continue;
        }
        match item.parse::<Step>() {
            Ok(step) => steps.push(Step { hold: waiting.take(), ..step }),
            Err(StepsError(problem)) => {
                waiting = None;
                problems.push(problem);
            }
        }
    }
    if waiting.is_some() {
        problems.push(TRAILING_HOLD.to_owned());
    }
    if problems.is_empty() { Ok(steps) } else { Err(StepsError(problems.join("; "))) }
}

/// A hold that nothing follows.
pub const TRAILING_HOLD: &str = "a hold stands at the end: after the last step the candidate is promoted, so write the hold before the step that it is to keep back";

/// Steps that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StepsError(pub(super) String);

impl StepsError {
    /// One with these words.
    #[must_use]
    pub fn of(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl FromStr for Step {
    type Err = StepsError;

    fn from_str(text: &str) -> Result<Self, StepsError> {
        let (share, bake) = text
            .split_once(':')
            .ok_or_else(|| StepsError(format!("`{text}` is not a step: write a share and a bake time, such as `5%:2m`")))?;
        let share = share.parse().map_err(|error: super::split::ShareError| StepsError(error.to_string()))?;
        Ok(Self { share, bake: time(bake)?, lag: Duration::ZERO, hold: None })
    }
}

impl FromStr for Hold {
    type Err = StepsError;

    fn from_str(text: &str) -> Result<Self, StepsError> {
        let mut parts = text.split(':').map(str::trim).skip(1);
        let Some(timeout) = parts.next().filter(|timeout| !timeout.is_empty()) else {
            return Err(StepsError(format!("`{text}` would wait for ever: say how long, such as `hold:4h`")));
        };
        let on_timeout = match (parts.next(), parts.next()) {
            (None | Some("rollback"), None) => OnTimeout::Rollback,
            (Some("continue"), None) => OnTimeout::Continue,
            (_, _) => {
                let what = "is not a hold: write `hold:4h`, which rolls back when nobody promotes it, or `hold:4h:continue`";
                return Err(StepsError(format!("`{text}` {what}")));
            }
        };
        Ok(Self { timeout: time(timeout)?, on_timeout })
    }
}

fn time(text: &str) -> Result<Duration, StepsError> {
    let text = text.trim();
    humantime::parse_duration(text)
        .map_err(|_| StepsError(format!("`{text}` is not a length of time: write `30s`, `2m` or `1h 30m`")))
}

fn short(time: Duration) -> String {
    humantime::format_duration(time).to_string().replace(' ', "")
}

impl fmt::Display for Hold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let then = match self.on_timeout {
            OnTimeout::Rollback => "",
            OnTimeout::Continue => ":continue",
        };
        write!(f, "hold:{}{then}", short(self.timeout))
    }
}

/// With the hold before it, as [`parse_steps`] reads both.
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(hold) = self.hold {
            write!(f, "{hold},")?;
        }
        write!(f, "{}:{}", self.share, short(self.bake))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_read_back_as_they_are_written() {
        for text in [
            "100%:10m",
            "5%:2m,25%:5m,100%:10m",
            "hold:4h,0.5%:2m,100%:0s",
            "1.5625%:2m,1/3:2m,100%:0s",
            "5%:1h30m,hold:4h,50%:5m,hold:2days:continue,100%:10m",
        ] {
            let steps = parse_steps(text).expect(text);
            assert_eq!(steps.iter().map(ToString::to_string).collect::<Vec<_>>().join(","), text);
        }
        assert_eq!(parse_steps(" 5%:2m , hold : 4h : rollback, 100%:1m "), parse_steps("5%:2m,hold:4h,100%:1m"));
    }

    #[test]
    fn holds_that_nobody_could_end_are_refused_with_what_to_write() {
        for (text, said) in [
            ("5%:2m,hold,100%:1m", "`hold` would wait for ever: say how long, such as `hold:4h`"),
            ("5%:2m,hold:,100%:1m", "`hold:` would wait for ever: say how long, such as `hold:4h`"),
            (
                "5%:2m,hold:4h:stop,100%:1m",
                "`hold:4h:stop` is not a hold: write `hold:4h`, which rolls back when nobody promotes it, or `hold:4h:continue`",
            ),
            ("5%:2m,hold:soon,100%:1m", "`soon` is not a length of time: write `30s`, `2m` or `1h 30m`"),
            ("5%:2m,hold:1h,hold:2h,100%:1m", "`hold:2h` follows another hold: write one, with the time of both"),
            (
                "5%:2m,hold:1h,100:1m,x",
                "`100` is not a share of traffic: write a percentage from 0% to 100%, such as `5%` or `0.5%`, or a fraction, such as `1/3`; `x` is not a step: write a share and a bake time, such as `5%:2m`",
            ),
            ("100%:2m,hold:1h", TRAILING_HOLD),
        ] {
            assert_eq!(parse_steps(text).expect_err(text).to_string(), said);
        }
    }
}
