//! `lock: ssm`: one parameter for each set of traffic targets. Creating it excludes every other release, which tags cannot.
//!
//! Its value is `ROLLOUT UNTIL OWNER`: until then (epoch seconds) it stands by itself, as long as a lease lasts; after that for as long
//! as the rollout's lease does. One that is left over is written over, and whoever wrote the version right after it has it: Systems Manager
//! counts them.

use std::time::Duration;

use crate::{
    aws::{
        Aws, Fault,
        ledger::{self, Found},
    },
    clock::Clock,
    exit::{Error, Exit},
    time::Timestamp,
};

/// As long as a lease: by then the record says more.
const STANDS: Duration = Duration::from_secs(180);

/// The parameter's name: the traffic target that holds the record, by its ARN's own path.
pub(super) fn name(holder: &str) -> String {
    let path = holder.splitn(6, ':').nth(5).unwrap_or(holder);
    format!("/espalier/{path}")
}

/// Takes it, or refuses (exit 5). What is worth telling is given back: whose it was before.
///
/// # Errors
/// When another rollout has it, or AWS refuses.
pub(super) async fn take(aws: &Aws, clock: &dyn Clock, holder: &str, (id, owner): (&str, &str)) -> Result<Option<String>, Error> {
    let name = name(holder);
    let now = || aws.date().unwrap_or_else(|| clock.now());
    let value = format!("{id} {} {owner}", (now() + STANDS).as_secs());
    match aws.parameters.put(&name, &value, false, clock.now()).await {
        Ok(_) => return Ok(None),
        Err(fault) if fault.code.as_deref() == Some("ParameterAlreadyExists") => {}
        Err(fault) => return Err(refused(fault)),
    }
    let found = aws.parameters.get(&name, clock.now()).await.map_err(refused)?;
    if let Some(found) = &found {
        let records = ledger::on_targets(aws, [holder]).await?;
        if *found != value && is_live(found, &records, now()) {
            let other = found.split(' ').next().unwrap_or_default();
            let message = format!("rollout {other} has taken the lock {name}");
            return Err(Error::new(Exit::Refused, message).hint("wait until that job has ended"));
        }
    }
    if !take_over(aws, clock, &name, &value, found.as_deref()).await.map_err(refused)? {
        let message = format!("another job took the lock {name} at the same moment");
        return Err(Error::new(Exit::Refused, message).hint("run this again when that job has ended"));
    }
    let before = found.unwrap_or_default();
    let before = before.split(' ').next().unwrap_or_default();
    Ok(Some(format!("took over the lock {name} from rollout {before}, whose job is gone")))
}

/// Writes it over what was `found`. Whoever else has found the same, and was the first to write over it, has it: then it is put back as
/// theirs, unless somebody has written it since.
async fn take_over(aws: &Aws, clock: &dyn Clock, name: &str, value: &str, found: Option<&str>) -> Result<bool, Fault> {
    let mut version = aws.parameters.put(name, value, true, clock.now()).await?;
    let mut first = value.to_owned();
    while version > 1 {
        version -= 1;
        match aws.parameters.get(&format!("{name}:{version}"), clock.now()).await? {
            Some(before) if Some(before.as_str()) != found => first = before,
            Some(_) | None => break,
        }
    }
    if first != value && aws.parameters.get(name, clock.now()).await?.as_deref() == Some(value) {
        aws.parameters.put(name, &first, true, clock.now()).await?;
    }
    Ok(first == value)
}

/// By itself, or by its rollout's lease.
fn is_live(value: &str, records: &[Found], now: Timestamp) -> bool {
    let mut parts = value.split(' ');
    let (id, until) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let until = until.parse().map(Timestamp::from_secs).unwrap_or_default();
    until > now || records.iter().any(|found| found.record.id == id && found.is_held(now))
}

/// Whose it is: the rollout's, and where an owner is given that job's.
fn is_of(value: &str, id: &str, owner: Option<&str>) -> bool {
    let mut parts = value.split(' ');
    parts.next() == Some(id) && owner.is_none_or(|owner| parts.nth(1).unwrap_or_default() == owner)
}

