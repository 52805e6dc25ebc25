//! The flags of hooks: types for the command line alone.

use clap::Args;

/// What runs on the way.
#[derive(Args, Clone, Debug, Default)]
pub struct Hooks {
    /// A shell command at a point of the rollout (repeatable): before_release, before_shift, after_step, before_promote,
    /// after_promote or on_rollback
    #[arg(long, value_name = "POINT=COMMAND")]
    pub hooks: Vec<String>,
    /// How long a hook may take [default: 5m]
    #[arg(long, value_name = "TIME")]
    pub hook_timeout: Option<String>,
}
