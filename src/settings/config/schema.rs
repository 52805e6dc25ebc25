//! The JSON Schema of the config, for editors. It is written by hand beside the reader; tests hold the two together.

use crate::packed::{packed, unpacked};

/// The schema (draft 7, which every editor reads) of `espalier.yml`, as text.
#[must_use]
pub fn schema() -> String {
    unpacked(packed!("settings-config-schema.json"))
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use crate::settings::config::Config;

    /// The keys of every map by where it stands: a config with `@` in the place of the map.
    type Keys = BTreeMap<String, BTreeSet<String>>;

    fn schema() -> Value {
        serde_json::from_str(&super::schema()).expect("JSON")
    }

    fn resolved<'s>(root: &'s Value, schema: &'s Value) -> &'s Value {
        let target = schema["$ref"].as_str().and_then(|to| root.pointer(to.strip_prefix('#')?));
        target.unwrap_or(schema)
    }

    fn keys(root: &Value, schema: &Value, at: &str, found: &mut Keys) {
        let schema = resolved(root, schema);
        for branch in schema["anyOf"].as_array().into_iter().flatten() {
            keys(root, branch, at, found);
        }
        if schema["items"].is_object() {
            keys(root, &schema["items"], &at.replace('@', "[@]"), found);
        }
        let Some(properties) = schema["properties"].as_object() else { return };
        assert_eq!(schema["additionalProperties"], false, "{at} takes any key");
        for (name, property) in properties {
            let known = property["description"].is_string();
            // What a branch alone stands for is described where the key is.
            assert!(known, "{at}: `{name}` has no description");
            found.entry(at.to_owned()).or_default().insert(name.clone());
            keys(root, property, &at.replace('@', &format!("{{ {name}: @ }}")), found);
        }
    }

    #[test]
    fn it_has_the_keys_that_are_read_and_describes_each() {
        let (schema, mut found) = (schema(), Keys::new());
        keys(&schema, &schema, "@", &mut found);
        assert!(found.len() > 25, "{found:#?}");
        for (at, keys) in found {
            let text = at.replace('@', "{ zzzzzzzzzzzzzzzzzzzzzzzzzzzz: 1 }");
            let findings = Config::parse("f", &text).expect_err(&text);
            let hint = findings.iter().find(|finding| finding.message.contains("unknown key `")).and_then(|it| it.hint.clone());
            let hint = hint.unwrap_or_else(|| panic!("{text}: {findings:?}"));
            let read: BTreeSet<String> =
                hint.strip_prefix("the keys here are ").expect("the keys").split(", ").map(str::to_owned).collect();
            assert_eq!(keys, read, "{text}");
        }
    }

    /// Values that the schema names where nothing else has to stand beside them.
    fn values(root: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
        let shown = resolved(root, schema);
        for list in [&schema["examples"], &schema["enum"], &shown["examples"], &shown["enum"]] {
            found.extend(list.as_array().into_iter().flatten().map(|value| at.replace('@', &value.to_string())));
        }
        if !schema["default"].is_null() {
            found.push(at.replace('@', &schema["default"].to_string()));
        }
        if shown["required"].is_array() {
            return;
        }
        for (name, property) in shown["properties"].as_object().into_iter().flatten() {
            values(root, property, &at.replace('@', &format!("{{ {name}: @ }}")), found);
        }
    }

    #[test]
    fn what_it_shows_is_read() {
        let (schema, mut found) = (schema(), Vec::new());
        values(&schema, &schema, "@", &mut found);
        assert!(found.len() > 60, "{}", found.len());
        for text in found {
            assert!(Config::parse("f", &text).is_ok(), "{text}: {:?}", Config::parse("f", &text).err());
        }
    }

    /// What editors have saved must go on working: a change of the keys is a change for users.
    #[test]
    fn the_keys_are_what_they_were() {
        let (schema, mut found) = (schema(), Keys::new());
        keys(&schema, &schema, "@", &mut found);
        let lines: Vec<String> =
            found.into_iter().map(|(at, keys)| format!("{at}: {}", keys.into_iter().collect::<Vec<_>>().join(" "))).collect();
        insta::with_settings!({ snapshot_path => "../../../tests/fixtures/words", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("schema-config-keys", lines.join("\n"));
        });
    }
}
