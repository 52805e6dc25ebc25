//! Query strings and forms.

use percent_encoding::percent_decode_str;

/// `a=1&b=%20` as pairs, decoded.
pub(crate) fn pairs(raw: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pairs = raw.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, ""))).map(|(key, value)| (decode(key), decode(value))).collect()
}
