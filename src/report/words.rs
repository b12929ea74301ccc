//! Numbers in a person's words: the sentence at the head of a report, lengths of time, shares.

use super::{Report, Sent};
use crate::chart::thousands;

/// `1,204 of 1,230 people were sent it. 3 were refused at once; …`: what a coordinator wants to know first.
#[must_use]
pub fn headline(report: &Report) -> String {
    let account = &report.account;
    let due = account.planned - account.skipped;
    let first = match (account.accepted, due) {
        (_, 0) => "Nobody was to get it".to_owned(),
        (accepted, due) if accepted == due => format!("All {} people were sent it", thousands(due)),
        (accepted, due) => format!("{} of {} people were sent it", thousands(accepted), thousands(due)),
    };
    let first = match report.sent {
        Sent::Issue => first,
        Sent::Rehearsal => format!("In the rehearsal: {first}"),
    };
    let (hard, soft): (u64, u64) = report.bounces.reasons.iter().fold((0, 0), |(hard, soft), one| match &*one.kind {
        "hard" => (hard + one.by_mail, soft),
        "soft" => (hard, soft + one.by_mail),
        _ => (hard, soft),
    });
    let rest = [
        (account.pending, "is still to be tried", "are still to be tried"),
        (account.deferred, "waits to be tried again", "wait to be tried again"),
        (account.rejected, "was refused at once", "were refused at once"),
        (account.unknown, "is in doubt", "are in doubt"),
        (hard, "came back for good", "came back for good"),
        (soft, "came back for now", "came back for now"),
        (report.left.complained, "complained", "complained"),
        (report.left.unsubscribed, "asked to leave", "asked to leave"),
        (account.skipped, "was skipped", "were skipped"),
    ];
    let rest = rest.into_iter().filter(|(count, ..)| *count > 0);
    let rest: Vec<_> = rest
        .map(|(count, one, several)| format!("{} {}", thousands(count), if count == 1 { one } else { several }))
        .collect();
    if rest.is_empty() { format!("{first}.") } else { format!("{first}; {}.", rest.join(", ")) }
}

/// `0.4 s`, `38 s`, `12 min 5 s`, `3 h 20 min`, `2 days 4 h`
pub(super) fn length(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{seconds:.1} s");
    }
    #[expect(clippy::cast_possible_truncation, reason = "a length of time in whole seconds")]
    let whole = seconds.round() as u64;
    let parts = |large: u64, unit: &str, small: u64, lesser: &str| {
        if small == 0 { format!("{large} {unit}") } else { format!("{large} {unit} {small} {lesser}") }
    };
    match whole {
        0..60 => format!("{whole} s"),
        60..3_600 => parts(whole / 60, "min", whole % 60, "s"),
        3_600..86_400 => parts(whole / 3_600, "h", whole % 3_600 / 60, "min"),
        86_400..172_800 => parts(1, "day", whole % 86_400 / 3_600, "h"),
        _ => parts(whole / 86_400, "days", whole % 86_400 / 3_600, "h"),
    }
}

/// `97.9%`; nothing of nobody.
pub(super) fn percent(share: Option<f64>) -> String {
    share.map_or(String::new(), |share| match share * 100.0 {
        // Nearly all is not all, and next to nothing is not nothing.
        nearly if nearly < 100.0 && nearly > 99.95 => ">99.9%".to_owned(),
        hardly if hardly > 0.0 && hardly < 0.05 => "<0.1%".to_owned(),
        percent => format!("{percent:.1}%"),
    })
}

/// `2.5/s`, `12/min`, `no limit`
pub(super) fn rate(per_second: Option<f64>) -> String {
    let short = |number: f64| (number * 100.0).round() / 100.0;
    match per_second {
        None => "no limit".to_owned(),
        Some(rate) if rate >= 1.0 => format!("{}/s", short(rate)),
        Some(rate) => format!("{}/min", short(rate * 60.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_shares_are_told_as_a_person_would() {
        let lengths = [0.42, 38.0, 60.0, 725.0, 12_000.0, 90_000.0, 187_200.0].map(length);
        assert_eq!(lengths, ["0.4 s", "38 s", "1 min", "12 min 5 s", "3 h 20 min", "1 day 1 h", "2 days 4 h"]);
        let shares = [None, Some(0.0), Some(0.00001), Some(0.979), Some(0.99999), Some(1.0)].map(percent);
        assert_eq!(shares, ["", "0.0%", "<0.1%", "97.9%", ">99.9%", "100.0%"]);
        assert_eq!([None, Some(2.5), Some(0.2)].map(rate), ["no limit", "2.5/s", "12/min"]);
    }
}
