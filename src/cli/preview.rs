//! `bulletin preview ISSUE`.

use std::path::{Path, PathBuf};

use jiff::civil;

use super::diagnostics::counted;
use super::{Ended, Opened, data, data_from, diagnostics};
use crate::compose::Kind;
use crate::domain::IssueId;
use crate::pipeline::{self, Assembly, Fate, PipelineError, refused};
use crate::preview::{Addresses, EachReader, EachSkipped, Extent, FellBack, MANIFEST, PreviewError, Readers};

#[derive(Debug, clap::Args)]
pub(super) struct Preview {
    /// The issue, by the name of its folder under issues/
    issue: IssueId,
    /// Where the preview goes [default: outbox/ISSUE/preview]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Write every recipient's own message besides
    #[arg(long)]
    each: bool,
    /// Show whole addresses instead of masked ones
    #[arg(long)]
    addresses: bool,
    /// Another list than subscribers/subscribers.csv
    #[arg(long, value_name = "FILE")]
    subscribers: Option<PathBuf>,
    /// Print the manifest
    #[arg(long)]
    json: bool,
}

impl Preview {
    pub(super) fn run(&self, dir: Option<&Path>) -> Result<Ended, PipelineError> {
        let Opened { newsletter, issue, assembly } = Opened::open(dir, &self.issue, self.subscribers.as_deref())?;
        let outbox = pipeline::outbox(&newsletter, &issue.id);
        let rendered = pipeline::render_changed(&newsletter, &issue, &assembly.editions, &outbox.join("rendered"))?;
        diagnostics::tell_template_doubts(rendered.iter().flat_map(|edition| &edition.findings));
        let digest = newsletter.digest(&issue);
        let out = self.out.clone().unwrap_or_else(|| outbox.join("preview"));
        let editions = rendered.into_iter().enumerate();
        let columns: Vec<_> =
            newsletter.config.columns.iter().map(|(alias, header)| (alias.as_str(), header.as_str())).collect();
        let preview = crate::preview::Preview {
            issue: &issue,
            newsletter: newsletter.config.newsletter.name.get(issue.original()),
            digest,
            composer: newsletter.composer(&issue.id, noon(issue.date), Kind::Issue),
            editions: editions.map(|(place, rendered)| (rendered, assembly.readers_of(place))).collect(),
            skipped: assembly.skipped(),
            readers: &InList(&assembly),
            columns: &columns,
            addresses: if self.addresses { Addresses::Shown } else { Addresses::Masked },
            extent: if self.each { Extent::EachRecipient } else { Extent::Editions },
        };
        let manifest = preview.write(&out).map_err(explained)?;
        if self.json {
            let path = out.join(MANIFEST);
            data_from(&path).map_err(|error| explained(PreviewError::Write(path, error)))?;
        } else {
            data(&format!("{}\n", out.join("index.html").display()));
        }
        for FellBack { item, wanted, shown, editions } in preview.fallbacks() {
            eprintln!("`{item}` has no translation for {wanted} and is shown in {shown}: {}.", editions.join(", "));
        }
        eprintln!(
            "{} in {}, {} skipped. Digest {digest}.",
            counted(manifest.recipients, "recipient"),
            counted(manifest.editions.len(), "edition"),
            manifest.skipped,
        );
        Ok(Ended::Well)
    }
}

/// A preview's Date: noon of the issue's day, which is that day almost everywhere.
fn noon(date: civil::Date) -> jiff::Timestamp {
    let noon = jiff::tz::TimeZone::UTC.to_timestamp(date.at(12, 0, 0, 0));
    noon.unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

fn explained(error: PreviewError) -> PipelineError {
    let help = match error {
        PreviewError::State(error) => return error.into(),
        PreviewError::Foreign(_) => "name an empty folder with --out: a preview replaces what stands there",
        PreviewError::Write(..) => "check the folder's permissions and the room on the disk",
        PreviewError::Gallery(_) | PreviewError::Compose(_) => "this should not happen; please report it",
    };
    refused(error.to_string(), help)
}

/// The people of the list, as a preview asks for them.
struct InList<'a>(&'a Assembly);

impl Readers for InList<'_> {
    fn each_reader(&self, each: EachReader<'_>) -> Result<(), PreviewError> {
        let mut entries = self.0.entries();
        while let Some(entry) = entries.advance()? {
            if let Fate::Gets(edition) = entry.fate {
                each(&entry.subscriber()?, edition)?;
            }
        }
        Ok(())
    }

    fn each_skipped(&self, each: EachSkipped<'_>) -> Result<(), PreviewError> {
        let mut entries = self.0.entries();
        while let Some(entry) = entries.advance()? {
            if let Some(reason) = entry.reason() {
                each(&entry.email()?, reason)?;
            }
        }
        Ok(())
    }
}
