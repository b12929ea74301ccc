//! What a reply or its absence means for a message: the line between `Deferred` and `Unknown` is drawn where its last
//! octet was handed to the socket.

use lettre::transport::smtp::response::{Response, Severity};

use super::reply::reply;
use crate::domain::outcome::{Outcome, Reply};

/// What a reply to MAIL, RCPT or DATA, or to RSET, means.
#[derive(Debug)]
pub(super) enum Word {
    /// Go on.
    Yes,
    /// Not this message.
    No(Outcome),
    /// Nobody can tell where the server is.
    Nonsense(Reply),
}

/// A reply other than 421 to a command that goes on with `due`.
pub(super) fn before_content(response: &Response, due: Severity) -> Word {
    match response.code().severity {
        // Three of four replies say this, and nobody asks for their words.
        severity if severity == due => Word::Yes,
        Severity::TransientNegativeCompletion => Word::No(Outcome::Deferred(reply(response))),
        Severity::PermanentNegativeCompletion => Word::No(Outcome::Rejected(reply(response))),
        Severity::PositiveCompletion | Severity::PositiveIntermediate => {
            Word::Nonsense(Reply::silence(format!("the server is out of step: {}", reply(response))))
        }
    }
}

/// The reply to the last octet of a message, other than 421.
pub(super) fn after_content(response: &Response) -> Outcome {
    let reply = reply(response);
    match response.code().severity {
        Severity::PositiveCompletion => Outcome::Accepted(reply),
        Severity::TransientNegativeCompletion => Outcome::Deferred(reply),
        Severity::PermanentNegativeCompletion => Outcome::Rejected(reply),
        Severity::PositiveIntermediate => Outcome::Unknown(reply),
    }
}
