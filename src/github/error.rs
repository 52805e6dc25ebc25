//! How GitHub refuses, in the six ways that make a difference to what happens next.

use std::time::Duration;

use http::{HeaderMap, StatusCode};

use crate::time::Timestamp;

/// Why a call to GitHub did not do what was asked. GitHub's own words are in `message`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GitHubError {
    /// 401: the token is wrong or has expired.
    #[error(
        "GitHub does not accept the token ({message}): pass `github-token: ${{{{ github.token }}}}`, or renew the one that is used"
    )]
    Unauthorized {
        /// GitHub's words.
        message: String,
    },
    /// 403 for another reason than a rate limit: the token lacks a permission.
    #[error("GitHub refused ({message}): add `{permission}` to the `permissions:` of the job")]
    Forbidden {
        /// The permission to add, as it is written in a workflow.
        permission: &'static str,
        /// GitHub's words.
        message: String,
    },
    /// 404: it is not there, or the token may not know that it is.
    #[error("GitHub does not know {what}, or the token may not see it")]
    NotFound {
        /// What was asked for.
        what: String,
    },
    /// 403 or 429 because of a primary or secondary rate limit.
    #[error("GitHub's rate limit is used up{}", until.map(|until| format!(" until {until}")).unwrap_or_default())]
    RateLimited {
        /// When it is worth trying again, by GitHub's clock, where the answer carried a date.
        until: Option<Timestamp>,
        /// The same as a length of time from the answer on.
        wait: Duration,
    },
    /// No answer, no connection, no answer in time, or a 5xx: the call may have taken effect.
    #[error("GitHub cannot be reached: {message}")]
    Unreachable {
        /// What was seen instead of an answer.
        message: String,
    },
    /// Anything else: the call will be refused again.
    #[error("GitHub did not accept the call: {message}")]
    Invalid {
        /// GitHub's words, or ours about its answer.
        message: String,
    },
}

impl GitHubError {
    /// Whether the same call can succeed later without anybody changing the workflow.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::RateLimited { .. } | Self::Unreachable { .. } => true,
            Self::Unauthorized { .. } | Self::Forbidden { .. } | Self::NotFound { .. } | Self::Invalid { .. } => false,
        }
    }
}

/// Where nothing says how long: GitHub asks for a minute at least ("Best practices for using the REST API").
const WAIT_UNSAID: Duration = Duration::from_secs(60);

/// Turns an answer that is not a success into an error. `permission` is what the call needs; `what` names what it is about.
pub(crate) fn from_answer(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    permission: &'static str,
    what: &str,
) -> GitHubError {
    let message = message(status, body);
    let limited = headers.contains_key(http::header::RETRY_AFTER)
        || number(headers, "x-ratelimit-remaining") == Some(0)
        || message.to_ascii_lowercase().contains("rate limit");
    match status {
        StatusCode::UNAUTHORIZED => GitHubError::Unauthorized { message },
        StatusCode::TOO_MANY_REQUESTS => rate_limited(headers),
        StatusCode::FORBIDDEN if limited => rate_limited(headers),
        StatusCode::FORBIDDEN => GitHubError::Forbidden { permission, message },
        StatusCode::NOT_FOUND => GitHubError::NotFound { what: what.to_owned() },
        status if status.is_server_error() => GitHubError::Unreachable { message },
        _ => GitHubError::Invalid { message },
    }
}

fn rate_limited(headers: &HeaderMap) -> GitHubError {
    let now = headers.get(http::header::DATE).and_then(|date| parse_http_date(date.to_str().ok()?));
    let reset = number(headers, "x-ratelimit-reset").filter(|_| number(headers, "x-ratelimit-remaining") == Some(0));
    let wait = match (number(headers, "retry-after"), reset, now) {
        (Some(seconds), _, _) => Duration::from_secs(seconds),
        (None, Some(reset), Some(now)) => Timestamp::from_secs(reset).since(now),
        (None, _, _) => WAIT_UNSAID,
    };
    GitHubError::RateLimited { until: now.map(|now| now + wait), wait }
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// Reads the fixed form of RFC 9110 §5.6.7, `Sun, 06 Nov 1994 08:49:37 GMT`, by writing it as RFC 3339.
fn parse_http_date(text: &str) -> Option<Timestamp> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.split_ascii_whitespace().skip(1);
    let (day, month, year, time) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let time = humantime::parse_rfc3339(&format!("{year}-{month:02}-{day:0>2}T{time}Z")).ok()?;
    Some(Timestamp::from_secs(time.duration_since(std::time::UNIX_EPOCH).ok()?.as_secs()))
}

/// GitHub's `message`, with the messages of `errors` behind it, cut to what a line can hold.
fn message(status: StatusCode, body: &[u8]) -> String {
    let answer: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let mut words = vec![status.as_u16().to_string()];
    words.extend(answer["message"].as_str().map(str::to_owned));
    if let Some(errors) = answer["errors"].as_array() {
        words.extend(
            errors
                .iter()
                .filter_map(|error| error["message"].as_str().or(error["code"].as_str()).or(error.as_str()))
                .map(str::to_owned),
        );
    }
    words.join(": ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (http::HeaderName::from_static(name), http::HeaderValue::from_static(value))).collect()
    }

    fn answer(status: u16, pairs: &[(&'static str, &'static str)], body: &str) -> GitHubError {
        let status = StatusCode::from_u16(status).expect("a status");
        from_answer(status, &headers(pairs), body.as_bytes(), "checks: write", "the check run")
    }

    #[test]
    fn a_missing_permission_is_named() {
        let error = answer(403, &[], r#"{"message":"Resource not accessible by integration","status":"403"}"#);
        assert_eq!(
            error.to_string(),
            "GitHub refused (403: Resource not accessible by integration): add `checks: write` to the `permissions:` of the job"
        );
        assert!(!error.is_passing());
    }

    #[test]
    fn rate_limits_say_until_when() {
        let date = ("date", "Sun, 22 Nov 2026 02:00:00 GMT");
        let primary = answer(403, &[date, ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795314000")], "{}");
        assert_eq!(primary.to_string(), "GitHub's rate limit is used up until 2026-11-22T02:20:00Z");
        let secondary = answer(429, &[date, ("retry-after", "30")], "{}");
        assert_eq!(
            secondary,
            GitHubError::RateLimited { until: Some(Timestamp::from_secs(1_795_312_830)), wait: Duration::from_secs(30) }
        );
        let unsaid = answer(403, &[], r#"{"message":"You have exceeded a secondary rate limit."}"#);
        assert_eq!(unsaid, GitHubError::RateLimited { until: None, wait: WAIT_UNSAID });
    }

    #[test]
    fn the_other_answers_keep_githubs_words() {
        assert!(
            matches!(answer(401, &[], r#"{"message":"Bad credentials"}"#), GitHubError::Unauthorized { message } if message.contains("Bad credentials"))
        );
        assert!(matches!(answer(404, &[], "{}"), GitHubError::NotFound { what } if what == "the check run"));
        assert!(answer(502, &[], "<html>").is_passing());
        let long = answer(
            422,
            &[],
            r#"{"message":"Validation Failed","errors":[{"message":"Body is too long"},{"code":"custom"},"odd"]}"#,
        );
        assert_eq!(long.to_string(), "GitHub did not accept the call: 422: Validation Failed: Body is too long: custom: odd");
    }
}
