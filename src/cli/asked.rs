//! Arguments of the one verb that was asked for.

use std::ops::Deref;

use clap::{ArgMatches, Args, Command, Error, FromArgMatches, Id};

/// A verb's arguments, which clap is told of when this verb is the one: telling it those of all verbs was most of a start.
#[derive(Clone, Debug)]
pub struct Asked<T>(pub Box<T>);

/// `defer` of clap's derive would do the same, and then show what the type says of itself in place of what the verb says.
fn told<T: Args>(command: Command) -> Command {
    let (about, more) = (command.get_about().cloned(), command.get_long_about().cloned());
    let command = T::augment_args(command);
    let command = about.into_iter().fold(command, Command::about);
    more.into_iter().fold(command, Command::long_about)
}

impl<T: Args> Args for Asked<T> {
    fn augment_args(command: Command) -> Command {
        command.defer(told::<T>)
    }

    fn augment_args_for_update(command: Command) -> Command {
        T::augment_args_for_update(command)
    }

    fn group_id() -> Option<Id> {
        T::group_id()
    }
}

impl<T: FromArgMatches> FromArgMatches for Asked<T> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        T::from_arg_matches(matches).map(|arguments| Self(Box::new(arguments)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<T> Deref for Asked<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
