//! Whom of a plan a run is for. Those who are left out stay where they are in the account.

use std::collections::HashSet;

use crate::domain::EmailAddress;

/// Everyone who is still to be sent to, unless something else is said.
#[derive(Debug, Clone, Default)]
pub struct Whom {
    /// Those who were rejected, and no one else.
    pub only_failed: bool,
    /// Of those, these alone,
    pub only: Option<Selection>,
    /// without these,
    pub except: Option<Selection>,
    /// and no more attempts than this.
    pub limit: Option<usize>,
}

/// People named in a file.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    addresses: Vec<EmailAddress>,
    identities: HashSet<String>,
}

impl From<Vec<EmailAddress>> for Selection {
    fn from(addresses: Vec<EmailAddress>) -> Self {
        let identities = addresses.iter().map(EmailAddress::identity).collect();
        Self { addresses, identities }
    }
}

impl Whom {
    /// Whether someone is chosen by name.
    pub(super) fn names(&self, identity: &str) -> bool {
        let holds = |selection: &Selection| selection.identities.contains(identity);
        self.only.as_ref().is_none_or(holds) && !self.except.as_ref().is_some_and(holds)
    }

    /// Whether nobody was named, so that it is for all.
    pub(super) fn is_everyone(&self) -> bool {
        self.only.is_none() && self.except.is_none()
    }

    /// Whether someone was named at all.
    pub(super) fn mentions(&self, identity: &str) -> bool {
        self.only.iter().chain(&self.except).any(|selection| selection.identities.contains(identity))
    }

    /// Those who are named, and of whom `is_known` knows nothing.
    pub(super) fn strangers(&self, is_known: impl Fn(&str) -> bool) -> Vec<&EmailAddress> {
        let named = self.only.iter().chain(&self.except).flat_map(|selection| &selection.addresses);
        named.filter(|address| !is_known(&address.identity())).collect()
    }
}
