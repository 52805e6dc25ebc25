//! From the config's `up` to the resources that it wants, with the members that AWS has for them.
//!
//! Networks and services here, what carries traffic in `declare_traffic`.

use std::{collections::BTreeMap, path::PathBuf};

use serde_json::{Map, Value, json};

use crate::{
    definition::{Finding, Given},
    models,
    resources::{
        Kind, Resource, policy,
        resource::{Known, OWNER},
    },
    settings::{
        config::{Config, ConfigUp, Declared, Document, Guarded, default_name},
        sources::Sources,
    },
};

/// What is known while resources are declared.
pub(super) struct Declaring<'s, 'e> {
    pub(super) sources: &'s mut Sources<'e>,
    /// What is released: the owner of all.
    pub(super) owner: String,
    env: Option<String>,
    tags: Map<String, Value>,
    directory: PathBuf,
    pub(super) resources: Vec<Resource>,
}

/// The resources that the config declares, each after what it needs.
pub(super) fn declare(sources: &mut Sources<'_>, config: &Config, up: &ConfigUp, owner: &str) -> Vec<Resource> {
    let env = up.env.clone().map(|env| sources.referred(env).text);
    let mut tags = Map::new();
    for (key, value) in &up.tags {
        if key.starts_with("espalier:") || key.starts_with("aws:") {
            let finding = Finding::error(value.from.clone(), format!("the tag `{key}` is not yours to give"));
            sources.findings.push(finding.hint("`espalier:` marks what espalier made, `aws:` what AWS did"));
        }
        tags.insert(key.clone(), sources.referred(value.clone()).text.into());
    }
    tags.insert(OWNER.to_owned(), owner.into());
    let directory = config.directory.clone();
    let mut declaring = Declaring { sources, owner: owner.to_owned(), env, tags, directory, resources: Vec::new() };
    declaring.network(up);
    declaring.service(config, up);
    declaring.groups(config, up);
    declaring.listeners(config, up);
    if declaring.resources.iter().all(|resource| resource.is_external) {
        let finding = Finding::error(up.from.clone(), "`up` declares nothing");
        declaring.sources.findings.push(finding.hint("declare a network, a service, target groups, listeners"));
    }
    declaring.check();
    declaring.resources
}

/// Whether a text is a name rather than an id, an ARN or a reference.
pub(super) fn is_name(text: &str) -> bool {
    !text.contains(':')
        && !["svc-", "sn-", "tg-", "listener-", "rule-"].iter().any(|prefix| text.starts_with(prefix) && text.len() >= 20)
}

impl Declaring<'_, '_> {
    pub(super) fn name(&self, kind: &str, key: Option<&str>) -> String {
        default_name(self.env.as_deref(), &self.owner, kind, key)
    }

    pub(super) fn of(&mut self, given: &Given) -> String {
        self.sources.referred(given.clone()).text
    }

    pub(super) fn refuse(&mut self, from: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.sources.findings.push(Finding::error(from, message).hint(hint));
    }

    /// A number where it is one; the text is left to the model to refuse.
    pub(super) fn number(&mut self, given: &Given) -> Value {
        let text = self.of(given);
        text.parse::<u64>().map_or_else(|_| text.into(), Into::into)
    }

    /// A word of AWS's, however it is written.
    pub(super) fn word(&mut self, given: &Given) -> Value {
        self.of(given).to_ascii_uppercase().into()
    }

    /// Adds a resource that is to be made, with our tags where it has any.
    pub(super) fn add(&mut self, address: &str, kind: Kind, name: &str, from: &str, needs: &[&str], mut wanted: Value) {
        if kind.is_tagged() && kind != Kind::Alias {
            wanted["tags"] = self.tags.clone().into();
        }
        self.push(address, kind, name, from, needs, wanted, false);
    }

    /// Adds one that has to be there.
    pub(super) fn name_external(&mut self, address: &str, kind: Kind, given: &Given, needs: &[&str]) {
        let name = self.of(given);
        self.push(address, kind, &name, &given.from, needs, Value::Null, true);
    }

    #[expect(clippy::too_many_arguments, reason = "the members of a resource, in order")]
    fn push(&mut self, address: &str, kind: Kind, name: &str, from: &str, needs: &[&str], wanted: Value, is_external: bool) {
        let needs = needs.iter().map(|need| (*need).to_owned()).collect();
        let resource = Resource {
            address: address.to_owned(),
            kind,
            name: name.to_owned(),
            from: from.to_owned(),
            needs,
            is_external,
            wanted,
        };
        if !self.resources.iter().any(|there| there.address == resource.address) {
            self.resources.push(resource);
        }
    }

