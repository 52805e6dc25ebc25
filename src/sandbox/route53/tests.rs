//! Records over the wire, in XML.

use std::time::Duration;

use serde_json::json;

use crate::sandbox::{lattice, protocol::testing::ask_rest, scenario, world::World};

const ZONE: &str = "Z0123456789ABCDEFGHI";

fn world() -> World {
    World::new(scenario::load("promoted").unwrap())
}

fn get(world: &mut World, path: &str) -> String {
    let reply = ask_rest(world, "GET", path, String::new());
    assert_eq!(reply.status, 200, "{path}: {}", String::from_utf8_lossy(&reply.body));
    String::from_utf8(reply.body).unwrap()
}

/// Changes as XML: action, name, type, and the rest of the set.
fn change(world: &mut World, changes: &[(&str, &str, &str, &str)]) -> Result<String, String> {
    let each = |(action, name, kind, rest): &(&str, &str, &str, &str)| {
        format!(
            "<Change><Action>{action}</Action><ResourceRecordSet><Name>{name}</Name><Type>{kind}</Type>{rest}</ResourceRecordSet></Change>"
        )
    };
    let all: String = changes.iter().map(each).collect();
    let body = format!(
        "<ChangeResourceRecordSetsRequest xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>{all}</Changes>\
         </ChangeBatch></ChangeResourceRecordSetsRequest>"
    );
    let reply = ask_rest(world, "POST", &format!("/2013-04-01/hostedzone/{ZONE}/rrset/"), body);
    let text = String::from_utf8(reply.body).unwrap();
    let between = |from: &str, to: &str| text.split_once(from).unwrap().1.split_once(to).unwrap().0.to_owned();
    if reply.status == 200 {
        return Ok(between("<Id>/change/", "</Id>"));
    }
    assert_eq!(reply.status, 400, "{text}");
    Err(format!("{}: {}", between("<Code>", "</Code>"), between("<Message>", "</Message>")))
}

fn values(all: &[&str]) -> String {
    let all: String = all.iter().map(|value| format!("<ResourceRecord><Value>{value}</Value></ResourceRecord>")).collect();
    format!("<TTL>60</TTL><ResourceRecords>{all}</ResourceRecords>")
}

fn alias(zone: &str, domain: &str) -> String {
    format!(
        "<AliasTarget><HostedZoneId>{zone}</HostedZoneId><DNSName>{domain}</DNSName><EvaluateTargetHealth>true</EvaluateTargetHealth>\
         </AliasTarget>"
    )
}

#[test]
fn an_alias_of_a_lattice_service_comes_into_force_and_goes() {
    let mut world = world();
    let domain = lattice::domain_of(&world, "myservice").unwrap();
    let to = alias(lattice::HOSTED_ZONE, &domain);
    let id = change(&mut world, &[("CREATE", "API.example.com", "A", &to), ("UPSERT", "api.example.com.", "AAAA", &to)]).unwrap();
    let status = |world: &mut World| get(world, &format!("/2013-04-01/change/{id}"));
    assert!(status(&mut world).contains("<Status>PENDING</Status>"));
    world.advance(world.now + Duration::from_secs(30));
    assert!(status(&mut world).contains("<Status>INSYNC</Status>"));
    let listed = get(&mut world, &format!("/2013-04-01/hostedzone/{ZONE}/rrset?name=api.example.com&type=A&maxitems=1"));
    for part in [
        "<Name>api.example.com.</Name>",
        "<Type>A</Type>",
        &format!("<DNSName>{domain}.</DNSName>"),
        "<IsTruncated>true</IsTruncated>",
        "<NextRecordType>AAAA</NextRecordType>",
        "<MaxItems>1</MaxItems>",
    ] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    change(&mut world, &[("DELETE", "api.example.com", "A", &to), ("DELETE", "api.example.com", "AAAA", &to)]).unwrap();
    assert_eq!(super::snapshot(&world)[0]["records"], json!([]));
}

