//! Names in DNS: aliases of a Lattice service in Route 53's hosted zones, each call made once.
//!
//! Route 53 speaks XML and has few operations here, so they are written out.

use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{
    connect::Aws,
    fault::Fault,
    signed::{Ask, Signer},
    xml::{Element, texts, tree},
};
use crate::{
    resources::{alias::note_of, resource::OWNER},
    time::Timestamp,
};

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
const SPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";
/// What a note says an alias leads to.
const ALIAS: &str = "espalier:alias";
/// How long resolvers may keep a note, in seconds. None has to ask for one.
const NOTE_TTL: &str = "300";
/// What an alias of a Lattice service is a record of: both answer by the service's own name.
pub const ALIASES: [&str; 2] = ["A", "AAAA"];

/// The hosted zones of an account.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a>(&'a Signer);

/// Which of the zones of a domain is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    /// The only one.
    Only,
    /// A public one.
    Public,
    /// A private one.
    Private,
    /// The one of this id.
    Id(&'a str),
}

/// A hosted zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone {
    /// Its id, without `/hostedzone/`.
    pub id: String,
    /// Its domain, without the dot at its end.
    pub name: String,
    /// Whether it answers in VPCs only.
    pub private: bool,
}

/// Why there is no zone for a domain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// AWS's refusal.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// None of the account's zones holds the domain.
    #[error("the account has no {}hosted zone that `{domain}` is in", which.word())]
    None {
        /// The domain.
        domain: String,
        /// What sort of zone was looked for.
        which: Sort,
    },
    /// Several do.
    #[error("the account has several {}hosted zones `{zone}`: {}", which.word(), ids.join(", "))]
    Several {
        /// The zones' domain.
        zone: String,
        /// Their ids.
        ids: Vec<String>,
        /// What sort of zone was looked for.
        which: Sort,
    },
    /// The zone of the id that was given is another domain's.
    #[error("the hosted zone {id} is `{zone}`, which `{domain}` is not in")]
    Other {
        /// The domain.
        domain: String,
        /// The zone's id.
        id: String,
        /// The zone's domain.
        zone: String,
    },
}

/// Public, private, or either.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// Either.
    Any,
    /// Public ones.
    Public,
    /// Private ones.
    Private,
}

impl Sort {
    const fn word(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::Public => "public ",
            Self::Private => "private ",
        }
    }
}

/// Where an alias leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The domain name that it is another name of; without the dot at its end.
    pub domain: String,
    /// The zone of that name, which for a service's own is Lattice's (`dnsEntry.hostedZoneId`).
    pub zone: String,
}

/// The records of one name and type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// `A`, `AAAA`, `CNAME`, …
    pub kind: String,
    /// Where it leads, if it is an alias.
    pub alias: Option<Target>,
    /// Whether the health of that is looked at.
    evaluated: bool,
    /// How long resolvers keep it, if it is none.
    ttl: String,
    /// Its values, if it is none.
    pub values: Vec<String>,
    /// Whether it is one of several that share name and type, by a routing policy.
    pub is_routed: bool,
}

impl Record {
    /// Whether it is an alias of this.
    #[must_use]
    pub fn leads_to(&self, domain: &str) -> bool {
        self.alias.as_ref().is_some_and(|alias| alias.domain.eq_ignore_ascii_case(domain))
    }
}

/// Whose an alias is. Records have no tags, and the service that it leads to may be gone: a text record beside it says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whose it is.
    pub owner: String,
    /// Where the alias led when it was made.
    pub alias: String,
    /// As it stands there.
    value: String,
    ttl: String,
}

impl Note {
    fn read(record: &Record) -> Option<Self> {
        let value = record.values.iter().find(|value| value.contains(OWNER))?;
        let said = |what: &str| {
            let mut parts = value.split('"').filter_map(|part| part.strip_prefix(what)?.strip_prefix('='));
            parts.next().map(str::to_owned)
        };
        Some(Self { owner: said(OWNER)?, alias: said(ALIAS)?, value: value.clone(), ttl: record.ttl.clone() })
    }
}

impl<'a> Names<'a> {
    /// With these credentials.
    #[must_use]
    pub const fn of(aws: &'a Aws) -> Self {
        Self(aws.calls.signer())
    }

