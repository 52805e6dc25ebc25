//! The simulator played: `seeds` (whatever chance brings), `hazards` (single cases, each named after how another tool let its
//! users down).

mod hazards;
mod seeds;
