//! The SMTP client: a [`Relay`] in, [`Outcome`](crate::domain::outcome::Outcome)s out (RFC 5321).
//!
//! Replies and plain commands are lettre's; the conversation is our own: in lockstep, pipelined, or in chunks. Only so it
//! is known whether the last octet of a message had left when a connection broke, which is the line between a
//! message to try again and one that nobody can tell of.
//!
//! The way of a connection: `relay` (`relay_url`) -> `setup` -> `dial` (the room, for TCP and TLS) -> `open` (greeting, EHLO,
//! STARTTLS, AUTH; with `tls`, `auth` and `offer`) -> `connection` -> `flight` (the messages; with `letter`,
//! `parameters` and `verdict`). All of them talk through `session` (`outgoing`, `inbox`), and what a server says becomes
//! an outcome's text in `reply`.

mod auth;
#[cfg(test)]
mod connect_tests;
mod connection;
#[cfg(test)]
mod connection_tests;
mod flight;
#[cfg(test)]
mod flight_tests;
#[cfg(test)]
mod free_script_tests;
mod inbox;
mod letter;
mod offer;
mod open;
mod outgoing;
mod parameters;
#[cfg(test)]
mod peer;
#[cfg(test)]
mod rehearsed_tests;
mod relay;
mod relay_url;
mod reply;
mod session;
mod setup;
#[cfg(test)]
mod timeout_tests;
mod tls;
#[cfg(test)]
mod tls_tests;
mod verdict;

pub use crate::dial::{Secret, Security};
pub use connection::SmtpConnection;
pub use relay::{Chunking, Login, Relay, Timeouts};
pub use relay_url::RelayUrlError;
pub use setup::{SmtpSetupError, SmtpTransport};