    /// The zone that a domain is in: of those with the longest name, the one that is meant.
    ///
    /// # Errors
    /// When there is none, or more than one; AWS's refusal.
    pub async fn zone(&self, domain: &str, which: Which<'_>, now: Timestamp) -> Result<Zone, ZoneError> {
        let domain = domain.trim_end_matches('.').to_ascii_lowercase();
        let sort = match which {
            Which::Id(id) => return self.zone_of_id(&domain, id, now).await,
            Which::Only => Sort::Any,
            Which::Public => Sort::Public,
            Which::Private => Sort::Private,
        };
        let mut rest = domain.as_str();
        while !rest.is_empty() {
            let mut found = self.zones(rest, now).await?;
            found.retain(|zone| match sort {
                Sort::Any => true,
                Sort::Public => !zone.private,
                Sort::Private => zone.private,
            });
            match found.as_slice() {
                [] => {}
                [zone] => return Ok(zone.clone()),
                [_, ..] => {
                    let ids = found.into_iter().map(|zone| zone.id).collect();
                    return Err(ZoneError::Several { zone: rest.to_owned(), ids, which: sort });
                }
            }
            rest = rest.split_once('.').map_or("", |(_, rest)| rest);
        }
        Err(ZoneError::None { domain, which: sort })
    }

    async fn zone_of_id(&self, domain: &str, id: &str, now: Timestamp) -> Result<Zone, ZoneError> {
        const OPERATION: &str = "GetHostedZone";
        let text = self.get(OPERATION, format!("hostedzone/{}", encoded(id)), now).await?;
        let root = tree(&text);
        let zone = root.find("HostedZone").map(zone);
        let zone = zone.ok_or_else(|| Fault::unreadable(OPERATION, "the answer has no zone"))?;
        let inside = domain == zone.name || domain.ends_with(&format!(".{}", zone.name));
        if inside { Ok(zone) } else { Err(ZoneError::Other { domain: domain.to_owned(), id: zone.id, zone: zone.name }) }
    }

    /// Every zone of exactly this name; there are never many.
    async fn zones(&self, name: &str, now: Timestamp) -> Result<Vec<Zone>, Fault> {
        let text = self.get("ListHostedZonesByName", format!("hostedzonesbyname?dnsname={}", encoded(name)), now).await?;
        let root = tree(&text);
        Ok(root.all("HostedZone").into_iter().map(zone).filter(|zone| zone.name == name).collect())
    }

