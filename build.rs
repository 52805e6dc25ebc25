//! Packs AWS's models, which are a quarter of a megabyte of text, and the two schemas: the binary holds them compressed.

use std::{
    env, fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::DeflateEncoder};

#[expect(clippy::disallowed_methods, reason = "Cargo says in a variable where a build script writes")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = env::var("OUT_DIR")?;
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/models");
    let mut files = vec![PathBuf::from("src/settings/config/schema.json"), PathBuf::from("src/sandbox/scenario/schema.json")];
    files.iter().for_each(|path| println!("cargo:rerun-if-changed={}", path.display()));
    for entry in fs::read_dir("src/models")? {
        files.extend(Some(entry?.path()).filter(|path| path.extension().is_some_and(|end| end == "json")));
    }
    for path in files {
        let name = path.strip_prefix("src")?.to_string_lossy().replace('/', "-");
        let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
        packed.write_all(&fs::read(&path)?)?;
        fs::write(Path::new(&out).join(format!("{name}.deflate")), packed.finish()?)?;
    }
    Ok(())
}
