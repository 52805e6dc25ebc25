//! The words of an expression.

/// One word.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    /// The id of a metric or of another expression: begins with a lower case letter.
    Name(String),
    /// A function or one of the words that functions take: upper case.
    Word(String),
    Text(String),
    /// An operator or a bracket.
    Sign(&'static str),
}

/// Longer ones first.
const SIGNS: [&str; 19] = ["==", "!=", "<=", ">=", "&&", "||", "<", ">", "+", "-", "*", "/", "^", "(", ")", "[", "]", ",", "!"];

/// The words of a text; none where a character belongs to no word.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '0'..='9' | '.' => number(rest)?,
            'a'..='z' => word(rest, Token::Name),
            'A'..='Z' => word(rest, Token::Word),
            '\'' | '"' => {
                let inner = rest.get(1..)?;
                let end = inner.find(first)?;
                (Token::Text(inner.get(..end)?.to_owned()), end + 2)
            }
            _ => {
                let sign = SIGNS.into_iter().find(|sign| rest.starts_with(sign))?;
                (Token::Sign(sign), sign.len())
            }
        };
        found.push(match token {
            Token::Word(word) if word == "AND" => Token::Sign("&&"),
            Token::Word(word) if word == "OR" => Token::Sign("||"),
            token @ (Token::Number(_) | Token::Name(_) | Token::Word(_) | Token::Text(_) | Token::Sign(_)) => token,
        });
        rest = rest.get(length..)?.trim_start();
    }
    Some(found)
}

fn word(rest: &str, token: fn(String) -> Token) -> (Token, usize) {
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
    (token(rest.get(..length).unwrap_or_default().to_owned()), length)
}

/// `5`, `.5`, `50.25`, `1e-36`.
fn number(rest: &str) -> Option<(Token, usize)> {
    let bytes = rest.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let mut length = digits(0);
    if bytes.get(length) == Some(&b'.') {
        length += 1 + digits(length + 1);
    }
    if matches!(bytes.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(length + 1 + sign);
        if exponent > 0 {
            length += 1 + sign + exponent;
        }
    }
    let value = rest.get(..length)?.parse::<f64>().ok().filter(|value| value.is_finite())?;
    Some((Token::Number(value), length))
}
