//! The text of `espalier.yml`.

use super::{
    look::{Found, short},
    terraform::refer,
};
use crate::settings::InitSettings;

/// The config of what was found. `definitions` are the names of the definitions' files, where no project of ecspresso's has them.
pub(super) fn config(settings: &InitSettings, found: &Found, definitions: [&str; 2]) -> String {
    let state = found.state.as_ref();
    let mut text = format!(
        "# From the ECS service {} of the cluster {}, by `espalier init`. All keys: `espalier schema`.\n",
        found.service,
        short(&found.cluster)
    );
    let mut line = |text_of: String| {
        text.push_str(text_of.trim_end());
        text.push('\n');
    };
    line(format!("region: {}", scalar(&found.home.1)));
    if let Some(ecspresso) = &settings.ecspresso {
        line(format!("ecspresso: {}   # cluster, service and definitions", scalar(ecspresso)));
    } else {
        line(format!("cluster: {}", scalar(short(&found.cluster))));
        line(format!("service: {}", scalar(&found.service)));
        line(format!("service_definition: {}", scalar(definitions[0])));
        line(format!("task_definition: {}", scalar(definitions[1])));
    }
    if let (Some((_, shown)), Some(_)) = (&settings.state, state) {
        line(format!("tfstate: {}   # where `tfstate:…` is looked up", scalar(shown)));
    }
    line(String::new());
    line("lattice:".to_owned());
    let service = refer(state, "aws_vpclattice_service", &found.lattice.arn);
    line(format!("  service: {}", scalar(&service.unwrap_or_else(|| found.lattice.name.clone()))));
    match &found.listener {
        Some((name, arn)) => {
            let listener = refer(state, "aws_vpclattice_listener", arn);
            line(format!("  listener: {}", scalar(&listener.unwrap_or_else(|| name.clone()))));
        }
        None => {
            line("  # listener: one of several; left out, every rule that forwards to the live target group is moved".to_owned());
        }
    }
    let is_plain = found.role.matches('/').count() == 1;
    let role = refer(state, "aws_iam_role", &found.role);
    let role = role.unwrap_or_else(|| if is_plain { short(&found.role).to_owned() } else { found.role.clone() });
    line(format!("  infrastructure_role: {}", scalar(&role)));
    line(format!("  port_name: {}", scalar(&found.port_name)));
    line("  slots:".to_owned());
    let group =
        |name: &str, arn: &str| scalar(&refer(state, "aws_vpclattice_target_group", arn).unwrap_or_else(|| name.to_owned()));
    let live = group(&found.group.name, found.group.arn.as_str());
    line(format!("    a: {{ ecs_service: {}, target_group: {live} }}   # runs", scalar(&found.service)));
    let (ecs_service, target_group, remark) = match &found.other {
        Some((other, service)) => {
            let service = service.clone().unwrap_or_else(|| format!("{}-b", found.service));
            (service, group(&other.name, other.arn.as_str()), "is beside it in the same rule")
        }
        None => (format!("{}-b", found.service), scalar(&second(&found.group.name)), "is made by the first release"),
    };
    let overrides = if found.unfit.is_empty() {
        String::new()
    } else {
        let filter = found.unfit.iter().map(|member| format!(".{member}")).collect::<Vec<_>>().join(", ");
        format!(", overrides: \"del({filter})\"")
    };
    let ecs_service = scalar(&ecs_service);
    line(format!("    b: {{ ecs_service: {ecs_service}, target_group: {target_group}{overrides} }}   # {remark}"));
    line(String::new());
    line("rollout:".to_owned());
    line("  steps: [{ weight: 5%, bake: 2m }, { weight: 25%, bake: 5m }, { weight: 100%, bake: 10m }]".to_owned());
    text
}

/// The name of a second group: `shop-a` and `shop-b`. A name of Lattice's has at most 128 characters.
fn second(name: &str) -> String {
    match name.strip_suffix("-a") {
        Some(start) => format!("{start}-b"),
        None => format!("{name}-b"),
    }
}

/// A text in YAML: quoted where it could be taken for something else.
fn scalar(text: &str) -> String {
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_./:-".contains(&byte));
    let begins = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'.' || byte == b'/');
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    let odd = text.ends_with(':') || text.parse::<f64>().is_ok();
    if plain && begins && !is_word && !odd { text.to_owned() } else { serde_json::Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::{scalar, second};

    #[test]
    fn a_text_stays_a_text() {
        for plain in ["my-cluster", "tfstate:aws_vpclattice_service.main.arn", "arn:aws:iam::123456789012:role/x", "../a.json"] {
            assert_eq!(scalar(plain), plain);
        }
        for (text, quoted) in [("12", "\"12\""), ("no", "\"no\""), ("a b", "\"a b\""), ("x['a']", "\"x['a']\""), ("", "\"\"")] {
            assert_eq!(scalar(text), quoted);
        }
        assert_eq!((second("shop-a"), second("shop")), ("shop-b".to_owned(), "shop-b".to_owned()));
    }
}
