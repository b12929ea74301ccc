//! POP3 (RFC 1939), as much of it as reading a mailbox takes.
//!
//! `open` greets, encrypts (STLS, RFC 2595) and logs in (AUTH, RFC 5034, or USER and PASS), as the server's CAPA
//! (RFC 2449) allows; `fetch` reads one mail after the other, and removes only where that is asked for. All of them
//! talk through `session`. A mail is known by its UIDL. While a session lasts, no other program gets at the mailbox,
//! so that none is held open for longer than a batch takes.

mod fetch;
mod open;
mod session;
#[cfg(test)]
mod session_tests;

pub(super) use fetch::{Pop3, look};
