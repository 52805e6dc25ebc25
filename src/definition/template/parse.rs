//! Words into a tree.

use super::lex::{Piece, Word, WordKind, pieces};

/// What is wrong with a template, at which of its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) at: usize,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Mistake {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), hint: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node<'t> {
    /// Text as it stands.
    Text { text: &'t str, at: usize },
    /// A value to put in.
    Output { pipeline: Pipeline, at: usize },
    /// `{{ $name := … }}` and `{{ $name = … }}`.
    Assign { name: String, pipeline: Pipeline },
    /// `{{ if … }} … {{ else }} … {{ end }}`
    If { condition: Pipeline, then: Vec<Self>, otherwise: Vec<Self> },
}

/// Commands, each of which gets the value of the one before as its last argument.
pub(super) type Pipeline = Vec<Command>;

/// A value, or a function with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Command {
    pub(super) at: usize,
    pub(super) first: Operand,
    pub(super) arguments: Vec<Operand>,
}

/// What a command begins with, and what it is given.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    Function { name: String, at: usize },
    Variable { name: String, at: usize },
    Text(String),
    Number { text: String, at: usize },
    Bool(bool),
    Nil,
    Pipeline(Pipeline),
}

/// Deeper nesting than any person's; a stack holds it.
const MAX_DEPTH: usize = 64;
/// Actions of Go's that need data to go through.
const UNSUPPORTED: [&str; 8] = ["range", "with", "define", "template", "block", "break", "continue", "try"];

/// Reads a template.
pub(super) fn parse(template: &str) -> Result<Vec<Node<'_>>, Mistake> {
    let pieces = pieces(template)?;
    let mut nodes = Nodes { pieces: pieces.into_iter(), depth: 0 };
    let (nodes, end) = nodes.until_end()?;
    match end {
        None => Ok(nodes),
        Some(End { at, .. }) => Err(Mistake::new(at, "this ends nothing: there is no `{{ if … }}` before it")),
    }
}

/// `{{ end }}`, or `{{ else … }}` with the words after it.
struct End {
    at: usize,
    otherwise: Option<Vec<Word>>,
}

struct Nodes<'t> {
    pieces: std::vec::IntoIter<Piece<'t>>,
    depth: usize,
}

impl<'t> Nodes<'t> {
    /// The nodes up to an end that belongs to somebody above; none at the end of the template.
    fn until_end(&mut self) -> Result<(Vec<Node<'t>>, Option<End>), Mistake> {
        let mut nodes = Vec::new();
        while let Some(piece) = self.pieces.next() {
            let (words, at) = match piece {
                Piece::Text { text, at } => {
                    nodes.push(Node::Text { text, at });
                    continue;
                }
                Piece::Action { words, at } => (words, at),
            };
            match words.first().map(|word| &word.kind) {
                None => return Err(Mistake::new(at, "there is nothing between these braces")),
                Some(WordKind::Name(name)) if name == "end" && words.len() == 1 => {
                    return Ok((nodes, Some(End { at, otherwise: None })));
                }
                Some(WordKind::Name(name)) if name == "else" => {
                    return Ok((nodes, Some(End { at, otherwise: Some(words[1..].to_vec()) })));
                }
                Some(WordKind::Name(name)) if name == "if" => nodes.push(self.branches(&words[1..], at)?),
                Some(WordKind::Name(name)) if UNSUPPORTED.contains(&name.as_str()) => {
                    let hint = "render the file with ecspresso first: ecspresso render";
                    return Err(Mistake::new(at, format!("`{name}` of Go's templates is not supported")).hint(hint));
                }
                Some(WordKind::Variable(name)) if words.get(1).is_some_and(|word| word.kind == WordKind::Assign) => {
                    nodes.push(Node::Assign { name: name.clone(), pipeline: pipeline(&words[2..], at, 0)? });
                }
                Some(_) => nodes.push(Node::Output { pipeline: pipeline(&words, at, 0)?, at }),
            }
        }
        Ok((nodes, None))
    }

