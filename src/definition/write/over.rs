//! The new text, part by part: kept bytes where nothing differs, the file's own style where something is new.

use std::ops::Range;

use super::pairs::{Entry, array_entries, is_container, object_entries};
use crate::definition::read::{Document, Member, Node, Value};

/// The old text with `new` in it.
///
/// Every part of `new` that equals what stood at its place keeps its bytes; if nothing differs the result is the old text. Members
/// keep the old order (which means nothing in JSON), new ones follow at the end; indentation, line ends, spacing and final newline
/// are those of the file.
#[must_use]
pub fn write(old: &Document, new: &Value) -> String {
    let style = Style::of(old);
    let root = &old.root;
    let body = style.over(root, new, "");
    let (before, after) = (old.text.get(..root.span.start), old.text.get(root.span.end..));
    [before.unwrap_or_default(), &body, after.unwrap_or_default()].concat()
}

/// How the file is laid out.
struct Style<'t> {
    text: &'t str,
    line_end: &'static str,
    /// One level of indentation.
    unit: String,
    /// Between a name and its value, as in the first member.
    colon: &'t str,
    /// After a comma on one line.
    space: &'t str,
}

/// One element of a container: its own bytes, and the bytes between it and the `{`, `[` or `,` before it.
struct Item {
    lead: Range<usize>,
    body: Range<usize>,
    /// Between the body and the `,` after it; empty for the last, whose gap belongs to the container.
    tail: Range<usize>,
}

