//! The verb: looks, writes what is not there yet, and says what is left to do.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{
    config::config,
    look::{Found, look, short},
    workflows::workflows,
};
use crate::{
    cli,
    commands::{
        connect,
        dispatch::{on_runtime, settled},
        iam_policy,
        replace::replace,
        trust_policy,
    },
    exit::{Error, Exit},
    settings::{Environment, InitSettings, resolve},
};

/// The definitions, where no project has them.
const DEFINITIONS: [&str; 2] = ["ecs-service-def.json", "ecs-task-def.json"];

/// What becomes of files, and what is told of it.
struct Writing<'s> {
    settings: &'s InitSettings,
    folder: PathBuf,
    lines: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the request, AWS's refusal, files that cannot be written.
pub(in crate::commands) fn init(args: &cli::Init, environment: &mut Environment) -> Result<Exit, Error> {
    let settings = settled(environment, |it| resolve::init(args, it))?;
    let mut found = on_runtime(look(&settings))?;
    let folder = settings.config.parent().unwrap_or(Path::new(".")).to_path_buf();
    let (partition, _, account) = &found.home;
    let role = settings.role.clone().unwrap_or_else(|| {
        // Names of roles have at most 64 characters.
        let name: String = format!("espalier-{}", found.service).chars().take(64).collect();
        format!("arn:{partition}:iam::{account}:role/{name}")
    });
    let mut writing = Writing { settings: &settings, folder, lines: std::mem::take(&mut found.said) };
    let name = settings.config.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    writing.file(&name, &config(&settings, &found, DEFINITIONS))?;
    if settings.ecspresso.is_none() {
        for (name, definition) in DEFINITIONS.into_iter().zip([&found.service_definition, &found.task_definition]) {
            writing.file(name, &format!("{definition:#}\n"))?;
        }
    }
    for (name, text) in workflows(&settings, &found, &role) {
        writing.file(&format!(".github/workflows/{name}"), &text)?;
    }
    if settings.trusted.repository.is_some() {
        writing.file("trust-policy.json", &format!("{}\n", trust_policy::of(&settings.trusted, partition, account)))?;
    }
    let policy = writing.policy(args, &role, environment);
    left(&settings, &found, &role, &writing.folder, &mut writing.lines);
    connect::show(settings.format, &writing.lines);
    policy.map(|()| Exit::Done)
}

impl Writing<'_> {
    /// Whether a file of this name is to be written.
    fn is_wanted(&mut self, name: &str) -> bool {
        let is_there = self.folder.join(name).exists();
        if is_there && !self.settings.force {
            self.lines.push(format!("kept {name}: it is there (--force writes it anew)"));
            return false;
        }
        let verb = if self.settings.dry_run { "would write" } else { "wrote" };
        self.lines.push(format!("{verb} {name}"));
        true
    }

    fn file(&mut self, name: &str, text: &str) -> Result<(), Error> {
        if !self.is_wanted(name) {
            return Ok(());
        }
        if self.settings.dry_run {
            self.lines.extend(text.lines().map(|line| format!("    {line}").trim_end().to_owned()));
            return Ok(());
        }
        let path = self.folder.join(name);
        if let Some(folder) = path.parent() {
            let failed = |error: std::io::Error| Error::malfunction(format!("{} cannot be made", folder.display()), &error);
            fs::create_dir_all(folder).map_err(failed)?;
        }
        replace(&path, text.as_bytes())
    }

    /// The policy is made from the config, whoever wrote that.
    fn policy(&mut self, args: &cli::Init, role: &str, environment: &mut Environment) -> Result<(), Error> {
        let name = "iam-policy.json";
        if !self.is_wanted(name) {
            return Ok(());
        }
        if self.settings.dry_run {
            self.lines.push("    what `espalier iam-policy` prints, once the config is there".to_owned());
            return Ok(());
        }
        let common = cli::Common { config: Some(self.settings.config.clone()), aws_role: None, ..args.common.clone() };
        let asked = cli::IamPolicy { common, output: Some(self.folder.join(name)), ..cli::IamPolicy::default() };
        let made = settled(environment, |it| resolve::iam_policy(&asked, it)).and_then(|mut settings| {
            settings.role = Some(role.to_owned());
            if let Some(release) = &mut settings.release {
                release.aws.role = None;
            }
            if let Some(resources) = &mut settings.declared {
                resources.declared.aws.role = None;
            }
            iam_policy::printed(&settings, environment).map(drop)
        });
        if made.is_err() {
            self.lines.pop();
        }
        made
    }
}

/// What only people can do.
fn left(settings: &InitSettings, found: &Found, role: &str, folder: &Path, lines: &mut Vec<String>) {
    let (partition, _, account) = &found.home;
    let mut todo = |what: String| lines.push(format!("to do: {what}"));
    todo("replace OWNER in the workflows by the owner of the espalier that they are to use".to_owned());
    if settings.trusted.repository.is_some() {
        todo(format!("make the role {} with iam-policy.json, trusted by trust-policy.json", short(role)));
    } else {
        todo(format!(
            "make the role {} with iam-policy.json, trusted by what `espalier iam-policy --trust --repository OWNER/NAME` prints",
            short(role)
        ));
    }
    todo(trust_policy::provider(partition, account));
    if let Some(environment) = settings.trusted.environments.first() {
        todo(format!("make the environment {environment} on GitHub: its rules say who may release"));
    }
    if !found.unfit.is_empty() {
        todo(format!(
            "look at the slots' `overrides`: the second ECS service goes without {}, which would lead past the weights",
            found.unfit.join(", ")
        ));
    }
    if !folder.join(".git").exists() {
        todo("move .github to the top of the repository, and give the workflows the path of the config (`config`)".to_owned());
    }
    todo("look beforehand (`espalier verify`), and rehearse (`espalier sandbox run --config espalier.yml -- deploy`)".to_owned());
}
