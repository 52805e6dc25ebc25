//! `resume --all`: the dead man's switch, for a scheduled workflow. It looks at every rollout that a Lattice service of the region is
//! marked with; what no job holds any more is rolled back, what is decided is finished, what is held is looked after.

use super::{
    conduct::{self, Prepared, conduct},
    connect,
    recorded::OnService,
    takeover,
};
use crate::{
    aws::{Aws, Fault, FaultKind, ledger},
    clock::Clock,
    exit::{Error, Exit, Problem},
    rollout::{analysis::Analysis, machine::GoOn, outcome::Reason, takeover::Takeover},
    settings::ResumeSettings,
    time::Timestamp,
};

/// Runs it: one rollout after the other, none keeping the others from their turn.
///
/// # Errors
/// What kept it from looking at all of them, told at the end.
pub(super) async fn sweep(settings: &ResumeSettings) -> Result<Exit, Error> {
    let mut signals = conduct::listen()?;
    let Seen { aws, clock, all, notes, mut problems } = conduct::until_signal(&mut signals, look(settings)).await?;
    let mut worst = if problems.is_empty() { Exit::Done } else { Exit::Malfunction };
    let is_first = all.is_empty() && problems.is_empty();
    let mut lines = notes;
    for (on, decision) in all {
        let name = format!("rollout {} of {}", on.found.record.id, on.found.record.name);
        if signals.came() {
            problems.push(Problem { message: format!("{name}: not looked at, the job was cancelled before"), hint: None });
            worst = worse(worst, Exit::Malfunction);
            continue;
        }
        let prepared = match decision {
            Takeover::Leave(why) => {
                lines.push(format!("{name}: {why}"));
                continue;
            }
            Takeover::Stuck(why) | Takeover::Refuse(why) => {
                let hint = Some(format!("roll it back: espalier abort --traffic-target {}", on.found.holder));
                problems.push(Problem { message: format!("{name}: {why}"), hint });
                worst = Exit::Stuck;
                continue;
            }
            Takeover::RollBack(_) | Takeover::GoOn(_) | Takeover::Watch if settings.dry_run => {
                match beside_ecs(&aws, &on, decision).await {
                    Ok(decision) => lines.push(format!("{name}: {}", would(&decision))),
                    Err(error) => {
                        worst = worse(worst, error.exit);
                        problems.extend(error.problems);
                    }
                }
                continue;
            }
            Takeover::RollBack(_) | Takeover::GoOn(_) | Takeover::Watch => {
                match again(settings, &aws, on, clock.as_ref()).await {
                    Ok(Some((on, decision, now))) => prepare(settings, &aws, on, decision, now).await,
                    Ok(None) => {
                        lines.push(format!("{name}: another job has seen to it meanwhile"));
                        continue;
                    }
                    Err(error) => Err(error),
                }
            }
        };
        let done = match prepared {
            Ok(prepared) => {
                let reports = connect::reports(settings.format, &settings.github, &settings.surroundings)?;
                conduct(prepared, &aws, clock.as_ref(), reports, &mut signals).await
            }
            Err(error) => Err(error),
        };
        match done {
            Ok(ended) => worst = worse(worst, ended.exit),
            Err(error) => {
                worst = worse(worst, error.exit);
                problems.extend(error.problems);
            }
        }
    }
    if !lines.is_empty() || (problems.is_empty() && worst == Exit::Done) {
        let nothing = if is_first { "nothing is under way" } else { "nothing else is under way" };
        lines.push(nothing.to_owned());
        connect::show(settings.format, &lines);
    }
    if problems.is_empty() { Ok(worst) } else { Err(Error { exit: worst, problems }) }
}

/// What a sweep found.
struct Seen {
    aws: Aws,
    clock: Box<dyn Clock>,
    /// What is to be rolled back comes first, and what may take long last: most of all what AWS did not do before.
    all: Vec<(OnService, Takeover)>,
    /// What is none of ours.
    notes: Vec<String>,
    /// What could not be read: it keeps nobody else from being looked after.
    problems: Vec<Problem>,
}

