//! Nothing that anybody saves makes it panic.
#![no_main]

use espalier::definition::fuzz::{Reads, run};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _taken = run(Reads::Definition, bytes);
});
