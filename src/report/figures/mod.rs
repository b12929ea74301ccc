//! The parts of the page: each a chart or some facts, with the table of the same numbers.

mod groups;

use std::error::Error;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::html::{Chart, Figure, Ink, Table};
use super::tally::STATES;
use super::words::{length, percent, rate};
use super::{Report, axis, share};
use crate::chart::{FIFTH, FOURTH, ONE, OTHER, RGBColor, SIXTH, THIRD, parted, thousands, titled, trend};
use crate::ledger::Account;

type Part = Result<Figure, Box<dyn Error>>;

/// What stands for each state: an ink of a chart, and the class of its key.
const INKS: [(RGBColor, &str); 6] =
    [(ONE, "one"), (OTHER, "other"), (THIRD, "third"), (FOURTH, "fourth"), (FIFTH, "fifth"), (SIXTH, "sixth")];
/// A table that is too long or too broad for paper.
const ON_SCREEN: &str = "on-screen";
/// How many bars a chart shows before the others stand together.
const BARS: usize = 12;

pub(super) fn figures(report: &Report) -> Result<Vec<Figure>, Box<dyn Error>> {
    Ok(vec![
        account(report)?,
        run(report),
        returned(report)?,
        over_time(report)?,
        groups::domains(report)?,
        groups::editions(report)?,
        left(report),
        comparison(report)?,
    ])
}

fn counts(account: &Account) -> [u64; 6] {
    let Account { accepted, rejected, deferred, unknown, skipped, pending, .. } = account;
    [*accepted, *rejected, *deferred, *unknown, *skipped, *pending]
}

fn account(report: &Report) -> Part {
    let counts = counts(&report.account);
    let shown = STATES.iter().zip(counts).zip(INKS).filter(|((_, count), _)| *count > 0);
    let label = |state: &str, count| format!("{state}, {}", percent(share(count, report.account.planned)));
    let rows: Vec<_> = shown.map(|((state, count), (ink, _))| (label(state, count), vec![(ink, count)])).collect();
    let svg = titled(&parted(&rows)?, "account", "The account", "A bar for each state in which people are.");
    let of = report.account.planned;
    let mut states: Vec<_> = STATES.iter().zip(counts).map(|(state, count)| counted(state, count, of)).collect();
    states.push(counted("planned", of, of));
    let reason = |one: &super::Reason| {
        let codes = one.codes.clone().unwrap_or_default();
        vec![one.state.clone(), one.reason.clone(), codes, thousands(one.people)]
    };
    let reasons: Vec<_> = report.reasons.iter().map(reason).collect();
    Ok(Figure {
        id: "account",
        title: "The account",
        lead: Some("Everyone of the plan is in one state.".into()),
        charts: vec![plain(svg)],
        tables: vec![
            table("People by state", &["State", "People", "Share"], states),
            table("Reasons", &["State", "Reason", "Codes", "People"], reasons),
        ],
        ..Figure::default()
    })
}

fn run(report: &Report) -> Figure {
    let (run, pace) = (&report.run, &report.pace);
    let moment =
        |at: Option<Timestamp>| at.map(|at| report.zone.to_datetime(at).strftime("%-d %b, %H:%M:%S").to_string());
    let minute = |at: Timestamp| report.zone.to_datetime(at).strftime("%H:%M").to_string();
    let mut facts = vec![
        ("First attempt", moment(run.first_attempt)),
        ("Last outcome", moment(run.last_outcome)),
        ("Time of sending", run.active_seconds.map(length)),
        ("Runs", (pace.runs > 0).then(|| thousands(pace.runs))),
        ("Attempts", Some(thousands(run.attempts))),
        ("Accepted a minute", run.accepted_per_minute.map(|rate| format!("{rate:.0}"))),
        (
            "Busiest minute",
            run.busiest_minute.map(|at| format!("{}, at {}", thousands(run.accepted_in_busiest_minute), minute(at))),
        ),
        ("Half accepted within", run.median_seconds.map(length)),
        ("95% accepted within", run.most_seconds.map(length)),
        ("Rate of the run", (pace.runs > 0).then(|| rate(pace.rate))),
    ];
    for (what, pauses) in [
        ("Pauses after batches", pace.batches),
        ("Waits for the sending hours", pace.hours),
        ("Waits for the relay", pace.relay),
    ] {
        let words = format!("{}, {} in all", thousands(pauses.times), length(pauses.seconds));
        facts.push((what, (pauses.times > 0).then_some(words)));
    }
    let slowed = pace.slowed.iter().map(|one| {
        let who = match (&one.domain, one.who) {
            (Some(domain), _) => domain.clone(),
            (None, super::pace::Who::WholeRun) => "the whole run".to_owned(),
            (None, _) => "other domains".to_owned(),
        };
        vec![who, one.replies.join(", "), rate(one.lowest_rate), thousands(one.times)]
    });
    let slowed: Vec<_> = slowed.collect();
    let note = (pace.runs == 0 && run.attempts > 0)
        .then(|| "An earlier version of the program sent it, which took no note of the pace.".to_owned());
    let tables = some_table("Who asked it to go slower", &["Who", "Codes", "Lowest rate", "Times"], slowed);
    Figure {
        id: "run",
        title: "How long, and how fast",
        facts: facts.into_iter().filter_map(|(what, words)| Some((what, words?))).collect(),
        tables,
        note,
        ..Figure::default()
    }
}

