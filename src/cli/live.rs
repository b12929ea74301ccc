//! `bulletin preview ISSUE --serve`: joins the newsletter with the preview that keeps up with it.

use std::path::Path;

use jiff::tz::TimeZone;

use super::diagnostics::{self, counted};
use super::preview::{Preview, Written};
use super::run::{interrupted, runtime};
use super::{Doubts, Ended, Opened, data, folder};
use crate::domain::clock::Clock;
use crate::domain::{Finding, Severity};
use crate::pipeline::{self, Newsletter, PipelineError, refused};
use crate::preview::live::{self, Live, LiveError, Made, Scope, Told, Way};

/// So many faults are told on the terminal; the page has them all.
const TOLD: usize = 5;

#[derive(Debug, clap::Args)]
pub(super) struct Serving {
    /// Serve the preview to browsers on this machine, and keep it up with your edits until Ctrl-C
    #[arg(long, conflicts_with_all = ["out", "each", "json"])]
    pub(super) serve: bool,
    /// The port to serve it on [default: 8025, or a free one]
    #[arg(long, value_name = "N", requires = "serve")]
    port: Option<u16>,
    /// Look at the files again and again, where the system doesn't tell of changes (folders over a network)
    #[arg(long, requires = "serve")]
    poll: bool,
}

pub(super) fn serve(preview: &Preview, dir: Option<&Path>, clock: &Clock) -> Result<Ended, PipelineError> {
    let folder = folder(dir)?;
    let list = preview.subscribers.as_deref();
    let (path, _) = pipeline::list_of(&folder, list);
    let scope = Scope::new(&folder, preview.issue.as_str(), &path)
        .map_err(|error| refused(format!("{} can't be read: {error}", folder.display()), "check its permissions"))?;
    let runtime = runtime()?;
    let listener = live::listen(preview.serving.port).map_err(|error| explained(&error))?;
    let address = listener.local_addr().map_err(|error| explained(&LiveError::Serve(error)))?;
    // Nobody else has this port, so what stands there is from a run that was broken off.
    let stage = pipeline::outbox_in(&folder, &preview.issue).join("live").join(address.port().to_string());
    drop(std::fs::remove_dir_all(&stage));
    let live = Live {
        scope,
        stage: stage.clone(),
        way: if preview.serving.poll { Way::Polled } else { Way::Told },
        run: clock.now().as_millisecond().to_string(),
    };
    data(&format!("http://{address}/\n"));
    eprintln!("Open this address in a browser. Ctrl-C ends it.");
    let zone = local_zone();
    let make = |out: &Path| make(preview, &folder, out).map_err(|error| diagnostics::findings(&error));
    let served = live.run(&runtime, listener, make, |told| tell(told, clock, zone.as_ref()), interrupted());
    drop(std::fs::remove_dir_all(&stage));
    // The folder around it goes with the last one that is served.
    drop(stage.parent().map(std::fs::remove_dir));
    served.map_err(|error| explained(&error))?;
    Ok(Ended::Well)
}

/// One preview. Its doubts are counted: telling them after each save would hide what the save changed.
fn make(preview: &Preview, folder: &Path, out: &Path) -> Result<Made, PipelineError> {
    let newsletter = Newsletter::open(folder)?;
    let issue = newsletter.issue(&preview.issue)?;
    let mut doubts = Doubts::default();
    let list = preview.subscribers.as_deref();
    let assembly = pipeline::assemble(&newsletter, &issue, list, |finding| doubts.add(&finding))?;
    let opened = Opened { newsletter, issue, assembly, doubts };
    let Written { digest, manifest, doubts, .. } = preview.write(&opened, out, |_| {})?;
    let logo = opened.newsletter.config.brand.logo.as_ref();
    Ok(Made {
        digest,
        recipients: manifest.recipients,
        skipped: manifest.skipped,
        doubts,
        editions: manifest.editions.into_iter().map(|edition| (edition.id, edition.digest)).collect(),
        files: logo.map(|logo| folder.join(logo)).into_iter().collect(),
    })
}

/// One line for a run, and one for each fault.
fn tell(told: &Told<'_>, clock: &Clock, zone: Option<&TimeZone>) {
    let now = match zone {
        Some(zone) => zone.to_datetime(clock.now()).strftime("%H:%M:%S").to_string(),
        None => clock.now().strftime("%H:%M:%S UTC").to_string(),
    };
    match told {
        Told::Fresh { changed, made, took } => {
            let doubts = match made.doubts {
                0 => String::new(),
                count => format!("; `bulletin check` tells {}", counted(count, "doubt")),
            };
            eprintln!(
                "{now} {changed} of {} changed, for {} ({} skipped), in {} ms{doubts}",
                counted(made.editions.len(), "edition"),
                counted(made.recipients, "recipient"),
                made.skipped,
                took.as_millis(),
            );
        }
        Told::Same => eprintln!("{now} nothing changed"),
        Told::Fault(findings) => {
            for finding in findings.iter().take(TOLD) {
                tell_fault(&now, finding);
            }
            if findings.len() > TOLD {
                eprintln!("{now} and {} more", findings.len() - TOLD);
            }
        }
        Told::Polling(reason) => {
            eprintln!("{now} the system can't tell of changes ({reason}), so the files are looked at in turns");
        }
    }
}

/// The zone of the clock on this machine's wall, where Unix keeps it.
fn local_zone() -> Option<TimeZone> {
    let named = std::env::var("TZ").ok().and_then(|name| TimeZone::get(name.trim_start_matches(':')).ok());
    named.or_else(|| TimeZone::tzif("local", &std::fs::read("/etc/localtime").ok()?).ok())
}

fn tell_fault(now: &str, finding: &Finding) {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    eprintln!("{now} {severity}: {finding}");
}

fn explained(error: &LiveError) -> PipelineError {
    let help = match error {
        LiveError::Port(..) => "name another with --port, or leave --port out and a free one is taken",
        LiveError::Serve(_) => "close other programs, and try again",
    };
    refused(error.to_string(), help)
}
