//! The simulator played: `seeds` (whatever chance brings), `hazards` (single cases, each named after how another tool let its
//! users down) with `writes` (those about writes), `found` (single cases too, which seeds have found), `bent`, `bent_further` and
//! `bent_walks` (machines with a defect, which the rules must not let
//! pass).

mod bent;
mod bent_further;
mod bent_walks;
mod found;
mod hazards;
mod read;
mod seeds;
mod writes;
