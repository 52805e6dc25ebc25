//! The loop against a server on loopback, where a signal comes while weights are being written (DESIGN §5 rule 12).

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use rustix::process::{Signal, getpid, kill_process};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::{
    aws::{
        lattice::{action::Action, ids::TargetGroupId, traffic::TrafficTarget},
        ledger::Ledger,
        slots::{Launch, Slots},
        test_rules::TestRules,
        testing::{asked, ok, with_aws},
    },
    clock::Clock,
    driver::{Hands, drive},
    hooks::Runner,
    report::{ReportOptions, Reports},
    rollout::{
        journal::Release,
        machine::Rollout,
        plan::{HealthLimits, OnCancel, OnDrift, Plan, parse_steps},
        record::{Record, SlotRecord},
    },
    signals::Signals,
    time::Timestamp,
};

const ACCOUNT: &str = "arn:aws:vpc-lattice:eu-central-1:123456789012";
const SERVICE: &str = "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-12345678901234567";
const RULE: &str = "/services/svc-12345678901234567/listeners/listener-12345678901234567/rules/rule-12345678901234567";
const GROUPS: [&str; 2] = ["tg-0000000000000000a", "tg-0000000000000000b"];
const NOW: Timestamp = Timestamp::from_secs(1_795_309_200);

/// Nobody waits for it to be later.
struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        NOW
    }

    fn sleep_until(&self, _until: Timestamp) -> Pin<Box<dyn Future<Output = ()> + '_>> {
        Box::pin(std::future::pending())
    }
}

/// The weights of a body, by group.
fn weights(body: &Value) -> Vec<(&str, u64)> {
    let groups = body["action"]["forward"]["targetGroups"].as_array().into_iter().flatten();
    groups.filter_map(|group| Some((group["targetGroupIdentifier"].as_str()?, group["weight"].as_u64()?))).collect()
}

#[test]
fn the_weight_write_in_flight_is_answered_before_the_baseline_goes_out() {
    let (first, second, answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()), Arc::new(Notify::new()));
    let script = {
        let (first, second, answer) = (Arc::clone(&first), Arc::clone(&second), Arc::clone(&answer));
        move |asked: &crate::aws::testing::Asked, before: usize| {
            let said = ok(json!({}));
            if !asked.what.ends_with(RULE) {
                return Some(said);
            }
            if before > 0 {
                second.notify_one();
                return Some(said);
            }
            first.notify_one();
            Some(said.held(Arc::clone(&answer)))
        }
    };
    with_aws(script, async move |aws, log| {
        let slot = |place: usize| SlotRecord {
            name: ["a", "b"][place].to_owned(),
            group: format!("{ACCOUNT}:targetgroup/{}", GROUPS[place]),
            count: 1,
            ..SlotRecord::default()
        };
        let plan = Plan {
            steps: parse_steps("100%:1m").expect("steps"),
            settle: Duration::from_secs(90),
            timeout: Duration::from_secs(2700),
            interval: Duration::from_secs(15),
            health: HealthLimits::default(),
            on_cancel: OnCancel::Rollback,
            on_drift: OnDrift::Stop,
            retire_after: None,
        };
        let target = TrafficTarget::from_arn(&format!(
            "{ACCOUNT}:{}",
            RULE.replace("/services", "service").replace("listeners", "listener").replace("rules", "rule")
        ));
        let targets = vec![(target.expect("an ARN"), Action::alone(&TargetGroupId::of(GROUPS[0])))];
        // Back to a slot that still runs: the record, and then the weights.
        let record = Record::new("back".to_owned(), "rollback", NOW, plan, Some(slot(0)), slot(1));
        let slots = Slots::recorded(&record, targets, Launch::Nothing);
        let ledger = Ledger::new(SERVICE, &slots.targets, true).expect("a baseline that tags can hold");
        let hands = Hands { aws: &aws, clock: &Still, slots, ledger, test_rules: TestRules::default() };
        let mut rollout = Rollout::restore(record, Release::default(), 1, false);
        let mut reports = Reports::start(ReportOptions::default(), &Release::default(), Box::new(std::io::sink()));
        let (mut hooks, mut signals) = (Runner::default(), Signals::listen().expect("signals"));
        let written = || -> Vec<Value> {
            asked(&log).iter().filter(|asked| asked.what.ends_with(RULE)).map(|asked| asked.json()).collect()
        };
        let story = async {
            first.notified().await;
            let mut heard = Signals::listen().expect("signals");
            kill_process(getpid(), Signal::INT).expect("a signal to ourselves");
            heard.first().await;
            // The driver has heard it too. Whoever does not wait for the answer writes before these are asked and answered one after
            // the other; whoever does waits a second.
            for _ in 0..10 {
                aws.lattice.read_tags(SERVICE).await.expect("no tags");
            }
            let so_far = asked(&log).len();
            assert_eq!(written().len(), 1, "never two weight writes in flight: {:?}", written());
            answer.notify_one();
            second.notified().await;
            so_far
        };
        let so_far = tokio::select! {
            ended = drive(&mut rollout, &hands, &mut hooks, &mut reports, &mut signals) => panic!("it ended: {ended:?}"),
            so_far = story => so_far,
        };
        let [step, back] = &written()[..] else { panic!("{:?}", written()) };
        assert_eq!(weights(step), [(GROUPS[0], 0), (GROUPS[1], 100)]);
        assert_eq!(weights(back), [(GROUPS[0], 100), (GROUPS[1], 0)]);
        let next = asked(&log).get(so_far).map(|asked| asked.what.clone()).unwrap_or_default();
        assert!(next.ends_with(RULE), "the baseline goes before any record: {next}");
    });
}
