//! What the relay refused in a run is judged like mail that comes back: who is suppressed for it is told, and
//! what is the sender's own fault.

use super::bounces::{name, tell_alerts};
use super::diagnostics::counted;
use crate::domain::clock::Clock;
use crate::pipeline::{Newsletter, PipelineError};
use crate::upkeep::judge_refusals;

/// So many are named; `bulletin bounces list` has the others.
const NAMED: usize = 10;

/// Applies the policy to what relays refused since the last time. That it can't be done now is told and stops
/// nothing: the next send, or `bulletin bounces collect`, does it.
pub(super) fn apply(newsletter: &Newsletter, clock: &Clock) {
    let judged = match judge_refusals(newsletter, clock.now()) {
        Ok(judged) => judged,
        Err(error) => {
            eprintln!("warning: whom the relay refused is not judged yet: {error}");
            if let PipelineError::Refused { help, .. } = error {
                eprintln!("    {help}; `bulletin bounces collect` does it then");
            }
            return;
        }
    };
    if !judged.suppressed.is_empty() {
        let readers = counted(judged.suppressed.len(), "reader");
        eprintln!("{readers} suppressed from now on, since mail can't reach them:");
        for (who, verdict) in judged.suppressed.iter().take(NAMED) {
            eprintln!("  {}  {}", name(who), verdict.why);
        }
        if judged.suppressed.len() > NAMED {
            eprintln!("  and {} more: `bulletin bounces list` tells them all", judged.suppressed.len() - NAMED);
        }
    }
    if !judged.counted.is_empty() {
        let readers = counted(judged.counted.len(), "reader");
        eprintln!("{readers} refused for now; it counts, and suppresses nobody yet.");
    }
    tell_alerts(&newsletter.config.bounce_policy, &judged);
}
