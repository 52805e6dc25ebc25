//! What is going to be done about all of them, in words.

use serde_json::{Value, json};

use super::{
    Resource,
    compare::{Difference, Way},
    next::Step,
    removal::Fate,
};

/// One line of a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// `+`, `~`, `±`, `-`, `=` or `!`.
    pub mark: char,
    /// The resource's address.
    pub address: String,
    /// What it is, and what happens to it.
    pub text: String,
}

/// What is done to a resource, and its line.
fn line(mark: char, resource: &Resource, more: &str) -> Line {
    let text = if more.is_empty() { resource.title() } else { format!("{}: {more}", resource.title()) };
    Line { mark, address: resource.address.clone(), text }
}

/// The lines of `up`; what stays as it is has none.
#[must_use]
pub fn up(steps: &[(Resource, Step)]) -> Vec<Line> {
    let of = |(resource, step): &(Resource, Step)| match step {
        Step::Keep => None,
        Step::Wait => Some(line('=', resource, "AWS is at it: waited for")),
        Step::Make => Some(line('+', resource, "")),
        Step::Change(differences) => Some(line('~', resource, &changed(differences))),
        Step::Remake(differences) if differences.is_empty() => Some(line('±', resource, "could not be made: made again")),
        Step::Remake(differences) => Some(line('±', resource, &changed(differences))),
        Step::Blocked(why, _) => Some(Line { mark: '!', address: resource.address.clone(), text: why.clone() }),
    };
    steps.iter().filter_map(of).collect()
}

/// The lines of `down`; what is not there has none, and neither has what is only named.
#[must_use]
pub fn down(fates: &[(Resource, Fate)]) -> Vec<Line> {
    let of = |(resource, fate): &(Resource, Fate)| match fate {
        Fate::Gone => None,
        Fate::Stays(_) if resource.is_external => None,
        Fate::Goes => Some(line('-', resource, "")),
        Fate::Stays(why) => Some(line('=', resource, &format!("stays: {why}"))),
    };
    fates.iter().filter_map(of).collect()
}

fn changed(differences: &[Difference]) -> String {
    let of = |difference: &Difference| match difference.way {
        Way::Tag if difference.is.is_null() => format!("{} is set to {}", difference.member, shown(&difference.wanted)),
        Way::Update | Way::Tag | Way::Replace | Way::Never(_) => {
            format!("{}: {} → {}", difference.member, shown(&difference.is), shown(&difference.wanted))
        }
    };
    differences.iter().map(of).collect::<Vec<_>>().join("; ")
}

/// A value in a line: texts bare, nothing as a dash, long ones cut.
fn shown(value: &Value) -> String {
    const MOST: usize = 120;
    let text = match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        other @ Value::Bool(_) | other @ Value::Number(_) | other @ Value::Array(_) | other @ Value::Object(_) => {
            other.to_string()
        }
    };
    if text.chars().count() <= MOST { text } else { format!("{}…", text.chars().take(MOST).collect::<String>()) }
}

