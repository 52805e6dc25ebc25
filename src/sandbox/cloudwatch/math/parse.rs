//! From words to a tree: recursive descent with a limit to its depth. Chains of one precedence are lists, so that a long sum is
//! no deep tree.

use super::token::{Token, tokens};

/// Deeper nesting than anybody writes by hand; an expression has at most 2 048 characters.
const DEEPEST: usize = 48;

/// An expression, understood.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sandbox::cloudwatch) enum Tree {
    Number(f64),
    Name(String),
    Word(String),
    Text(String),
    Minus(Box<Self>),
    /// Operands of one precedence, from left to right.
    Chain(Box<Self>, Vec<(&'static str, Self)>),
    List(Vec<Self>),
    Call(String, Vec<Self>),
}

/// The operators by precedence, loosest first. Where a comparison stands to a sum is as in every other language; the guide says
/// nothing about it, nor whether `^` goes from the right (here, from the left).
const LEVELS: [&[&str]; 6] = [&["||"], &["&&"], &["==", "!=", "<=", ">=", "<", ">"], &["+", "-"], &["*", "/"], &["^"]];
/// Unary minus stands between `*` and `^`: `-2^2` is −4.
const POWER: usize = 5;

/// The tree of an expression; none where it is not well formed.
pub(in crate::sandbox::cloudwatch) fn parse(text: &str) -> Option<Tree> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, depth: 0 };
    let tree = parser.chain(0)?;
    parser.tokens.is_empty().then_some(tree)
}

impl Tree {
    /// The names in it, each as often as it stands there.
    pub(in crate::sandbox::cloudwatch) fn names(&self) -> Vec<&str> {
        let mut found = Vec::new();
        self.visit(&mut |tree| {
            if let Self::Name(name) = tree {
                found.push(name.as_str());
            }
        });
        found
    }

    fn visit<'t>(&'t self, see: &mut impl FnMut(&'t Self)) {
        see(self);
        match self {
            Self::Number(_) | Self::Name(_) | Self::Word(_) | Self::Text(_) => {}
            Self::Minus(inner) => inner.visit(see),
            Self::Chain(first, rest) => {
                first.visit(see);
                rest.iter().for_each(|(_, tree)| tree.visit(see));
            }
            Self::List(items) | Self::Call(_, items) => items.iter().for_each(|tree| tree.visit(see)),
        }
    }
}

