//! The built-in SMTP catcher: the other end of a rehearsal.
//!
//! In comes mail over real SMTP (RFC 5321 with PIPELINING, 8BITMIME, SIZE, SMTPUTF8,
//! ENHANCEDSTATUSCODES, DSN and CHUNKING) from this machine only; out come a list of what
//! was taken, a Maildir of it, and a count of what was done to the rest. With a
//! [`Chaos`] it misbehaves as servers do, on the same recipients each time.
//!
//! The way of a message: `catcher` (connections) -> `wire` (buffers) -> `command`
//! (grammar; `path` for the addresses, `dsn`) -> `session` (envelope) -> `content` (DATA and
//! BDAT; `unstuff`, `body`) -> `register` (the books; `maildir` for the disk). `dice`
//! draws from `chaos`, which `chaos_text` reads; `reply` is what is said, `answer` how.

mod answer;
mod body;
mod catcher;
#[cfg(test)]
mod catcher_tests;
mod chaos;
mod chaos_error;
mod chaos_text;
mod command;
mod content;
mod dice;
mod dsn;
mod maildir;
mod path;
mod register;
mod reply;
mod session;
#[cfg(test)]
mod session_tests;
mod unstuff;
mod wire;

pub use catcher::{Catcher, CatcherError, CatcherOptions};
pub use chaos::Chaos;
pub use chaos_error::ChaosError;
pub use register::{Accepted, Tally};
