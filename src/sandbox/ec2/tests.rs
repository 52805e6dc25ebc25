//! Requests as clients write them, and the answers as EC2 writes them.

use http::{HeaderMap, HeaderValue, Method, header::CONTENT_TYPE};

use crate::sandbox::{
    protocol::dispatch,
    scenario::{self, SecurityGroupSeed},
    wire::Request,
    world::World,
};

fn world(groups: Vec<SecurityGroupSeed>) -> World {
    let mut scenario = scenario::load("promoted").unwrap();
    scenario.security_groups = groups;
    World::new(scenario)
}

fn asked(world: &mut World, form: &str) -> (u16, String) {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"));
    let body = format!("{form}&Version=2016-11-15").into_bytes().into();
    let request = Request { method: Method::POST, path: "/".to_owned(), query: String::new(), headers, body };
    let reply = dispatch::perform(world, dispatch::identify(&request), &request);
    (reply.status, String::from_utf8(reply.body).unwrap())
}

fn web() -> SecurityGroupSeed {
    let ingress =
        serde_json::json!([{"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "PrefixListIds": [{"PrefixListId": "pl-1"}]}]);
    SecurityGroupSeed {
        id: "sg-12345678".to_owned(),
        vpc: "vpc-12345678".to_owned(),
        ingress: ingress.as_array().unwrap().clone(),
    }
}

#[test]
fn a_group_is_printed_in_ec2s_own_names() {
    let (status, text) = asked(&mut world(vec![web()]), "Action=DescribeSecurityGroups&GroupId.1=sg-12345678");
    assert_eq!(status, 200, "{text}");
    for part in [
        "<DescribeSecurityGroupsResponse xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15\">",
        "<securityGroupInfo><item><groupId>sg-12345678</groupId>",
        "<ipPermissions><item><ipProtocol>tcp</ipProtocol><fromPort>80</fromPort><toPort>80</toPort>\
         <prefixListIds><item><prefixListId>pl-1</prefixListId></item></prefixListIds></item></ipPermissions>",
        "<requestId>",
    ] {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_group_that_is_not_there_is_refused_where_the_scenario_lists_groups() {
    let ask = "Action=DescribeSecurityGroups&GroupId.1=sg-87654321";
    let (status, text) = asked(&mut world(vec![web()]), ask);
    assert_eq!(status, 400);
    assert!(text.starts_with("<Response><Errors><Error><Code>InvalidGroup.NotFound</Code>"), "{text}");
    let (status, text) = asked(&mut world(vec![]), ask);
    assert!(status == 200 && text.contains("<cidrIp>0.0.0.0/0</cidrIp>"), "{text}");
}

#[test]
fn filters_choose_and_unknown_ones_are_refused() {
    let ask = "Action=DescribeManagedPrefixLists&Filter.1.Name=";
    let name = "prefix-list-name&Filter.1.Value.1=com.amazonaws.ap-northeast-1.vpc-lattice";
    let (_, text) = asked(&mut world(vec![]), &format!("{ask}{name}"));
    assert!(text.contains("<prefixListId>pl-12345678901234567</prefixListId>") && !text.contains("ipv6"), "{text}");
    let (status, text) = asked(&mut world(vec![]), &format!("{ask}color&Filter.1.Value.1=red"));
    assert!(status == 400 && text.contains("InvalidParameterValue"), "{text}");
    let (status, text) = asked(&mut world(vec![]), "Action=DescribeSecurityGroups&DryRun=true");
    assert!(status == 400 && text.contains("InvalidParameterCombination"), "{text}");
}

#[test]
fn pages_follow_each_other_and_nobody_else_has_their_tokens() {
    let groups = (0..7).map(|number| SecurityGroupSeed { id: format!("sg-1234567{number}"), ..web() }).collect();
    let mut world = world(groups);
    let (_, text) = asked(&mut world, "Action=DescribeSecurityGroups&MaxResults=5");
    assert!(text.matches("<groupId>").count() == 5 && text.contains("<nextToken>after-5</nextToken>"), "{text}");
    let (_, text) = asked(&mut world, "Action=DescribeSecurityGroups&MaxResults=5&NextToken=after-5");
    assert!(text.matches("<groupId>").count() == 2 && !text.contains("nextToken"), "{text}");
    let (status, text) = asked(&mut world, "Action=DescribeSecurityGroups&NextToken=5");
    assert!(status == 400 && text.contains("InvalidPaginationToken"), "{text}");
}
