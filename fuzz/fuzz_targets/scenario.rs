//! Nothing that anybody sends makes it panic.
#![no_main]

use espalier::sandbox::fuzz::{Decoder, run};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let status = run(Decoder::Scenario, bytes);
    assert!(status < 600);
});
