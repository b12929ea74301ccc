//! The way out that a run takes: over SMTP, or into a Maildir.

use std::fmt;

use super::maildir::{MaildirConnection, MaildirTransport};
use super::smtp::{SmtpConnection, SmtpTransport};
use super::transport::{ConnectError, Connection, Heard, Transport};
use crate::compose::OutboundMessage;

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
    async fn send(&mut self, messages: &[OutboundMessage], tell: impl FnMut(usize, Heard) + Send) {
        match self {
            Self::Smtp(connection) => connection.send(messages, tell).await,
            Self::Maildir(connection) => connection.send(messages, tell).await,
        }
    }

    fn most_at_once(&self) -> usize {
        match self {
            Self::Smtp(connection) => connection.most_at_once(),
            Self::Maildir(connection) => connection.most_at_once(),
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