struct Parser<'t> {
    tokens: &'t [Token],
    depth: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    /// Takes one of these signs, if it is next.
    fn sign(&mut self, wanted: &[&str]) -> Option<&'static str> {
        match self.tokens.first() {
            Some(Token::Sign(sign)) if wanted.contains(sign) => {
                let sign = *sign;
                self.next();
                Some(sign)
            }
            Some(_) | None => None,
        }
    }

    fn chain(&mut self, level: usize) -> Option<Tree> {
        let Some(operators) = LEVELS.get(level) else { return self.operand() };
        let first = self.below(level)?;
        let mut rest = Vec::new();
        while let Some(operator) = self.sign(operators) {
            rest.push((operator, self.below(level)?));
        }
        Some(if rest.is_empty() { first } else { Tree::Chain(Box::new(first), rest) })
    }

    fn below(&mut self, level: usize) -> Option<Tree> {
        if level + 1 == POWER {
            return self.signed();
        }
        // The exponent may have a sign of its own.
        if level == POWER { self.exponent() } else { self.chain(level + 1) }
    }

    fn signed(&mut self) -> Option<Tree> {
        let negative = self.minuses();
        let inner = self.chain(POWER)?;
        Some(if negative { Tree::Minus(Box::new(inner)) } else { inner })
    }

    fn exponent(&mut self) -> Option<Tree> {
        let negative = self.minuses();
        let inner = self.operand()?;
        Some(if negative { Tree::Minus(Box::new(inner)) } else { inner })
    }

    /// Whether an odd number of minus signs comes next.
    fn minuses(&mut self) -> bool {
        let mut negative = false;
        while self.sign(&["-"]).is_some() {
            negative = !negative;
        }
        negative
    }

    fn operand(&mut self) -> Option<Tree> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return None;
        }
        let tree = match self.next()? {
            Token::Number(number) => Tree::Number(number),
            Token::Name(name) => Tree::Name(name),
            Token::Text(text) => Tree::Text(text),
            Token::Word(word) if self.sign(&["("]).is_some() => Tree::Call(word, self.items(")")?),
            Token::Word(word) => Tree::Word(word),
            Token::Sign("(") => {
                let inner = self.chain(0)?;
                self.sign(&[")"])?;
                inner
            }
            Token::Sign("[") => Tree::List(self.items("]")?),
            Token::Sign(_) => return None,
        };
        self.depth -= 1;
        Some(tree)
    }

    fn items(&mut self, end: &str) -> Option<Vec<Tree>> {
        let mut items = Vec::new();
        if self.sign(&[end]).is_some() {
            return Some(items);
        }
        loop {
            items.push(self.chain(0)?);
            if self.sign(&[end]).is_some() {
                return Some(items);
            }
            self.sign(&[","])?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Tree, parse};

    /// The tree with all its brackets.
    fn shown(tree: &Tree) -> String {
        let all = |items: &[Tree]| items.iter().map(shown).collect::<Vec<_>>().join(" ");
        match tree {
            Tree::Number(number) => number.to_string(),
            Tree::Name(name) | Tree::Word(name) => name.clone(),
            Tree::Text(text) => format!("'{text}'"),
            Tree::Minus(inner) => format!("-{}", shown(inner)),
            Tree::Chain(first, rest) => {
                let rest: String = rest.iter().map(|(operator, tree)| format!(" {operator} {}", shown(tree))).collect();
                format!("({}{rest})", shown(first))
            }
            Tree::List(items) => format!("[{}]", all(items)),
            Tree::Call(name, items) => format!("{name}({})", all(items)),
        }
    }

    #[test]
    fn precedence_and_words() {
        let table = [
            ("m1+m2*2", "(m1 + (m2 * 2))"),
            ("-2^2", "-(2 ^ 2)"),
            ("2^-1 - --3", "((2 ^ -1) - 3)"),
            ("a >= 30 AND b<2 || c", "(((a >= 30) && (b < 2)) || c)"),
            ("100*(a-FILL(b,0))/a", "(100 * (a - FILL(b 0)) / a)"),
            ("SUM([METRICS(\"4xx\"), METRICS('5xx')])", "SUM([METRICS('4xx') METRICS('5xx')])"),
            ("SLICE(SORT(METRICS(), AVG, DESC), 0, 1)", "SLICE(SORT(METRICS() AVG DESC) 0 1)"),
            ("m1/1e-36 + .5", "((m1 / 0.000000000000000000000000000000000001) + 0.5)"),
        ];
        for (text, wanted) in table {
            assert_eq!(parse(text).map(|tree| shown(&tree)).as_deref(), Some(wanted), "{text}");
        }
        assert_eq!(parse("a + SUM([b, a])").unwrap().names(), ["a", "b", "a"]);
    }

    #[test]
    fn what_is_not_well_formed() {
        for text in ["", "1 +", "(a", "a)", "a b", "SUM(a,)", "[a", "'open", "a = b", "1.2.3", "a ! b", "µ", "a,b", "9e999"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!(parse(&"(".repeat(1000)), None);
        assert_eq!(parse(&format!("{}a{}", "(".repeat(100), ")".repeat(100))), None, "deeper than anybody writes");
        assert!(parse(&vec!["a"; 1000].join("+")).is_some(), "long is not deep");
        assert!(parse(&format!("{}a", "-".repeat(2000))).is_some());
    }
}
