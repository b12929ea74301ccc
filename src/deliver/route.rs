//! The way out that a run takes: over SMTP, or into a Maildir.

use std::fmt;

use super::maildir::{MaildirConnection, MaildirTransport};
use super::smtp::{SmtpConnection, SmtpTransport};
use super::transport::{ConnectError, Connection, Transport};
use crate::compose::OutboundMessage;
use crate::domain::outcome::{Outcome, Stage};

/// One of the transports. Its text names the relay in the ledger.
#[derive(Debug)]
pub enum Route {
    Smtp(Box<SmtpTransport>),
    Maildir(MaildirTransport),
}

/// A connection over it.
#[derive(Debug)]
pub enum RouteConnection {
    // Far the larger one.
    Smtp(Box<SmtpConnection>),
    Maildir(MaildirConnection),
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Smtp(transport) => transport.relay().fmt(f),
            Self::Maildir(transport) => transport.fmt(f),
        }
    }
}

impl Transport for Route {
    type Connection = RouteConnection;

    async fn connect(&self) -> Result<RouteConnection, ConnectError> {
        match self {
            Self::Smtp(transport) => Ok(RouteConnection::Smtp(Box::new(transport.connect().await?))),
            Self::Maildir(transport) => Ok(RouteConnection::Maildir(transport.connect().await?)),
        }
    }
}

impl Connection for RouteConnection {
    async fn send(&mut self, message: &OutboundMessage) -> Outcome {
        match self {
            Self::Smtp(connection) => connection.send(message).await,
            Self::Maildir(connection) => connection.send(message).await,
        }
    }

    fn stage(&self) -> Stage {
        match self {
            Self::Smtp(connection) => connection.stage(),
            Self::Maildir(connection) => connection.stage(),
        }
    }

    fn remote(&self) -> &str {
        match self {
            Self::Smtp(connection) => connection.remote(),
            Self::Maildir(connection) => connection.remote(),
        }
    }

    fn is_usable(&self) -> bool {
        match self {
            Self::Smtp(connection) => connection.is_usable(),
            Self::Maildir(connection) => connection.is_usable(),
        }
    }

    async fn quit(self) {
        match self {
            Self::Smtp(connection) => connection.quit().await,
            Self::Maildir(connection) => connection.quit().await,
        }
    }
}
