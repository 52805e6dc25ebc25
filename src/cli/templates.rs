//! What fills in definitions and references.

use std::path::PathBuf;

use clap::Args;

/// What fills in definitions and references.
#[derive(Args, Clone, Debug, Default)]
pub struct Templates {
    /// Take cluster, service and definitions from this ecspresso config [default: ecspresso.yml, where there is no espalier.yml]
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub ecspresso: Option<PathBuf>,
    /// A file of variables for templates, over those of the environment (repeatable)
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    pub envfile: Vec<PathBuf>,
    /// A text for Jsonnet's `std.extVar` (repeatable)
    #[arg(long, value_name = "NAME=TEXT", hide_short_help = true)]
    pub ext_str: Vec<String>,
    /// A value for Jsonnet's `std.extVar`, as Jsonnet (repeatable)
    #[arg(long, value_name = "NAME=CODE", hide_short_help = true)]
    pub ext_code: Vec<String>,
    /// The Terraform state in which `tfstate:ADDRESS` is looked up: a file, or `s3://BUCKET/KEY`
    #[arg(long, value_name = "STATE", hide_short_help = true)]
    pub tfstate: Option<String>,
}

/// Filters in files, and what filters see.
#[derive(Args, Clone, Debug, Default)]
pub struct Filters {
    /// A file with a filter; files come before `--jq` (repeatable)
    #[arg(long, value_name = "FILE")]
    pub jq_file: Vec<PathBuf>,
    /// A variable of the environment that filters see as `$env.NAME` (repeatable)
    #[arg(long, value_name = "NAME")]
    pub jq_env: Vec<String>,
}
