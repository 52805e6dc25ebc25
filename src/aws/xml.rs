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

    /// The text of the element of this name right in it; empty where there is none.
    pub(super) fn of(&self, name: &str) -> &str {
        self.inside.iter().find(|inner| inner.name == name).map_or("", |inner| inner.text.as_str())
    }
}

/// The elements of a text, in one without a name. What is not closed is left out.
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
    open.into_iter().next().unwrap_or_default()
}

/// The elements of these names that hold text alone, in the order in which they stand.
pub(super) fn texts(xml: &str, names: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String)> = None;
    // What is not XML ends here: what was said before it counts.
    for token in Tokenizer::from(xml).map_while(Result::ok) {
        match token {
            Token::ElementStart { local, .. } => {
                open = names.contains(&local.as_str()).then(|| (local.to_string(), String::new()));
            }
            Token::Text { text } => {
                if let Some((_, said)) = &mut open {
                    said.push_str(&unescaped(text.as_str()));
                }
            }
            Token::ElementEnd { end: ElementEnd::Close(..) | ElementEnd::Empty, .. } => found.extend(open.take()),
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
    found
}

/// The five entities of XML, which are all that AWS uses; the ampersand last, so that none is made of two.
fn unescaped(text: &str) -> String {
    let entities =
        [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&#34;", "\""), ("&amp;", "&")];
    entities.into_iter().fold(text.to_owned(), |text, (entity, character)| text.replace(entity, character))
}
