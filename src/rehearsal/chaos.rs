//! How a rehearsal misbehaves: the vocabulary of `--chaos`.
//!
//! In comes what `chaos_text` read, such as `451:5%,550:2%,drop:1%`; out come the
//! rules of one stage, for `dice` to draw from. What a rule that strikes does on the
//! wire is in `answer`. Reply codes are those of RFC 5321 section 4.2.

use std::time::Duration;

/// All tries, in parts per million: the unit in which shares are kept.
pub(super) const WHOLE: u32 = 1_000_000;

/// What the catcher does to the unlucky, and how often. The default does nothing.
///
/// ```
/// use bulletin::rehearsal::Chaos;
///
/// let chaos: Chaos = "451:5%, drop@body:1%, slow=2s@mail:0.5%".parse()?;
/// assert_eq!(chaos.to_string(), "451:5%,drop:1%,slow=2s@mail:0.5%");
/// # Ok::<(), bulletin::rehearsal::ChaosError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chaos {
    pub(super) rules: Vec<Rule>,
}

/// One entry of the list: this happens, there, to that share of the tries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) kind: Kind,
    pub(super) stage: Stage,
    /// Parts per million.
    pub(super) share: u32,
}

/// One way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Refuse with this reply code; 421 closes the connection as well.
    Code(u16),
    /// Close without a reply; what the reply was to confirm did not happen.
    Drop,
    /// Accept and record the message, then close without a reply.
    Lost,
    /// Do what was asked, write half of the reply, then close.
    Half,
    /// Do what was asked and reply this much later.
    Slow(Duration),
}

/// The point of the conversation whose reply is tampered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Stage {
    /// The greeting of a new connection.
    Connect,
    /// The reply to EHLO or HELO.
    Ehlo,
    /// The reply to MAIL.
    Mail,
    /// The reply to RCPT.
    Rcpt,
    /// The reply to DATA, or to the first BDAT of a message.
    Data,
    /// The reply to the whole message.
    Body,
}

impl Chaos {
    /// Whether nothing was asked for, so that every reply is an honest one.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.rules.is_empty()
    }

    pub(super) fn at(&self, stage: Stage) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.stage == stage)
    }
}

impl Kind {
    /// Whether what the client asked for does not happen.
    pub(super) fn prevents(self) -> bool {
        matches!(self, Self::Code(_) | Self::Drop)
    }

    pub(super) fn is_permanent(self) -> bool {
        matches!(self, Self::Code(500..))
    }

    pub(super) fn usual_stage(self) -> Stage {
        match self {
            Self::Code(_) => Stage::Rcpt,
            Self::Drop | Self::Lost | Self::Half | Self::Slow(_) => Stage::Body,
        }
    }
}

impl Stage {
    /// In the order in which a conversation reaches them.
    pub(super) const ALL: [Self; 6] = [Self::Connect, Self::Ehlo, Self::Mail, Self::Rcpt, Self::Data, Self::Body];

    /// As `--chaos` spells it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Ehlo => "ehlo",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Body => "body",
        }
    }
}
