//! Bytes that anybody could send, for fuzzing and for replaying what fuzzing has found: one function, which never panics.

use std::sync::LazyLock;

use super::{
    control, route,
    scenario::{self, Scenario},
    wire::{Reply, Request},
    world::World,
};

/// What reads the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decoder {
    /// VPC Lattice. Method and path in the first line, then the body.
    RestJson,
    /// ECS, Application Auto Scaling, SSM, CloudWatch. `X-Amz-Target` in the first line, then the body.
    AwsJson,
    /// STS, CloudWatch: the form.
    Query,
    /// CloudWatch. The operation in the first line, then the body.
    Cbor,
    /// Method and path below `/api/v3` in the first line, then the body.
    Github,
    /// Method and path below `/_sandbox` in the first line, then the body.
    Control,
    /// The text of a scenario.
    Scenario,
}

impl Decoder {
    /// All of them, with the names of their fuzz targets and corpora.
    pub const ALL: [(&'static str, Self); 7] = [
        ("rest_json", Self::RestJson),
        ("aws_json", Self::AwsJson),
        ("query", Self::Query),
        ("cbor", Self::Cbor),
        ("github", Self::Github),
        ("control", Self::Control),
        ("scenario", Self::Scenario),
    ];
}

/// Lets a decoder have the bytes, in a world of its own, and gives the status of the answer: 0 where bytes make no request or none
/// is answered, for a scenario 200 or 400.
#[must_use]
pub fn run(decoder: Decoder, bytes: &[u8]) -> u16 {
    if decoder == Decoder::Scenario {
        let Ok(text) = std::str::from_utf8(bytes) else { return 0 };
        return scenario::read("fuzzed.yml", text).and_then(scenario::Draft::finish).map_or(400, |_| 200);
    }
    let Some(request) = request(decoder, bytes) else { return 0 };
    static SCENARIO: LazyLock<Option<Scenario>> = LazyLock::new(|| scenario::load("promoted").ok());
    let Some(scenario) = SCENARIO.clone() else { return 0 };
    let mut world = World::new(scenario);
    let reply = |reply: Reply| reply.status;
    if decoder == Decoder::Control {
        return reply(control::handle(&mut world, &request, true));
    }
    world.begin_request();
    match route::answer(&mut world, &request) {
        route::Outcome::Reply(answer) => reply(answer),
        route::Outcome::Never | route::Outcome::Closed => 0,
    }
}

fn request(decoder: Decoder, bytes: &[u8]) -> Option<Request> {
    let end = bytes.iter().position(|byte| *byte == b'\n');
    let (first, rest) = match (decoder, end) {
        (Decoder::Query, _) => (&b""[..], bytes),
        (_, Some(end)) => (&bytes[..end], &bytes[end + 1..]),
        (_, None) => (bytes, &b""[..]),
    };
    let first = std::str::from_utf8(first).ok()?.trim_end();
    let (method, target) = match decoder {
        Decoder::AwsJson | Decoder::Query => ("POST", "/".to_owned()),
        Decoder::Cbor => ("POST", format!("/service/GraniteServiceVersion20100801/operation/{first}")),
        Decoder::RestJson | Decoder::Github | Decoder::Control | Decoder::Scenario => {
            let (method, target) = first.split_once(' ')?;
            let below = match decoder {
                Decoder::Github => "/api/v3",
                Decoder::Control => "/_sandbox",
                Decoder::RestJson | Decoder::AwsJson | Decoder::Query | Decoder::Cbor | Decoder::Scenario => "",
            };
            (method, format!("{below}{target}"))
        }
    };
    let mut headers = http::HeaderMap::new();
    let mut header = |name: &'static str, value: &str| -> Option<()> {
        headers.insert(http::HeaderName::from_static(name), value.parse().ok()?);
        Some(())
    };
    match decoder {
        Decoder::AwsJson => {
            header("x-amz-target", first)?;
            header("content-type", "application/x-amz-json-1.1")?;
        }
        Decoder::Query => header("content-type", "application/x-www-form-urlencoded")?,
        Decoder::Cbor => {
            header("smithy-protocol", "rpc-v2-cbor")?;
            header("content-type", "application/cbor")?;
        }
        Decoder::Github => {
            header("content-type", "application/json")?;
            header("user-agent", "fuzz")?;
            header("authorization", "Bearer sandbox-token")?;
        }
        Decoder::RestJson | Decoder::Control | Decoder::Scenario => header("content-type", "application/json")?,
    }
    // As the server takes a target: a path that a URI can have, and what follows the question mark.
    let uri: http::Uri = target.parse().ok()?;
    Some(Request {
        method: method.parse().ok()?,
        path: uri.path().to_owned(),
        query: uri.query().unwrap_or_default().to_owned(),
        headers,
        body: bytes::Bytes::copy_from_slice(rest),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{Decoder, run};
    use crate::sandbox::protocol;

    /// Every corpus has what the decoder takes and what it refuses.
    #[test]
    fn every_corpus_is_answered() {
        for (name, decoder) in Decoder::ALL {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
            let mut statuses = Vec::new();
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let status = run(decoder, &std::fs::read(&path).unwrap());
                assert!(status < 600, "{}: {status}", path.display());
                statuses.push(status);
            }
            let spoken = decoder != Decoder::Cbor || protocol::emulated("cloudwatch").is_some();
            assert!(!spoken || statuses.iter().any(|status| (200..300).contains(status)), "{name}: {statuses:?}");
            assert!(statuses.iter().any(|status| (400..500).contains(status)), "{name}: {statuses:?}");
        }
    }

    /// Cut short, with a byte turned over, doubled: what a network, or a person, makes of a request.
    #[test]
    fn what_is_broken_is_answered_too() {
        for (name, decoder) in Decoder::ALL {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
            for entry in std::fs::read_dir(&folder).unwrap() {
                let bytes = std::fs::read(entry.unwrap().path()).unwrap();
                let step = bytes.len() / 5 + 1;
                for place in (0..bytes.len()).step_by(step) {
                    let mut flipped = bytes.clone();
                    flipped[place] ^= 0x21;
                    for broken in [&bytes[..place], &flipped, &[&bytes[..place], &bytes].concat()] {
                        assert!(run(decoder, broken) < 600, "{name}: {}", String::from_utf8_lossy(broken));
                    }
                }
            }
        }
    }
}
