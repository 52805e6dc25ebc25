//! `preview list`: the previews of the service.

use super::{stage::Stage, told::GitHub};
use crate::{
    aws::previews::look::{Depth, Header},
    commands::connect,
    exit::{Error, Exit},
    preview::sweep::Word,
    report::preview::{Listed, markdown_table, table},
    settings::{Format, PreviewSettings},
};

/// Runs it. Nothing is written.
///
/// # Errors
/// AWS's refusal.
pub(crate) async fn list(settings: PreviewSettings) -> Result<Exit, Error> {
    let github = GitHub::of(&settings)?;
    let stage = Stage::set(&settings).await?;
    let listing = stage.home.list(&stage.aws, stage.now()).await?;
    let mut all = Vec::new();
    for names in stage.home.candidates(&stage.aws, &listing, stage.now()).await? {
        let header = Header(&settings.previews.header);
        let seen = stage.home.look(&stage.aws, (&listing, &names), header, Depth::Up, stage.now()).await?;
        if seen.is_nothing() {
            continue;
        }
        let mut listed = Listed {
            key: names.key.clone(),
            pull_request: match github.word(names.number).await {
                Word::Open => "open".to_owned(),
                Word::Closed => "closed".to_owned(),
                Word::Silent(why) => format!("not known: {why}"),
            },
            reach: match (&seen.own, seen.rules.is_empty()) {
                (Some(_), _) => "service".to_owned(),
                (None, false) => "header".to_owned(),
                (None, true) => String::new(),
            },
            ..Listed::default()
        };
        if let Some(group) = &seen.group {
            let look = stage.home.watch(&stage.aws, &names, &group.arn, stage.now()).await?;
            listed.healthy = (look.healthy, look.desired);
            (listed.commit, listed.branch, listed.until) = (group.commit.clone(), group.branch.clone(), group.until);
        }
        all.push(listed);
    }
    match settings.format {
        Format::Json => {
            let list: Vec<_> = all.iter().map(Listed::json).collect();
            connect::print(&format!("{:#}", serde_json::json!(list)));
        }
        Format::Text if all.is_empty() => connect::print(&format!("there is no preview of {}", settings.service)),
        Format::Text => connect::print(&table(&all)),
        Format::Markdown => connect::print(&markdown_table(&all)),
    }
    Ok(Exit::Done)
}
