//! Packs AWS's models, which are a quarter of a megabyte of text: the binary holds them compressed.

use std::{env, fs, io::Write as _, path::Path};

use flate2::{Compression, write::DeflateEncoder};

#[expect(clippy::disallowed_methods, reason = "Cargo says in a variable where a build script writes")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = env::var("OUT_DIR")?;
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/models");
    for entry in fs::read_dir("src/models")? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".json")) else { continue };
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&fs::read(&path)?)?;
        fs::write(Path::new(&out).join(format!("{name}.deflate")), packed.finish()?)?;
    }
    Ok(())
}
