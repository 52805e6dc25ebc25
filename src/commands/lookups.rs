//! What settings and definitions refer to, looked up: in files, in AWS, by programs.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Stdio,
    time::Duration,
};

use futures_util::future::join_all;
use serde_json::Value;

use super::connect;
use crate::{
    aws::Aws,
    clock::{Clock as _, System},
    definition::{
        template::{Answer, Found, Reference},
        terraform::State,
    },
    exit::Error,
    settings::{AwsSettings, Environment, Unsettled},
};

/// How long a program may take that nobody limits.
const LIMIT: Duration = Duration::from_secs(60);

/// Settings, once everything that they refer to is looked up. Each round looks up all that the one before lacked.
///
/// # Errors
/// What is wrong with them; as [`look_up`].
pub(super) async fn settled<T>(
    environment: &mut Environment,
    settle: impl Fn(&Environment) -> Result<T, Unsettled>,
) -> Result<T, Error> {
    loop {
        match settle(environment) {
            Err(Unsettled { lacking, aws, .. }) if !lacking.is_empty() => {
                environment.answers.extend(look_up(&aws, &lacking).await?);
            }
            settled => return settled.map_err(|unsettled| unsettled.findings.into()),
        }
    }
}

/// A Terraform state, by its path or address; none where there is none.
///
/// # Errors
/// In words, why it cannot be read.
pub(super) async fn state(aws: Option<&Aws>, name: &str) -> Result<Option<State>, String> {
    Place::of(name)?.read(aws).await
}

/// An answer for each reference: what it is, or why nobody can say.
///
/// # Errors
/// When AWS has to be asked and cannot be.
pub(super) async fn look_up(
    settings: &AwsSettings,
    references: &BTreeSet<Reference>,
) -> Result<BTreeMap<Reference, Answer>, Error> {
    let (mut states, mut others, mut needs_aws) = (BTreeMap::new(), Vec::new(), false);
    for reference in references {
        match reference {
            Reference::Terraform { state, .. } => {
                let place = Place::of(state);
                needs_aws |= matches!(place, Ok(Place::Object { .. }));
                states.insert(state.clone(), place);
            }
            Reference::External { .. } => others.push(reference),
            Reference::Parameter { .. }
            | Reference::Secret { .. }
            | Reference::StackOutput { .. }
            | Reference::StackExport { .. } => {
                needs_aws = true;
                others.push(reference);
            }
        }
    }
    let aws = if needs_aws { Some(connect::aws(settings).await?) } else { None };
    let read = join_all(states.into_iter().map(async |(name, place)| {
        let state = match place {
            Ok(place) => place.read(aws.as_ref()).await,
            Err(why) => Err(why),
        };
        (name, state)
    }));
    let read: BTreeMap<String, Result<Option<State>, String>> = read.await.into_iter().collect();
    let mut answers: BTreeMap<Reference, Answer> = join_all(others.into_iter().map(async |reference| {
        let answer = match (reference, &aws) {
            (Reference::External { command, arguments, json, timeout }, _) => run(command, arguments, *json, *timeout).await,
            (_, Some(aws)) => ask(aws, reference).await,
            (_, None) => Err("AWS was not asked".to_owned()),
        };
        (reference.clone(), answer)
    }))
    .await
    .into_iter()
    .collect();
    for reference in references {
        if let Reference::Terraform { state, address, optional } = reference {
            let answer = match read.get(state) {
                Some(Ok(Some(state))) => state.lookup(address),
                Some(Ok(None)) if *optional => State::default().lookup(address),
                Some(Ok(None)) => Err("there is no such state".to_owned()),
                Some(Err(why)) => Err(why.clone()),
                None => Err("it was not read".to_owned()),
            };
            answers.insert(reference.clone(), answer);
        }
    }
    Ok(answers)
}

/// Where a Terraform state is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    File(String),
    Object { bucket: String, key: String, region: Option<String> },
}

