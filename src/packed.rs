//! Text that the binary holds compressed: `build.rs` packs it, and what is needed is unpacked where it is needed.

use std::io::Read as _;

use flate2::read::DeflateDecoder;

/// A file under `src` as `build.rs` has packed it, by its path with `-` for `/`.
macro_rules! packed {
    ($name:literal) => {
        include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".deflate"))
    };
}
pub(crate) use packed;

/// The text that was packed.
#[expect(clippy::expect_used, reason = "it is part of the program; tests read every one")]
pub(crate) fn unpacked(packed: &[u8]) -> String {
    let mut text = String::new();
    DeflateDecoder::new(packed).read_to_string(&mut text).expect("what was packed unpacks");
    text
}
