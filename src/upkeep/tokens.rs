//! Tokens in mail that came back: an address, an envelope's id or a Message-ID in, whose message it was out.

use crate::bounces::{Claim, Token};
use crate::domain::IssueId;
use crate::domain::token::{Purpose, TOKEN_LENGTH, TokenKey};
use crate::domain::verp::{ReturnPath, Separator};
use crate::ledger::planned_issues;
use crate::pipeline::Newsletter;
use crate::state::{StateError, open_to_read};

/// Opens the tokens of one newsletter.
pub(super) struct Tokens<'n> {
    key: &'n TokenKey,
    /// With whatever separator: it may have been another one when the issue was sent.
    paths: Vec<ReturnPath>,
    /// A token is bound to its issue and does not name it, so that each is tried.
    issues: Vec<IssueId>,
}

impl<'n> Tokens<'n> {
    /// For all issues that were ever planned, and those that have a folder.
    ///
    /// # Errors
    /// The database can't be read.
    pub(super) fn of(newsletter: &'n Newsletter) -> Result<Self, StateError> {
        let path = newsletter.database();
        let planned = match open_to_read(&path)? {
            Some(connection) => planned_issues(&connection).map_err(|error| StateError::Database(path, error))?,
            None => Vec::new(),
        };
        let folders = std::fs::read_dir(newsletter.folder.join("issues")).into_iter().flatten().flatten();
        let folders = folders.map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut issues: Vec<IssueId> = Vec::new();
        // What comes back is about the latest as a rule.
        for issue in planned.into_iter().rev().chain(folders).filter_map(|name| name.parse().ok()) {
            if !issues.contains(&issue) {
                issues.push(issue);
            }
        }
        let base = newsletter.config.return_path.base();
        let separators = [Separator::Plus, Separator::Hyphen, Separator::Equals];
        let paths = separators.into_iter().filter_map(|one| ReturnPath::with_tokens(base.clone(), one).ok());
        Ok(Self { key: newsletter.key(), paths: paths.collect(), issues })
    }

    /// Whose message `candidate` stands for, if it holds a token that this newsletter signed.
    pub(super) fn claim(&self, candidate: &str, token: Token) -> Option<Claim> {
        let (text, purpose) = match token {
            Token::ReturnPath => (self.paths.iter().find_map(|path| path.recognise(candidate))?, Purpose::Bounce),
            Token::EnvelopeId => (candidate.trim(), Purpose::Bounce),
            Token::MessageId => (candidate.trim_start_matches('<').split('@').next()?, Purpose::MessageId),
        };
        if text.len() != TOKEN_LENGTH {
            return None;
        }
        self.issues.iter().find_map(|issue| {
            let reader = self.key.open(text, purpose, Some(issue))?;
            Some(Claim { reader, issue: Some(issue.clone()), token })
        })
    }
}
