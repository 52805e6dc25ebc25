//! Names in DNS, in the sandbox and over a scripted wire.

use super::{
    fault::FaultKind,
    names::{ALIASES, Names, Target, Which, ZoneError},
    testing::{asked, in_sandbox, ok, pass, refused, with_aws},
};
use crate::{clock::Clock as _, time::Timestamp};

const NOW: Timestamp = Timestamp::from_secs(1_795_309_200);
const ZONES: &str = "hosted_zones:
  - { name: example.com, id: ZPUBLIC, records: [{ name: other.example.com, type: A, values: [192.0.2.1] }] }
  - { name: example.com, id: ZPRIVATE, vpcs: [vpc-12345678] }
  - { name: shop.example.com, id: ZSHOP }
";

#[test]
fn the_zone_with_the_longest_name_is_the_one() {
    in_sandbox(ZONES, async |aws, clock| {
        let names = Names::of(&aws);
        let find = async |domain: &str, which| {
            let found = names.zone(domain, which, clock.now()).await;
            found.map(|zone| zone.id).map_err(|error| error.to_string())
        };
        let id = |id: &str| Ok(id.to_owned());
        assert_eq!(find("API.shop.example.com.", Which::Only).await, id("ZSHOP"));
        assert_eq!(find("shop.example.com", Which::Public).await, id("ZSHOP"));
        assert_eq!(find("api.shop.example.com", Which::Private).await, id("ZPRIVATE"));
        assert_eq!(find("api.example.com", Which::Public).await, id("ZPUBLIC"));
        assert_eq!(find("api.shop.example.com", Which::Id("ZPUBLIC")).await, id("ZPUBLIC"));
        let several = "the account has several hosted zones `example.com`: ZPRIVATE, ZPUBLIC";
        assert_eq!(find("api.example.com", Which::Only).await, Err(several.to_owned()));
        let none = "the account has no private hosted zone that `api.example.org` is in";
        assert_eq!(find("api.example.org", Which::Private).await, Err(none.to_owned()));
        let other = "the hosted zone ZSHOP is `shop.example.com`, which `example.com` is not in";
        assert_eq!(find("example.com", Which::Id("ZSHOP")).await, Err(other.to_owned()));
        let gone = names.zone("example.com", Which::Id("ZGONE"), clock.now()).await;
        assert!(matches!(gone, Err(ZoneError::Fault(fault)) if fault.kind == FaultKind::NotFound));
    });
}

#[test]
fn an_alias_is_set_comes_into_force_and_is_taken_away_when_it_is_ours() {
    in_sandbox(ZONES, async |aws, clock| {
        let names = Names::of(&aws);
        let service = serde_json::json!({ "serviceIdentifier": "svc-12345678901234567" });
        let service = aws.calls.call("vpc-lattice", "GetService", &service, clock.now()).await.expect("a service");
        let text = |member: &str| service["dnsEntry"][member].as_str().unwrap_or_default().to_owned();
        let target = Target { domain: text("domainName"), zone: text("hostedZoneId") };
        let change = names.point("ZPUBLIC", "api.example.com", &target, "shop", clock.now()).await.expect("a change");
        assert_eq!(names.is_in_force(&change, clock.now()).await, Ok(false));
        pass(&clock, 60).await;
        assert_eq!(names.is_in_force(&change, clock.now()).await, Ok(true));
        let found = names.records("ZPUBLIC", "api.example.com", clock.now()).await.expect("records");
        assert_eq!(found.iter().map(|record| record.kind.as_str()).collect::<Vec<_>>(), ALIASES);
        assert!(found.iter().all(|record| record.leads_to(&target.domain) && !record.is_routed), "{found:?}");
        let note = names.note("ZPUBLIC", "api.example.com", clock.now()).await.expect("records").expect("a note");
        assert_eq!((note.owner.as_str(), &note.alias), ("shop", &target.domain));
        assert_eq!(names.note("ZPUBLIC", "other.example.com", clock.now()).await, Ok(None));

        let other = names.records("ZPUBLIC", "other.example.com", clock.now()).await.expect("records");
        assert_eq!((other[0].values.as_slice(), other[0].leads_to(&target.domain)), (&["192.0.2.1".to_owned()][..], false));

        names
            .unpoint("ZPUBLIC", "api.example.com", &note, &[found.clone(), other].concat(), clock.now())
            .await
            .expect("a change");
        assert_eq!(names.records("ZPUBLIC", "api.example.com", clock.now()).await, Ok(Vec::new()));
        assert_eq!(names.note("ZPUBLIC", "api.example.com", clock.now()).await, Ok(None));
        let other = names.records("ZPUBLIC", "other.example.com", clock.now()).await.expect("records");
        assert_eq!(other.len(), 1, "somebody else's stays");
        let again = names.unpoint("ZPUBLIC", "api.example.com", &note, &found, clock.now()).await.expect_err("gone");
        assert_eq!((again.kind, again.code.as_deref()), (FaultKind::Invalid, Some("InvalidChangeBatch")));
        assert!(again.message.contains("but it was not found"), "{again}");
    });
}

#[test]
fn it_is_signed_for_its_one_region_and_both_forms_of_a_bad_batch_are_read() {
    let bad =
        "<InvalidChangeBatch xmlns=\"x\"><Messages><Message>no</Message></Messages><RequestId>1</RequestId></InvalidChangeBatch>";
    with_aws(
        |asked, _| match asked.what.split(' ').next() {
            Some("POST") => Some(refused(400, "x", "").body(bad)),
            _ => Some(ok("<R><HostedZones/></R>")),
        },
        async |aws, log| {
            let names = Names::of(&aws);
            assert!(matches!(names.zone("a&b.example", Which::Only, NOW).await, Err(ZoneError::None { .. })));
            let target = Target { domain: "x.on.aws".to_owned(), zone: "Z1".to_owned() };
            let fault = names.point("Z2", "a&b.example", &target, "shop", NOW).await.expect_err("refused");
            assert_eq!((fault.code.as_deref(), fault.message.as_str()), (Some("InvalidChangeBatch"), "no"));
            let asked = asked(&log);
            assert_eq!(asked[0].what, "GET /2013-04-01/hostedzonesbyname?dnsname=a%26b.example");
            assert!(asked[0].header("authorization").contains("/us-east-1/route53/aws4_request"));
            let body = String::from_utf8_lossy(&asked[2].body).into_owned();
            assert!(body.contains("<Name>a&amp;b.example</Name><Type>AAAA</Type>"), "{body}");
        },
    );
}
