//! The page about what the sandbox covers. After a change that is meant: `INSTA_UPDATE=always cargo test --test espalier operations`.

use std::{collections::BTreeSet, fs};

use crate::harness::root;

const PAGE: &str = "docs/sandbox-operations.md";

#[test]
fn the_page_about_what_is_covered_is_what_the_code_says() {
    let path = root().join(PAGE);
    let made = espalier::sandbox::coverage();
    #[expect(clippy::disallowed_methods, reason = "whoever changes what is covered asks for the page to be written")]
    if std::env::var_os("INSTA_UPDATE").is_some_and(|how| how == "always") {
        fs::write(&path, &made).expect("the page can be written");
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let odd = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
    assert!(
        made == kept,
        "{PAGE} is not what the code says (first: {odd:?}): run INSTA_UPDATE=always cargo test --test espalier operations"
    );
}

#[test]
fn every_operation_that_is_covered_is_listed_once() {
    let covered = espalier::sandbox::covered();
    let names: BTreeSet<_> = covered.iter().collect();
    assert_eq!(names.len(), covered.len());
    let page = espalier::sandbox::coverage();
    for (service, operation) in covered {
        let section = page.split("\n## ").find(|section| section.starts_with(&format!("{service} "))).expect("a section");
        assert_eq!(section.matches(&format!("\n| {operation} |")).count(), 1, "{service}:{operation}");
    }
}
