"""Route 53: the records of hosted zones, as much of them as a custom domain needs.

Source: the service model (operations, members, declared errors), the API reference, and the messages that users of
ChangeResourceRecordSets quote.
"""

import pytest

from asking import *

ZONE = "Z0123456789ABCDEFGHI"
NAME = "api.example.com"


@pytest.fixture
def dns(sandbox):
    return sandbox.client("route53")


def alias(sandbox, kind="A", name=NAME, **more):
    """An alias of the built-in Lattice service."""
    entry = sandbox.lattice.get_service(serviceIdentifier=SERVICE)["dnsEntry"]
    target = {"HostedZoneId": entry["hostedZoneId"], "DNSName": entry["domainName"], "EvaluateTargetHealth": False, **more}
    return {"Name": name, "Type": kind, "AliasTarget": target}


def values(*all, kind="A", name=NAME):
    return {"Name": name, "Type": kind, "TTL": 60, "ResourceRecords": [{"Value": value} for value in all]}


def change(dns, *changes, zone=ZONE):
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes], "Comment": "a test"}
    return dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)["ChangeInfo"]


def said(dns, *changes):
    response = refused("InvalidChangeBatch", lambda: change(dns, *changes), status=400)
    return response["Error"]["Message"]


def records(dns, zone=ZONE):
    listed = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return {(one["Name"], one["Type"]): one for one in listed if one["Type"] not in ("NS", "SOA")}


def test_zones_are_found(dns):
    found = dns.list_hosted_zones_by_name(DNSName="example.com")
    assert [one["Id"] for one in found["HostedZones"]] == [f"/hostedzone/{ZONE}"] and found["IsTruncated"] is False
    assert found["HostedZones"][0]["Name"] == "example.com." and found["HostedZones"][0]["Config"]["PrivateZone"] is False
    zone = dns.get_hosted_zone(Id=f"/hostedzone/{ZONE}")
    assert zone["HostedZone"]["ResourceRecordSetCount"] == 2 and len(zone["DelegationSet"]["NameServers"]) == 4
    refused("NoSuchHostedZone", dns.get_hosted_zone, status=404, Id="ZGONE")


def test_private_zones_and_pages(serve):
    zones = [{"name": "example.com", "id": "ZB", "vpcs": [VPC]}, {"name": "example.com", "id": "ZA"}, {"name": "a.example.com"}]
    sandbox = serve(hosted_zones=zones)
    dns = sandbox.client("route53")
    first = dns.list_hosted_zones_by_name(DNSName="example.com", MaxItems="1")
    assert (first["HostedZones"][0]["Id"], first["IsTruncated"], first["NextHostedZoneId"]) == ("/hostedzone/ZA", True, "ZB")
    more = dns.list_hosted_zones_by_name(DNSName=first["NextDNSName"], HostedZoneId=first["NextHostedZoneId"])
    assert [one["Name"] for one in more["HostedZones"]] == ["example.com.", "a.example.com."]
    private = dns.get_hosted_zone(Id="ZB")
    assert private["VPCs"] == [{"VPCRegion": REGION, "VPCId": VPC}] and "DelegationSet" not in private


def test_an_alias_from_creation_to_deletion(serve):
    sandbox = serve(speed=60)
    dns = sandbox.client("route53")
    both = [alias(sandbox, kind) for kind in ("A", "AAAA")]
    info = change(dns, *[("CREATE", one) for one in both])
    assert info["Status"] == "PENDING" and info["Comment"] == "a test"
    sandbox.until(lambda: dns.get_change(Id=info["Id"])["ChangeInfo"]["Status"] == "INSYNC", 120, "the change is INSYNC")
    there = records(dns)
    assert set(there) == {("api.example.com.", "A"), ("api.example.com.", "AAAA")}
    target = there["api.example.com.", "A"]["AliasTarget"]
    assert target["DNSName"] == both[0]["AliasTarget"]["DNSName"] + "." and target["EvaluateTargetHealth"] is False
    change(dns, *[("UPSERT", one) for one in both])
    change(dns, *[("DELETE", one) for one in both])
    assert records(dns) == {}
    refused("NoSuchChange", dns.get_change, status=404, Id="CGONE")


def test_what_a_batch_is_refused_for(sandbox, dns):
    change(dns, ("CREATE", values("192.0.2.1")), ("CREATE", values("x.example.org", kind="CNAME", name="c.example.com")))
    named = "resource record set [name='api.example.com.', type='A']"
    assert said(dns, ("CREATE", values("192.0.2.1"))) == f"[Tried to create {named} but it already exists]"
    assert said(dns, ("DELETE", values("192.0.2.2"))) == f"[Tried to delete {named} but the values provided do not match the current values]"
    assert said(dns, ("DELETE", alias(sandbox))) == f"[Tried to delete {named} but the values provided do not match the current values]"
    gone = values("192.0.2.1", name="gone.example.com")
    assert said(dns, ("DELETE", gone)) == "[Tried to delete resource record set [name='gone.example.com.', type='A'] but it was not found]"
    conflict = "conflicting RRSet of type CNAME with the same DNS name already exists in zone example.com."
    assert conflict in said(dns, ("UPSERT", alias(sandbox, name="c.example.com")))
    assert "is not permitted in zone example.com." in said(dns, ("UPSERT", values("192.0.2.1", name="a.example.org")))
    assert "but that target was not found" in said(dns, ("UPSERT", alias(sandbox, DNSName="gone.on.aws")))
    assert "but that target was not found" in said(dns, ("UPSERT", alias(sandbox, HostedZoneId="ZELSEWHERE")))
    # All of them, and none is done.
    assert said(dns, ("CREATE", values("192.0.2.1")), ("DELETE", gone), ("CREATE", alias(sandbox, name="b.example.com"))).count("Tried to") == 2
    assert set(records(dns)) == {("api.example.com.", "A"), ("c.example.com.", "CNAME")}


def test_what_is_no_record_set(sandbox, dns):
    nothing = {"Name": NAME, "Type": "A"}
    response = refused("InvalidInput", lambda: change(dns, ("CREATE", nothing)), status=400)
    assert "Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or TrafficPolicyInstanceId]" in response["Error"]["Message"]
    refused("NoSuchHostedZone", lambda: change(dns, ("CREATE", values("192.0.2.1")), zone="ZGONE"), status=404)


def test_records_in_their_order_and_by_pages(dns):
    names = ["b.example.com", "*.example.com", "a.b.example.com", "a.example.com"]
    change(dns, *[("CREATE", values("192.0.2.1", name=name)) for name in names])
    ordered = ["\\052.example.com.", "a.example.com.", "b.example.com.", "a.b.example.com."]
    assert [name for name, _ in records(dns)] == ordered
    items, number = pages(dns, "list_resource_record_sets", "ResourceRecordSets", 4, HostedZoneId=ZONE)
    assert (len(items), number) == (6, 2)
    listed = dns.list_resource_record_sets(HostedZoneId=ZONE, StartRecordName="b.example.com", StartRecordType="A", MaxItems="1")
    assert listed["ResourceRecordSets"][0]["Name"] == "b.example.com." and listed["NextRecordName"] == "a.b.example.com."
