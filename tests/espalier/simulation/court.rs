//! Holds what happens against the rules: it is told of every change of the world and of everything that a job does, and keeps
//! what the rules need to look back on.

use std::{collections::BTreeSet, time::Duration};

use espalier::{
    rollout::{
        hooks::Point,
        machine::{Desired, Effect, Ending, Event, Steer},
        observation::{Lease, RefusalKind},
        outcome::{OutcomeKind, Reason},
        record::{Record, State},
    },
    sandbox::direct::MinuteSeen,
    time::Timestamp,
};

use super::{case::Case, claims, endings, facts::Facts, judged, kept, rules, walks, watched::Watched};

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) rule: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) what: String,
}

/// How long each bad state has stood.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Standing {
    since: Option<Timestamp>,
}

impl Standing {
    /// For how long it has stood, not counting what was before `from`.
    fn stands(&mut self, is: bool, now: Timestamp, from: Timestamp) -> Duration {
        if !is {
            self.since = None;
            return Duration::ZERO;
        }
        now.since((*self.since.get_or_insert(now)).max(from))
    }
}

/// The court of one case.
pub(crate) struct Court<'c> {
    pub(crate) case: &'c Case,
    pub(crate) jobs: Vec<Watched>,
    pub(crate) violation: Option<Violation>,
    /// Somebody other than a job wrote to these traffic targets.
    pub(crate) edited: Vec<bool>,
    /// What these say now is a person's, and nobody has written since.
    pub(crate) by_hand: Vec<bool>,
    /// Somebody removed or replaced our tags.
    pub(crate) tags_lost: bool,
    /// The alarm was on at some time.
    pub(crate) rang: bool,
    /// What each traffic target said at the start.
    pub(crate) at_start: Facts,
    /// What each slot's group got in the minutes that are over.
    pub(crate) traffic: [Vec<(Timestamp, MinuteSeen)>; 2],
    counted: u64,
    standing: [Standing; rules::STANDING.len()],
}

impl<'c> Court<'c> {
    pub(crate) fn new(case: &'c Case, at_start: Facts) -> Self {
        let untouched = vec![false; at_start.written.len()];
        Self {
            case,
            jobs: Vec::new(),
            violation: None,
            edited: untouched.clone(),
            by_hand: untouched,
            tags_lost: false,
            rang: false,
            at_start,
            traffic: [Vec::new(), Vec::new()],
            counted: 0,
            standing: [Standing::default(); rules::STANDING.len()],
        }
    }

    pub(crate) fn hold(&mut self, rule: &'static str, at: Timestamp, held: Result<(), String>) {
        if let (Err(what), None) = (held, &self.violation) {
            self.violation = Some(Violation { rule, at, what });
        }
    }

    /// How long what changed since a tick's reading may stand: one interval, two calls, and a second of rounding.
    pub(crate) fn grace(&self) -> Duration {
        self.case.plan.interval + self.case.latency * 4 + Duration::from_secs(1)
    }

    /// Something in the world changed, or time passed.
    pub(crate) fn changed(&mut self, facts: &Facts) {
        let grace = self.grace();
        self.rang |= facts.rings;
        // The last job that is not over is in charge of the traffic; nobody is while all are dead.
        let charge = self.jobs.iter().rposition(|job| !job.over && !job.superseded);
        for (place, standing) in rules::STANDING.iter().enumerate() {
            let Some(job) = charge.and_then(|place| self.jobs.get(place)) else {
                self.standing[place] = Standing::default();
                continue;
            };
            let is = (standing.is)(self.case, job, facts);
            let stood = self.standing[place].stands(is, facts.at, job.hindered);
            if stood <= grace {
                continue;
            }
            let patience = self.case.plan.health.unhealthy_for - 1;
            let more = if [rules::HEALTH, rules::ENOUGH].contains(&standing.rule) { patience } else { standing.more_intervals };
            if stood > grace + self.case.plan.interval * more {
                let what = format!("{} for {stood:?} while {} watched", standing.what, job.name);
                self.hold(standing.rule, facts.at, Err(what));
            }
        }
    }