    fn network(&mut self, up: &ConfigUp) {
        let network = match &up.network {
            None => return,
            Some(Declared::There(given)) => return self.name_external("network", Kind::Network, given, &[]),
            Some(Declared::Here(network)) => network,
        };
        let guarded = &network.guarded;
        let name = self.given_name(guarded.name.as_ref(), "network", None);
        let mut wanted = json!({ "name": name, "authType": "NONE" });
        self.auth(guarded, &mut wanted);
        self.add("network", Kind::Network, &name, &guarded.from, &[], wanted);
        for (vpc, groups) in &network.vpcs {
            let id = self.of(vpc);
            let groups: Vec<String> = groups.iter().map(|group| self.of(group)).collect();
            let mut wanted = json!({ "serviceNetworkIdentifier": "@network", "vpcIdentifier": id });
            if !groups.is_empty() {
                wanted["securityGroupIds"] = groups.into();
            }
            self.add(&format!("network.vpcs.{id}"), Kind::VpcAssociation, &id, &vpc.from, &["network"], wanted);
        }
        self.around("network", &name, guarded);
    }

    fn service(&mut self, config: &Config, up: &ConfigUp) {
        let service = match &up.service {
            None => {
                if !up.listeners.is_empty() {
                    self.refuse(
                        &up.from,
                        "listeners need a service",
                        "declare one (`service: {}`), or name the one that they are of (`service: NAME`)",
                    );
                }
                return;
            }
            Some(Declared::There(given)) => {
                self.name_external("service", Kind::Service, given, &[]);
                return self.association(up, &given.from);
            }
            Some(Declared::Here(service)) => service,
        };
        let guarded = &service.guarded;
        let said = guarded.name.as_ref().or_else(|| config.lattice_service.as_ref().filter(|given| is_name(&given.text)));
        let name = self.given_name(said, "service", None);
        if let (Some(said), Some(other)) = (&guarded.name, &config.lattice_service)
            && said.text != other.text
            && is_name(&other.text)
        {
            let message = format!("`up.service.name` is {}, and `lattice.service` is {}", said.text, other.text);
            self.refuse(&said.from, message, "releases move the weights of that service: name the same one, or leave one out");
        }
        let mut wanted = json!({ "name": name, "authType": "NONE" });
        self.auth(guarded, &mut wanted);
        for (member, given) in [("customDomainName", &service.domain), ("certificateArn", &service.certificate)] {
            if let Some(given) = given {
                wanted[member] = self.of(given).into();
            }
        }
        self.add("service", Kind::Service, &name, &guarded.from, &[], wanted);
        self.association(up, &guarded.from);
        self.around("service", &name, guarded);
        match (&service.domain, &service.hosted_zone) {
            (Some(domain), Some(zone)) => {
                let (domain, zone) = (self.of(domain), self.of(zone));
                let wanted = json!({ "service": "@service", "zone": zone, "points": true, "owner": self.owner });
                self.add("service.alias", Kind::Alias, &domain, &guarded.from, &["service"], wanted);
            }
            (None, Some(zone)) => {
                self.refuse(&zone.from, "`hosted_zone` without `domain`", "write the domain that the alias record is for");
            }
            (_, None) => {}
        }
        if let (None, Some(certificate)) = (&service.domain, &service.certificate) {
            self.refuse(&certificate.from, "`certificate` without `domain`", "a certificate is for a custom domain: write it");
        }
    }

    fn association(&mut self, up: &ConfigUp, from: &str) {
        if up.network.is_some() {
            let wanted = json!({ "serviceNetworkIdentifier": "@network", "serviceIdentifier": "@service" });
            let name = self.resources.iter().find(|resource| resource.address == "service").map(|service| service.name.clone());
            let name = format!("of {}", name.unwrap_or_default());
            self.add("service.network", Kind::ServiceAssociation, &name, from, &["network", "service"], wanted);
        }
    }

    pub(super) fn given_name(&mut self, given: Option<&Given>, kind: &str, key: Option<&str>) -> String {
        match given {
            Some(given) => self.of(given),
            None => self.name(kind, key),
        }
    }

    fn auth(&mut self, guarded: &Guarded, wanted: &mut Value) {
        let Some(auth) = &guarded.auth else { return };
        wanted["authType"] = match self.of(auth).to_ascii_lowercase().as_str() {
            "none" => "NONE".into(),
            "iam" | "aws_iam" => "AWS_IAM".into(),
            other => {
                self.refuse(&auth.from, format!("`{other}` is no way to tell who calls"), "write `iam` or `none`");
                return;
            }
        };
    }