impl<'t> Style<'t> {
    fn of(document: &'t Document) -> Self {
        let text = document.text.as_str();
        let line_end = match text.find('\n') {
            Some(at) if text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        let (mut unit, mut colon, mut space) = (None, None, None);
        let mut stack = vec![(&document.root, "")];
        while let Some((node, outer)) = stack.pop() {
            let items = items(text, node);
            for (index, item) in items.iter().enumerate() {
                let lead = text.get(item.lead.clone()).unwrap_or_default();
                if let Some(inner) = indentation(lead) {
                    unit = unit.or_else(|| inner.strip_prefix(outer).filter(|unit| !unit.is_empty()).map(str::to_owned));
                } else if index > 0 {
                    space = space.or(Some(lead));
                }
            }
            let inner = items.first().and_then(|item| indentation(text.get(item.lead.clone())?)).unwrap_or(outer);
            match &node.value {
                Value::Object(members) => {
                    if let Some(first) = members.first() {
                        let between = text.get(first.span.end..first.node.span.start).filter(|between| !between.contains('\n'));
                        colon = colon.or(between);
                    }
                    stack.extend(members.iter().rev().map(|member| (&member.node, inner)));
                }
                Value::Array(elements) => stack.extend(elements.iter().rev().map(|element| (element, inner))),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        let colon = colon.unwrap_or(": ");
        let dense = if colon == ":" { "" } else { " " };
        Self { text, line_end, unit: unit.unwrap_or_else(|| "  ".to_owned()), colon, space: space.unwrap_or(dense) }
    }

    fn slice(&self, range: &Range<usize>) -> &'t str {
        self.text.get(range.clone()).unwrap_or_default()
    }

    /// `new` over `old`, which stands on a line indented by `indent`.
    fn over(&self, old: &Node, new: &Value, indent: &str) -> String {
        if old.value == *new {
            return self.slice(&old.span).to_owned();
        }
        match (&old.value, new) {
            (Value::Object(before), Value::Object(after)) if !before.is_empty() => {
                let items = items(self.text, old);
                let entries = object_entries(before, after, |index, node| {
                    let member = &before[index];
                    let inner = items.get(index).map_or(indent, |item| self.indent_of(item, indent));
                    let name = self.text.get(member.span.start..member.node.span.start).unwrap_or_default();
                    format!("{name}{}", self.over(&member.node, &node.value, inner))
                });
                self.container(old, &items, &entries, indent)
            }
            (Value::Array(before), Value::Array(after)) if !before.is_empty() => {
                let items = items(self.text, old);
                let entries = array_entries(before, after, |index, node| {
                    let inner = items.get(index).map_or(indent, |item| self.indent_of(item, indent));
                    self.over(&before[index], &node.value, inner)
                });
                self.container(old, &items, &entries, indent)
            }
            _ => {
                let own = self.slice(&old.span);
                let one_line =
                    !self.text.trim().contains('\n') || (old.span.len() > 2 && !own.contains('\n') && is_container(&old.value));
                self.fresh(new, indent, one_line)
            }
        }
    }

    /// The indentation of an item's line: its own when it starts one, otherwise that of the line it stands on.
    fn indent_of<'a>(&self, item: &Item, outer: &'a str) -> &'a str
    where
        't: 'a,
    {
        indentation(self.slice(&item.lead)).unwrap_or(outer)
    }

    fn container(&self, old: &Node, items: &[Item], entries: &[Entry<'_>], indent: &str) -> String {
        let (open, close) = if matches!(old.value, Value::Array(_)) { ('[', ']') } else { ('{', '}') };
        if entries.is_empty() {
            return format!("{open}{close}");
        }
        let first_lead = items.first().map_or("", |item| self.slice(&item.lead));
        // Elements after the first are led like the file leads them here; a container of one element shows it by its first lead.
        let next_lead = match items.last() {
            Some(last) if items.len() > 1 => self.slice(&last.lead),
            _ if first_lead.contains('\n') => first_lead,
            _ => self.space,
        };
        let closing = items.last().map_or("", |last| self.text.get(last.body.end..old.span.end - 1).unwrap_or_default());
        let compact = self.siblings_are_compact(old);
        let mut text = String::from(open);
        for (position, entry) in entries.iter().enumerate() {
            if position > 0 {
                text.push(',');
            }
            let own_lead = match entry {
                Entry::Kept(index, _) if *index > 0 => items.get(*index).map(|item| self.slice(&item.lead)),
                Entry::Kept(..) | Entry::Fresh(..) => None,
            };
            let lead = if position == 0 { first_lead } else { own_lead.unwrap_or(next_lead) };
            text.push_str(lead);
            match entry {
                Entry::Kept(index, body) => {
                    text.push_str(body);
                    if position + 1 < entries.len() {
                        text.push_str(items.get(*index).map_or("", |item| self.slice(&item.tail)));
                    }
                }
                Entry::Fresh(name, node) => {
                    if let Some(name) = name {
                        text.push_str(&quoted(name));
                        text.push_str(self.colon);
                    }
                    let inner = indentation(lead).unwrap_or(indent);
                    text.push_str(&self.fresh(&node.value, inner, compact || !lead.contains('\n')));
                }
            }
        }
        text.push_str(closing);
        text.push(close);
        text
    }

    /// Whether this is an array whose containers all stand on one line each: then a new one does too.
    fn siblings_are_compact(&self, old: &Node) -> bool {
        let mut containers =
            old.elements().iter().filter(|element| is_container(&element.value) && element.span.len() > 2).peekable();
        containers.peek().is_some() && containers.all(|element| !self.slice(&element.span).contains('\n'))
    }

    /// A value that never stood in the file.
    fn fresh(&self, value: &Value, indent: &str, one_line: bool) -> String {
        let inner = format!("{indent}{}", self.unit);
        let (open, close, bodies): (_, _, Vec<String>) = match value {
            Value::Null => return "null".to_owned(),
            Value::Bool(value) => return value.to_string(),
            Value::Number(digits) => return digits.clone(),
            Value::String(text) => return quoted(text),
            Value::Array(elements) => {
                ('[', ']', elements.iter().map(|element| self.fresh(&element.value, &inner, one_line)).collect())
            }
            Value::Object(members) => {
                let body = |member: &Member| {
                    format!("{}{}{}", quoted(&member.name), self.colon, self.fresh(&member.node.value, &inner, one_line))
                };
                ('{', '}', members.iter().map(body).collect())
            }
        };
        if bodies.is_empty() {
            return format!("{open}{close}");
        }
        if one_line {
            return format!("{open}{}{close}", bodies.join(&format!(",{}", self.space)));
        }
        let line = format!("{}{inner}", self.line_end);
        format!("{open}{line}{}{}{indent}{close}", bodies.join(&format!(",{line}")), self.line_end)
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What follows the last line break of a gap, if the gap has one.
fn indentation(gap: &str) -> Option<&str> {
    gap.rfind('\n').and_then(|newline| gap.get(newline + 1..))
}

fn items(text: &str, node: &Node) -> Vec<Item> {
    let bodies: Vec<Range<usize>> = match &node.value {
        Value::Array(elements) => elements.iter().map(|element| element.span.clone()).collect(),
        Value::Object(members) => members.iter().map(|member| member.span.start..member.node.span.end).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    let mut lead_start = node.span.start + 1;
    let mut items = Vec::with_capacity(bodies.len());
    for (index, body) in bodies.iter().enumerate() {
        let comma = bodies.get(index + 1).and_then(|next| text.get(body.end..next.start)?.find(',')).map(|at| body.end + at);
        items.push(Item { lead: lead_start..body.start, body: body.clone(), tail: body.end..comma.unwrap_or(body.end) });
        lead_start = comma.map_or(body.end, |comma| comma + 1);
    }
    items
}
