//! A file takes another's place, whole or not at all.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use crate::exit::Error;

/// Writes a file whole or not at all: a new file beside it takes its place, with its permissions. A link stays a link.
///
/// # Errors
/// It cannot be written; then the old one is untouched.
pub(super) fn replace(path: &Path, text: &[u8]) -> Result<(), Error> {
    let failed = |error: io::Error| Error::malfunction(format!("{} cannot be written", path.display()), &error);
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let beside = beside(&target);
    let written = (|| {
        let mut file = File::create_new(&beside)?;
        if let Ok(old) = fs::metadata(&target) {
            file.set_permissions(old.permissions())?;
        }
        file.write_all(text)?;
        file.sync_all()?;
        fs::rename(&beside, &target)
    })();
    if written.is_err() {
        // The temporary file may not even exist; the error that matters is the first.
        let _ = fs::remove_file(&beside);
    }
    written.map_err(failed)
}

fn beside(target: &Path) -> PathBuf {
    let name = target.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    target.with_file_name(format!(".{name}.espalier-{}", std::process::id()))
}
