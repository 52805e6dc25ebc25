//! The JSON Schema of a scenario file, made from the types that read it: their comments are its descriptions.
//!
//! It is made by a test and kept as a file, `schema.json`, so that what makes it is no part of the binary.

use serde_json::Value;

use crate::packed::{packed, unpacked};

/// The schema (draft 7, which every editor reads) of a scenario file, of which every key may be left out.
#[must_use]
pub fn schema() -> Value {
    // A test holds that it is what the types say.
    serde_json::from_str(&unpacked(packed!("sandbox-scenario-schema.json"))).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use schemars::generate::SchemaSettings;
    use serde_json::Value;

    use super::schema;
    use crate::sandbox::scenario::Scenario;

    fn made() -> Value {
        let mut schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Scenario>().to_value();
        // Nothing is the default of most keys, and the root's come from the scenario that all others start from.
        without_empty_defaults(&mut schema);
        for (_, property) in schema["properties"].as_object_mut().into_iter().flatten() {
            if let Some(property) = property.as_object_mut() {
                property.shift_remove("default");
            }
        }
        schema["title"] = Value::from("A scenario of the espalier sandbox");
        schema
    }

    fn without_empty_defaults(schema: &mut Value) {
        match schema {
            Value::Object(members) => {
                let empty = |value: &Value| match value {
                    Value::Null => true,
                    Value::String(text) => text.is_empty(),
                    Value::Array(list) => list.is_empty(),
                    Value::Object(_) => true,
                    Value::Bool(_) | Value::Number(_) => false,
                };
                if members.get("default").is_some_and(empty) && members.contains_key("description") {
                    members.shift_remove("default");
                }
                members.values_mut().for_each(without_empty_defaults);
            }
            Value::Array(list) => list.iter_mut().for_each(without_empty_defaults),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn each(schema: &Value, path: &str, look: &mut impl FnMut(&str, &Value)) {
        look(path, schema);
        match schema {
            Value::Object(members) => members.iter().for_each(|(name, value)| each(value, &format!("{path}/{name}"), look)),
            Value::Array(list) => {
                list.iter().enumerate().for_each(|(index, value)| each(value, &format!("{path}/{index}"), look));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn every_key_is_described_and_no_other_is_allowed() {
        let mut keys = 0;
        each(&schema(), "", &mut |path, value| {
            let Some(properties) = value["properties"].as_object() else { return };
            assert_eq!(value["additionalProperties"], false, "{path} takes any key");
            for (name, property) in properties {
                let variant = path.contains("/oneOf/");
                assert!(variant || property["description"].is_string(), "{path}: {name} has no description");
                keys += 1;
            }
        });
        assert!(keys > 60, "{keys} keys");
    }

    /// What editors have saved must go on working: a change of the file is a change for users.
    #[test]
    fn the_schema_is_what_it_was() {
        let text = format!("{:#}\n", made());
        insta::with_settings!({ snapshot_path => "../../../tests/fixtures/words", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("schema-scenario", text);
        });
    }

    #[test]
    fn the_file_is_what_the_types_say() {
        let told = "make it anew: `cargo test --lib the_file_is_made_anew -- --ignored`";
        assert_eq!(format!("{}\n", made()), include_str!("schema.json"), "{told}");
    }

    #[test]
    #[ignore = "writes the file"]
    fn the_file_is_made_anew() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sandbox/scenario/schema.json");
        std::fs::write(file, format!("{}\n", made())).unwrap();
    }
}