    /// What networks and services have in common around them.
    fn around(&mut self, address: &str, name: &str, guarded: &Guarded) {
        let at = format!("@{address}");
        if let Some(document) = &guarded.auth_policy {
            let (text, from) = self.policy(document);
            let is_iam = guarded.auth.as_ref().is_some_and(|auth| auth.text.to_ascii_lowercase().ends_with("iam"));
            if !is_iam {
                self.refuse(&from, "an auth policy means nothing while nobody is asked who calls", "write `auth: iam` beside it");
            }
            let wanted = json!({ "resourceIdentifier": at, "policy": text });
            self.add(&format!("{address}.auth_policy"), Kind::AuthPolicy, &format!("of {name}"), &from, &[address], wanted);
        }
        for destination in &guarded.access_logs {
            let arn = self.of(destination);
            // One of each kind: S3, CloudWatch Logs, Firehose (service model, `AccessLogSubscription`).
            let kind = arn.split(':').nth(2).unwrap_or_default().to_owned();
            let wanted = json!({ "resourceIdentifier": at, "destinationArn": arn });
            let place = format!("{address}.access_logs.{kind}");
            if self.resources.iter().any(|resource| resource.address == place) {
                self.refuse(
                    &destination.from,
                    format!("a second destination in `{kind}`"),
                    "there is one for each of S3, CloudWatch Logs and Firehose",
                );
            }
            self.add(&place, Kind::AccessLog, &arn, &destination.from, &[address], wanted);
        }
        if let Some(first) = guarded.share_with.first() {
            let principals: Vec<String> = guarded.share_with.iter().map(|with| self.of(with)).collect();
            for (given, principal) in guarded.share_with.iter().zip(&principals) {
                let is_account = principal.len() == 12 && principal.bytes().all(|byte| byte.is_ascii_digit());
                if !is_account && !principal.starts_with("arn:") {
                    self.refuse(
                        &given.from,
                        format!("`{principal}` is nobody to share with"),
                        "write an account's twelve digits, or the ARN of an organization, a unit of one, a role or a user",
                    );
                }
            }
            let share = format!("{name}-share");
            let wanted = json!({ "name": share, "resourceArns": [format!("@{at}")], "principals": principals });
            self.add(&format!("{address}.share_with"), Kind::Share, &share, &first.from, &[address], wanted);
        }
    }

    fn policy(&mut self, document: &Document) -> (String, String) {
        let (document, from) = match document {
            Document::Inline(document, from) => (Ok(document.clone()), from.clone()),
            Document::File(given) => {
                let name = self.of(given);
                let path = self.directory.join(name);
                let text = std::fs::read_to_string(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()));
                let document = text
                    .and_then(|text| serde_json::from_str(&text).map_err(|error| format!("{} is not JSON: {error}", given.text)));
                (document, given.from.clone())
            }
        };
        match document {
            Err(why) => {
                self.refuse(&from, why, "write the path of a policy's JSON, from this file, or the policy itself");
                (String::new(), from)
            }
            Ok(document) => {
                let (text, wrong) = policy::read(&document);
                for what in wrong {
                    self.refuse(&from, format!("auth policy: {what}"), "see \"Auth policies\" in the VPC Lattice User Guide");
                }
                (text, from)
            }
        }
    }

    /// Holds everything against AWS's own model, with ids of the right form where others are referred to.
    fn check(&mut self) {
        let Some(lattice) = models::service("vpc-lattice") else { return };
        let known: Known = self.resources.iter().map(|resource| (resource.address.clone(), example(resource.kind))).collect();
        let mut found = Vec::new();
        for resource in self.resources.iter().filter(|resource| !resource.is_external) {
            let Some(operation) = resource.kind.operations().and_then(|it| lattice.operations.get(it.create)) else { continue };
            for wrong in models::check::request(lattice, operation, &resource.resolved(&known)) {
                let message = format!("`up.{}`: `{}` {}", resource.address, wrong.place(), wrong.problem);
                found.push(Finding::error(resource.from.clone(), message));
            }
        }
        let mut names: BTreeMap<(Kind, Option<&String>, &str), &Resource> = BTreeMap::new();
        for resource in &self.resources {
            let within = if resource.kind == Kind::TargetGroup { None } else { resource.needs.last() };
            if let Some(first) = names.insert((resource.kind, within, &resource.name), resource) {
                let message =
                    format!("`up.{}` and `up.{}` have the same name, {}", first.address, resource.address, resource.name);
                found.push(Finding::error(resource.from.clone(), message).hint("give one of them a `name`"));
            }
        }
        self.sources.findings.append(&mut found);
    }
}

fn example(kind: Kind) -> (String, String) {
    let (prefix, path) = match kind {
        Kind::Network => ("sn", "servicenetwork"),
        Kind::Service => ("svc", "service"),
        Kind::TargetGroup => ("tg", "targetgroup"),
        Kind::Listener => ("listener", "listener"),
        Kind::VpcAssociation
        | Kind::ServiceAssociation
        | Kind::Targets
        | Kind::Rule
        | Kind::AccessLog
        | Kind::AuthPolicy
        | Kind::Share
        | Kind::Alias
        | Kind::EcsService => ("rule", "rule"),
    };
    let id = format!("{prefix}-0123456789abcdef0");
    let arn = format!("arn:aws:vpc-lattice:eu-central-1:123456789012:{path}/{id}");
    (id, arn)
}
