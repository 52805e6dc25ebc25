//! People who edit the resources while a release runs.

use super::{scenario::Person, world::World};
use crate::clock::Timestamp;

/// The scenario's people and when each is due.
pub(crate) struct People {
    people: Vec<(Person, Option<Timestamp>)>,
}

impl People {
    pub(crate) fn new(people: Vec<Person>) -> Self {
        Self { people: people.into_iter().map(|person| (person, None)).collect() }
    }
}

pub(crate) fn notice(_world: &mut World) {}

pub(crate) fn next_event(_world: &World) -> Option<Timestamp> {
    None
}

pub(crate) fn on_time(_world: &mut World) {}
