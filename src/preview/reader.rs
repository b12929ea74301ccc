//! What one reader gets, and why: a person of the list in, their mail and a reason for each item out.

use serde::Serialize;

/// One reader of an issue.
#[derive(Debug, Clone, Serialize)]
pub struct Reader {}
