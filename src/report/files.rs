//! The files that reports are written to: the journal, the job summary, the step's outputs.

use std::{
    fs::{File, OpenOptions},
    io::{self, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
};

use super::text;
use crate::rollout::journal::Journal;

/// The journal as JSON lines, added to as it grows.
pub(super) struct JournalFile {
    path: PathBuf,
    file: Option<File>,
    written: usize,
}

impl JournalFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, file: None, written: 0 }
    }

    pub(super) fn write(&mut self, journal: &Journal) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                if let Some(folder) = self.path.parent() {
                    std::fs::create_dir_all(folder)?;
                }
                self.file.insert(File::create(&self.path)?)
            }
        };
        let is_new = self.written == 0 || self.written < journal.entries.len();
        if is_new && !journal.entries.is_empty() {
            file.write_all(text::json_lines(journal, self.written).as_bytes())?;
            self.written = journal.entries.len();
        }
        Ok(())
    }
}

/// The job summary. GitHub reads it when the step ends, even a cancelled one, so it is written anew at each change; what others
/// wrote to the file before stays.
pub(super) struct SummaryFile {
    path: PathBuf,
    begins: Option<u64>,
}

impl SummaryFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, begins: None }
    }

    pub(super) fn write(&mut self, words: &str) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(false).open(&self.path)?;
        let begins = match self.begins {
            Some(begins) => begins,
            None => *self.begins.insert(file.metadata()?.len()),
        };
        file.set_len(begins)?;
        file.seek(SeekFrom::Start(begins))?;
        file.write_all(words.as_bytes())
    }
}

/// Adds to the step's outputs, in one write.
pub(crate) fn append(path: &Path, lines: &str) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(lines.as_bytes())
}