impl Place {
    /// A path, `s3://BUCKET/KEY` with `?region=REGION` or without, or the file in which Terraform keeps where its state is.
    fn of(state: &str) -> Result<Self, String> {
        if let Some(object) = state.strip_prefix("s3://") {
            let (object, region) = match object.split_once("?region=") {
                Some((object, region)) => (object, Some(region.to_owned())),
                None => (object, None),
            };
            let (bucket, key) =
                object.split_once('/').ok_or_else(|| format!("{state} names no object: write s3://BUCKET/KEY"))?;
            return Ok(Self::Object { bucket: bucket.to_owned(), key: key.to_owned(), region });
        }
        Ok(Self::of_backend(Path::new(state)).unwrap_or_else(|| Self::File(state.to_owned())))
    }

    /// `.terraform/terraform.tfstate`: which backend has the state. The workspace is named beside it.
    fn of_backend(path: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(path).ok()?;
        let root: Value = serde_json::from_str(&text).ok()?;
        let backend = root.get("backend").filter(|backend| backend["type"] == "s3")?;
        let config = |name: &str| backend["config"][name].as_str().filter(|text| !text.is_empty());
        let workspace = path.parent().and_then(|directory| std::fs::read_to_string(directory.join("environment")).ok());
        let workspace = workspace.as_deref().map(str::trim).filter(|name| !name.is_empty() && *name != "default");
        let key = config("key")?;
        let key = match workspace {
            Some(name) => format!("{}/{name}/{key}", config("workspace_key_prefix").unwrap_or("env:")),
            None => key.to_owned(),
        };
        Some(Self::Object { bucket: config("bucket")?.to_owned(), key, region: config("region").map(str::to_owned) })
    }

    /// The state; none where there is none.
    async fn read(self, aws: Option<&Aws>) -> Result<Option<State>, String> {
        let text = match self {
            // Nothing else goes on meanwhile.
            Self::File(path) => match std::fs::read_to_string(&path) {
                Ok(text) => Some(text),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
                Err(error) => return Err(format!("{path}: {error}")),
            },
            Self::Object { bucket, key, region } => {
                let aws = aws.ok_or("AWS was not asked")?;
                let object = aws.lookups.object(&bucket, &key, region.as_deref(), System.now()).await;
                let wrong_region = |message: &str| {
                    if region.is_none() && (message.contains("region") || message.contains("endpoint")) {
                        format!("; name its region: s3://{bucket}/{key}?region=REGION")
                    } else {
                        String::new()
                    }
                };
                let bytes = object.map_err(|fault| format!("s3://{bucket}/{key}: {fault}{}", wrong_region(&fault.message)))?;
                bytes.map(String::from_utf8).transpose().map_err(|_| format!("s3://{bucket}/{key} is not UTF-8"))?
            }
        };
        text.map(|text| State::read(&text)).transpose()
    }
}

async fn ask(aws: &Aws, reference: &Reference) -> Answer {
    let now = aws.date().unwrap_or_else(|| System.now());
    let plain = |text: Option<String>| {
        text.map(|text| Found { value: text.into(), is_secret: false }).ok_or_else(|| "there is none of that name".to_owned())
    };
    let told = |fault: crate::aws::Fault| format!("{fault} ({})", fault.hint());
    match reference {
        Reference::Parameter { name } => {
            let parameter = aws.lookups.parameter(name, now).await.map_err(told)?;
            let parameter = parameter.ok_or("there is none of that name")?;
            Ok(Found { value: parameter.value, is_secret: parameter.is_secret })
        }
        Reference::Secret { name } => plain(aws.lookups.secret_arn(name, now).await.map_err(told)?),
        Reference::StackOutput { stack, key } => {
            let outputs = aws.lookups.stack_outputs(stack, now).await.map_err(told)?.ok_or("there is no such stack")?;
            plain(of_name(outputs, key))
        }
        Reference::StackExport { name } => plain(of_name(aws.lookups.stack_exports(now).await.map_err(told)?, name)),
        Reference::Terraform { .. } | Reference::External { .. } => Err("AWS cannot say".to_owned()),
    }
}

