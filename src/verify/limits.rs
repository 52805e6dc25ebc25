//! Quotas of VPC Lattice (AWS General Reference, "Amazon VPC Lattice endpoints and quotas"), and what a health check is worth.

/// A quota, by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Its name in Service Quotas.
    pub name: &'static str,
    /// Its code there.
    pub code: &'static str,
    /// How many there may be where nobody asked for more.
    pub most: usize,
}

/// Target groups that the traffic targets of one Lattice service may use.
pub const GROUPS_PER_SERVICE: Quota = Quota { name: "Target groups per service", code: "L-3DEC3B9F", most: 10 };
/// Rules of one listener; the default action is none.
pub const RULES_PER_LISTENER: Quota = Quota { name: "Rules per listener", code: "L-CF78395E", most: 10 };
/// Targets of one group.
pub const TARGETS_PER_GROUP: Quota = Quota { name: "Targets per target group", code: "L-D71303F3", most: 1000 };

/// How a count stands to a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// There is room.
    Fine,
    /// There is little room left.
    Near,
    /// It would be exceeded.
    Over,
    /// It was exceeded already: AWS gave more, and how many is not known.
    Raised,
}

impl Quota {
    /// How it stands once `more` come to those that are `there`.
    #[must_use]
    pub const fn standing(self, there: usize, more: usize) -> Standing {
        let would_be = there + more;
        if there > self.most {
            Standing::Raised
        } else if would_be > self.most {
            Standing::Over
        } else if would_be * 10 >= self.most * 9 && would_be > 1 {
            Standing::Near
        } else {
            Standing::Fine
        }
    }
}

/// A health check, as far as it decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HealthCheck {
    /// `/` where nothing was said.
    pub path: Option<String>,
    /// Which answers are good: `200`, `200-499`.
    pub matcher: Option<String>,
    /// Seconds between two checks.
    pub interval: Option<u32>,
    /// Failures until a target is unhealthy.
    pub unhealthy_after: Option<u32>,
}

impl HealthCheck {
    /// How long a bad target may count as healthy, in seconds; what is left out is AWS's default.
    #[must_use]
    pub fn notices_within(&self) -> u64 {
        u64::from(self.interval.unwrap_or(30)) * u64::from(self.unhealthy_after.unwrap_or(2))
    }

    /// Every reason why it is worth less than it seems; `bake` is the shortest time, in seconds, that a step is watched.
    #[must_use]
    pub fn weaknesses(&self, bake: u64) -> Vec<String> {
        let mut weaknesses = Vec::new();
        let matcher = self.matcher.as_deref().unwrap_or("200");
        if matcher.split(',').any(takes_refusals) {
            weaknesses.push(format!("it takes `{matcher}` for good: a target that answers 4xx to everything passes"));
        }
        let notices = self.notices_within();
        if bake > 0 && notices > bake {
            weaknesses.push(format!(
                "a target that breaks counts as healthy for up to {notices} s, and the shortest step is watched for {bake} s: such a step proves nothing about health"
            ));
        }
        weaknesses
    }
}

/// Whether a matcher takes answers of 4xx.
fn takes_refusals(range: &str) -> bool {
    let end = range.trim().rsplit('-').next().unwrap_or_default();
    end.parse::<u32>().is_ok_and(|end| end >= 400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_is_told_before_it_is_reached_and_not_where_it_was_raised() {
        for (there, more, standing) in [
            (2, 0, Standing::Fine),
            (8, 1, Standing::Near),
            (9, 1, Standing::Near),
            (10, 0, Standing::Near),
            (10, 1, Standing::Over),
            (11, 1, Standing::Raised),
        ] {
            assert_eq!(GROUPS_PER_SERVICE.standing(there, more), standing, "{there} + {more}");
        }
    }

    #[test]
    fn a_health_check_that_says_little_is_told() {
        let check = HealthCheck { matcher: Some("200-404".to_owned()), ..HealthCheck::default() };
        assert_eq!(check.weaknesses(600).len(), 1);
        assert_eq!(check.weaknesses(59).len(), 2, "30 s twice are longer than 59 s");
        assert_eq!(HealthCheck::default().weaknesses(60), [""; 0]);
        let check = HealthCheck { matcher: Some("200,204-299".to_owned()), interval: Some(5), ..HealthCheck::default() };
        assert_eq!(check.weaknesses(10), [""; 0]);
    }
}