/// Removes it, where it is this rollout's: another's is left alone. `owner` is given where another job may be at the same rollout: then
/// only that owner's is removed. What could not be done is given back, with the command.
pub(super) async fn release(aws: &Aws, clock: &dyn Clock, holder: &str, (id, owner): (&str, Option<&str>)) -> Option<String> {
    let name = name(holder);
    let is_ours = |value: &str| is_of(value, id, owner);
    let done = match aws.parameters.get(&name, clock.now()).await {
        Ok(Some(value)) if is_ours(&value) => aws.parameters.delete(&name, clock.now()).await,
        Ok(_) => Ok(()),
        Err(fault) => Err(fault),
    };
    let said = |fault: Fault| {
        format!(
            "the lock was not removed ({fault}); it counts no longer than the rollout's lease, and this removes it: aws ssm delete-parameter --name {name}"
        )
    };
    done.err().map(said)
}

fn refused(fault: Fault) -> Error {
    let hint = format!(
        "`lock: ssm` needs ssm:PutParameter, ssm:GetParameter and ssm:DeleteParameter on parameters under /espalier/; {}",
        fault.hint()
    );
    Error::new(Exit::Malfunction, format!("the lock cannot be taken: {fault}")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::in_sandbox;

    /// Both have read what a dead job left, and one of them stood still for longer than any wait before it wrote.
    #[test]
    fn of_two_that_take_over_what_is_left_over_the_one_that_was_quicker_has_it() {
        in_sandbox("name: promoted", async |aws, clock| {
            let (name, clock): (_, &dyn Clock) = ("/espalier/service/svc-1", &clock);
            let holds = async || aws.parameters.get(name, clock.now()).await.expect("it is read");
            for left in [Some("dead 1 x"), None] {
                if let Some(left) = left {
                    aws.parameters.put(name, left, false, clock.now()).await.expect("it is left");
                }
                for (value, expected) in [("quick 2 y", true), ("slow 2 z", false), ("slower 2 a", false)] {
                    let done = take_over(&aws, clock, name, value, left).await.expect("it is asked");
                    assert_eq!((done, holds().await.as_deref()), (expected, Some("quick 2 y")), "{value} after {left:?}");
                }
                aws.parameters.delete(name, clock.now()).await.expect("it goes");
                // Made anew by somebody since: its versions begin at 1 again.
                aws.parameters.put(name, "new 3 b", false, clock.now()).await.expect("it is made");
                let done = take_over(&aws, clock, name, "slowest 2 c", Some("dead 1 x")).await.expect("it is asked");
                assert_eq!((done, holds().await.as_deref()), (false, Some("new 3 b")));
                aws.parameters.delete(name, clock.now()).await.expect("it goes");
            }
        });
    }

    #[test]
    fn a_lock_is_named_after_the_traffic_target_that_holds_the_record() {
        let rule = "arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-1/listener/listener-2/rule/rule-3";
        assert_eq!(name(rule), "/espalier/service/svc-1/listener/listener-2/rule/rule-3");
    }

    #[test]
    fn a_lock_is_a_rollouts_or_one_jobs() {
        for (value, owner, expected) in [
            ("a 1000 job-1", None, true),
            ("a 1000 job-1", Some("job-1"), true),
            ("a 1000 job-2", Some("job-1"), false),
            ("a 1000 ", Some(""), true),
            ("b 1000 job-1", None, false),
            ("b 1000 job-1", Some("job-1"), false),
        ] {
            assert_eq!(is_of(value, "a", owner), expected, "{value} {owner:?}");
        }
    }

    #[test]
    fn a_lock_stands_by_itself_for_as_long_as_a_lease() {
        let now = Timestamp::from_secs(1000);
        for (value, live) in
            [("a 1001", true), ("a 1001 job-2", true), ("a 1000 job-2", false), ("a", false), ("", false), ("a x", false)]
        {
            assert_eq!(is_live(value, &[], now), live, "{value}");
        }
    }
}