fn returned(report: &Report) -> Part {
    let returns = &report.bounces;
    let rows: Vec<_> = returns
        .reasons
        .iter()
        .take(BARS)
        .map(|one| {
            let status = one.status.as_ref().map_or(String::new(), |status| format!(" {status}"));
            (format!("{}, {}{status}", one.kind, one.reason), vec![(ONE, one.by_mail), (OTHER, one.at_once)])
        })
        .collect();
    let row = |one: &super::Came| {
        let status = one.status.clone().unwrap_or_default();
        vec![one.reason.clone(), one.kind.clone(), status, thousands(one.by_mail), thousands(one.at_once)]
    };
    let lead = match returns.messages {
        0 => "Nothing came back that is on record; `bulletin bounces collect` reads the mailbox.".to_owned(),
        _ => format!(
            "{} came back, {} of those whom the relay took or refused: {} hard, {} soft, {} complained.",
            messages(returns.messages),
            percent(returns.share),
            thousands(returns.kinds.hard),
            thousands(returns.kinds.soft),
            thousands(returns.kinds.complaint)
        ),
    };
    let svg = titled(&parted(&rows)?, "returned", "What came back", "A bar for each reason, the most frequent first.");
    let is_empty = rows.is_empty();
    let note = (returns.unsigned > 0)
        .then(|| format!("{} more without a token, which are not counted.", thousands(returns.unsigned)));
    let key = [("one", returns.by_mail, "by mail, afterwards"), ("other", returns.at_once, "at once, by the relay")];
    let key = key.into_iter().filter(|(_, count, _)| *count > 0).map(|(class, _, word)| Ink { class, word });
    let headers = ["Reason", "Kind", "Code", "By mail", "At once"];
    Ok(Figure {
        id: "returned",
        title: "What came back",
        lead: Some(lead),
        key: key.collect(),
        charts: if is_empty { Vec::new() } else { vec![plain(svg)] },
        tables: some_table("Messages by reason", &headers, returns.reasons.iter().map(row).collect()),
        note,
        ..Figure::default()
    })
}

fn over_time(report: &Report) -> Part {
    let timeline = &report.timeline;
    let bin = length(timeline.bin_seconds as f64).replace(".0", "");
    let has = |count: fn(&super::Bin) -> u64| timeline.bins.iter().any(|bin| count(bin) > 0);
    let lines = timeline.bins.iter().any(|bin| bin.rate.is_some());
    let key = [
        (has(|bin| bin.accepted), "one", "accepted"),
        (has(|bin| bin.deferred), "third", "deferred"),
        (has(|bin| bin.rejected), "other", "rejected"),
        (has(|bin| bin.unknown), "fourth", "unknown"),
        (lines, "line", "what the throttle allowed"),
        (!timeline.spans.is_empty(), "shade", "pause or closed hours"),
    ];
    let key = key.into_iter().filter(|(is, ..)| *is).map(|(_, class, word)| Ink { class, word }).collect();
    let described = "A column for each span of time, with what ended in it.";
    let draw = |class: &'static str, width, height, marks| -> Result<Chart, Box<dyn Error>> {
        let svg = axis::timeline(timeline, &report.zone, marks).draw(width, height)?;
        Ok(Chart { class, title: None, svg: titled(&svg, class, "Outcomes over time", described) })
    };
    let charts = if timeline.bins.is_empty() {
        Vec::new()
    } else {
        vec![draw("broad", 1040, 280, 9)?, draw("slim", 320, 240, 4)?]
    };
    let row = |bin: &super::Bin| {
        let counts = [bin.accepted, bin.deferred, bin.rejected, bin.unknown].map(thousands);
        let allowed = bin.rate.map_or(String::new(), |allowed| rate(Some(allowed)));
        [vec![told(bin.at, &report.zone)], counts.to_vec(), vec![allowed]].concat()
    };
    let left_out = timeline.left_out.iter().map(|one| length(one.seconds)).collect::<Vec<_>>().join(", ");
    let note =
        (!left_out.is_empty()).then(|| format!("Dashed lines stand where nothing happened for long: {left_out}."));
    let headers = ["From", "Accepted", "Deferred", "Rejected", "Unknown", "Allowed"];
    Ok(Figure {
        id: "time",
        title: "Over time",
        details: ON_SCREEN,
        broad: true,
        lead: Some(if timeline.bins.is_empty() {
            "Nothing was attempted yet.".into()
        } else {
            format!("Outcomes in each {bin}; someone who is deferred is tried again and counts again.")
        }),
        key,
        charts,
        tables: some_table("Outcomes by time", &headers, timeline.bins.iter().map(row).collect()),
        note,
        ..Figure::default()
    })
}

