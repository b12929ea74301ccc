//! What became of one attempt to hand over one message.

/// A server's last word on a message (RFC 5321 section 4.2, RFC 3463).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// Three digits; 0 where no server spoke (a broken connection, a timeout).
    pub code: u16,
    /// The enhanced status code, such as `5.1.1`, where the server gives one.
    pub enhanced: Option<String>,
    /// The text behind the codes, or what went wrong where no server spoke.
    pub text: String,
}

impl Reply {
    /// What to note when no server spoke.
    pub fn silence(text: impl Into<String>) -> Self {
        Self { code: 0, enhanced: None, text: text.into() }
    }

    /// Whether the server asks us to go slower: 421, or 450 and 451 with a policy's 4.7.x.
    #[must_use]
    pub fn asks_for_patience(&self) -> bool {
        let by_policy = self.enhanced.as_deref().is_some_and(|enhanced| enhanced.starts_with("4.7."));
        self.code == 421 || (matches!(self.code, 450 | 451) && by_policy)
    }

    /// Its codes without its words, which may name people: `421 4.7.0`. None where no server spoke.
    #[must_use]
    pub fn codes(&self) -> Option<String> {
        let enhanced = self.enhanced.as_deref().map_or(String::new(), |enhanced| format!(" {enhanced}"));
        (self.code != 0).then(|| format!("{}{enhanced}", self.code))
    }
}

impl std::fmt::Display for Reply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.code != 0 {
            write!(f, "{} ", self.code)?;
        }
        if let Some(enhanced) = &self.enhanced {
            write!(f, "{enhanced} ")?;
        }
        f.write_str(&self.text)
    }
}

/// What a server's last word on a message answered (RFC 5321 section 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Everything before the first MAIL, and RSET.
    Connect,
    Mail,
    Rcpt,
    /// The command DATA, before any content.
    Data,
    /// The final dot.
    Content,
}

impl Stage {
    /// Every stage, in the order of a session.
    pub const ALL: [Self; 5] = [Self::Connect, Self::Mail, Self::Rcpt, Self::Data, Self::Content];

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Mail => "mail",
            Self::Rcpt => "rcpt",
            Self::Data => "data",
            Self::Content => "content",
        }
    }

    /// Whether a word at this stage is about the run, and not about one reader's domain.
    #[must_use]
    pub fn is_of_the_run(self) -> bool {
        matches!(self, Self::Connect | Self::Mail)
    }
}

/// The four ends of an attempt. Only the final positive reply makes an `Accepted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server took the responsibility for the message.
    Accepted(Reply),
    /// Not now: a 4xx, or a connection that broke before the message was complete.
    Deferred(Reply),
    /// Never: a 5xx.
    Rejected(Reply),
    /// The message was complete, and no reply came: nobody can tell, so it is never retried by itself.
    Unknown(Reply),
}

impl Outcome {
    #[must_use]
    pub fn reply(&self) -> &Reply {
        match self {
            Self::Accepted(reply) | Self::Deferred(reply) | Self::Rejected(reply) | Self::Unknown(reply) => reply,
        }
    }
}
