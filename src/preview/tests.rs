//! Jobs that come, die and meet: whatever they leave, the last one ends well. The world here knows only what AWS refuses.

use proptest::{collection::vec, prelude::*};

use super::{
    claim::{Claim, Purpose},
    lower,
    raise::{self, Kind, Wanted},
    seen::{Group, Joined, Life, Own, Rule, Seen, Tasks},
};
use crate::time::Timestamp;

/// What happens to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Luck {
    Done,
    /// Done, and the job dies before it hears of it.
    DiesAfter,
    /// The job dies before it does it.
    DiesBefore,
}

#[derive(Clone, Debug)]
struct World {
    seen: Seen,
    revision: u32,
}

/// A job: what it is at, how it would reach, and how far it gets.
#[derive(Clone, Debug)]
struct Job {
    up: bool,
    kind: Kind,
    lucks: Vec<Luck>,
}

const NETWORK: &str = "sn-1";

impl World {
    /// Everything that takes time is over.
    fn rest(&mut self) {
        let seen = &mut self.seen;
        if seen.group.as_ref().is_some_and(|group| group.life == Life::Going) {
            seen.group = None;
        }
        if let Some(group) = &mut seen.group {
            group.life = Life::Ready;
            group.draining = 0;
            group.targets = usize::from(matches!(seen.tasks, Tasks::Active { .. }));
        }
        if seen.own.as_ref().is_some_and(|own| own.life == Life::Going) {
            seen.own = None;
        }
        if let Some(own) = &mut seen.own {
            own.life = Life::Ready;
            own.joined.retain(|joined| joined.life != Life::Going);
            own.joined.iter_mut().for_each(|joined| joined.life = Life::Ready);
        }
        if seen.tasks == Tasks::Draining {
            seen.tasks = Tasks::Absent;
            if let Some(group) = &mut seen.group {
                (group.draining, group.targets) = (group.targets, 0);
            }
        }
    }

    fn is_used(&self) -> bool {
        !self.seen.rules.is_empty() || self.seen.own.as_ref().is_some_and(|own| own.listens)
    }

    fn claim(&mut self, claim: &Claim) {
        self.seen.group.as_mut().expect("it was seen").claim = Some(claim.clone());
    }

    fn remove_group(&mut self) {
        let used = self.is_used();
        let group = self.seen.group.as_mut().expect("it was seen");
        assert!(!used && group.targets + group.draining == 0, "AWS refuses to delete a group that is used");
        group.life = Life::Going;
    }

    fn leave(&mut self, arn: &str) {
        let own = self.seen.own.as_mut().expect("it was seen");
        own.joined.iter_mut().find(|joined| joined.arn == arn).expect("it was seen").life = Life::Going;
    }

    fn remove_service(&mut self) {
        let own = self.seen.own.as_mut().expect("it was seen");
        assert!(own.joined.is_empty(), "AWS refuses to delete a service that is in a network");
        (own.life, own.listens) = (Life::Going, false);
    }