fn of_name(pairs: Vec<(String, String)>, wanted: &str) -> Option<String> {
    pairs.into_iter().find(|(name, _)| name == wanted).map(|(_, value)| value)
}

/// What a program prints. It is nobody's business but the definition's.
async fn run(command: &[String], arguments: &[String], json: bool, timeout: Option<u64>) -> Answer {
    let [program, fixed @ ..] = command else { return Err("it names no program".to_owned()) };
    let child = tokio::process::Command::new(program)
        .args(fixed)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output();
    let limit = timeout.map_or(LIMIT, Duration::from_secs);
    let output = tokio::time::timeout(limit, child)
        .await
        .map_err(|_| format!("it took longer than {}", humantime::format_duration(limit)))?;
    let output = output.map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("it ended with {}", output.status));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| "what it prints is not UTF-8".to_owned())?;
    let value = if json {
        serde_json::from_str(&text).map_err(|error| format!("what it prints is not JSON: {error}"))?
    } else {
        Value::String(text.trim_end_matches(['\r', '\n']).to_owned())
    };
    Ok(Found { value, is_secret: true })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_state_is_where_it_is_said_to_be() {
        let object = |bucket: &str, key: &str, region: Option<&str>| {
            Ok(Place::Object { bucket: bucket.to_owned(), key: key.to_owned(), region: region.map(str::to_owned) })
        };
        assert_eq!(Place::of("s3://b/dir/k"), object("b", "dir/k", None));
        assert_eq!(Place::of("s3://b/k?region=eu-west-1"), object("b", "k", Some("eu-west-1")));
        assert_eq!(Place::of("no/such/file"), Ok(Place::File("no/such/file".to_owned())));
        assert!(Place::of("s3://bucket").is_err());
        let directory = tempfile::TempDir::new().expect("a directory");
        let backend = directory.path().join("terraform.tfstate");
        let says = json!({"version": 3, "backend": {"type": "s3", "config": {"bucket": "b", "key": "k", "region": "eu-west-1"}}});
        std::fs::write(&backend, says.to_string()).expect("written");
        assert_eq!(Place::of(&backend.display().to_string()), object("b", "k", Some("eu-west-1")));
        std::fs::write(directory.path().join("environment"), "staging\n").expect("written");
        assert_eq!(Place::of(&backend.display().to_string()), object("b", "env:/staging/k", Some("eu-west-1")));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn states_and_programs_need_no_aws() {
        let directory = tempfile::TempDir::new().expect("a directory");
        let path = directory.path().join("s.tfstate").display().to_string();
        let state = json!({"version": 4, "resources": [], "outputs": {"arn": {"value": "arn:x", "type": "string"}}});
        std::fs::write(&path, state.to_string()).expect("written");
        let terraform =
            |state: &str, optional| Reference::Terraform { state: state.to_owned(), address: "output.arn".to_owned(), optional };
        let program = |script: &str, json| Reference::External {
            command: ["sh", "-c", script].map(str::to_owned).into(),
            arguments: vec!["sh".to_owned(), "arg".to_owned()],
            json,
            timeout: None,
        };
        let asked = [
            terraform(&path, false),
            terraform("/no/such/state", false),
            terraform("/no/such/state", true),
            program("printf '%s\\n' \"$1\"", false),
            program("echo '{\"a\": 1}'", true),
            program("exit 3", true),
        ];
        let answers = look_up(&AwsSettings::default(), &asked.clone().into()).await.expect("answers");
        let of = |index: usize| answers[&asked[index]].clone().map(|found| (found.value, found.is_secret));
        assert_eq!(of(0), Ok((json!("arn:x"), false)));
        assert_eq!(of(1), Err("there is no such state".to_owned()));
        assert!(of(2).is_err_and(|why| why.starts_with("the state has no output")));
        assert_eq!(of(3), Ok((json!("arg"), true)));
        assert_eq!(of(4), Ok((json!({"a": 1}), true)));
        assert_eq!(of(5), Err("it ended with exit status: 3".to_owned()));
    }
}
