//! Pages whose tables are made from the code. After a change that is meant: `INSTA_UPDATE=always cargo test --test espalier pages`.

use std::fs;

use crate::harness::root;
use espalier::verify::Code;

const PAGE: &str = "docs/verify.md";
const HEAD: &str = "| code | is about |\n|---|---|\n";

#[test]
fn every_code_of_a_finding_is_told() {
    let path = root().join(PAGE);
    let kept = fs::read_to_string(&path).expect("the page");
    let (before, _) = kept.split_once(HEAD).expect("a table of codes, at the end");
    let rows: String = Code::ALL.iter().map(|code| format!("| `{code}` | {} |\n", code.about())).collect();
    let made = format!("{before}{HEAD}{rows}");
    #[expect(clippy::disallowed_methods, reason = "whoever changes a code asks for the page to be written")]
    if std::env::var_os("INSTA_UPDATE").is_some_and(|how| how == "always") {
        fs::write(&path, &made).expect("the page can be written");
        return;
    }
    assert!(kept == made, "{PAGE} is not what the code says: run INSTA_UPDATE=always cargo test --test espalier pages");
}
