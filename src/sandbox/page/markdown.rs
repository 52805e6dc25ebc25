//! A comment's Markdown as HTML. Raw HTML is escaped, but for the few tags that reports use; comments are left out, as GitHub does.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html::push_html};

use super::html::escaped;

/// Tags that may stand as they are.
const TAGS: [&str; 9] =
    ["<details>", "<details open>", "</details>", "<summary>", "</summary>", "<br>", "<br/>", "<sub>", "</sub>"];

/// GitHub's flavour, as far as the reports use it. Mermaid stays code.
#[expect(clippy::wildcard_enum_match_arm, reason = "all that is not markup of its own or an address is shown as it is")]
pub(super) fn markdown(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Html(CowStr::from(allowed(&html))),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: address(dest_url), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Image { link_type, dest_url: address(dest_url), title, id })
        }
        other => other,
    });
    let mut out = String::new();
    push_html(&mut out, events);
    out
}

/// An address that leads to a page, and nowhere else.
fn address(url: CowStr<'_>) -> CowStr<'_> {
    let is_safe = ["http://", "https://", "#"].iter().any(|start| url.starts_with(start));
    if is_safe { url } else { CowStr::Borrowed("#") }
}

/// Raw HTML with everything escaped that is not allowed.
fn allowed(html: &str) -> String {
    let mut out = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        out.push_str(&escaped(before));
        if let Some(tag) = TAGS.iter().find(|tag| from.starts_with(**tag)) {
            out.push_str(tag);
            rest = from.get(tag.len()..).unwrap_or_default();
        } else if let Some((_, after)) = from.strip_prefix("<!--").map(|inside| inside.split_once("-->").unwrap_or((inside, "")))
        {
            rest = after;
        } else if let Some((image, after)) = image(from) {
            out.push_str(&image);
            rest = after;
        } else {
            out.push_str("&lt;");
            rest = from.get(1..).unwrap_or_default();
        }
    }
    out + &escaped(rest)
}

/// `<img …>` with nothing but its source, words and width.
fn image(html: &str) -> Option<(String, &str)> {
    let (inside, after) = html.strip_prefix("<img ")?.split_once('>')?;
    let attribute = |name: &str| {
        let (_, value) = inside.split_once(&format!("{name}=\""))?;
        value.split('"').next()
    };
    let source = address(CowStr::Borrowed(attribute("src")?));
    let mut out = format!("<img src=\"{}\" alt=\"{}\"", escaped(&source), escaped(attribute("alt").unwrap_or_default()));
    if let Some(width) = attribute("width").filter(|width| width.bytes().all(|byte| byte.is_ascii_digit())) {
        out.push_str(&format!(" width=\"{width}\""));
    }
    Some((out + ">", after))
}

#[cfg(test)]
mod tests {
    use super::markdown;

    #[test]
    fn what_reports_use_is_shown() {
        let html = markdown(
            "<!-- marker -->\n### a `b`\n\n| x | y |\n|---|---|\n| 1 | 2 |\n\n<details><summary>Log</summary>\n\none<br>two\n\n</details>\n\n<sub>s</sub>",
        );
        assert!(html.starts_with("\n<h3>a <code>b</code></h3>"), "{html}");
        for wanted in ["<td>1</td>", "<details><summary>Log</summary>", "one<br>two", "</details>", "<sub>s</sub>"] {
            assert!(html.contains(wanted), "{wanted}: {html}");
        }
        let chart = markdown("```mermaid\nxychart-beta\n  line [<b>]\n```");
        assert_eq!(chart, "<pre><code class=\"language-mermaid\">xychart-beta\n  line [&lt;b&gt;]\n</code></pre>\n");
    }

    #[test]
    fn all_other_markup_is_text() {
        for (given, wanted) in [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("a <b onclick=\"x\">c</b>", "<p>a &lt;b onclick=&quot;x&quot;&gt;c&lt;/b&gt;</p>\n"),
            ("<details ontoggle=x>", "&lt;details ontoggle=x&gt;"),
            ("a <img src=\"javascript:x\" onerror=\"y\" alt=\"<z\">", "<p>a <img src=\"#\" alt=\"&lt;z\"></p>\n"),
            ("[a](javascript:alert(1))", "<p><a href=\"#\">a</a></p>\n"),
            ("![a](data:text/html,x)", "<p><img src=\"#\" alt=\"a\" /></p>\n"),
            ("</article></main>", "&lt;/article&gt;&lt;/main&gt;"),
            ("<!-- never closed", ""),
        ] {
            assert_eq!(markdown(given), wanted, "{given}");
        }
    }
}