    /// The machine asks for an effect, which is not carried out yet.
    pub(crate) fn asked(
        &mut self,
        job: usize,
        effect: &Effect,
        before: &Facts,
        recorded: Option<&Record>,
        proven: &BTreeSet<(Point, usize)>,
    ) {
        let watched = &self.jobs[job];
        let mut held: Vec<(&'static str, Result<(), String>)> = match effect {
            Effect::Write(desired) => vec![
                (judged::PASS, judged::step(self, watched, *desired, before.at)),
                (kept::GATES, kept::gate(self.case, watched, *desired, proven)),
                (rules::CAPACITY, rules::capacity(watched, *desired)),
                (rules::PLAN, rules::plan(watched, *desired, before.at)),
                (rules::DRIFT, rules::drift(watched, *desired, self.case)),
                (walks::HELD, walks::hold(watched, *desired)),
                (walks::FINAL, walks::is_final(watched, *desired)),
                (rules::EMERGENCY, rules::emergency(watched, *desired)),
                (rules::INTENT, rules::intent(watched, *desired, recorded, self.tags_lost)),
                (claims::LEASE, claims::lease(watched)),
                (claims::READ, claims::read(watched, *desired)),
                (claims::ALONE, claims::alone(self, job, *desired)),
            ],
            Effect::Record(record, _) => {
                let edited = self.edited.iter().any(|edited| *edited);
                vec![
                    (claims::LEASE, claims::lease(watched)),
                    (rules::PROMOTION, rules::promotion(watched, record, edited)),
                    (walks::BAKED, walks::baked(watched, record, before.at)),
                    (rules::EMERGENCY, rules::emergency_is_no_promotion(watched, record)),
                    (judged::PASS, judged::promotion(self, watched, record, before.at)),
                    (kept::GATES, kept::promotion(self.case, watched, record, proven)),
                ]
            }
            Effect::Launch(_) => vec![(claims::LEASE, claims::lease(watched))],
            Effect::Scale(role, count) => {
                let edited = self.edited.iter().any(|edited| *edited);
                vec![
                    (claims::LEASE, claims::lease(watched)),
                    (rules::SIZE, rules::size(watched, (*role, *count), recorded, before, edited)),
                ]
            }
            Effect::Renew(_) | Effect::Steer(_) | Effect::OpenTest | Effect::CloseTest | Effect::StartHook(_) => {
                vec![(claims::LEASE, claims::lease(watched))]
            }
            // What it started it ends, whoever goes on.
            Effect::EndHook
            | Effect::Observe(_)
            | Effect::ReadBack
            | Effect::CountHealthy(_)
            | Effect::WaitUntil(_)
            | Effect::Finish(_) => Vec::new(),
        };
        held.push((rules::SIGNAL, walks::signal(watched, effect, before)));
        for (rule, held) in held {
            self.hold(rule, before.at, held);
        }
        let watched = &mut self.jobs[job];
        watched.acted_since |= walks::answers(effect, self.case.plan.on_cancel);
        match effect {
            Effect::Write(desired) => {
                watched.touched = true;
                match desired {
                    Desired::Split(split) if watched.stable.is_some() && split.candidate > 0 => {
                        watched.step = rules::step(watched, *split).or(watched.step);
                        watched.stepped = before.at;
                        watched.walked = true;
                        watched.condemned = false;
                        watched.restoring = None;
                    }
                    Desired::Split(_) => {}
                    Desired::BaselineBesideCandidate | Desired::Baseline => {
                        watched.fell |= watched.step.is_some() || rules::is_attached(watched);
                        watched.restoring.get_or_insert(before.at);
                    }
                }
            }
            Effect::Record(record, _) => {
                watched.promoted |= record.state == State::Promoted;
                watched.record = (**record).clone();
            }
            Effect::Launch(_)
            | Effect::Scale(..)
            | Effect::Steer(_)
            | Effect::Renew(_)
            | Effect::OpenTest
            | Effect::CloseTest
            | Effect::StartHook(_)
            | Effect::EndHook
            | Effect::Observe(_)
            | Effect::ReadBack
            | Effect::CountHealthy(_)
            | Effect::WaitUntil(_)
            | Effect::Finish(_) => {}
        }
    }

