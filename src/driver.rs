//! The only loop: effect → AWS → event. It decides nothing; the machine does.
//!
//! A wait or a reading is given up when a signal comes. A write is awaited for a second, so that never two weight writes
//! are in flight (DESIGN §5 rule 12).

use std::time::Duration;

use crate::{
    aws::{
        Aws,
        ledger::Ledger,
        slots::{self, Slots},
        test_rules::TestRules,
    },
    clock::{self, Clock},
    hooks,
    report::Reports,
    rollout::{
        analysis::{Measured, Question},
        journal::Happening,
        machine::{Desired, Effect, Ending, Event, OutOfPlace, Rollout},
        observation::{Observation, Refusal, Side},
        outcome::{OutcomeKind, Reason},
        ways,
    },
    signals::Signals,
    time::Timestamp,
};

/// How long a write in flight is awaited after a signal. Real time: the runner's patience is.
const IN_FLIGHT: Duration = Duration::from_secs(1);

/// What a rollout acts on and with.
pub struct Hands<'a> {
    /// The clients.
    pub aws: &'a Aws,
    /// The rollout's time.
    pub clock: &'a dyn Clock,
    /// The two slots and the traffic targets, with their baseline.
    pub slots: Slots,
    /// The record in AWS.
    pub ledger: Ledger,
    /// The way to the candidate beside the weights.
    pub test_rules: TestRules,
}

/// Drives a rollout to its end.
///
/// # Errors
/// Only when machine and driver misunderstand each other, which is a defect.
pub async fn drive(
    rollout: &mut Rollout,
    hands: &Hands<'_>,
    hooks: &mut hooks::Runner,
    reports: &mut Reports,
    signals: &mut Signals,
) -> Result<Ending, OutOfPlace> {
    let mut event = Event::Begun;
    // Which of the traffic targets were gone at the last reading.
    let mut gone = Vec::new();
    loop {
        if let Event::Observed(seen) = &event {
            gone = seen.actions.iter().map(Option::is_none).collect();
        }
        let effect = rollout.handle(hands.clock.now(), event)?;
        // What goes back goes back before anybody is told (DESIGN §5 rule 12).
        if !matches!(effect, Effect::Write(Desired::BaselineBesideCandidate | Desired::Baseline)) {
            reports.publish(rollout.journal());
            reports.hook_said(&hooks.said());
        }
        event = match effect {
            Effect::Finish(ending) => {
                if matches!(&ending, Ending::Outcome(outcome) if outcome.kind == OutcomeKind::Held) {
                    say_how_to_go_on(rollout, hands);
                    reports.publish(rollout.journal());
                }
                if matches!(&ending, Ending::Outcome(outcome) if outcome.kind == OutcomeKind::Stuck && wants_baseline(&outcome.reason))
                {
                    say_how_to_finish_by_hand(rollout, hands, &gone);
                }
                say_what_is_left_to_do(rollout, hands);
                reports.publish(rollout.journal());
                return Ok(ending);
            }
            Effect::WaitUntil(until) => wait(until, hands, hooks, reports, signals).await,
            Effect::Observe(question) => tokio::select! {
                biased;
                () = signals.first() => Event::Signalled,
                seen = observe(rollout, hands, hooks, question) => seen.map_or_else(Event::Refused, |seen| Event::Observed(Box::new(seen))),
            },
            Effect::ReadBack => tokio::select! {
                biased;
                () = signals.first() => Event::Signalled,
                seen = read_back(rollout, hands) => seen.map_or_else(Event::Refused, |seen| Event::Observed(Box::new(seen))),
            },
            Effect::CountHealthy(role) => tokio::select! {
                biased;
                () = signals.first() => Event::Signalled,
                counted = hands.slots.count_healthy(hands.aws, role) => {
                    counted.map_or_else(|fault| Event::Refused(hands.aws.refusal(&fault)), Event::Counted)
                }
            },
            Effect::Record(..)
            | Effect::Renew(_)
            | Effect::Write(_)
            | Effect::Launch(_)
            | Effect::Scale(..)
            | Effect::OpenTest
            | Effect::CloseTest
            | Effect::Steer(_)
            | Effect::StartHook(_)
            | Effect::EndHook => {
                let act = act(&effect, rollout, hands, hooks);
                tokio::pin!(act);
                tokio::select! {
                    biased;
                    done = &mut act => done.map_or_else(Event::Refused, |()| Event::Done),
                    () = signals.first() => {
                        // Its answer no longer matters, that it has ended does.
                        let _ended = tokio::time::timeout(IN_FLIGHT, act).await;
                        Event::Signalled
                    }
                }
            }
        };
    }
}

