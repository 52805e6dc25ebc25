//! Foreign text made harmless for where it is shown: Markdown on GitHub, workflow logs, terminals.
//!
//! Foreign is whatever we did not write ourselves: names, reason codes, AWS's messages, notes.

/// The longest piece of foreign text that is shown; the journal keeps all of it.
const LONGEST: usize = 600;
/// Stands between two characters that would mean something together; shows as nothing.
const BREAK: &str = "&#8203;";

/// One line of visible text: control and direction-changing characters gone, runs of white space folded, cut at a length.
pub(super) fn plain(text: &str) -> String {
    let visible = |character: char| -> Option<char> {
        match character {
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' => None,
            character if character.is_whitespace() || character.is_control() => Some(' '),
            character => Some(character),
        }
    };
    let text: String = text.chars().filter_map(visible).collect();
    let words: Vec<_> = text.split(' ').filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// For running text in Markdown: no markup, no HTML, no table breaks, no mention, no reference to an issue, no link.
pub(super) fn markdown(text: &str) -> String {
    let text = plain(text);
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut characters = text.chars().peekable();
    let mut before = ' ';
    while let Some(character) = characters.next() {
        let next = characters.peek().copied().unwrap_or(' ');
        push_escaped(&mut escaped, character);
        let begins_mention = character == '@';
        let begins_reference = character == '#' && next.is_ascii_digit()
            || character == '-' && before.eq_ignore_ascii_case(&'h') && next.is_ascii_digit();
        let begins_link = character == ':' && next == '/' || character == '.' && before.eq_ignore_ascii_case(&'w');
        if begins_mention || begins_reference || begins_link {
            escaped.push_str(BREAK);
        }
        before = character;
    }
    escaped
}

/// The same where names stand in back quotes, as they do in our own sentences: those are in code type.
pub(crate) fn prose(text: &str) -> String {
    let text = plain(text);
    // Quotes that do not pair are only quotes.
    if text.matches('`').count() % 2 == 1 {
        return markdown(&text);
    }
    let quoted = |(index, part): (usize, &str)| if index % 2 == 0 { outside(part) } else { code(part) };
    text.split('`').enumerate().map(quoted).collect()
}

/// What stands between two names in code type: the space around it stays.
fn outside(part: &str) -> String {
    let (head, tail) = (part.len() - part.trim_start().len(), part.trim_end().len());
    if tail <= head {
        return " ".repeat(part.len().min(1));
    }
    format!("{}{}{}", &part[..head], markdown(&part[head..tail]), &part[tail..])
}

/// A name in code type, where mentions and links mean nothing anyway.
pub(super) fn code(text: &str) -> String {
    let text = plain(text);
    let is_tame = |character: char| character.is_alphanumeric() || " -_.:/=+,%()".contains(character);
    if !text.is_empty() && text.chars().all(is_tame) {
        return format!("`{text}`");
    }
    let mut escaped = String::from("<code>");
    text.chars().for_each(|character| push_escaped(&mut escaped, character));
    escaped + "</code>"
}

/// A command that somebody will copy: all of it, on one line, spaces kept.
pub(super) fn command(text: &str) -> String {
    text.trim().chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// What a program said, for a log: its spaces are kept, what would steer a terminal is not.
pub(super) fn said(line: &str) -> String {
    let line = line.replace('\t', "    ");
    line.chars().filter(|character| !character.is_control()).take(LONGEST).collect()
}

/// For inside a fenced block: a visible line (see [`plain`]) that cannot close the fence.
pub(super) fn fenced(line: &str) -> String {
    line.replace("```", "'''")
}

fn push_escaped(to: &mut String, character: char) {
    match character {
        '&' => to.push_str("&amp;"),
        '<' => to.push_str("&lt;"),
        '>' => to.push_str("&gt;"),
        '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '~' | '$' | '!' => to.push_str(&format!("&#{};", u32::from(character))),
        character => to.push(character),
    }
}

/// For a workflow's log: a visible line (see [`plain`]) without a workflow command in it, neither `::command::` at its start nor
/// `##[command]` anywhere (actions/runner, `ActionCommand.cs`).
pub(super) fn log_line(line: &str) -> String {
    let line = line.replace("##[", "#\u{200B}#[");
    if line.trim_start().starts_with("::") { format!("\u{200B}{line}") } else { line }
}

/// The message of a workflow command.
pub(super) fn command_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A").replace("##[", "#\u{200B}#[")
}

/// The value of a workflow command's property.
pub(super) fn command_property(text: &str) -> String {
    command_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_means_nothing_in_foreign_text() {
        assert_eq!(markdown("a | b\n<img src=x> <!-- x -->"), "a &#124; b &lt;img src=x&gt; &lt;&#33;-- x --&gt;");
        assert_eq!(
            markdown("**bold** `code` [a](b) ~x~ \\"),
            "&#42;&#42;bold&#42;&#42; &#96;code&#96; &#91;a&#93;(b) &#126;x&#126; &#92;"
        );
        assert_eq!(markdown("ask @octo/team about #12, GH-7"), "ask @&#8203;octo/team about #&#8203;12, GH-&#8203;7");
        assert_eq!(prose("`a` is not `b c`, but @x `<i>`"), "`a` is not `b c`, but @&#8203;x <code>&lt;i&gt;</code>");
        assert_eq!(prose("` x"), markdown("` x"));
        assert_eq!(markdown("https://a.b/c www.a.b"), "https:&#8203;//a.b/c www.&#8203;a.b");
        assert_eq!(markdown("&lt;b&gt;"), "&amp;lt;b&amp;gt;");
    }

    #[test]
    fn names_stay_readable_and_contained() {
        assert_eq!(code("myservice:42"), "`myservice:42`");
        assert_eq!(code("a`b|c<d>@e"), "<code>a&#96;b&#124;c&lt;d&gt;@e</code>");
        assert_eq!(fenced("``` @x ```"), "''' @x '''");
    }

    #[test]
    fn lines_are_single_visible_and_of_bounded_length() {
        assert_eq!(plain("a\u{1b}[31mred\r\n\tb\u{202e}c"), "a [31mred bc");
        assert_eq!(plain(&"x".repeat(5000)).chars().count(), LONGEST + 1);
        assert_eq!(command(&format!(" aws  x\n{}", "y".repeat(5000))).len(), 5007);
    }

    #[test]
    fn no_workflow_command_survives() {
        assert_eq!(log_line("::error::x"), "\u{200B}::error::x");
        assert!(!log_line("x ##[add-mask]y").contains("##["));
        assert_eq!(command_data("50% of\r\nall: a,b"), "50%25 of%0D%0Aall: a,b");
        assert_eq!(command_property("a: b, c"), "a%3A b%2C c");
    }
}
