//! YAML as a tree in which every key and value knows its place, so that one pass can tell all mistakes.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Number, Value};
use serde_saphyr::Spanned;

use super::mistake::Place;

/// A node of the tree.
#[derive(Clone, Debug)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Vec<(Spanned<String>, Node)>),
}

pub(super) type Node = Spanned<Tree>;

/// Reads one YAML document; an empty one is an empty map. An error is a message, with a place where it is known.
pub(super) fn read(text: &str) -> Result<Node, (Option<Place>, String)> {
    let has_content = text.lines().any(|line| !matches!(line.trim(), "" | "---" | "...") && !line.trim_start().starts_with('#'));
    let text = if has_content { text } else { "{}" };
    let options = serde_saphyr::options! { strict_booleans: true, leading_zero_numbers_as_strings: true };
    serde_saphyr::from_str_with_options::<Node>(text, options).map_err(|error| {
        let place = error.location().filter(|location| location.line() > 0).map(place_of);
        let message = error.without_snippet().to_string();
        let message = message.lines().next().unwrap_or_default();
        let message = message.strip_prefix("error: ").unwrap_or(message);
        // The place is told in front, in the form that editors follow.
        let message = match message.split_once(": ") {
            Some((place, rest)) if place.starts_with("line ") => rest,
            _ => message,
        };
        (place, format!("this is not YAML that a scenario can be: {message}"))
    })
}

/// The same without places.
pub(super) fn value(node: &Node) -> Value {
    match &node.value {
        Tree::Null => Value::Null,
        Tree::Bool(given) => Value::Bool(*given),
        Tree::Number(given) => Value::Number(given.clone()),
        Tree::Text(given) => Value::String(given.clone()),
        Tree::List(list) => list.iter().map(value).collect(),
        Tree::Map(map) => map.iter().map(|(key, node)| (key.value.clone(), value(node))).collect(),
    }
}

/// Where the value at a path stands, or its key; where neither does, what is nearest above. None when nothing of it is in the text.
pub(super) fn locate(root: &Node, path: &[String], key: bool) -> Option<Place> {
    let mut node = root;
    let mut place = place_of(root.referenced);
    for (depth, step) in path.iter().enumerate() {
        let next = match &node.value {
            Tree::Map(map) => map.iter().find(|(name, _)| name.value == *step).map(|(name, node)| (Some(name), node)),
            Tree::List(list) => step.parse().ok().and_then(|index: usize| list.get(index)).map(|node| (None, node)),
            Tree::Null | Tree::Bool(_) | Tree::Number(_) | Tree::Text(_) => None,
        };
        let Some((name, below)) = next else { return (depth > 0).then_some(place) };
        let last = depth + 1 == path.len();
        place = match name {
            Some(name) if key || !last => place_of(name.referenced),
            Some(_) | None => place_of(below.referenced),
        };
        node = below;
    }
    Some(place)
}

fn place_of(location: serde_saphyr::Location) -> Place {
    let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Place { line: count(location.line()), column: count(location.column()) }
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
        Ok(Tree::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        // JSON has no infinities, and the reader lets none through; a text would be told as the wrong sort of value.
        Ok(Number::from_f64(value).map_or_else(|| Tree::Text(value.to_string()), Tree::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Place, locate, read, value};

    const TEXT: &str = "name: mine\nlattice:\n  services:\n    - { name: a, port: 80, on: true }\n    - ~\n";

    #[test]
    fn a_tree_is_the_value_that_it_says() {
        let node = read(TEXT).unwrap();
        let expected = json!({"name": "mine", "lattice": {"services": [{"name": "a", "port": 80, "on": true}, null]}});
        assert_eq!(value(&node), expected);
        assert_eq!(value(&read("# nothing\n---\n").unwrap()), json!({}));
        assert_eq!(value(&read("a: 012345678901\nb: 1.5").unwrap()), json!({"a": "012345678901", "b": 1.5}));
        let (place, message) = read("a: b: c").unwrap_err();
        assert!(place.is_some() && message.starts_with("this is not YAML that a scenario can be: "), "{place:?} {message}");
    }

    #[test]
    fn a_path_leads_to_its_place_or_to_the_nearest_above() {
        let node = read(TEXT).unwrap();
        let at = |path: &[&str], key| {
            let path: Vec<String> = path.iter().map(|step| (*step).to_owned()).collect();
            locate(&node, &path, key).map(|Place { line, column }| (line, column))
        };
        assert_eq!(at(&["name"], false), Some((1, 7)));
        assert_eq!(at(&["name"], true), Some((1, 1)));
        assert_eq!(at(&["lattice", "services", "0", "port"], false), Some((4, 24)));
        assert_eq!(at(&["lattice", "services", "0", "tags", "x"], false), Some((4, 7)));
        assert_eq!(at(&["ecs_services", "0"], false), None);
    }
}