/// Waits, by the rollout's clock, unless a signal comes or the program of a hook ends. What that says is shown meanwhile.
async fn wait(until: Timestamp, hands: &Hands<'_>, hooks: &hooks::Runner, reports: &mut Reports, signals: &mut Signals) -> Event {
    tokio::select! {
        biased;
        () = signals.first() => return Event::Signalled,
        () = reports.keep_in_step() => {}
    }
    let late = async {
        // A program takes its time whatever the rollout's clock says: a limit of 60 s would be over at once.
        if hooks.has_program() && hands.clock.stands_still() {
            clock::sleep(until.since(hands.clock.now())).await;
        }
        hands.clock.sleep_until(until).await;
    };
    tokio::pin!(late);
    loop {
        tokio::select! {
            biased;
            () = signals.first() => return Event::Signalled,
            // Before what is said: a program that never stops talking keeps no tick waiting.
            () = &mut late => return Event::Woke,
            () = hooks.stirs() => {
                reports.hook_said(&hooks.said());
                if hooks.has_just_ended() {
                    return Event::Woke;
                }
            }
        }
    }
}

async fn act(effect: &Effect, rollout: &Rollout, hands: &Hands<'_>, hooks: &mut hooks::Runner) -> Result<(), Refusal> {
    let Hands { aws, slots, ledger, test_rules, clock } = hands;
    match effect {
        Effect::StartHook(order) => {
            return hooks.start(aws, slots, order, rollout.record(), &rollout.journal().release).await;
        }
        Effect::EndHook => return hooks.end(aws, slots).await,
        Effect::OpenTest => test_rules.open(aws).await,
        Effect::CloseTest => test_rules.close(aws).await,
        Effect::Record(record, lease) => ledger.write(aws, record, *lease).await,
        Effect::Renew(until) => ledger.renew(aws, rollout.record(), *until).await,
        Effect::Write(desired) => slots.write(aws, *desired).await,
        Effect::Launch(count) => slots.launch(aws, *count).await,
        Effect::Scale(role, count) => slots.scale(aws, *role, *count).await,
        Effect::Steer(steer) => slots.steer(aws, *steer, rollout.record().scaling.unwrap_or_default(), clock.now()).await,
        Effect::Observe(_) | Effect::ReadBack | Effect::CountHealthy(_) | Effect::WaitUntil(_) | Effect::Finish(_) => Ok(()),
    }
    .map_err(|fault| aws.refusal(&fault))
}

/// One tick's readings, all at once; one that fails fails the tick, since half a picture decides nothing. Metrics are the
/// exception: that they cannot be read is a reading of its own.
async fn observe(
    rollout: &Rollout,
    hands: &Hands<'_>,
    hooks: &hooks::Runner,
    question: Option<Question>,
) -> Result<Observation, Refusal> {
    let Hands { aws, slots, ledger, clock, test_rules } = hands;
    let (lease, actions, (stable, candidate), hook, metrics) = tokio::try_join!(
        ledger.read_lease(aws, rollout.record()),
        slots.read_actions(aws),
        slots.read_sides(aws),
        hooks.read(aws),
        async { Ok(measure(rollout, hands, question).await) }
    )
    .map_err(|fault| aws.refusal(&fault))?;
    Ok(Observation {
        at: aws.date().unwrap_or_else(|| clock.now()),
        lease,
        actions,
        stable,
        candidate,
        metrics,
        test: test_rules.there(),
        hook,
    })
}

