//! `GetParameter`, `GetParameters`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::name;
use crate::sandbox::{
    protocol::{Call, Refusal},
    world::World,
};

pub(super) fn get(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    Ok(json!({"Parameter": one(world, call, call.text("Name"))?}))
}

pub(super) fn get_several(world: &mut World, call: &Call) -> Result<Value, Refusal> {
    let names: Vec<&str> = call.list("Names").iter().filter_map(Value::as_str).collect();
    if let Some((_, twice)) =
        names.iter().enumerate().find(|(index, name)| names.iter().skip(index + 1).any(|other| other == *name))
    {
        return Err(Refusal::new("ValidationException", format!("Parameter names must be unique: {twice} is there twice.")));
    }
    let (mut found, mut invalid) = (Vec::new(), Vec::new());
    for name in names {
        match one(world, call, name) {
            Ok(parameter) => found.push(parameter),
            Err(_) => invalid.push(name),
        }
    }
    Ok(json!({"Parameters": found, "InvalidParameters": invalid}))
}

fn one(world: &World, call: &Call, given: &str) -> Result<Value, Refusal> {
    let missing = || Refusal::new("ParameterNotFound", format!("Parameter {given} not found."));
    let (name, selector) = name::asked(world, given).ok_or_else(missing)?;
    let parameter = world.ssm.parameters.get(&name).ok_or_else(missing)?;
    let version = match &selector {
        None => parameter.versions.back(),
        Some(selector) => {
            let number = selector.parse::<u64>().ok();
            parameter.versions.iter().find(|version| Some(version.number) == number)
        }
    };
    let version = version.ok_or_else(|| {
        let selector = selector.clone().unwrap_or_default();
        let text = format!("Systems Manager could not find version {selector} of {name}. Verify the version and try again.");
        Refusal::new("ParameterVersionNotFound", text)
    })?;
    let decrypted = parameter.kind != "SecureString" || call.input["WithDecryption"].as_bool().unwrap_or(false);
    // What KMS makes of a value is of no use but to be told apart from it.
    let value = if decrypted { version.value.clone() } else { STANDARD.encode(Sha256::digest(version.value.as_bytes())) };
    let mut answer = json!({
        "Name": name,
        "Type": parameter.kind,
        "Value": value,
        "Version": version.number,
        "LastModifiedDate": version.at.as_millis() as f64 / 1000.0,
        "ARN": name::arn(world, &name),
        "DataType": "text",
    });
    if let Some(selector) = selector {
        answer["Selector"] = json!(format!(":{selector}"));
    }
    Ok(answer)
}