    fn up(&mut self, step: &raise::Step, claim: &Claim, registered: &mut Option<String>, launched: &mut bool) {
        use raise::Step;
        match step {
            Step::MakeGroup => {
                let arn = "tg".to_owned();
                self.seen.group = Some(Group {
                    arn,
                    life: Life::Coming,
                    claim: None,
                    until: None,
                    commit: None,
                    branch: None,
                    targets: 0,
                    draining: 0,
                });
            }
            Step::Claim => self.claim(claim),
            Step::RemoveGroup(_) => self.remove_group(),
            Step::MakeRule => {
                assert!(!self.is_used(), "a group is used by one service at most");
                self.seen.rules.push(Rule { arn: "rule".to_owned(), fits: true });
            }
            Step::RemoveRule(_) => drop(self.seen.rules.remove(0)),
            Step::MakeService => {
                let own = Own { arn: "svc".to_owned(), life: Life::Coming, listens: false, guarded: false, joined: Vec::new() };
                self.seen.own = Some(own);
            }
            Step::Guard(_) => self.seen.own.as_mut().expect("it was seen").guarded = true,
            Step::Listen(_) => {
                assert!(!self.is_used(), "a group is used by one service at most");
                self.seen.own.as_mut().expect("it was seen").listens = true;
            }
            Step::Join { network, .. } => {
                let own = self.seen.own.as_mut().expect("it was seen");
                assert!(own.guarded, "nobody can ask what is not guarded");
                own.joined.push(Joined { arn: "a".to_owned(), network: network.clone(), life: Life::Coming });
            }
            Step::Leave(arn) => self.leave(arn),
            Step::RemoveService(_) => self.remove_service(),
            Step::Register => {
                self.revision += 1;
                let arn = format!("td:{}", self.revision);
                self.seen.definitions.push(arn.clone());
                *registered = Some(arn);
            }
            Step::Create | Step::Update => {
                assert_eq!(*step == Step::Create, self.seen.tasks == Tasks::Absent);
                let task_definition = registered.clone().expect("it is registered first");
                self.seen.tasks = Tasks::Active { arn: "ecs".to_owned(), task_definition };
                *launched = true;
            }
            Step::Refuse(_) | Step::GiveWay(_) | Step::Watch | Step::Wait(_) => self.rest(),
        }
    }

    fn down(&mut self, step: &lower::Step, claim: &Claim) {
        use lower::Step;
        match step {
            Step::Claim => self.claim(claim),
            Step::RemoveRule(_) => drop(self.seen.rules.remove(0)),
            Step::Leave(arn) => self.leave(arn),
            Step::RemoveService(_) => self.remove_service(),
            Step::Stop(_) => self.seen.tasks = Tasks::Draining,
            Step::Deregister(arn) => self.seen.definitions.retain(|known| known != arn),
            Step::Empty => self.seen.group.as_mut().expect("it was seen").targets = 0,
            Step::RemoveGroup(_) => self.remove_group(),
            Step::Wait(_) | Step::GiveWay(_) | Step::Done => self.rest(),
        }
    }

    /// Runs a job until it ends or dies; whether it reached its end.
    fn run(&mut self, number: u64, job: &Job) -> bool {
        let purpose = if job.up { Purpose::Up } else { Purpose::Down };
        let claim = Claim { at: Timestamp::from_secs(number), owner: "job".to_owned(), purpose };
        let networks = [NETWORK.to_owned()];
        let (mut registered, mut launched) = (None, false);
        let mut lucks = job.lucks.iter();
        for _ in 0..60 {
            let luck = lucks.next().copied().unwrap_or(Luck::Done);
            if luck == Luck::DiesBefore {
                return false;
            }
            if job.up {
                let wanted = Wanted {
                    claim: &claim,
                    kind: job.kind,
                    networks: &networks,
                    task_definition: registered.as_deref(),
                    launched,
                };
                let step = raise::next(&self.seen, &wanted);
                self.up(&step, &claim, &mut registered, &mut launched);
                if step == raise::Step::Watch {
                    return true;
                }
            } else {
                let step = lower::next(&self.seen, &claim);
                self.down(&step, &claim);
                if step == lower::Step::Done {
                    return true;
                }
            }
            if luck == Luck::DiesAfter {
                return false;
            }
        }
        panic!("it comes to no end: {:?}", self.seen)
    }
}

fn job() -> impl Strategy<Value = Job> {
    let luck = prop_oneof![8 => Just(Luck::Done), 1 => Just(Luck::DiesAfter), 1 => Just(Luck::DiesBefore)];
    let kind = prop_oneof![Just(Kind::Rule), Just(Kind::Service)];
    (any::<bool>(), kind, vec(luck, 0..20)).prop_map(|(up, kind, lucks)| Job { up, kind, lucks })
}

