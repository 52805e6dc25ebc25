//! What is read for `verify` alone about who is let in where: security groups, VPC Lattice's prefix lists, the VPCs of its networks.

use serde_json::Value;

use super::{
    Aws,
    fault::Fault,
    lattice::traffic::TrafficTarget,
    signed::Ask,
    xml::{Element, tree},
};
use crate::{
    time::Timestamp,
    verify::admission::{Permission, PrefixLists},
};

/// EC2 in signatures, and the version of its API.
const EC2: (&str, &str) = ("ec2", "2016-11-15");
/// As many VPCs of a network as one page has; more are not looked at.
const ONE_PAGE: u8 = 100;

/// A VPC in a service network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VpcInNetwork {
    /// The VPC's id.
    pub vpc: String,
    /// The security groups of the association; none lets everybody in the VPC through.
    pub security_groups: Vec<String>,
}

impl Aws {
    /// What these security groups let in, all together.
    ///
    /// # Errors
    /// AWS's refusal, which is also how it says that one is not there.
    pub async fn let_in_by(&self, ids: &[String], now: Timestamp) -> Result<Vec<Permission>, Fault> {
        let fields: Vec<_> = (1..).zip(ids).map(|(number, id)| (format!("GroupId.{number}"), id.as_str())).collect();
        let answer = tree(&self.lookups.signer().query(EC2, "DescribeSecurityGroups", &fields, now).await?);
        Ok(answer.all("ipPermissions").into_iter().flat_map(|list| &list.inside).map(permission).collect())
    }

    /// VPC Lattice's prefix lists in this region.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn lattices_prefix_lists(&self, now: Timestamp) -> Result<PrefixLists, Fault> {
        let names =
            [format!("com.amazonaws.{}.vpc-lattice", self.region), format!("com.amazonaws.{}.ipv6.vpc-lattice", self.region)];
        let mut fields = vec![("Filter.1.Name".to_owned(), "prefix-list-name")];
        fields.extend((1..).zip(&names).map(|(number, name)| (format!("Filter.1.Value.{number}"), name.as_str())));
        let answer = tree(&self.lookups.signer().query(EC2, "DescribeManagedPrefixLists", &fields, now).await?);
        let lists = answer.find("prefixListSet").map(|list| list.inside.as_slice()).unwrap_or_default();
        let of = |name: &str| {
            lists.iter().find(|list| list.of("prefixListName") == name).map(|list| list.of("prefixListId").to_owned())
        };
        Ok(PrefixLists { v4: of(&names[0]), v6: of(&names[1]) })
    }

    /// The VPCs of a service network whose association works.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn vpcs_of(&self, network: &str, now: Timestamp) -> Result<Vec<VpcInNetwork>, Fault> {
        let list = format!("/servicenetworkvpcassociations?maxResults={ONE_PAGE}&serviceNetworkIdentifier={network}");
        let listed = self.lattice_says("ListServiceNetworkVpcAssociations", list, now).await?;
        let mut vpcs = Vec::new();
        for association in listed["items"].as_array().into_iter().flatten().filter(|it| it["status"] == "ACTIVE") {
            // Only here the security groups are told.
            let path = format!("/servicenetworkvpcassociations/{}", association["id"].as_str().unwrap_or_default());
            let told = self.lattice_says("GetServiceNetworkVpcAssociation", path, now).await?;
            let groups = told["securityGroupIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
            vpcs.push(VpcInNetwork {
                vpc: association["vpcId"].as_str().unwrap_or_default().to_owned(),
                security_groups: groups.map(str::to_owned).collect(),
            });
        }
        Ok(vpcs)
    }

    async fn lattice_says(&self, operation: &'static str, path: String, now: Timestamp) -> Result<Value, Fault> {
        let answer = self.lookups.signer().send(Ask { operation, service: "vpc-lattice", path, ..Ask::default() }, now).await?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.status == 200 {
            return Ok(said);
        }
        let code = if answer.status == 403 { Some("AccessDeniedException") } else { None };
        Err(Fault::answered(operation, answer.status, code, said["message"].as_str().unwrap_or("AWS gave no message")))
    }

    /// The port of a traffic target's listener.
    ///
    /// # Errors
    /// AWS's refusal.
    pub async fn port_of(&self, target: &TrafficTarget) -> Result<Option<u16>, Fault> {
        let call = self.lattice.reads.get_listener().service_identifier(target.service().as_str());
        let answer = call.listener_identifier(target.listener().as_str()).send().await;
        let answer = answer.map_err(|error| Fault::from_sdk("GetListener", &error))?;
        Ok(answer.port.and_then(|port| u16::try_from(port).ok()))
    }
}

fn permission(item: &Element) -> Permission {
    let all = |name: &str| item.all(name).into_iter().map(|found| found.text.clone()).collect::<Vec<_>>();
    let port = |name: &str| item.of(name).parse().ok();
    Permission {
        protocol: item.of("ipProtocol").to_owned(),
        ports: port("fromPort").zip(port("toPort")),
        ranges: [all("cidrIp"), all("cidrIpv6")].concat(),
        prefix_lists: all("prefixListId"),
    }
}