    fn branches(&mut self, condition: &[Word], at: usize) -> Result<Node<'t>, Mistake> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(Mistake::new(at, format!("this is nested deeper than {MAX_DEPTH} levels")));
        }
        let condition = pipeline(condition, at, 0)?;
        let unclosed = || Mistake::new(at, "this `if` has no `{{ end }}`");
        let (then, end) = self.until_end()?;
        let otherwise = match end.ok_or_else(unclosed)?.otherwise {
            None => Vec::new(),
            Some(words) => match words.first() {
                None => {
                    let (otherwise, end) = self.until_end()?;
                    match end.ok_or_else(unclosed)? {
                        End { otherwise: None, .. } => otherwise,
                        End { at, .. } => return Err(Mistake::new(at, "this `if` has an `else` already")),
                    }
                }
                Some(Word { kind: WordKind::Name(name), at }) if name == "if" => {
                    vec![self.branches(&words[1..], *at)?]
                }
                Some(word) => return Err(Mistake::new(word.at, "after `else` comes nothing, or `if`")),
            },
        };
        self.depth -= 1;
        Ok(Node::If { condition, then, otherwise })
    }
}

/// Reads a pipeline that takes all of these words.
fn pipeline(words: &[Word], at: usize, depth: usize) -> Result<Pipeline, Mistake> {
    if depth > MAX_DEPTH {
        return Err(Mistake::new(at, format!("this is nested deeper than {MAX_DEPTH} levels")));
    }
    let mut commands: Pipeline = Vec::new();
    let mut operands: Vec<(Operand, usize)> = Vec::new();
    let mut index = 0;
    let finish = |operands: &mut Vec<(Operand, usize)>, commands: &mut Pipeline, at: usize| {
        let mut taken = std::mem::take(operands).into_iter();
        let Some((first, at)) = taken.next() else { return Err(Mistake::new(at, "a value is missing here")) };
        let arguments: Vec<Operand> = taken.map(|(operand, _)| operand).collect();
        let is_given_any = !arguments.is_empty() || !commands.is_empty();
        if is_given_any && !matches!(first, Operand::Function { .. }) {
            return Err(Mistake::new(at, "only a function takes arguments"));
        }
        commands.push(Command { at, first, arguments });
        Ok(())
    };
    while let Some(word) = words.get(index) {
        let operand = match &word.kind {
            WordKind::Pipe => {
                finish(&mut operands, &mut commands, word.at)?;
                index += 1;
                continue;
            }
            WordKind::Open => {
                let close = closing(words, index)?;
                let inner = pipeline(&words[index + 1..close], word.at, depth + 1)?;
                index = close;
                Operand::Pipeline(inner)
            }
            WordKind::Close => return Err(Mistake::new(word.at, "this `)` closes nothing")),
            WordKind::Assign => return Err(Mistake::new(word.at, "only a variable can be assigned to")),
            WordKind::Field(name) => {
                let message = format!("`.{name}` is nothing: templates of definitions have no data");
                return Err(Mistake::new(word.at, message).hint("take values with `must_env`, `env`, `ssm` or `tfstate`"));
            }
            WordKind::Text(text) => Operand::Text(text.clone()),
            WordKind::Number(text) => Operand::Number { text: text.clone(), at: word.at },
            WordKind::Variable(name) => Operand::Variable { name: name.clone(), at: word.at },
            WordKind::Name(name) => match name.as_str() {
                "true" => Operand::Bool(true),
                "false" => Operand::Bool(false),
                "nil" => Operand::Nil,
                _ => Operand::Function { name: name.clone(), at: word.at },
            },
        };
        operands.push((operand, word.at));
        index += 1;
    }
    finish(&mut operands, &mut commands, at)?;
    Ok(commands)
}

/// The `)` of the `(` at `open`.
fn closing(words: &[Word], open: usize) -> Result<usize, Mistake> {
    let mut depth = 0_usize;
    for (index, word) in words.iter().enumerate().skip(open) {
        if word.kind == WordKind::Open {
            depth += 1;
        } else if word.kind == WordKind::Close {
            depth -= 1;
        }
        if depth == 0 {
            return Ok(index);
        }
    }
    Err(Mistake::new(words[open].at, "this `(` is never closed"))
}
