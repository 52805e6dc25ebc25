//! Holds `docs/hazards.md` against the tests: each hazard that can apply to us names one, and each test that is named after a
//! hazard is in it.

use std::{collections::BTreeSet, fs, path::Path};

use crate::harness::root;

/// How the names of tests after a hazard begin: the tool that had it; then comes its number. What users
/// reported of all of them has only the number: `c4`. One without a number begins with `hazard`.
const FAMILIES: [&str; 7] = ["flagger", "argo", "gateway", "lattice", "kayenta", "harness", "ecs"];

/// All that were found in the tools' sources and issues, by letter or tool and number. Each is in the page, with a test or with why it
/// cannot happen here.
const KNOWN: [(&str, u8); 7] =
    [("b", 13), ("c", 20), ("argo ", 10), ("gateway ", 8), ("lattice ", 8), ("kayenta ", 5), ("harness ", 2)];

fn known() -> BTreeSet<String> {
    let numbered = KNOWN.iter().flat_map(|(of, most)| (1..=*most).map(move |number| format!("{of}{number}")));
    numbered.chain(["argo a2"].map(str::to_owned)).collect()
}

/// The issues and pull requests, of whatever tool, in which users or makers told of these hazards. The page has the tools.
const REPORTED: [u32; 102] = [
    30, 47, 96, 100, 214, 216, 237, 360, 381, 409, 485, 523, 525, 574, 582, 634, 635, 639, 720, 773, 780, 794, 849, 869, 874,
    883, 944, 959, 984, 987, 1008, 1035, 1152, 1157, 1158, 1169, 1186, 1190, 1202, 1247, 1248, 1268, 1329, 1330, 1349, 1415,
    1451, 1578, 1591, 1600, 1633, 1689, 1700, 1730, 1816, 1851, 1898, 1905, 1931, 1934, 2158, 2463, 2522, 2648, 2651, 2664, 2853,
    2857, 2864, 2907, 3015, 3020, 3215, 3316, 3333, 3372, 3420, 3586, 3588, 3849, 3850, 3854, 3873, 3888, 3926, 4073, 4265, 4369,
    4393, 4424, 4433, 4612, 4619, 4694, 4786, 4847, 4898, 4900, 4973, 36764, 45678, 46793,
];

/// The numbers after `#` in the page.
fn issues(page: &str) -> BTreeSet<u32> {
    let digits = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>();
    page.split('#').skip(1).filter_map(|rest| digits(rest).parse().ok()).collect()
}

/// The ids before the first `end`, where there is one.
fn ids(cell: &str, end: char) -> BTreeSet<String> {
    let ids = cell.split_once(end).map_or("", |(ids, _)| ids);
    ids.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect()
}

fn is_after_a_hazard(test: &str) -> bool {
    let mut parts = test.split('_');
    let family = parts.next().unwrap_or_default();
    let reported = family.strip_prefix('c').is_some_and(|number| number.parse::<u8>().is_ok());
    reported
        || family == "hazard"
        || FAMILIES.contains(&family) && parts.next().is_some_and(|number| number.bytes().any(|byte| byte.is_ascii_digit()))
}

/// Whether a test's name holds a hazard's id as words of it.
fn is_named_after(test: &str, id: &str) -> bool {
    format!("_{test}_").contains(&format!("_{}_", id.replace(' ', "_")))
}

fn tests_in(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            tests_in(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("UTF-8");
            let mut lines = text.lines().map(str::trim);
            while let Some(line) = lines.next() {
                if line == "#[test]" || line.starts_with("#[tokio::test") {
                    let named = lines.find_map(|line| line.trim_start_matches("async ").strip_prefix("fn "));
                    found.extend(named.and_then(|rest| rest.split_once('(')).map(|(name, _)| name.to_owned()));
                }
            }
        }
    }
}

/// A row of the table.
#[derive(Debug)]
struct Row {
    hazard: String,
    ids: BTreeSet<String>,
    /// The names in backticks of its last column.
    tests: Vec<String>,
}

fn listed(page: &str) -> Vec<Row> {
    let rows = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| hazard"));
    rows.map(|row| {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let tests = cells.last().copied().unwrap_or_default().split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Row { hazard: cells[0].to_owned(), ids: ids(cells[1], ';'), tests }
    })
    .collect()
}

#[test]
fn every_known_hazard_has_its_test_and_every_such_test_is_listed() {
    let mut tests = BTreeSet::new();
    tests_in(&root().join("src"), &mut tests);
    tests_in(&root().join("tests"), &mut tests);
    let page = fs::read_to_string(root().join("docs/hazards.md")).expect("docs/hazards.md");
    let rows = listed(&page);
    assert!(rows.len() > 20, "the table is read: {rows:?}");
    for Row { hazard, ids, tests: names } in &rows {
        assert!(!names.is_empty(), "{hazard}: no test");
        let named = |id: &String| names.iter().any(|name| is_named_after(name, id));
        let unnamed: Vec<_> = ids.iter().filter(|id| !named(id)).collect();
        assert!(unnamed.is_empty(), "{hazard}: no test is named after {unnamed:?}");
        for name in names {
            assert!(tests.contains(name), "{hazard}: there is no test `{name}`");
        }
    }
    let impossible = page.lines().filter_map(|line| line.strip_prefix("- ")).flat_map(|line| ids(line, ':'));
    let told: BTreeSet<String> = rows.iter().flat_map(|row| row.ids.iter().cloned()).chain(impossible).collect();
    assert_eq!(told, known(), "every hazard of the reference, and no other, is told");
    let untold: Vec<_> = REPORTED.iter().filter(|issue| !issues(&page).contains(issue)).collect();
    assert!(untold.is_empty(), "issues that are not in docs/hazards.md: {untold:?}");
    let listed: BTreeSet<&String> = rows.iter().flat_map(|row| &row.tests).collect();
    let named = tests.iter().filter(|name| is_after_a_hazard(name));
    let missing: Vec<_> = named.filter(|name| !listed.contains(name)).collect();
    assert!(missing.is_empty(), "not in docs/hazards.md: {missing:?}");
}