fn left(report: &Report) -> Figure {
    let left = &report.left;
    let until = left.until.map_or(String::new(), |until| {
        format!(", up to the next issue on {}", report.zone.to_datetime(until).strftime("%-d %B %Y"))
    });
    Figure {
        id: "left",
        title: "Who left",
        lead: Some(format!("Since this issue began{until}.")),
        facts: vec![
            ("Asked to leave", thousands(left.unsubscribed)),
            ("Complained", thousands(left.complained)),
            ("Suppressed for mail of this issue that came back", thousands(left.bounced)),
        ],
        note: Some(format!(
            "People stand here as numbers only. On the machine that sends, `bulletin status {} --recipients` tells who \
             is in which state, and `bulletin bounces list` whose mail came back.",
            report.issue
        )),
        ..Figure::default()
    }
}

fn comparison(report: &Report) -> Part {
    let issues = &report.issues;
    let row = |one: &super::IssueNumbers| {
        vec![
            one.issue.clone(),
            thousands(one.planned),
            thousands(one.accepted),
            percent(one.accepted_share),
            thousands(one.bounced),
            percent(one.bounced_share),
            thousands(one.left),
            one.seconds.map_or(String::new(), length),
        ]
    };
    let headers = ["Issue", "Planned", "Accepted", "Share", "Came back", "Share", "Left", "Took"];
    let whole = |number: f64| {
        #[expect(clippy::cast_possible_truncation, reason = "a count of people")]
        let number = number as u64;
        thousands(number)
    };
    let mut charts = Vec::new();
    if issues.len() > 1 {
        let mut add = |title: &'static str,
                       id: &str,
                       value: &dyn Fn(&super::IssueNumbers) -> Option<f64>,
                       told: &dyn Fn(f64) -> String|
         -> Result<(), Box<dyn Error>> {
            let points: Vec<_> = issues.iter().map(|one| (one.issue.clone(), value(one))).collect();
            let svg = titled(&trend(&points, told)?, id, title, "A line from the earliest issue to this one.");
            charts.push(Chart { class: "small", title: Some(title), svg });
            Ok(())
        };
        add("Planned", "trend-planned", &|one| Some(one.planned as f64), &whole)?;
        let shares = |share: f64| percent(Some(share));
        add("Accepted", "trend-accepted", &|one| one.accepted_share, &shares)?;
        add("Came back", "trend-returned", &|one| one.bounced_share, &shares)?;
        add("Left", "trend-left", &|one| Some(one.left as f64), &whole)?;
    }
    Ok(Figure {
        id: "issues",
        title: "Beside former issues",
        broad: true,
        lead: (issues.len() < 2).then(|| "There is no former issue to compare with.".into()),
        charts,
        tables: vec![table("Issues", &headers, issues.iter().map(row).collect())],
        note: Some(
            "Accepted is a part of those who were not skipped, and what came back a part of those whom the relay took \
             or refused, complaints aside. Left counts who asked to leave or complained before the next issue."
                .into(),
        ),
        ..Figure::default()
    })
}

fn counted(state: &str, count: u64, of: u64) -> Vec<String> {
    vec![state.to_owned(), thousands(count), percent(share(count, of))]
}

fn messages(count: u64) -> String {
    if count == 1 { "1 message".to_owned() } else { format!("{} messages", thousands(count)) }
}

fn told(at: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn plain(svg: String) -> Chart {
    Chart { class: "", title: None, svg }
}

fn table(caption: &'static str, headers: &[&'static str], rows: Vec<Vec<String>>) -> Table {
    Table::new(caption, headers, rows)
}

fn some_table(caption: &'static str, headers: &[&'static str], rows: Vec<Vec<String>>) -> Vec<Table> {
    if rows.is_empty() { Vec::new() } else { vec![table(caption, headers, rows)] }
}
