//! `bulletin preview ISSUE`.

use std::path::{Path, PathBuf};

use jiff::civil;

use super::diagnostics::counted;
use super::inspection::inspect;
use super::live::{self, Serving};
use super::preview_for::PreviewFor;
use super::{Ended, Opened, data, data_from, diagnostics};
use crate::compose::Kind;
use crate::domain::clock::Clock;
use crate::domain::{Digest, IssueId, Severity};
use crate::pipeline::{self, Assembly, Fate, PipelineError, refused};
use crate::preview::{Addresses, EachReader, EachSkipped, Extent, FellBack, MANIFEST, Manifest, PreviewError, Readers};
use crate::render::RenderedEdition;

#[derive(Debug, clap::Args)]
pub(super) struct Preview {
    /// The issue, by the name of its folder under issues/
    pub(super) issue: IssueId,
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
    pub(super) subscribers: Option<PathBuf>,
    /// Tell what this reader gets, and why each item is in or out, instead
    #[arg(long = "for", value_name = "ADDR", conflicts_with_all = ["each", "addresses", "serve"])]
    reader: Option<String>,
    /// Print the manifest; with --for, what is told of the reader
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    pub(super) serving: Serving,
}

/// What a preview came to, for whoever tells of it.
pub(super) struct Written {
    pub digest: Digest,
    pub manifest: Manifest,
    pub fallbacks: Vec<FellBack>,
    /// What `check` finds, without what is only good to know.
    pub doubts: usize,
}

impl Preview {
    pub(super) fn run(&self, dir: Option<&Path>, clock: &Clock) -> Result<Ended, PipelineError> {
        if self.serving.serve {
            return live::serve(self, dir, clock);
        }
        let list = self.subscribers.as_deref();
        if let Some(email) = &self.reader {
            let Self { issue, out, json, .. } = self;
            return PreviewFor { issue, email, list, out: out.as_deref(), json: *json }.run(dir);
        }
        let opened = Opened::open(dir, &self.issue, list)?;
        let default = || pipeline::outbox(&opened.newsletter, &opened.issue.id).join("preview");
        let out = self.out.clone().unwrap_or_else(default);
        let Written { digest, manifest, fallbacks, .. } = self.write(&opened, &out, |rendered| {
            diagnostics::tell_template_doubts(rendered.iter().flat_map(|edition| &edition.findings));
        })?;
        if self.json {
            let path = out.join(MANIFEST);
            data_from(&path).map_err(|error| explained(PreviewError::Write(path, error)))?;
        } else {
            data(&format!("{}\n", out.join("index.html").display()));
        }
        for FellBack { item, wanted, shown, editions } in fallbacks {
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

    /// Writes the preview of what was opened into `out`; `doubts` hears of the editions before.
    pub(super) fn write(
        &self,
        opened: &Opened,
        out: &Path,
        doubts: impl FnOnce(&[RenderedEdition]),
    ) -> Result<Written, PipelineError> {
        let Opened { newsletter, issue, assembly, doubts: listed } = opened;
        let outbox = pipeline::outbox(newsletter, &issue.id);
        let rendered = pipeline::render_changed(newsletter, issue, &assembly.editions, &outbox.join("rendered"))?;
        doubts(&rendered);
        let findings = inspect(newsletter, issue, assembly, &rendered, listed.first.clone())?;
        let doubts = findings.iter().filter(|finding| finding.severity > Severity::Info).count() + listed.more;
        let digest = newsletter.digest(issue);
        let editions = rendered.into_iter().enumerate();
        let columns: Vec<_> =
            newsletter.config.columns.iter().map(|(alias, header)| (alias.as_str(), header.as_str())).collect();
        let preview = crate::preview::Preview {
            issue,
            newsletter: newsletter.config.newsletter.name.get(issue.original()),
            digest,
            composer: newsletter.composer(&issue.id, noon(issue.date), Kind::Issue),
            editions: editions.map(|(place, rendered)| (rendered, assembly.readers_of(place))).collect(),
            skipped: assembly.skipped(),
            findings: (findings, listed.more),
            readers: &InList(assembly),
            columns: &columns,
            addresses: if self.addresses { Addresses::Shown } else { Addresses::Masked },
            extent: if self.each { Extent::EachRecipient } else { Extent::Editions },
        };
        let manifest = preview.write(out).map_err(explained)?;
        Ok(Written { digest, manifest, fallbacks: preview.fallbacks(), doubts })
    }
}

/// A preview's Date: noon of the issue's day, which is that day almost everywhere.
pub(super) fn noon(date: civil::Date) -> jiff::Timestamp {
    let noon = jiff::tz::TimeZone::UTC.to_timestamp(date.at(12, 0, 0, 0));
    noon.unwrap_or(jiff::Timestamp::UNIX_EPOCH)
}

pub(super) fn explained(error: PreviewError) -> PipelineError {
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
