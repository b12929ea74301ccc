//! What a mail says about a recipient: the words in which the rest of the program hears of it.

use serde::{Deserialize, Serialize};

use crate::domain::IssueId;
use crate::domain::token::Pseudonym;

/// What a mail says about one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The address as the report writes it; none where it names nobody, as some complaints do.
    pub recipient: Option<String>,
    pub kind: Kind,
    pub reason: Reason,
    /// The enhanced status code (RFC 3463), such as `5.1.1`, where the report has one.
    pub status: Option<String>,
    /// What the server said, on one line.
    pub diagnostic: Option<String>,
    /// `failed`, `delayed`, `delivered`, `relayed` or `expanded` (RFC 3464 section 2.3.3).
    pub action: Option<String>,
    /// The program or service that wrote the report, or the host, as far as it tells.
    pub mta: Option<String>,
    /// What the report was recognised by.
    #[serde(skip)]
    pub evidence: Evidence,
    /// Who a valid token of ours stands for. A report without one may be forged.
    #[serde(skip)]
    pub claim: Option<Claim>,
    /// The Message-ID of the mail that the report is about, with its brackets.
    #[serde(skip)]
    pub message_id: Option<String>,
}

impl Report {
    /// Takes out what could steer the terminal of whoever reads it.
    pub(super) fn tidy(&mut self) {
        let texts = [
            &mut self.recipient,
            &mut self.status,
            &mut self.diagnostic,
            &mut self.action,
            &mut self.mta,
            &mut self.message_id,
        ];
        for text in texts {
            if text.as_ref().is_some_and(|text| text.contains(char::is_control)) {
                *text = text.take().map(|text| text.chars().filter(|c| !c.is_control()).collect());
            }
        }
    }

    /// Nothing is known but that a machine wrote to an address of ours.
    pub(super) fn of_token() -> Self {
        Self {
            recipient: None,
            kind: Kind::Unknown,
            reason: Reason::Unknown,
            status: None,
            diagnostic: None,
            action: None,
            mta: None,
            evidence: Evidence::Token,
            claim: None,
            message_id: None,
        }
    }
}

/// Who and what a token in a return-path or an ENVID stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    pub reader: Pseudonym,
    pub issue: Option<IssueId>,
}

/// What a report means for the reader's address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The address will never take mail.
    Hard,
    /// It did not take this mail; it may take the next.
    Soft,
    /// The reader reported the mail as spam, or asked their provider to be taken off.
    Complaint,
    /// A machine answered in the reader's place; the mail arrived.
    AutoReply,
    /// The mail arrived, or was passed on.
    Delivered,
    /// It is about the address, but what it says could not be made out.
    Unknown,
}

/// Why. The kind of each stands in the coordinator's guide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    UserUnknown,
    HostUnknown,
    Moved,
    /// The domain says that it takes no mail at all (RFC 7505).
    NoMail,
    MailboxFull,
    Suspended,
    /// The reader, or their server, takes mail from some senders only.
    Filtered,
    /// Our host or network is not trusted.
    Blocked,
    /// Our sender's address or domain is not taken.
    Rejected,
    /// SPF, DKIM or DMARC failed, or the host has no name (PTR).
    AuthFailure,
    Spam,
    Virus,
    /// A rule of the receiving side that is none of the others.
    Policy,
    /// The server does not relay to that domain.
    NoRelay,
    /// Too many mails, connections or recipients in too short a time.
    RateLimited,
    TooLarge,
    /// Something about the mail's form.
    Format,
    Network,
    Expired,
    /// A fault of a server or of a program behind it.
    System,
    Abuse,
    OptOut,
    Vacation,
    Challenge,
    /// A machine's answer of no kind above.
    Automatic,
    Delivered,
    Unknown,
}

impl Reason {
    /// What an undelivered mail means for the address, where this is why.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::UserUnknown | Self::HostUnknown | Self::Moved | Self::NoMail => Kind::Hard,
            Self::Abuse | Self::OptOut => Kind::Complaint,
            Self::Vacation | Self::Challenge | Self::Automatic => Kind::AutoReply,
            Self::Delivered => Kind::Delivered,
            _ => Kind::Soft,
        }
    }
}

/// What a report was recognised by, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Evidence {
    /// The fields of RFC 3464 or RFC 5965, or a provider's JSON.
    Fields,
    /// X-Failed-Recipients.
    FailedRecipients,
    /// A grammar found the recipient in the text.
    Text,
    /// The text tells of a failure, and the enclosed original was to one person.
    Original,
    /// Nothing but our own token.
    Token,
}
