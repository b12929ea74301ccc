//! The sink's session and its counts, and what the peers in Rust share: the readers' list, and a finished
//! message with its places open.

pub mod people;
pub mod session;
pub mod tally;
pub mod template;
