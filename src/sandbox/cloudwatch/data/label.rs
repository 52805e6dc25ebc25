//! Labels, with the dynamic parts that the CloudWatch User Guide lists under "Using dynamic labels", as far as they are about the
//! series itself.

use crate::sandbox::{
    cloudwatch::{math::Series, refusal::invalid},
    protocol::Refusal,
};

/// A label with its `${…}` parts written out.
pub(super) fn written(label: &str, series: &Series, place: &str) -> Result<String, Refusal> {
    let mut text = String::new();
    let mut rest = label;
    while let Some((before, after)) = rest.split_once("${") {
        text.push_str(before);
        let (part, after) = after.split_once('}').ok_or_else(|| invalid(format!("Invalid dynamic label in {place}.")))?;
        let written = dynamic(part, series)
            .ok_or_else(|| invalid(format!("The dynamic label ${{{part}}} in {place} is not emulated by the sandbox.")))?;
        text.push_str(&written);
        rest = after;
    }
    text.push_str(rest);
    Ok(text)
}

fn dynamic(part: &str, series: &Series) -> Option<String> {
    let values = || series.points.values().copied();
    #[expect(clippy::cast_precision_loss, reason = "there are at most as many as an answer has data points")]
    let found = match part {
        "LABEL" => return Some(series.label.clone()),
        "DATAPOINT_COUNT" => return Some(series.points.len().to_string()),
        "SUM" => Some(values().sum()),
        "AVG" => (!series.points.is_empty()).then(|| values().sum::<f64>() / series.points.len() as f64),
        "MAX" => values().reduce(f64::max),
        "MIN" => values().reduce(f64::min),
        "FIRST" => values().next(),
        "LAST" => values().next_back(),
        _ => return None,
    };
    // What there is nothing to say about is printed as two hyphens.
    Some(found.map_or_else(|| "--".to_owned(), |value: f64| value.to_string()))
}