async fn measure(rollout: &Rollout, Hands { aws, slots, clock, .. }: &Hands<'_>, question: Option<Question>) -> Option<Measured> {
    let stable = slots.stable.as_ref().map(|stable| slots.called(stable));
    let read = aws.metrics.read(rollout.analysis(), slots.called(&slots.candidate), stable, question?, clock.now()).await;
    Some(read.map_or_else(|fault| Measured::Unread(fault.to_string()), Measured::Read))
}

/// Only what proves that weights are where they should be.
async fn read_back(rollout: &Rollout, hands: &Hands<'_>) -> Result<Observation, Refusal> {
    let Hands { aws, slots, ledger, clock, .. } = hands;
    let (lease, actions) = tokio::try_join!(ledger.read_lease(aws, rollout.record()), slots.read_actions(aws))
        .map_err(|fault| aws.refusal(&fault))?;
    let at = aws.date().unwrap_or_else(|| clock.now());
    Ok(Observation { at, lease, actions, stable: None, candidate: Side::default(), metrics: None, test: Vec::new(), hook: None })
}

/// Whether putting the baseline back is what a person would have to do; not where stable is down, or the candidate promoted.
const fn wants_baseline(reason: &Reason) -> bool {
    matches!(reason, Reason::NotRestored { .. } | Reason::Drifted { .. } | Reason::TargetGone { .. })
}

/// The commands that go on from a hold, or go back.
fn say_how_to_go_on(rollout: &mut Rollout, hands: &Hands<'_>) {
    let (now, holder, record) = (hands.clock.now(), hands.ledger.holder(), rollout.record());
    let on = ways::on(record, holder, now);
    let with = on.as_ref().filter(|_| record.needs_config()).map(|_| ways::WITH_CONFIG.to_owned());
    let back = ways::back(record, holder);
    for what in on.into_iter().chain(back).chain(with) {
        rollout.note(now, Happening::Note { what });
    }
}

fn say_how_to_finish_by_hand(rollout: &mut Rollout, hands: &Hands<'_>, gone: &[bool]) {
    let (mut lines, mut commands) = (Vec::new(), Vec::new());
    let sides = || hands.slots.stable.iter().chain([&hands.slots.candidate]);
    let is_gone = |place: usize| gone.get(place).is_some_and(|gone| *gone);
    for (place, (target, baseline)) in hands.slots.targets.iter().enumerate() {
        if is_gone(place) {
            let what = baseline.words(|group| sides().find(|slot| slot.group.id == *group).map(|slot| slot.group.name.clone()));
            lines.push(format!("{} is gone: whoever makes it again gives it {what}", target.label()));
        } else {
            commands.extend(slots::command(target, baseline));
        }
    }
    if !commands.is_empty() {
        lines.push("these commands put everything back to what it was before:".to_owned());
        lines.extend(commands);
    }
    let now = hands.clock.now();
    for what in lines {
        rollout.note(now, Happening::Note { what });
    }
}

/// The machine has said what it could not do about a side's scaling; only here it is known how a person does it.
fn say_what_is_left_to_do(rollout: &mut Rollout, hands: &Hands<'_>) {
    let Some(scaling) = rollout.record().scaling else { return };
    let commands: Vec<String> =
        rollout.left_to_do().iter().filter_map(|left| hands.slots.steer_command(*left, scaling)).collect();
    if commands.is_empty() {
        return;
    }
    let now = hands.clock.now();
    rollout.note(now, Happening::Note { what: "what could not be done about scaling, these commands do:".to_owned() });
    for what in commands {
        rollout.note(now, Happening::Note { what });
    }
}