/// How many of each sort, in words: `3 to make, 1 to change`.
#[must_use]
pub fn counts(lines: &[Line], kept: usize) -> String {
    let count = |mark: char| lines.iter().filter(|line| line.mark == mark).count();
    let of = |mark: char, words: &str| Some(count(mark)).filter(|count| *count > 0).map(|count| format!("{count} {words}"));
    let mut said: Vec<String> = [
        of('+', "to make"),
        of('~', "to change"),
        of('±', "to make again"),
        of('-', "to take away"),
        of('=', "that stay"),
        of('!', "blocked"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if kept > 0 {
        said.push(format!("{kept} as {} already", if kept == 1 { "it is" } else { "they are" }));
    }
    if said.is_empty() { "nothing is there".to_owned() } else { said.join(", ") }
}

/// The plan for a terminal.
#[must_use]
pub fn text(title: &str, lines: &[Line], kept: usize) -> Vec<String> {
    let width = lines.iter().map(|line| line.address.chars().count()).max().unwrap_or_default();
    let head = format!("{title}: {}", counts(lines, kept));
    let rows = lines.iter().map(|line| format!("  {} {:width$}  {}", line.mark, line.address, line.text));
    std::iter::once(head).chain(rows).collect()
}

/// The plan for a comment on a pull request, below a heading: a block that GitHub colours.
#[must_use]
pub fn markdown(lines: &[Line], kept: usize) -> String {
    let mut said = format!("{}\n", counts(lines, kept));
    if !lines.is_empty() {
        let rows: Vec<String> = text("", lines, 0).into_iter().skip(1).map(|row| diff_row(&row)).collect();
        said.push_str(&format!("\n```diff\n{}\n```\n", rows.join("\n")));
    }
    said
}

/// GitHub colours a line of a diff by its first character, and knows `+`, `-` and `!`.
fn diff_row(row: &str) -> String {
    let row = row.trim_start().replace("```", "'''");
    match row.chars().next() {
        Some('~' | '±') => format!("! {row}"),
        Some('+' | '-' | '!') => row,
        _ => format!("  {row}"),
    }
}

/// The plan as data.
#[must_use]
pub fn json(lines: &[Line], kept: usize) -> Value {
    let does = |mark: char| match mark {
        '+' => "make",
        '~' => "change",
        '±' => "remake",
        '-' => "take",
        '=' => "stay",
        _ => "blocked",
    };
    let lines: Vec<Value> =
        lines.iter().map(|line| json!({ "does": does(line.mark), "address": line.address, "text": line.text })).collect();
    json!({ "plan": lines, "unchanged": kept })
}

#[cfg(test)]
mod tests {
    use super::{super::Kind, *};

    fn resource(address: &str, kind: Kind, name: &str) -> Resource {
        Resource {
            address: address.to_owned(),
            kind,
            name: name.to_owned(),
            from: "f".to_owned(),
            needs: Vec::new(),
            is_external: address == "network",
            wanted: Value::Null,
        }
    }

    fn difference(member: &str, is: Value, wanted: Value, way: Way) -> Difference {
        Difference { member: member.to_owned(), is, wanted, way }
    }

    fn steps() -> Vec<(Resource, Step)> {
        let port = difference("config.port", json!(80), json!(8080), Way::Replace);
        let auth = difference("authType", json!("NONE"), json!("AWS_IAM"), Way::Update);
        let owner = difference("tags.espalier:owner", Value::Null, json!("shop"), Way::Tag);
        vec![
            (resource("network", Kind::Network, "prod"), Step::Keep),
            (resource("service", Kind::Service, "shop"), Step::Change(vec![auth, owner])),
            (resource("target_groups.a", Kind::TargetGroup, "shop-a"), Step::Remake(vec![port])),
            (resource("target_groups.b", Kind::TargetGroup, "shop-b"), Step::Make),
            (resource("target_groups.c", Kind::TargetGroup, "shop-c"), Step::Remake(Vec::new())),
            (resource("listeners.http", Kind::Listener, "http"), Step::Wait),
            (
                resource("listeners.x", Kind::Listener, "x"),
                Step::Blocked("listener x is there and is not ours".to_owned(), String::new()),
            ),
        ]
    }

    #[test]
    fn a_plan_upwards_is_read_by_people_and_programs() {
        let lines = up(&steps());
        insta::assert_snapshot!(text("plan for shop", &lines, 1).join("\n"), @r"
        plan for shop: 1 to make, 1 to change, 2 to make again, 1 that stay, 1 blocked, 1 as it is already
          ~ service          Lattice service shop: authType: NONE → AWS_IAM; tags.espalier:owner is set to shop
          ± target_groups.a  target group shop-a: config.port: 80 → 8080
          + target_groups.b  target group shop-b
          ± target_groups.c  target group shop-c: could not be made: made again
          = listeners.http   listener http: AWS is at it: waited for
          ! listeners.x      listener x is there and is not ours
        ");
        insta::assert_snapshot!(markdown(&lines[..3], 2), @r"
        1 to make, 1 to change, 1 to make again, 2 as they are already

        ```diff
        ! ~ service          Lattice service shop: authType: NONE → AWS_IAM; tags.espalier:owner is set to shop
        ! ± target_groups.a  target group shop-a: config.port: 80 → 8080
        + target_groups.b  target group shop-b
        ```
        ");
        assert_eq!(json(&lines[2..3], 0)["plan"][0]["does"], "make");
    }

    #[test]
    fn a_plan_downwards_says_what_stays_and_why() {
        let fates = [
            (resource("network", Kind::Network, "prod"), Fate::Stays("it is only named here".to_owned())),
            (resource("service", Kind::Service, "shop"), Fate::Goes),
            (resource("target_groups.a", Kind::TargetGroup, "shop-a"), Fate::Stays("ECS service shop still needs it".to_owned())),
            (resource("target_groups.b", Kind::TargetGroup, "shop-b"), Fate::Gone),
        ];
        insta::assert_snapshot!(text("to take away", &down(&fates), 0).join("\n"), @r"
        to take away: 1 to take away, 1 that stay
          - service          Lattice service shop
          = target_groups.a  target group shop-a: stays: ECS service shop still needs it
        ");
    }
}
