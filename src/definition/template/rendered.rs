//! A rendered text that knows where it came from.

use std::collections::BTreeSet;

use crate::definition::finding::Place;

/// A text whose template was filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Values in it that must not be shown.
    pub secrets: BTreeSet<String>,
    /// The places of the template that the pieces of the text came from, in order.
    pieces: Vec<Piece>,
}

/// From `at` in the text on: copied from `from` on in the template, or a value that an action at `from` gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    at: usize,
    from: usize,
    is_copied: bool,
}

impl Rendered {
    /// Adds text that stood in the template at byte `from`.
    pub(super) fn copy(&mut self, text: &str, from: usize) {
        self.add(text, from, true);
    }

    /// Adds the value of the action at byte `from`.
    pub(super) fn fill(&mut self, text: &str, from: usize) {
        self.add(text, from, false);
    }

    fn add(&mut self, text: &str, from: usize, is_copied: bool) {
        if !text.is_empty() {
            self.pieces.push(Piece { at: self.text.len(), from, is_copied });
            self.text.push_str(text);
        }
    }

    /// Whether anything was filled in, so that the text is not the template.
    #[must_use]
    pub fn is_filled_in(&self) -> bool {
        self.pieces.iter().any(|piece| !piece.is_copied) || self.pieces.first().is_some_and(|first| first.from > 0)
    }

    /// Where in `template` the byte `offset` of the text came from.
    #[must_use]
    pub fn place(&self, template: &str, offset: usize) -> Place {
        let after = self.pieces.partition_point(|piece| piece.at <= offset);
        let origin = after
            .checked_sub(1)
            .and_then(|index| self.pieces.get(index))
            .map_or(0, |piece| if piece.is_copied { piece.from + (offset - piece.at) } else { piece.from });
        Place::of(template, origin)
    }
}
