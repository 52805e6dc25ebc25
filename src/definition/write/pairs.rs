//! Which old member or element each new one takes the place of.

use crate::definition::read::{Member, Node, Value};

/// What a new container has for each of its elements.
pub(super) enum Entry<'n> {
    /// The old element at this index, its body rewritten.
    Kept(usize, String),
    /// A new one.
    Fresh(Option<&'n str>, &'n Node),
}

pub(super) fn is_container(value: &Value) -> bool {
    matches!(value, Value::Array(_) | Value::Object(_))
}

/// Members by their names: those that stay in the old order, then the new ones. `kept` gives the new text of an old one.
pub(super) fn object_entries<'n>(
    before: &[Member],
    after: &'n [Member],
    mut kept: impl FnMut(usize, &Node) -> String,
) -> Vec<Entry<'n>> {
    let mut entries = Vec::with_capacity(after.len());
    for (index, member) in before.iter().enumerate() {
        if let Some(now) = after.iter().find(|now| now.name == member.name) {
            entries.push(Entry::Kept(index, kept(index, &now.node)));
        }
    }
    let is_new = |now: &&Member| !before.iter().any(|member| member.name == now.name);
    entries.extend(after.iter().filter(is_new).map(|now| Entry::Fresh(Some(&now.name), &now.node)));
    entries
}

/// Equal elements stay where they are (longest common subsequence); between them old and new ones are paired in order.
pub(super) fn array_entries<'n>(
    before: &[Node],
    after: &'n [Node],
    mut kept: impl FnMut(usize, &Node) -> String,
) -> Vec<Entry<'n>> {
    let mut entries = Vec::with_capacity(after.len());
    let (mut old, mut new) = (0, 0);
    for (next_old, next_new) in common(before, after).into_iter().chain([(before.len(), after.len())]) {
        while new < next_new {
            if old < next_old && is_container(&before[old].value) && is_container(&after[new].value)
                || (old < next_old && next_old - old == next_new - new)
            {
                entries.push(Entry::Kept(old, kept(old, &after[new])));
                old += 1;
            } else {
                entries.push(Entry::Fresh(None, &after[new]));
            }
            new += 1;
        }
        if next_old < before.len() && next_new < after.len() {
            entries.push(Entry::Kept(next_old, kept(next_old, &after[next_new])));
        }
        (old, new) = (next_old + 1, next_new + 1);
    }
    entries
}

/// Index pairs of a longest common subsequence. Arrays too long to compare all with all are paired index by index.
fn common(before: &[Node], after: &[Node]) -> Vec<(usize, usize)> {
    const TOO_MANY: usize = 250_000;
    let (rows, columns) = (before.len(), after.len());
    if rows.saturating_mul(columns) > TOO_MANY {
        return (0..rows.min(columns)).filter(|index| before[*index] == after[*index]).map(|index| (index, index)).collect();
    }
    let mut lengths = vec![vec![0_usize; columns + 1]; rows + 1];
    for old in (0..rows).rev() {
        for new in (0..columns).rev() {
            lengths[old][new] = if before[old] == after[new] {
                lengths[old + 1][new + 1] + 1
            } else {
                lengths[old + 1][new].max(lengths[old][new + 1])
            };
        }
    }
    let (mut old, mut new, mut pairs) = (0, 0, Vec::new());
    while old < rows && new < columns {
        if before[old] == after[new] {
            pairs.push((old, new));
            (old, new) = (old + 1, new + 1);
        } else if lengths[old + 1][new] >= lengths[old][new + 1] {
            old += 1;
        } else {
            new += 1;
        }
    }
    pairs
}
