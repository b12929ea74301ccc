//! Between two issues: the list is looked after, and what readers ask for is taken down. Joins the list,
//! the readers' register and the ledger, as [`crate::pipeline`] joins the rooms of an issue.

mod collect;
mod forget;
mod import;
mod list;
mod reader;
pub mod stats;
mod sync;

pub use collect::{Collected, Leaver, Unsigned, collect};
pub use forget::{Forgotten, forget};
pub use import::{ImportRequest, PlannedImport, plan_import};
pub use list::lock_list;
pub use reader::{Decided, Known, known, restore, suppress};
pub use sync::{Export, PlannedSync, export, plan_sync};
