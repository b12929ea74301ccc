//! Between two issues: the list is looked after, and what readers ask for is taken down. Joins the list,
//! the readers' register and the ledger, as [`crate::pipeline`] joins the rooms of an issue.

mod bounce_report;
mod collect;
mod forget;
mod import;
mod judge;
mod list;
mod reader;
pub mod stats;
mod sync;
mod tokens;
mod told;

pub use bounce_report::{BounceReport, Share, bounce_report, bounces_on_record};
pub use collect::{Collected, Manner, Unsigned, collect};
pub use forget::{Forgotten, forget};
pub use import::{ImportRequest, PlannedImport, plan_import};
pub use judge::{Judged, Who, judge_refusals};
pub use list::lock_list;
pub use reader::{Decided, Known, known, restore, suppress};
pub use sync::{Export, PlannedSync, export, plan_sync};