    /// What a zone says of a name.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn records(&self, zone: &str, name: &str, now: Timestamp) -> Result<Vec<Record>, Fault> {
        let path = format!("hostedzone/{}/rrset?name={}", encoded(zone), encoded(name));
        let root = tree(&self.get("ListResourceRecordSets", path, now).await?);
        let is_it = |set: &&Element| bare(set.of("Name")).replace("\\052", "*").eq_ignore_ascii_case(name.trim_end_matches('.'));
        Ok(root.all("ResourceRecordSet").into_iter().filter(is_it).map(record).collect())
    }

    /// Whose the alias of a name is; none where nobody has noted it.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn note(&self, zone: &str, name: &str, now: Timestamp) -> Result<Option<Note>, Fault> {
        let records = self.records(zone, &note_of(name), now).await?;
        Ok(records.iter().filter(|record| record.kind == "TXT").find_map(Note::read))
    }

    /// Makes a name an alias of a target, for both kinds of address at once, in place of what was there, and notes whose it is; the
    /// change's id. All of it comes to be or none.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn point(&self, zone: &str, name: &str, target: &Target, owner: &str, now: Timestamp) -> Result<String, Fault> {
        let value = format!("\"{OWNER}={owner}\" \"{ALIAS}={}\"", target.domain);
        let sets = ALIASES.map(|kind| set("UPSERT", name, kind, target, false));
        self.change(zone, &(sets.concat() + &text_set("UPSERT", name, &value, NOTE_TTL)), now).await
    }

    /// Takes the note away, and with it those of these records that are the alias of which it tells; the change's id.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn unpoint(
        &self,
        zone: &str,
        name: &str,
        note: &Note,
        records: &[Record],
        now: Timestamp,
    ) -> Result<String, Fault> {
        let ours = records.iter().filter(|record| record.leads_to(&note.alias) && !record.is_routed);
        let sets: String =
            ours.filter_map(|record| Some(set("DELETE", name, &record.kind, record.alias.as_ref()?, record.evaluated))).collect();
        self.change(zone, &(sets + &text_set("DELETE", name, &note.value, &note.ttl)), now).await
    }

    /// Whether all of Route 53's servers answer by a change.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn is_in_force(&self, change: &str, now: Timestamp) -> Result<bool, Fault> {
        let text = self.get("GetChange", format!("change/{}", encoded(change)), now).await?;
        Ok(tree(&text).find("Status").is_some_and(|status| status.text == "INSYNC"))
    }

    async fn change(&self, zone: &str, sets: &str, now: Timestamp) -> Result<String, Fault> {
        const OPERATION: &str = "ChangeResourceRecordSets";
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{OPERATION}Request xmlns=\"{SPACE}\"><ChangeBatch><Changes>{sets}</Changes>\
             </ChangeBatch></{OPERATION}Request>"
        );
        let path = format!("hostedzone/{}/rrset", encoded(zone));
        let text = self.ask(OPERATION, http::Method::POST, path, body, now).await?;
        let id = tree(&text).find("Id").map(|id| last(&id.text));
        id.ok_or_else(|| Fault::unreadable(OPERATION, "the answer has no change"))
    }

    async fn get(&self, operation: &'static str, path: String, now: Timestamp) -> Result<String, Fault> {
        self.ask(operation, http::Method::GET, path, String::new(), now).await
    }

    async fn ask(
        &self,
        operation: &'static str,
        method: http::Method,
        path: String,
        body: String,
        now: Timestamp,
    ) -> Result<String, Fault> {
        let headers = if body.is_empty() { Vec::new() } else { vec![("content-type", "application/xml".to_owned())] };
        let path = format!("/2013-04-01/{path}");
        let ask = Ask { operation, service: "route53", method, path, headers, body: body.into_bytes(), ..Ask::default() };
        let answer = self.0.send(ask, now).await?;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if answer.status == 200 {
            return Ok(text);
        }
        let said = |name: &str| texts(&text, &[name]).pop().map(|(_, text)| text);
        // What is wrong with a batch may come under a root of its own, without a code.
        let code = said("Code").or_else(|| text.contains("<InvalidChangeBatch").then(|| "InvalidChangeBatch".to_owned()));
        let message = said("Message").unwrap_or_else(|| "AWS gave no message".to_owned());
        Err(Fault::answered(operation, answer.status, code.as_deref(), &message))
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// `/hostedzone/Z1` as `Z1`.
fn last(id: &str) -> String {
    id.rsplit('/').next().unwrap_or_default().to_owned()
}

/// Without the dot at its end.
fn bare(name: &str) -> &str {
    name.trim_end_matches('.')
}

fn zone(said: &Element) -> Zone {
    let private = said.find("PrivateZone").is_some_and(|private| private.text == "true");
    Zone { id: last(said.of("Id")), name: bare(said.of("Name")).to_owned(), private }
}

fn record(set: &Element) -> Record {
    let alias = set.find("AliasTarget");
    Record {
        kind: set.of("Type").to_owned(),
        alias: alias
            .map(|alias| Target { domain: bare(alias.of("DNSName")).to_owned(), zone: alias.of("HostedZoneId").to_owned() }),
        evaluated: alias.is_some_and(|alias| alias.of("EvaluateTargetHealth") == "true"),
        ttl: set.of("TTL").to_owned(),
        values: set.all("ResourceRecord").into_iter().map(|record| record.of("Value").to_owned()).collect(),
        is_routed: !set.of("SetIdentifier").is_empty(),
    }
}

/// One change of an alias.
fn set(action: &str, name: &str, kind: &str, target: &Target, evaluated: bool) -> String {
    let mut xml = format!("<Change><Action>{action}</Action><ResourceRecordSet>");
    // Writing into text does not fail.
    let _ok = write!(
        xml,
        "<Name>{}</Name><Type>{}</Type><AliasTarget><HostedZoneId>{}</HostedZoneId><DNSName>{}</DNSName>\
         <EvaluateTargetHealth>{evaluated}</EvaluateTargetHealth></AliasTarget></ResourceRecordSet></Change>",
        escaped(name),
        escaped(kind),
        escaped(&target.zone),
        escaped(&target.domain),
    );
    xml
}

fn text_set(action: &str, name: &str, value: &str, ttl: &str) -> String {
    format!(
        "<Change><Action>{action}</Action><ResourceRecordSet><Name>{}</Name><Type>TXT</Type><TTL>{ttl}</TTL><ResourceRecords>\
         <ResourceRecord><Value>{}</Value></ResourceRecord></ResourceRecords></ResourceRecordSet></Change>",
        escaped(&note_of(name)),
        escaped(value),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
