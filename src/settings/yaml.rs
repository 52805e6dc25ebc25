//! YAML as a tree whose every key and value knows its place, so that one pass can tell all mistakes.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Spanned;

use crate::definition::{Finding, Place};

/// A node of the tree. Scalars are kept as text; whether they fit is for their reader to say.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Null,
    Scalar(String),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

pub(super) type Node = Spanned<Tree>;
pub(super) type Key = Spanned<String>;

/// Reads one YAML document; `None` when there is nothing in it.
pub(super) fn read(file: &str, text: &str) -> Result<Option<Node>, Finding> {
    let options = serde_saphyr::options! { strict_booleans: true, leading_zero_numbers_as_strings: true };
    let has_content = text.lines().any(|line| !matches!(line.trim(), "" | "---" | "...") && !line.trim_start().starts_with('#'));
    if !has_content {
        return Ok(None);
    }
    serde_saphyr::from_str_with_options::<Node>(text, options).map(Some).map_err(|error| {
        let location = error.location();
        let message = error.without_snippet().to_string();
        // The place is told in front, in the form that editors follow.
        let message = message.lines().next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        let message = match message.split_once(": ") {
            Some((place, rest)) if place.starts_with("line ") => rest,
            _ => message,
        };
        let finding = Finding::error(file, format!("this is not YAML that a config can be: {message}"));
        match location.filter(|location| location.line() > 0) {
            Some(location) => finding.at(place_of(location)),
            None => finding,
        }
    })
}

fn place_of(location: serde_saphyr::Location) -> Place {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Place { line: count(location.line()), column: count(location.column()) }
}

/// Where something stands.
pub(super) fn place<T>(spanned: &Spanned<T>) -> Place {
    place_of(spanned.referenced)
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number, a list or a map")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_none<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Scalar(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}
