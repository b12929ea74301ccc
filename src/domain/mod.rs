//! The leaf vocabulary: the words that every room speaks. No I/O, and no import from any other room.

pub mod address;
pub mod bounce_policy;
pub mod chance;
pub mod clock;
pub mod colour;
pub mod digest;
pub mod field;
pub mod finding;
pub mod hours;
pub mod id;
pub mod language;
pub mod localised;
pub mod mailbox_url;
pub mod outcome;
pub mod provider;
pub mod queue_id;
pub mod reason;
pub mod token;
pub mod toml_fault;
pub mod typography;
pub mod verp;

pub use address::EmailAddress;
pub use bounce_policy::BouncePolicy;
pub use colour::Colour;
pub use digest::Digest;
pub use finding::{Finding, Severity};
pub use hours::Hours;
pub use id::{IssueId, ItemId, Topic};
pub use language::Language;
pub use localised::Localised;
pub use mailbox_url::MailboxUrl;
pub use reason::{Kind, Reason};
pub use typography::Typography;
pub use verp::ReturnPath;
