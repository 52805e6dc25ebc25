//! The one Rust test target: what no single room can say about itself.

mod architecture;
mod source;