#[test]
fn a_batch_is_done_whole_or_not_and_says_all_that_is_wrong() {
    let mut world = world();
    let one = values(&["192.0.2.1"]);
    change(&mut world, &[("CREATE", "a.example.com", "A", &one), ("CREATE", "c.example.com", "CNAME", &values(&["x.y"]))])
        .unwrap();
    let before = super::snapshot(&world);
    let (nowhere, elsewhere) = (alias(lattice::HOSTED_ZONE, "gone.on.aws"), alias("Z1", "x.y"));
    let table: [(&str, &str, &str, &str, &str); 12] = [
        (
            "CREATE",
            "a.example.com",
            "A",
            &one,
            "Tried to create resource record set [name='a.example.com.', type='A'] but it already exists",
        ),
        (
            "DELETE",
            "b.example.com",
            "A",
            &one,
            "Tried to delete resource record set [name='b.example.com.', type='A'] but it was not found",
        ),
        (
            "DELETE",
            "a.example.com",
            "A",
            &values(&["192.0.2.2"]),
            "Tried to delete resource record set [name='a.example.com.', type='A'] but the values provided do not match the current values",
        ),
        ("UPSERT", "example.org", "A", &one, "RRSet with DNS name example.org. is not permitted in zone example.com."),
        (
            "UPSERT",
            "example.com",
            "CNAME",
            &values(&["x.y"]),
            "RRSet of type CNAME with DNS name example.com. is not permitted at apex in zone example.com.",
        ),
        (
            "UPSERT",
            "a.example.com",
            "CNAME",
            &values(&["x.y"]),
            "RRSet of type CNAME with DNS name a.example.com. is not permitted as it conflicts with other records with the same DNS name in zone example.com.",
        ),
        (
            "UPSERT",
            "c.example.com",
            "A",
            &one,
            "RRSet of type A with DNS name c.example.com. is not permitted because a conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com.",
        ),
        (
            "UPSERT",
            "a.example.com",
            "A",
            &values(&["one"]),
            "Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with 'one''",
        ),
        (
            "UPSERT",
            "a.example.com",
            "A",
            &nowhere,
            "Tried to create an alias that targets gone.on.aws., type A in zone Z09127221KTH2CFUOHIZH, but that target was not found",
        ),
        (
            "UPSERT",
            "a.example.com",
            "A",
            &elsewhere,
            "Tried to create an alias that targets x.y., type A in zone Z1, but that target was not found",
        ),
        (
            "UPSERT",
            "a.example.com",
            "A",
            &alias(ZONE, "x.y"),
            "Tried to create an alias that targets x.y., type A in zone Z0123456789ABCDEFGHI, but the alias target name does not lie within the target zone",
        ),
        ("DELETE", "example.com", "SOA", &one, "A HostedZone must contain exactly one SOA record."),
    ];
    for (action, name, kind, rest, expected) in table {
        let good = ("UPSERT", "z.example.com", "A", one.as_str());
        assert_eq!(change(&mut world, &[good, (action, name, kind, rest)]), Err(format!("InvalidChangeBatch: [{expected}]")));
        assert_eq!(super::snapshot(&world), before, "{expected}");
    }
    let both = change(&mut world, &[("CREATE", "a.example.com", "A", &one), ("DELETE", "b.example.com", "A", &one)]);
    assert!(both.unwrap_err().contains("already exists, Tried to delete"));
    let beside = alias(ZONE, "a.example.com");
    change(&mut world, &[("CREATE", "b.example.com", "A", &beside)]).unwrap();
}

#[test]
fn what_is_no_record_set_is_an_invalid_input() {
    let mut world = world();
    let table = [
        (String::new(), "found none in Change with [Action=UPSERT, Name=a.example.com, Type=A, SetIdentifier=null]"),
        ("<TTL>60</TTL>".to_owned(), "found only part of one"),
        (format!("{}{}", alias("Z1", "a.b"), values(&["192.0.2.1"])), "found more than one"),
        (format!("<Weight>1</Weight>{}", values(&["192.0.2.1"])), "does not emulate Weight"),
        ("<TTL>soon</TTL>".to_owned(), "can not be converted to a Long"),
        ("<Odd>1</Odd>".to_owned(), "Unknown parameter"),
    ];
    for (rest, expected) in table {
        let said = change(&mut world, &[("UPSERT", "a.example.com", "A", &rest)]).unwrap_err();
        assert!(said.starts_with("InvalidInput: ") && said.contains(expected), "{said}");
    }
    let broken = ask_rest(&mut world, "POST", &format!("/2013-04-01/hostedzone/{ZONE}/rrset"), "<A>".to_owned());
    assert_eq!(broken.status, 400);
    assert!(String::from_utf8_lossy(&broken.body).contains("<Code>InvalidInput</Code>"));
    for path in ["/2013-04-01/hostedzone/Z1", "/2013-04-01/hostedzone/Z1/rrset", "/2013-04-01/change/C1"] {
        assert_eq!(ask_rest(&mut world, "GET", path, String::new()).status, 404, "{path}");
    }
}

#[test]
fn zones_are_found_by_name_in_their_order() {
    let mut draft = scenario::open("promoted").unwrap();
    let zones = json!([
        {"name": "b.example.com", "id": "ZB"}, {"name": "example.com", "id": "ZA2", "vpcs": ["vpc-12345678"]},
        {"name": "example.com", "id": "ZA1", "records": [
            {"name": "x.example.com", "type": "A", "alias": "myservice"}, {"name": "*.example.com", "type": "A", "values": ["192.0.2.1"]},
        ]},
        {"name": "example.net"},
    ]);
    draft.replace(json!({"hosted_zones": zones})).unwrap();
    let mut world = World::new(draft.finish().unwrap());
    let ids = |text: &str| {
        text.split("<Id>/hostedzone/").skip(1).map(|rest| rest.split('<').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = get(&mut world, "/2013-04-01/hostedzonesbyname?dnsname=example.com");
    assert_eq!(ids(&all)[..3], ["ZA1", "ZA2", "ZB"]);
    let two = get(&mut world, "/2013-04-01/hostedzonesbyname?dnsname=example.com&maxitems=1");
    assert!(two.contains("<NextHostedZoneId>ZA2</NextHostedZoneId>"), "{two}");
    let next = get(&mut world, "/2013-04-01/hostedzonesbyname?dnsname=example.com&hostedzoneid=ZA2&maxitems=1");
    assert_eq!(ids(&next), ["ZA2"]);
    let private = get(&mut world, "/2013-04-01/hostedzone/ZA2");
    assert!(private.contains("<PrivateZone>true</PrivateZone>") && private.contains("<VPCId>vpc-12345678</VPCId>"), "{private}");
    let records = get(&mut world, "/2013-04-01/hostedzone/ZA1/rrset");
    assert!(records.contains("<Name>\\052.example.com.</Name>") && records.contains("vpc-lattice-svcs"), "{records}");
    let wrong = scenario::read(
        "x.yml",
        "hosted_zones: [{ name: example.com, records: [{ name: example.org, type: A, values: [192.0.2.1] }] }]",
    );
    let told = wrong.unwrap().finish().unwrap_err().to_string();
    assert!(told.contains("not permitted in zone example.com."), "{told}");
}
