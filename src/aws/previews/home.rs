//! The real service that previews belong to: where their rules go, and what a service of their own is made like.

use serde_json::{Value, json};

use crate::{
    aws::{
        Aws,
        fault::Fault,
        lattice::{
            ids::{ListenerId, Resource, ServiceId},
            resolve::{Listed, ResolveError},
            traffic::LatticeService,
        },
    },
    time::Timestamp,
};

/// The service's name in AWS's models.
pub(super) const LATTICE: &str = "vpc-lattice";

/// What the config says of it.
#[derive(Clone, Debug, Default)]
pub struct Wanted<'a> {
    /// The Lattice service: name, id or ARN.
    pub lattice_service: &'a str,
    /// Its listener, likewise; an HTTPS one, else an HTTP one when `None`.
    pub listener: Option<&'a str>,
    /// The ECS cluster.
    pub cluster: &'a str,
    /// Whose previews they are: the service's name.
    pub owner: &'a str,
    /// What their names begin with.
    pub prefix: &'a str,
    /// `owner/name` of the repository whose pull requests they are.
    pub repository: Option<&'a str>,
}

/// A listener that matches headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Front {
    /// Its id.
    pub id: ListenerId,
    /// `HTTP` or `HTTPS`.
    pub protocol: String,
    /// Its port.
    pub port: u64,
}

/// The real service.
#[derive(Clone, Debug)]
pub struct Home {
    /// The Lattice service.
    pub service: LatticeService,
    /// Where rules go; none where no listener matches headers.
    pub front: Option<Front>,
    /// Its own domain name, else that of Lattice's making.
    pub domain: String,
    /// `NONE` or `AWS_IAM`.
    pub auth_type: String,
    /// The ECS cluster.
    pub cluster: String,
    /// Whose previews they are.
    pub owner: String,
    /// What their names begin with.
    pub prefix: String,
    /// Whose pull requests they are.
    pub repository: Option<String>,
}

impl Home {
    /// Looks it up.
    ///
    /// # Errors
    /// There is no such service or listener; AWS's refusal.
    pub async fn find(aws: &Aws, wanted: &Wanted<'_>, now: Timestamp) -> Result<Self, ResolveError> {
        let service = aws.lattice.resolve_service(wanted.lattice_service).await?;
        let card = get_service(aws, &service.id, now).await?;
        let listed = listeners(aws, &service.id, now).await?;
        let front = match wanted.listener {
            None => {
                let of = |protocol: &str| listed.iter().find(|front| front.1.protocol == protocol);
                of("HTTPS").or_else(|| of("HTTP")).map(|(_, front)| front.clone())
            }
            Some(given) => {
                let all = listed.iter().map(|(listed, _)| listed.clone()).collect();
                let chosen = ListenerId::of(&aws.lattice.choose(Resource::Listener, given, all).await?.id);
                let found = listed.into_iter().find(|(_, front)| front.id == chosen).map(|(_, front)| front);
                found.filter(|front| front.protocol != "TLS_PASSTHROUGH")
            }
        };
        let text = |pointer: &str| card.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Ok(Self {
            front,
            domain: text("/customDomainName").or_else(|| text("/dnsEntry/domainName")).unwrap_or_default(),
            auth_type: text("/authType").unwrap_or_else(|| "NONE".to_owned()),
            cluster: wanted.cluster.to_owned(),
            owner: wanted.owner.to_owned(),
            prefix: wanted.prefix.to_owned(),
            repository: wanted.repository.map(str::to_owned),
            service,
        })
    }

    /// Where a domain is reached at the port and protocol of the front.
    #[must_use]
    pub fn url_of(&self, domain: &str) -> String {
        let (protocol, port) = self.front.as_ref().map_or(("HTTP", 80), |front| (front.protocol.as_str(), front.port));
        let (scheme, usual) = if protocol == "HTTPS" { ("https", 443) } else { ("http", 80) };
        let port = if port == usual { String::new() } else { format!(":{port}") };
        format!("{scheme}://{domain}{port}/")
    }

    /// The networks, by id, that the real service is in.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn networks(&self, aws: &Aws, now: Timestamp) -> Result<Vec<String>, Fault> {
        let input = json!({ "serviceIdentifier": self.service.id.as_str() });
        let listed = aws.calls.list(LATTICE, "ListServiceNetworkServiceAssociations", &input, now).await?;
        Ok(listed.iter().filter_map(|one| one["serviceNetworkId"].as_str()).map(str::to_owned).collect())
    }

    /// The networks of these names, ids or ARNs, by id.
    ///
    /// # Errors
    /// One of them is not there; AWS's refusal.
    pub async fn networks_of(&self, aws: &Aws, given: &[String], now: Timestamp) -> Result<Vec<String>, Fault> {
        let listed = aws.calls.list(LATTICE, "ListServiceNetworks", &json!({}), now).await?;
        let id = |name: &String| {
            let named = |one: &&Value| ["id", "arn", "name"].iter().any(|member| one[*member] == **name);
            let found = listed.iter().find(named).and_then(|one| one["id"].as_str()).map(str::to_owned);
            found.ok_or_else(|| Fault::invalid("ListServiceNetworks", format!("there is no service network `{name}`")))
        };
        given.iter().map(id).collect()
    }
}

/// Its listeners, with what they are named by.
async fn listeners(aws: &Aws, service: &ServiceId, now: Timestamp) -> Result<Vec<(Listed, Front)>, Fault> {
    let input = json!({ "serviceIdentifier": service.as_str() });
    let listed = aws.calls.list(LATTICE, "ListListeners", &input, now).await?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let front = |one: &Value| Front {
        id: ListenerId::of(&text(&one["id"])),
        protocol: text(&one["protocol"]),
        port: one["port"].as_u64().unwrap_or_default(),
    };
    let named = |one: &Value| Listed::new(Some(text(&one["id"])), Some(text(&one["name"])), Some(text(&one["arn"])));
    Ok(listed.iter().map(|one| (named(one), front(one))).collect())
}

/// A service as it is.
pub(super) async fn get_service(aws: &Aws, id: &ServiceId, now: Timestamp) -> Result<Value, Fault> {
    aws.calls.call(LATTICE, "GetService", &json!({ "serviceIdentifier": id.as_str() }), now).await
}
