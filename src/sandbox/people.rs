//! People who edit the resources while a release runs.

use std::time::Duration;

use super::{
    cloudwatch, github, lattice,
    scenario::{Edit, Person},
    world::World,
};
use crate::clock::Timestamp;

/// The scenario's people who have something left to do.
#[derive(Clone)]
pub(crate) struct People {
    /// With the moment at which each is due, once that is known.
    people: Vec<(Person, Option<Timestamp>)>,
    /// Somebody cancelled the job since this was taken last.
    pub(crate) cancelled: bool,
}

impl People {
    pub(crate) fn new(people: Vec<Person>) -> Self {
        Self { people: people.into_iter().map(|person| (person, None)).collect(), cancelled: false }
    }

    /// One more person; times count from now.
    pub(crate) fn add(&mut self, person: Person, now: Timestamp) {
        let due = person.share_at_least.is_none().then(|| now + Duration::from_secs(person.at));
        self.people.push((person, due));
    }
}

/// Gives everybody whose condition now holds the moment at which they act.
pub(crate) fn notice(world: &mut World) {
    if world.people.people.iter().all(|(_, due)| due.is_some()) {
        return;
    }
    let (now, start) = (world.now, world.scenario.start);
    let share = lattice::added_share(world);
    for (person, due) in world.people.people.iter_mut().filter(|(_, due)| due.is_none()) {
        let from = match person.share_at_least {
            None => Some(start),
            Some(least) => share.filter(|share| *share >= least).map(|_| now),
        };
        *due = from.map(|from| from + Duration::from_secs(person.at));
    }
}

pub(crate) fn next_event(world: &World) -> Option<Timestamp> {
    world.people.people.iter().filter_map(|(_, due)| *due).min()
}

pub(crate) fn on_time(world: &mut World) {
    let now = world.now;
    let (acting, left) =
        std::mem::take(&mut world.people.people).into_iter().partition(|(_, due)| due.is_some_and(|due| due <= now));
    world.people.people = left;
    let acting: Vec<(Person, Option<Timestamp>)> = acting;
    for (person, _) in acting {
        let what = format!("{:?} on {}/{}", person.r#do, person.listener, person.rule);
        let done = match &person.r#do {
            Edit::SetAlarm(edit) => cloudwatch::set_by_person(world, edit),
            Edit::CancelJob => {
                world.people.cancelled = true;
                Ok(())
            }
            Edit::SetPullRequest(pull) => {
                github::set_by_person(world, pull);
                Ok(())
            }
            Edit::Nothing | Edit::SetAction(_) | Edit::DeleteRule | Edit::RemoveTags | Edit::RemoveServiceTags => {
                lattice::edit(world, &person)
            }
        };
        match done {
            Ok(()) => world.note("person", what),
            Err(reason) => world.note("person", format!("failed at {what}: {reason}")),
        }
    }
}
