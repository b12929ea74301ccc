//! What a flight is made of: its messages as letters, what was said of each and awaits a reply, and what ends a
//! flight early.

use super::outgoing::Outgoing;
use super::session::Broken;
use crate::compose::OutboundMessage;
use crate::deliver::transport::Heard;
use crate::domain::outcome::{Reply, Stage};

/// One of the messages.
pub(super) struct Letter<'a> {
    /// Its place among those that were handed over.
    pub(super) place: usize,
    pub(super) message: &'a OutboundMessage,
    /// What it was refused with before its content, which is the last word unless the server contradicts itself.
    pub(super) refusal: Option<Heard>,
    /// Where its last octet stands; none while it is not lined up.
    pub(super) end: Option<u64>,
    pub(super) is_settled: bool,
}

impl Letter<'_> {
    /// Whether its last octet was handed to the socket.
    pub(super) fn has_left(&self, out: &Outgoing) -> bool {
        self.end.is_some_and(|end| end <= out.handed())
    }
}

/// Something that was said, and where it stands among the octets.
#[derive(Clone, Copy)]
pub(super) struct Due {
    pub(super) letter: usize,
    pub(super) step: Step,
    pub(super) start: u64,
    pub(super) end: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Reset,
    Mail,
    Rcpt,
    Data,
    Content,
    /// A final dot without content, after a 354 that no accepted recipient stands behind (RFC 2920 section 3.1).
    Nothing,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reset {
    Due,
    NotDue,
}

impl Step {
    pub(super) fn stage(self) -> Stage {
        match self {
            Self::Reset => Stage::Connect,
            Self::Mail => Stage::Mail,
            Self::Rcpt => Stage::Rcpt,
            Self::Data | Self::Nothing => Stage::Data,
            Self::Content => Stage::Content,
        }
    }
}

/// Nothing more can be relied on, and why.
pub(super) struct Fault {
    pub(super) why: Reply,
    pub(super) end: End,
}

/// Whether the connection has come to its end, or only our trust in it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Closed,
    Open,
}

impl Fault {
    pub(super) fn new(why: Reply) -> Self {
        Self { why, end: End::Open }
    }
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        let end = if matches!(broken, Broken::Closed | Broken::Io(_)) { End::Closed } else { End::Open };
        Self { why: Reply::silence(broken.to_string()), end }
    }
}
