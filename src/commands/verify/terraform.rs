//! What Terraform would write back.

use std::path::{Path, PathBuf};

use super::{super::lookups, words::thing, world::Known};
use crate::verify::{
    Code, Found,
    owned::{self, Source, Written},
};

/// Everything that the states which the config names say.
pub(super) async fn check(known: &Known<'_>) -> Vec<Found> {
    let written = Written {
        moving: known.moving(),
        services: known.release.lattice.slots.iter().map(|slot| slot.ecs_service.clone()).collect(),
    };
    let mut found = Vec::new();
    for name in known.release.templating.states() {
        match lookups::state(Some(known.aws), &name).await {
            Ok(Some(state)) => found.extend(owned::judge(&state, &name, &sources(&name), &written)),
            Ok(None) => found.push(Found::note(Code::NotChecked, thing(&name), "there is no such Terraform state")),
            Err(why) => {
                let message = format!("what Terraform has of the release was not checked: {why}");
                found.push(Found::note(Code::NotChecked, thing(&name), message));
            }
        }
    }
    found
}

/// Terraform's sources beside a state, or beside the folder in which it keeps where its state is.
fn sources(state: &str) -> Vec<Source> {
    let folder = Path::new(state).parent().unwrap_or(Path::new("."));
    let folder = if folder.ends_with(".terraform") { folder.parent().unwrap_or(folder) } else { folder };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_source = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "tf");
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(is_source).collect();
    paths.sort();
    let read = |path: PathBuf| Some((path.display().to_string(), std::fs::read_to_string(&path).ok()?));
    paths.into_iter().filter_map(read).collect()
}
