//! IMAP (RFC 3501, RFC 9051), as much of it as reading a mailbox takes.
//!
//! The way of a reading: `open` (greeting, STARTTLS, login, SELECT) -> `fetch` (SEARCH, sizes, then BODY.PEEK[] in
//! batches) -> `file` (STORE, MOVE or COPY, UID EXPUNGE); `watch` waits by IDLE. All of them talk through `session`,
//! what a server says is taken apart in `parse`, and names of folders are written by `folder`.
//!
//! The conversation is our own rather than a library's: so a mail is never held beyond its bound, whatever length
//! the server announces; nothing said before TLS counts after it; and the server's own words reach the person who
//! has to act on them.

mod fetch;
mod file;
mod folder;
mod open;
mod parse;
mod session;
#[cfg(test)]
mod session_tests;
mod watch;

pub(super) use fetch::Imap;
pub(super) use watch::watch;

/// Says that a mail was worked on, for mailboxes in which someone else reads too.
const DONE: &str = "$BulletinDone";