proptest! {
    #[test]
    fn whatever_jobs_have_left_the_next_up_and_the_next_down_reach_their_ends(jobs in vec(job(), 0..8), kind in prop_oneof![Just(Kind::Rule), Just(Kind::Service)]) {
        let mut world = World { seen: Seen::default(), revision: 0 };
        for (number, job) in (1..).zip(&jobs) {
            world.run(number, job);
            if number % 2 == 0 {
                world.rest();
            }
        }
        let mut up = world.clone();
        let last = |up| Job { up, kind, lucks: Vec::new() };
        prop_assert!(up.run(100, &last(true)));
        prop_assert_eq!(up.seen.own.is_some(), kind == Kind::Service);
        prop_assert_eq!(up.seen.rules.len(), usize::from(kind == Kind::Rule));
        let running = Tasks::Active { arn: "ecs".to_owned(), task_definition: format!("td:{}", up.revision) };
        prop_assert_eq!(&up.seen.tasks, &running);
        for mut world in [world, up] {
            prop_assert!(world.run(200, &last(false)));
            world.rest();
            prop_assert!(world.seen.is_nothing(), "{:?}", world.seen);
        }
    }
}

fn claim(at: u64, purpose: Purpose) -> Claim {
    Claim { at: Timestamp::from_secs(at), owner: "job".to_owned(), purpose }
}

#[test]
fn the_older_job_writes_nothing_more_once_it_sees_the_newer_one() {
    let (older, newer) = (claim(1, Purpose::Up), claim(2, Purpose::Down));
    let group = Group {
        arn: "tg".to_owned(),
        life: Life::Ready,
        claim: Some(newer.clone()),
        until: None,
        commit: None,
        branch: None,
        targets: 0,
        draining: 0,
    };
    let seen = Seen { group: Some(group), ..Seen::default() };
    let wanted = Wanted { claim: &older, kind: Kind::Rule, networks: &[], task_definition: None, launched: false };
    assert_eq!(raise::next(&seen, &wanted), raise::Step::GiveWay(newer.clone()));
    assert_eq!(lower::next(&seen, &claim(1, Purpose::Down)), lower::Step::GiveWay(newer));
    assert_eq!(lower::next(&seen, &claim(3, Purpose::Down)), lower::Step::Claim);
}

#[test]
fn what_is_somebody_elses_is_named_before_anything_is_written() {
    let seen = Seen { foreign: vec!["the target group web-pr-7".to_owned()], ..Seen::default() };
    let ours = claim(1, Purpose::Up);
    let wanted = Wanted { claim: &ours, kind: Kind::Rule, networks: &[], task_definition: None, launched: false };
    assert_eq!(raise::next(&seen, &wanted), raise::Step::Refuse("the target group web-pr-7".to_owned()));
    assert_eq!(lower::next(&seen, &ours), lower::Step::Done, "it is not taken away either");
}

#[test]
fn what_is_there_stays_where_the_config_allows_it() {
    use super::reach::{Full, Reach, Room};
    let rule = Seen { rules: vec![Rule { arn: "r".to_owned(), fits: true }], ..Seen::default() };
    let own = Own { arn: "s".to_owned(), life: Life::Ready, listens: true, guarded: true, joined: Vec::new() };
    let own = Seen { own: Some(own), ..Seen::default() };
    let room = Room { others: vec![10], ..Room::default() };
    let full = || Err(Full::NoListener);
    for (seen, reach, room, kind) in [
        (&rule, Reach::Auto, full(), Kind::Rule),
        (&own, Reach::Auto, Ok(&room), Kind::Service),
        (&own, Reach::Header, Ok(&room), Kind::Rule),
        (&rule, Reach::Service, Ok(&room), Kind::Service),
        (&Seen::default(), Reach::Auto, Ok(&room), Kind::Rule),
    ] {
        assert_eq!(raise::kind(seen, reach, room).map(|(kind, _)| kind), Ok(kind), "{reach:?}");
    }
    let (kind, why) = raise::kind(&Seen::default(), Reach::Auto, full()).expect("a way");
    assert_eq!((kind, why), (Kind::Service, Some(Full::NoListener)));
    assert_eq!(raise::kind(&Seen::default(), Reach::Header, full()), Err(Full::NoListener));
}
