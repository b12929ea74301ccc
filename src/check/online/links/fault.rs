//! Why a request got no answer: reqwest's error in, what it means for the link out.

use std::error::Error as _;
use std::io;

use tokio_rustls::rustls::{self, CertificateError};

use super::visit::End;
use crate::check::online::names::Silence;
use crate::dial::printable;

/// There is no such host.
#[derive(Debug, thiserror::Error)]
#[error("there is no such host")]
pub(super) struct NoHost;

/// What lies at the bottom of `error`.
pub(super) fn end_of(error: &reqwest::Error) -> End {
    let mut cause = error.source();
    let mut last = error.to_string();
    while let Some(error) = cause {
        last = error.to_string();
        if error.is::<NoHost>() {
            return End::NoHost;
        }
        if let Some(silence) = error.downcast_ref::<Silence>() {
            return End::Failing(silence.to_string());
        }
        if let Some(end) = error.downcast_ref::<rustls::Error>().map(of_tls) {
            return end;
        }
        let system = error.downcast_ref::<io::Error>();
        if system.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused) {
            return End::Refused;
        }
        // Asked for its source, an error of this kind skips what it wraps.
        cause = match system.and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    if error.is_timeout() {
        return End::TimedOut;
    }
    End::Failing(format!("the connection breaks: {}", printable(&last)))
}

fn of_tls(error: &rustls::Error) -> End {
    let rustls::Error::InvalidCertificate(certificate) = error else {
        return End::Failing(format!("no encryption can be agreed on: {}", printable(&error.to_string())));
    };
    End::Certificate(match certificate {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has run out".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "is not valid yet".to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "is made out to another name".to_owned()
        }
        CertificateError::UnknownIssuer => {
            "comes from nobody whom this system knows, or is sent without the one that vouches for it".to_owned()
        }
        CertificateError::Revoked => "was revoked".to_owned(),
        other => format!("can't be trusted: {}", printable(&other.to_string())),
    })
}
