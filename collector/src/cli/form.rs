//! In which form a verdict is printed.
//!
//! Owns: the options. Refuses: the forms (see `nowait_report::text` and `junit`). Invariant: one form at a time.

/// The form; text unless another one is asked for.
#[derive(Clone, Copy, Debug, clap::Args)]
#[group(multiple = false)]
pub(super) struct Form {
    /// Print it as JSON; where two comparisons are made, a list of both
    #[arg(long)]
    pub(super) json: bool,
    /// Print it as Markdown for a merge request, in 60 lines at most
    #[arg(long)]
    pub(super) markdown: bool,
    /// Print it as one HTML file with both distributions over each other, and budgets drawn in
    #[arg(long)]
    pub(super) html: bool,
    /// Print it as `JUnit` XML, a test case for each touchpoint or limit
    #[arg(long)]
    pub(super) junit: bool,
}