    /// An effect was carried out, well or not.
    pub(crate) fn done(&mut self, job: usize, effect: &Effect, answer: &Event, after: &Facts) {
        if let Effect::Write(desired) = effect {
            self.rewritten();
            self.hold(rules::EXPLICIT, after.at, rules::explicit(&self.jobs[job], after, self));
            self.hold(endings::DRAINED, after.at, endings::drained(&self.jobs[job], *desired, after, &self.edited));
        }
        let theirs = matches!(answer, Event::Observed(seen) if matches!(seen.lease, Lease::Theirs(_)));
        let watched = &mut self.jobs[job];
        if let (Effect::Steer(Steer::Hold), Some(stable)) = (effect, watched.stable) {
            watched.kept = watched.kept.min(after.slots[stable].desired);
        }
        watched.unended |= *effect == Effect::EndHook && matches!(answer, Event::Refused(_));
        if let Event::Refused(refusal) = answer {
            watched.refused = true;
            watched.blind |= matches!(effect, Effect::Observe(_) | Effect::ReadBack);
            watched.denied |= refusal.kind == RefusalKind::Permanent;
            if matches!(effect, Effect::Record(..) | Effect::Renew(_)) {
                watched.unwritten = Some(after.at);
            }
            // What was refused is tried again within fifteen seconds.
            watched.hindered = after.at + Duration::from_secs(15);
            return;
        }
        // A runner that stands still writes later than it was asked to.
        if matches!(effect, Effect::Write(_)) && watched.step.is_some() && !watched.fell {
            (watched.stepped, watched.unseen) = (after.at, true);
        }
        watched.is_final |= matches!(effect, Effect::Record(record, _) if record.state == State::Promoted);
        if matches!(effect, Effect::CountHealthy(_)) {
            watched.saw = Some(after.clone());
        }
        if matches!(effect, Effect::Observe(_) | Effect::ReadBack) {
            watched.superseded |= theirs;
            watched.read = true;
            // It settles from when it is read: a runner that stood still in between counts from later (seed 113200003).
            if std::mem::take(&mut watched.unseen) && watched.hindered > watched.stepped {
                watched.stepped = after.at;
            }
            let drifted = rules::drifted(watched, after, &self.by_hand);
            watched.drift_seen |= drifted && !(watched.asked || watched.aborts && watched.touched);
            watched.drifts |= drifted && walks::climbs(watched);
            let is_put_back = watched.shown && rules::is_put_back(watched, after, &self.by_hand);
            watched.put_back |= is_put_back;
            if is_put_back && !drifted && !watched.touched {
                // Seed 720098851: somebody set it while it was held, and put it back before its new job wrote anything: an abort.
                (watched.drift_seen, watched.drifts) = (false, false);
            }
            watched.shown |= rules::is_shown(watched, after);
            watched.looked = Some(after.clone());
            if matches!(effect, Effect::Observe(_)) {
                watched.observed = true;
                watched.saw = Some(after.clone());
            }
        }
    }

    /// A person has written to a traffic target.
    pub(crate) fn touched(&mut self, place: usize) {
        (self.edited[place], self.by_hand[place]) = (true, true);
    }

    /// Weights were written, or may have been: what a person set may be gone.
    pub(crate) fn rewritten(&mut self) {
        self.by_hand.fill(false);
    }

    /// Whether another minute is over.
    pub(crate) fn counts_until(&mut self, now: Timestamp) -> bool {
        let minute = now.as_secs() / 60;
        std::mem::replace(&mut self.counted, minute) != minute
    }

    /// Judges by what was measured until now.
    pub(crate) fn condemn(&mut self, now: Timestamp) {
        let condemned: Vec<bool> = self.jobs.iter().map(|job| judged::condemned(self, job, now)).collect();
        self.jobs.iter_mut().zip(condemned).for_each(|(job, condemned)| job.condemned = condemned);
    }

    /// What a job was told.
    pub(crate) fn read(&mut self, job: usize, event: &Event) {
        if let Event::Observed(seen) = event
            && let Some(metrics) = &seen.metrics
        {
            self.jobs[job].unread = !judged::is_whole(metrics);
        }
    }

    /// A job is over, and tasks of its hooks are not.
    pub(crate) fn left_running(&mut self, job: usize, at: Timestamp, left: &[String]) {
        let watched = &self.jobs[job];
        // Whoever has taken the rollout over runs hooks of the same name, and ends them itself.
        let theirs = self.jobs.iter().enumerate().any(|(place, other)| place != job && !other.over && other.hooked);
        // What could not be ended in two minutes is the next job's.
        let gave_up = watched.is_hindered(at) || watched.unended;
        let excused = left.is_empty() || gave_up || watched.signalled.is_some() || theirs;
        let held = if excused { Ok(()) } else { Err(format!("{} leaves {} running", watched.name, left.join(", "))) };
        self.hold(kept::GATES, at, held);
    }

