//! Messages as their turns come: from rendered editions, and from the people as they were put by.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::{Assembly, Skip};
use crate::compose::dkim::Signer;
use crate::compose::{OutboundMessage, Prepared};
use crate::deliver::{NoMessage, Outbox};
use crate::domain::clock::Clock;
use crate::ledger::RecipientId;
use crate::readers::Latest;
use crate::state::{Place, StateError, Window};
use crate::subscribers::Subscriber;

/// Who gets which message: twenty bytes for each, in the order of their numbers.
#[derive(Debug, Default)]
pub(super) struct Messages {
    recipients: Vec<RecipientId>,
    places: Vec<Place>,
    editions: Vec<u32>,
}

impl Messages {
    pub(super) fn with_capacity(people: usize) -> Self {
        Self {
            recipients: Vec::with_capacity(people),
            places: Vec::with_capacity(people),
            editions: Vec::with_capacity(people),
        }
    }

    /// Adds someone whose number is higher than all before; `edition` is a place among the rendered ones.
    pub(super) fn add(&mut self, recipient: RecipientId, place: Place, edition: usize) {
        self.recipients.push(recipient);
        self.places.push(place);
        // No issue has four billion editions.
        self.editions.push(u32::try_from(edition).unwrap_or(u32::MAX));
    }

    pub(super) fn recipients(&self) -> &[RecipientId] {
        &self.recipients
    }

    /// Where they stand in the list, and the place of their edition.
    fn find(&self, recipient: RecipientId) -> Option<(Place, usize)> {
        let at = self.recipients.binary_search(&recipient).ok()?;
        Some((self.places[at], self.editions[at] as usize))
    }
}

/// Composes from prepared editions and the list.
pub(super) struct PlanOutbox {
    /// Who left since the run began.
    pub(super) latest: Latest,
    pub(super) signer: Signer,
    /// Tells when a signature is made.
    pub(super) clock: Clock,
    pub(super) assembly: Arc<Assembly>,
    pub(super) editions: Vec<Prepared>,
    pub(super) messages: Messages,
    /// What of the assembly is in memory just now.
    pub(super) window: Mutex<Window>,
}

impl PlanOutbox {
    fn subscriber(&self, place: Place) -> Result<Subscriber, StateError> {
        // A window that was left in the midst of reading is read anew where it does not serve.
        let mut window = self.window.lock().unwrap_or_else(PoisonError::into_inner);
        self.assembly.entry(place, &mut window)?.subscriber()
    }
}

impl Outbox for PlanOutbox {
    fn message(&self, recipient: RecipientId) -> Result<OutboundMessage, NoMessage> {
        let unknown = || NoMessage::Impossible("not in the plan".to_owned());
        let (place, edition) = self.messages.find(recipient).ok_or_else(unknown)?;
        let person = self.subscriber(place)?;
        if let Some(suppression) = self.latest.suppression(&person.email, Instant::now())? {
            return Err(NoMessage::Withheld(Skip::Suppressed(suppression).to_string()));
        }
        let message = self.editions[edition].message(&person);
        let mut message = message.map_err(|error| NoMessage::Impossible(error.to_string()))?;
        let signed = self.signer.sign(&mut message, self.clock.now());
        signed.map_err(|error| NoMessage::Impossible(error.to_string()))?;
        Ok(message)
    }
}
