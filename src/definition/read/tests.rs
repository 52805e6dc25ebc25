//! What is refused, where it is told to be, and what survives.

use super::Document;

fn error(bytes: &[u8]) -> String {
    Document::read("f.json", bytes).expect_err("not accepted").to_string()
}

#[test]
fn mistakes_are_told_with_line_and_column() {
    for (text, told) in [
        ("", "f.json:1:1: the file is empty"),
        ("{\n  \"a\": 1,\n  \"a\": 2\n}", "f.json:3:3: `a` stands in this object twice"),
        ("{\"a\": 1,}", "f.json:1:8: a comma before `}`"),
        ("[1, ]", "f.json:1:3: a comma before `]`"),
        ("{\"a\" 1}", "f.json:1:6: `:` is missing after `a`: found `1`"),
        ("{\"a\": 1 \"b\": 2}", "f.json:1:9: `,` or `}` is missing before `\"`"),
        ("{\"a\": 1", "f.json:1:8: the file ends before the `}` that closes what line 1, column 1 opens"),
        ("{\"a\": NaN}", "f.json:1:7: `NaN` is not a JSON number"),
        ("{\"a\": -Infinity}", "f.json:1:7: `-Infinity` is not a JSON number"),
        ("{\r\n  // no\r\n}", "f.json:2:3: comments are not JSON"),
        ("{} {}", "f.json:1:4: `{` after the end of the JSON value"),
        ("{'a': 1}", "f.json:1:2: a member's name is missing here: found `'`"),
        ("{\"a\": 012}", "f.json:1:7: a number starts with a zero"),
        ("{\"a\": 1.}", "f.json:1:9: a digit is missing after the decimal point: found `}`"),
        ("{\"a\": 1e999}", "f.json:1:7: `1e999` is larger than any number ECS takes"),
        ("{\"é\": \"\\q\"}", "f.json:1:8: an unknown escape in a string"),
        ("{\"a\": \"\\ud800\"}", "f.json:1:8: half a surrogate pair is not a character"),
        ("{\"a\": \"\\ud800\\u0041\"}", "f.json:1:8: half a surrogate pair is not a character"),
        ("{\"a\": \"x\ny\"}", "f.json:1:7: this string does not end on its line"),
        ("{\"a\": yes}", "f.json:1:7: `yes` is not JSON"),
    ] {
        assert_eq!(error(text.as_bytes()), told, "{text}");
    }
    assert_eq!(error(b"{\n\"\xff\"}"), "f.json:2:2: byte 0xff is not UTF-8");
    assert_eq!(error("[".repeat(129).as_bytes()), "f.json:1:129: nested deeper than 128 levels");
    assert!(Document::read("f", format!("{}{}", "[".repeat(128), "]".repeat(128)).as_bytes()).is_ok());
}

#[test]
fn digits_order_and_escapes_survive() {
    let text = "\u{feff}{\r\n\"b\": 1.50, \"a\": [12345678901234567890, -0, 1E2], \"c\": \"\\u00e9\\ud83d\\ude00\\/\"}\r\n";
    let document = Document::read("f", text.as_bytes()).expect("JSON");
    assert_eq!(document.text, text);
    let json = document.root.to_json();
    assert_eq!(json["c"], "é😀/");
    assert_eq!(
        json.as_object().map(|object| object.keys().cloned().collect::<Vec<_>>()),
        Some(vec!["b".into(), "a".into(), "c".into()])
    );
    let spellings: Vec<_> = document.root.get("a").expect("a").elements().iter().map(|node| &text[node.span.clone()]).collect();
    assert_eq!(spellings, ["12345678901234567890", "-0", "1E2"]);
}
