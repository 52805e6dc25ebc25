//! Whatever happens, the counts add up.

use proptest::prelude::*;
use serde_json::json;

use super::asking::{WEB, ask, group, pass, split, tg, total, web};
use crate::sandbox::dataplane::Minute;

fn classes(minute: &Minute) -> u64 {
    minute.status_2xx + minute.status_3xx + minute.status_4xx + minute.status_5xx
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn requests_are_what_became_of_them(
        weights in (0u32..100, 1u32..100),
        error_rate in 0.0f64..=100.0,
        status in proptest::sample::select(vec![200u16, 204, 302, 404, 503]),
        latency in (1u64..70_000, 0u64..20_000),
        ages in (proptest::option::of(1u64..400), proptest::option::of(1u64..400)),
        rps in 0.0f64..3_000.0,
        targets in (0usize..4, 0usize..3),
        steps in proptest::collection::vec(1u64..200, 1..5),
        wired in 0usize..20,
    ) {
        let ids = ["i-1", "i-2", "i-3"];
        let groups = [group("a", 1, &ids[..targets.0.min(3)]), group("b", 2, &ids[..targets.1])];
        let more = json!({
            "load": [{"rps": rps}, {"rps": rps / 7.0, "ramp": 100, "until": 250, "every": 300}],
            "backends": {
                "a": {
                    "error_rate": error_rate, "error_status": status, "latency_ms": latency.0,
                    "latency_p99_ms": latency.0 + latency.1, "healthy_for": ages.0, "fails_after": ages.1,
                },
                "b": {"status": status},
            },
        });
        let mut world = split(&groups, &[("a", weights.0), ("b", weights.1)], more);
        for seconds in steps {
            pass(&mut world, seconds);
            (0..wired).for_each(|_| { ask(&mut world, WEB, "/"); });
        }
        let service = total(&world, &web());
        prop_assert_eq!(service.requests, classes(&service));
        prop_assert!(service.generated.values().sum::<u64>() <= service.status_5xx + service.status_4xx);
        let mut reached = 0;
        for key in [tg(1), tg(2)] {
            let group = total(&world, &key);
            reached += group.requests;
            let unanswered = group.connection_errors + group.connection_timeouts + group.request_timeouts;
            prop_assert_eq!(group.requests, classes(&group) + unanswered, "{:?}", group);
            prop_assert_eq!(group.latency.count(), classes(&group) + group.request_timeouts);
            prop_assert!(group.connections <= group.requests);
        }
        // What did not reach a group found it empty.
        prop_assert_eq!(service.requests - reached, service.generated.get(&503).copied().unwrap_or(0));
    }
}
