//! What definitions, templates and filters are fuzzed with, read again: nothing that anybody saves makes them panic.

use espalier::definition::fuzz::{Reads, run};

use crate::harness::root;

fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = root().join("fuzz/corpus").join(name);
    let entries = std::fs::read_dir(&folder).expect("a corpus").map(|entry| entry.expect("an entry").path());
    entries.map(|path| (path.display().to_string(), std::fs::read(&path).expect("a file"))).collect()
}

/// Every corpus has what is taken and what is refused.
#[test]
fn every_corpus_is_read() {
    for (name, reads) in Reads::ALL {
        let taken: Vec<bool> = corpus(name).iter().map(|(_, bytes)| run(reads, bytes)).collect();
        assert!(taken.iter().any(|taken| *taken) && taken.iter().any(|taken| !*taken), "{name}: {taken:?}");
    }
}

/// Cut short, with a byte turned over, doubled: what an editor, or a merge, makes of a file.
#[test]
fn what_is_broken_is_read_too() {
    for (name, reads) in Reads::ALL {
        for (_, bytes) in corpus(name) {
            let step = bytes.len() / 40 + 1;
            for place in (0..bytes.len()).step_by(step) {
                for flip in [0x01, 0x20, 0x80] {
                    let mut flipped = bytes.clone();
                    flipped[place] ^= flip;
                    let _taken = run(reads, &flipped);
                }
                for broken in [&bytes[..place], &[&bytes[..place], &bytes[..]].concat(), &bytes[place..]] {
                    let _taken = run(reads, broken);
                }
            }
        }
    }
}
