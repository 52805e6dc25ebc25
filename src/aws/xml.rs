//! Text out of the XML that services answer which nobody has an SDK for.

use xmlparser::{ElementEnd, Token, Tokenizer};

/// An element: its own text, and what is in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Element {
    name: String,
    pub(super) text: String,
    pub(super) inside: Vec<Self>,
}

impl Element {
    /// The first of this name in it, at whatever depth.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        self.inside.iter().find_map(|inner| if inner.name == name { Some(inner) } else { inner.find(name) })
    }

    /// Every element of this name in it, at whatever depth; not those in such a one.
    pub(super) fn all<'e>(&'e self, name: &str) -> Vec<&'e Self> {
        self.inside.iter().flat_map(|inner| if inner.name == name { vec![inner] } else { inner.all(name) }).collect()
    }

    /// Those that have none in them, in the order in which they stand.
    fn leaves(&self, tell: &mut impl FnMut(&Self)) {
        for inner in &self.inside {
            if inner.inside.is_empty() {
                tell(inner);
            } else {
                inner.leaves(tell);
            }
        }
    }

    /// The text of the element of this name right in it; empty where there is none.
    pub(super) fn of(&self, name: &str) -> &str {
        self.inside.iter().find(|inner| inner.name == name).map_or("", |inner| inner.text.as_str())
    }
}

/// The elements of a text, in one without a name. What is not XML ends it: what was said before counts, what is not closed does not.
pub(super) fn tree(xml: &str) -> Element {
    let mut open = vec![Element::default()];
    for token in Tokenizer::from(xml).map_while(Result::ok) {
        match token {
            Token::ElementStart { local, .. } => open.push(Element { name: local.to_string(), ..Element::default() }),
            Token::Text { text } => {
                if let Some(element) = open.last_mut() {
                    element.text.push_str(&unescaped(text.as_str()));
                }
            }
            Token::ElementEnd { end: ElementEnd::Close(..) | ElementEnd::Empty, .. } => {
                if let (Some(closed), Some(around)) = (open.pop(), open.last_mut()) {
                    around.inside.push(closed);
                }
            }
            Token::Declaration { .. }
            | Token::ProcessingInstruction { .. }
            | Token::Comment { .. }
            | Token::DtdStart { .. }
            | Token::EmptyDtd { .. }
            | Token::EntityDeclaration { .. }
            | Token::DtdEnd { .. }
            | Token::Attribute { .. }
            | Token::ElementEnd { .. }
            | Token::Cdata { .. } => {}
        }
    }
    let mut root = Element::default();
    root.inside.extend(open.into_iter().flat_map(|unclosed| unclosed.inside));
    root
}

/// The elements of these names that hold text alone, in the order in which they stand.
pub(super) fn texts(xml: &str, names: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    tree(xml).leaves(&mut |leaf| {
        if names.contains(&leaf.name.as_str()) {
            found.push((leaf.name.clone(), leaf.text.clone()));
        }
    });
    found
}

/// The five entities of XML, which are all that AWS uses; the ampersand last, so that none is made of two.
fn unescaped(text: &str) -> String {
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&#34;", "\""), ("&amp;", "&")];
    entities.into_iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_before_a_break_counts() {
        let whole = "<A><B>1 &amp; 2</B><C><B>3</B></C></A>";
        let both = [("B".to_owned(), "1 & 2".to_owned()), ("B".to_owned(), "3".to_owned())];
        assert_eq!(texts(whole, &["B", "C"]), both);
        assert_eq!(texts("<A><B>1 &amp; 2</B><C><B>3</B><D>4", &["B", "D"]), both);
        assert_eq!(tree(whole).find("C").map(|c| c.of("B").to_owned()), Some("3".to_owned()));
        assert_eq!(texts("no XML <", &["B"]), []);
    }
}
