//! The metrics that Lattice publishes for target groups ("Amazon CloudWatch metrics for Amazon VPC Lattice", VPC Lattice User Guide).

/// All of them; the last two where TLS goes through.
pub const PUBLISHED: [&str; 17] = [
    "TotalConnectionCount",
    "ActiveConnectionCount",
    "ConnectionErrorCount",
    "HTTP1_ConnectionCount",
    "HTTP2_ConnectionCount",
    "ConnectionTimeoutCount",
    "TotalReceivedConnectionBytes",
    "TotalSentConnectionBytes",
    "TotalRequestCount",
    "ActiveRequestCount",
    "RequestTime",
    "HTTPCode_2XX_Count",
    "HTTPCode_3XX_Count",
    "HTTPCode_4XX_Count",
    "HTTPCode_5XX_Count",
    "TLSConnectionErrorCount",
    "TotalTLSConnectionHandshakeCount",
];

/// What is known of a metric's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// There is data of it.
    Published,
    /// Lattice has it, and nothing has been published for this group so far.
    Unpublished,
    /// Lattice has no such metric; this one is nearest.
    No(Option<&'static str>),
}

/// What is known of a name, given those that CloudWatch lists for the group.
#[must_use]
pub fn known(name: &str, listed: &[String]) -> Known {
    if listed.iter().any(|listed| listed == name) {
        return Known::Published;
    }
    if PUBLISHED.contains(&name) {
        return Known::Unpublished;
    }
    let near = |known: &&str| strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase());
    let best = PUBLISHED.into_iter().max_by(|one, other| near(one).total_cmp(&near(other)));
    Known::No(best.filter(|best| near(best) > 0.8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_circulate_and_are_wrong_are_told_apart_from_those_without_data() {
        let listed = ["TotalRequestCount".to_owned(), "MyOwn".to_owned()];
        assert_eq!(known("TotalRequestCount", &listed), Known::Published);
        assert_eq!(known("MyOwn", &listed), Known::Published, "what is there is there");
        assert_eq!(known("RequestTime", &listed), Known::Unpublished);
        assert_eq!(known("TLSConnectionErrorCount", &listed), Known::Unpublished);
        assert_eq!(known("HTTPCode_Target_5XX_Count", &listed), Known::No(Some("HTTPCode_5XX_Count")));
        assert_eq!(known("Nonsense", &listed), Known::No(None));
    }
}
