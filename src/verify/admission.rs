//! Whom security groups let in, as far as their rules tell.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// From where VPC Lattice's requests and health checks come (user guide, "Control traffic with security groups"): first address, length.
const LATTICE_V4: (IpAddr, u8) = (IpAddr::V4(Ipv4Addr::new(169, 254, 171, 0)), 24);
const LATTICE_V6: (IpAddr, u8) = (IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0x80, 0, 0, 0, 0, 0)), 64);

/// One rule for what comes in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Permission {
    /// `tcp`, a number, or `-1` for all.
    pub protocol: String,
    /// From this port to that one; none is all.
    pub ports: Option<(u16, u16)>,
    /// Addresses in CIDR form.
    pub ranges: Vec<String>,
    /// Prefix lists by id. Who is in another security group is let in too, which VPC Lattice never is.
    pub prefix_lists: Vec<String>,
}

/// VPC Lattice's own prefix lists, by id.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrefixLists {
    /// For IPv4.
    pub v4: Option<String>,
    /// For IPv6.
    pub v6: Option<String>,
}

/// Whether somebody is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// By some rule.
    Yes,
    /// By none.
    No,
    /// What a prefix list of somebody's has is not known, nor what a part of Lattice's addresses is worth.
    Unknown,
}

impl Permission {
    /// Whether the rule is about TCP on this port.
    #[must_use]
    pub fn is_about(&self, port: u16) -> bool {
        let is_tcp = matches!(self.protocol.as_str(), "-1" | "tcp" | "6");
        is_tcp && (self.protocol == "-1" || self.ports.is_none_or(|(from, to)| (from..=to).contains(&port)))
    }
}

/// Whether VPC Lattice reaches targets on this port, of this kind of address.
#[must_use]
pub fn of_lattice(permissions: &[Permission], port: u16, is_v6: bool, lists: &PrefixLists) -> Admission {
    let (lattice, list) = if is_v6 { (LATTICE_V6, &lists.v6) } else { (LATTICE_V4, &lists.v4) };
    let mut admission = Admission::No;
    for permission in permissions.iter().filter(|permission| permission.is_about(port)) {
        let ranges = permission.ranges.iter().filter_map(|range| parsed(range));
        if permission.prefix_lists.iter().any(|id| Some(id) == list.as_ref()) || ranges.clone().any(|it| covers(it, lattice)) {
            return Admission::Yes;
        }
        if !permission.prefix_lists.is_empty() || ranges.into_iter().any(|range| covers(lattice, range)) {
            admission = Admission::Unknown;
        }
    }
    admission
}

/// Whether anybody at all is let in on this port.
#[must_use]
pub fn of_anybody(permissions: &[Permission], port: u16) -> bool {
    permissions.iter().any(|permission| permission.is_about(port))
}

fn parsed(range: &str) -> Option<(IpAddr, u8)> {
    let (address, length) = range.split_once('/')?;
    Some((address.parse().ok()?, length.parse().ok()?))
}

/// Whether all of the other range is in this one.
fn covers((address, length): (IpAddr, u8), (other, longer): (IpAddr, u8)) -> bool {
    let start = |bits: u128, width: u8| bits.checked_shr(u32::from(width.saturating_sub(length))).unwrap_or_default();
    length <= longer
        && match (address, other) {
            (IpAddr::V4(one), IpAddr::V4(other)) => start(u32::from(one).into(), 32) == start(u32::from(other).into(), 32),
            (IpAddr::V6(one), IpAddr::V6(other)) => start(one.into(), 128) == start(other.into(), 128),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permission(protocol: &str, ports: Option<(u16, u16)>, range: &str, list: &str) -> Permission {
        let some = |text: &str| if text.is_empty() { Vec::new() } else { vec![text.to_owned()] };
        Permission { protocol: protocol.to_owned(), ports, ranges: some(range), prefix_lists: some(list) }
    }

    #[test]
    fn lattice_comes_from_its_prefix_list_and_its_range() {
        let lists = PrefixLists { v4: Some("pl-4".to_owned()), v6: Some("pl-6".to_owned()) };
        let web = Some((80, 80));
        for (permission, is_v6, admission) in [
            (permission("tcp", web, "", "pl-4"), false, Admission::Yes),
            (permission("tcp", web, "", "pl-4"), true, Admission::Unknown),
            (permission("tcp", web, "", "pl-6"), true, Admission::Yes),
            (permission("-1", None, "0.0.0.0/0", ""), false, Admission::Yes),
            (permission("6", Some((1, 1024)), "169.254.0.0/16", ""), false, Admission::Yes),
            (permission("tcp", web, "169.254.171.0/24", ""), false, Admission::Yes),
            (permission("tcp", web, "169.254.171.0/25", ""), false, Admission::Unknown),
            (permission("tcp", web, "10.0.0.0/8", ""), false, Admission::No),
            (permission("tcp", web, "::/0", ""), false, Admission::No),
            (permission("tcp", web, "::/0", ""), true, Admission::Yes),
            (permission("tcp", web, "fd00:ec2:80::/64", ""), true, Admission::Yes),
            (permission("tcp", Some((8080, 8080)), "0.0.0.0/0", ""), false, Admission::No),
            (permission("udp", web, "0.0.0.0/0", ""), false, Admission::No),
            (permission("tcp", web, "", ""), false, Admission::No),
            (permission("tcp", web, "odd", "pl-other"), false, Admission::Unknown),
        ] {
            assert_eq!(of_lattice(std::slice::from_ref(&permission), 80, is_v6, &lists), admission, "{permission:?}");
        }
        let both = [permission("tcp", web, "", "pl-other"), permission("tcp", web, "", "pl-4")];
        assert_eq!(of_lattice(&both, 80, false, &lists), Admission::Yes);
    }

    #[test]
    fn anybody_is_somebody_on_the_port() {
        let only = [permission("tcp", Some((443, 443)), "", "")];
        assert!(of_anybody(&only, 443) && !of_anybody(&only, 80) && !of_anybody(&[], 443));
    }
}