/// Every record of the region, of every application.
async fn look(settings: &ResumeSettings) -> Result<Seen, Error> {
    let clock = connect::clock(&settings.surroundings).await?;
    let aws = connect::aws(&settings.aws).await?;
    let (mut all, mut notes, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    for service in aws.lattice.list_services().await? {
        let unread = |error: &dyn std::fmt::Display| Problem { message: format!("{}: {error}", service.name), hint: None };
        let records = match ledger::each_on_service(&aws, &service.arn).await {
            Ok(records) => records,
            Err(fault) if is_anothers(&aws, &service.arn, &fault, clock.now()).await => {
                notes.push(format!("{}: another account shares it, and looks after its rollouts itself", service.name));
                continue;
            }
            Err(fault) => {
                problems.push(unread(&fault));
                continue;
            }
        };
        for record in records {
            match record {
                Ok(found) => all.push(OnService { service_arn: service.arn.clone(), found }),
                Err(error) => problems.push(unread(&error)),
            }
        }
    }
    let now = aws.date().unwrap_or_else(|| clock.now());
    let decided = |on: OnService| {
        let known = takeover::knows(&on.found.record, settings);
        let decision = Takeover::sweep(&on.found.record, known, on.found.leased_until, now);
        (on, decision)
    };
    let mut all: Vec<_> = all.into_iter().map(decided).collect();
    all.sort_by_key(|(on, decision)| match decision {
        Takeover::RollBack(_) if on.found.record.unrestored => 3,
        Takeover::RollBack(_) => 0,
        Takeover::Watch | Takeover::Leave(_) | Takeover::Refuse(_) | Takeover::Stuck(_) => 1,
        Takeover::GoOn(_) => 2,
    });
    Ok(Seen { aws, clock, all, notes, problems })
}

/// `ListServices` lists what other accounts share with this one too, and their tags are not for us to read.
async fn is_anothers(aws: &Aws, service_arn: &str, fault: &Fault, now: Timestamp) -> bool {
    let account = service_arn.split(':').nth(4).unwrap_or_default();
    fault.kind == FaultKind::Denied && aws.access.caller(now).await.is_ok_and(|caller| caller.account != account)
}

/// The ones before it take minutes: what is to be done is decided by the record as it is now. None where that is nothing any more.
async fn again(
    settings: &ResumeSettings,
    aws: &Aws,
    on: OnService,
    clock: &dyn Clock,
) -> Result<Option<(OnService, Takeover, Timestamp)>, Error> {
    let OnService { service_arn, found: before } = on;
    let all = ledger::each_on_service(aws, &service_arn).await?.into_iter().flatten();
    let Some(found) = all.into_iter().find(|found| found.holder == before.holder) else { return Ok(None) };
    let now = aws.date().unwrap_or_else(|| clock.now());
    let known = takeover::knows(&found.record, settings);
    let decision = Takeover::sweep(&found.record, known, found.leased_until, now);
    let acts = matches!(decision, Takeover::RollBack(_) | Takeover::GoOn(_) | Takeover::Watch);
    Ok(acts.then_some((OnService { service_arn, found }, decision, now)))
}

async fn prepare(
    settings: &ResumeSettings,
    aws: &Aws,
    mut on: OnService,
    decision: Takeover,
    now: Timestamp,
) -> Result<Prepared, Error> {
    let decision = beside_ecs(aws, &on, decision).await?;
    // What is decided is finished without a judgement. Only a hold that goes on by itself has steps before it.
    if decision == Takeover::GoOn(GoOn::Next) {
        let analysis = if on.found.record.is_whole() {
            Analysis::default()
        } else {
            takeover::agree(&mut on, &settings.plan, &settings.judging, &settings.plan_origin)?
        };
        let has_gates = takeover::has_gates(&on.found.record, settings);
        let prepared = takeover::go_on(aws, on.with_targets(aws).await?, "resume", GoOn::Next, false, None, now)?;
        let mut prepared = prepared.analysed(now, (analysis, Vec::new()));
        if has_gates {
            prepared.hooks.set_jobs(settings.hooks.clone());
        }
        return Ok(prepared);
    }
    let recorded = on.with_targets(aws).await?;
    match decision {
        Takeover::RollBack(reason) => takeover::roll_back(aws, recorded, "resume", reason, false, now),
        Takeover::GoOn(from) => takeover::go_on(aws, recorded, "resume", from, false, None, now),
        Takeover::Watch | Takeover::Leave(_) | Takeover::Refuse(_) | Takeover::Stuck(_) => {
            takeover::watch(aws, recorded, "resume")
        }
    }
}

/// A hold whose time is over cannot go on by itself where ECS moves the weights by now: it goes back, as one does that nobody knows how to go
/// on with.
///
/// # Errors
/// AWS's refusal.
async fn beside_ecs(aws: &Aws, on: &OnService, decision: Takeover) -> Result<Takeover, Error> {
    Ok(match (decision, on.found.record.hold) {
        (Takeover::GoOn(GoOn::Next), Some(held)) if !takeover::managed(aws, &on.found.record).await?.is_empty() => {
            Takeover::RollBack(Reason::HoldExpired { at: held.until })
        }
        (decision, _) => decision,
    })
}

fn would(decision: &Takeover) -> String {
    match decision {
        Takeover::RollBack(reason) => format!("would be rolled back: {reason}"),
        Takeover::GoOn(_) => "would be finished".to_owned(),
        Takeover::Watch => "is held and would be looked at".to_owned(),
        Takeover::Leave(why) | Takeover::Refuse(why) | Takeover::Stuck(why) => why.clone(),
    }
}

/// The one that a person has to know of: stuck before a rollback before what could not be looked at. Another job that was quicker is no news.
const fn worse(one: Exit, other: Exit) -> Exit {
    const fn rank(exit: Exit) -> u8 {
        match exit {
            Exit::Done | Exit::Refused => 0,
            Exit::Invalid | Exit::Malfunction => 1,
            Exit::RolledBack => 2,
            Exit::Stuck => 3,
        }
    }
    if rank(other) > rank(one) { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aws::testing::in_sandbox;

    #[test]
    fn what_another_account_shares_is_not_ours_to_read() {
        in_sandbox("name: promoted", async |aws, clock| {
            let denied = Fault { kind: FaultKind::Denied, ..Fault::invalid("ListTagsForResource", "no".to_owned()) };
            let throttled = Fault { kind: FaultKind::Throttled, ..denied.clone() };
            let of = |account: &str| format!("arn:aws:vpc-lattice:ap-northeast-1:{account}:service/svc-12345678901234567");
            for (account, fault, expected) in
                [("210987654321", &denied, true), ("123456789012", &denied, false), ("210987654321", &throttled, false)]
            {
                assert_eq!(is_anothers(&aws, &of(account), fault, clock.now()).await, expected, "{account} {fault}");
            }
        });
    }
}