    /// A job is over.
    pub(crate) fn ended(&mut self, job: usize, ending: &Ending, facts: &Facts, exactly: bool, recorded: Option<&Record>) {
        (self.jobs[job].over, self.jobs[job].cut_short) = (true, self.jobs[job].is_hindered(facts.at));
        let drifted = walks::drifted(self.case, &self.jobs[job], ending);
        self.hold(rules::DRIFT, facts.at, drifted);
        let watched = &self.jobs[job];
        let Ending::Outcome(outcome) = ending else {
            let held =
                if watched.touched { Err(format!("{} wrote and calls it nothing: {ending:?}", watched.name)) } else { Ok(()) };
            return self.hold(endings::ENDING, facts.at, held);
        };
        let edited = self.edited.iter().any(|edited| *edited);
        let held = match outcome.kind {
            OutcomeKind::RolledBack if matches!(outcome.reason, Reason::RolledBackByRequest { .. }) && !exactly => {
                endings::promoted(watched, self.looked(watched, facts), edited)
            }
            OutcomeKind::RolledBack => {
                let was_exact = self.looked(watched, facts).written == self.at_start.written;
                endings::rolled_back(watched, facts, exactly || was_exact, edited)
            }
            OutcomeKind::Promoted => {
                // Seed 101185575: promoted it was. Another job has been putting some of it back since, and is refused the rest; or it
                // was killed before it could record that it did (seed 103168789).
                let is_unsaid = |other: &Watched| !other.over || other.unwritten.is_some();
                // Seed 210076723: or it was killed while it did, and the promotion's record, sent before, arrived after its own.
                let is_hindered = |other: &Watched| other.killed || (other.refused && is_unsaid(other));
                // Seed 530023611: or an abort that took over in the same second, which goes before whoever goes on, and is still at it.
                let goes_before = |other: &Watched| !other.over && other.record.generation > watched.record.generation;
                let put_back = |other: &Watched| other.restoring.is_some() && (is_hindered(other) || goes_before(other));
                // Seed 190026264: or a rollback that began in the same second has, and its record was written over.
                let lost = |other: &Watched| other.record.verb == "rollback" && other.superseded && other.touched;
                // Seed 700048750: or a person took away the tags that would have told it so, while its runner stood still.
                let untold = |other: &Watched| self.tags_lost && other.record.verb == "rollback" && other.touched;
                let untold = self.jobs.iter().any(|other| put_back(other) || lost(other) || untold(other));
                let edited = edited || (watched.promoted && untold);
                endings::promoted(watched, self.looked(watched, facts), edited)
            }
            OutcomeKind::Stuck => endings::stuck(watched, outcome, facts),
            OutcomeKind::Held | OutcomeKind::Superseded => Ok(()),
            OutcomeKind::Unchanged => Err("the machine never decides this".to_owned()),
        };
        let same =
            if outcome.kind == OutcomeKind::Held { walks::held(watched, self.looked(watched, facts), edited) } else { Ok(()) };
        let closed = endings::closed(watched, outcome, recorded, self.tags_lost || watched.is_hindered(facts.at));
        let failed = judged::failed(self, watched, outcome, facts.at);
        let outage = if job == 0 { judged::outage(self.case, watched, outcome, facts.at) } else { Ok(()) };
        // Who finds no record takes what a dead job has suspended for somebody's wish (seed 30346453).
        let returned = if self.tags_lost { Ok(()) } else { kept::given_back(self.case, watched, outcome, facts) };
        let shut = if self.tags_lost { Ok(()) } else { kept::shut(watched, outcome, facts) };
        self.hold(endings::ENDING, facts.at, held);
        self.hold(walks::HELD, facts.at, same);
        self.hold(endings::CLOSED, facts.at, closed);
        self.hold(judged::FAIL, facts.at, failed);
        self.hold(judged::OUTAGE, facts.at, outage);
        self.hold(kept::SCALING, facts.at, returned);
        self.hold(kept::DOORS, facts.at, shut);
    }

    /// The world that an outcome is about: as the job saw it last, where that is no longer ago than what changes after a look may
    /// stand, or its looks have been refused since. An abort that lands between the last look and the end is the next job's story.
    fn looked<'f>(&self, job: &'f Watched, facts: &'f Facts) -> &'f Facts {
        let (grace, is_blind) = (self.grace(), facts.at.since(job.hindered) <= self.grace());
        job.looked.as_ref().filter(|looked| is_blind || facts.at.since(looked.at) <= grace).unwrap_or(facts)
    }

    /// It never ends.
    pub(crate) fn endless(&mut self, job: usize, at: Timestamp, what: String) {
        let name = self.jobs[job].name.clone();
        self.hold(rules::ENDS, at, Err(format!("{name}: {what}")));
    }
}
