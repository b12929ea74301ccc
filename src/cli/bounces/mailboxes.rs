//! From the mailboxes of `bulletin.toml` to those that can be read.

use std::sync::Arc;

use crate::config::{Auth, MailServer, MailboxAfter, MailboxPlace};
use crate::dial::Secret;
use crate::inbox::{After, InboxError, Login, Mailbox, Server, Source};
use crate::pipeline::{Newsletter, PipelineError, refused};

/// The mailboxes that `[bounces]` names; passwords are fetched, so that their lack is told before anything is begun.
pub(super) fn configured(newsletter: &Newsletter) -> Result<Vec<Mailbox>, PipelineError> {
    let mailboxes = newsletter.config.mailboxes.iter().map(|mailbox| {
        let source = match &mailbox.place {
            MailboxPlace::Path(path) if path.as_os_str() == "-" => Source::Stdin,
            MailboxPlace::Path(path) => Source::Path(newsletter.folder.join(path)),
            MailboxPlace::Server(server) => Source::Server(Box::new(reached(newsletter, server)?)),
        };
        let after = mailbox.after.as_ref().map(|after| match after {
            MailboxAfter::Leave => After::Leave,
            MailboxAfter::Seen => After::Seen,
            MailboxAfter::Move(folder) => After::Move(folder.clone()),
            MailboxAfter::Delete => After::Delete,
        });
        let usual = Mailbox::new(source);
        Ok(Mailbox { after: after.unwrap_or(usual.after), source: usual.source })
    });
    mailboxes.collect()
}

fn reached(newsletter: &Newsletter, server: &MailServer) -> Result<Server, PipelineError> {
    let known = server.password.fetch(&newsletter.folder).map_err(|error| {
        refused(
            format!("{} can't be read: {error}", server.url),
            "see [bounces] in bulletin.toml: password_env, password_file or password_command",
        )
    })?;
    let token = server.auth == Some(Auth::Xoauth2);
    let secret = if token {
        let (source, folder) = (server.password.clone(), newsletter.folder.clone());
        Secret::Asked(Arc::new(move || source.fetch(&folder).map_err(|error| error.to_string())))
    } else {
        Secret::Known(known)
    };
    let mut reached = Server::new(server.url.clone(), secret).map_err(|fault| {
        let error = InboxError { name: server.url.to_string(), fault };
        refused(error.to_string(), error.help().unwrap_or_default())
    })?;
    reached.login = if token { Login::Token } else { Login::Password };
    reached.authority = server.ca.as_ref().map(|ca| newsletter.folder.join(ca));
    if let Some(timeout) = server.timeout {
        reached.timeouts.reply = timeout;
    }
    Ok(reached)
}
