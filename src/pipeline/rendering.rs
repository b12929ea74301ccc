//! Editions rendered, each once and on all cores; and those of the last preview kept, so that the next one renders
//! only what changed. A send renders everything anew, and trusts no file for what it sends.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Write as _};
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use serde::{Deserialize, Serialize};

use super::Newsletter;
use crate::domain::Digest;
use crate::domain::digest::Digester;
use crate::domain::field::Merge;
use crate::edition::{Edition, EditionKey};
use crate::issue::{Image, Issue};
use crate::render::{self, EmbeddedImage, RenderError, RenderedEdition};
use crate::state::{private_file, private_folder};

/// What a thread that renders may use of the stack, in bytes: as much as the first thread of a program has.
const STACK: usize = 8 * 1024 * 1024;

/// Renders each of `editions` once, in the same order.
///
/// # Errors
/// A template has a fault; of several, it is the first edition's.
pub fn render(
    newsletter: &Newsletter,
    issue: &Issue,
    editions: &[EditionKey],
) -> Result<Vec<RenderedEdition>, RenderError> {
    let render =
        |key: &EditionKey| render::render(&Edition::assemble(issue, key), &newsletter.templates, newsletter.setting());
    on_all_cores(editions, render)
}

/// [`render()`], with what did not change since the last time taken from `folder`. What stands there and is not
/// understood is rendered anew, and what this time did not need is removed.
///
/// # Errors
/// As [`render()`].
pub fn render_changed(
    newsletter: &Newsletter,
    issue: &Issue,
    editions: &[EditionKey],
    folder: &Path,
) -> Result<Vec<RenderedEdition>, RenderError> {
    let kept = Kept::new(newsletter, issue, folder);
    let rendered = on_all_cores(editions, |key| {
        let edition = Edition::assemble(issue, key);
        let digest = kept.digest(&edition);
        if let Some(rendered) = kept.read(key, digest) {
            return Ok(rendered);
        }
        let rendered = render::render(&edition, &newsletter.templates, newsletter.setting())?;
        kept.write(&rendered, digest);
        Ok::<_, RenderError>(rendered)
    })?;
    kept.remove_others(editions);
    Ok(rendered)
}

/// `work` on each of `all`, in the same order; the first failure is told, and what comes behind one is left.
fn on_all_cores<T: Sync, R: Send, E: Send>(all: &[T], work: impl Fn(&T) -> Result<R, E> + Sync) -> Result<Vec<R>, E> {
    let cores = thread::available_parallelism().map_or(1, std::num::NonZero::get).min(all.len());
    if cores < 2 {
        return all.iter().map(work).collect();
    }
    let (next, failed) = (AtomicUsize::new(0), AtomicUsize::new(usize::MAX));
    let worker = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(one) = all.get(at).filter(|_| at < failed.load(Ordering::Relaxed)) else { return done };
            let result = work(one);
            if result.is_err() {
                failed.fetch_min(at, Ordering::Relaxed);
            }
            done.push((at, result));
        }
    };
    let mut done = thread::scope(|scope| {
        let others: Vec<_> = (1..cores)
            .filter_map(|_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, worker).ok())
            .collect();
        let mut done = worker();
        for other in others {
            done.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        done
    });
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

/// Editions of the last preview, a file each.
struct Kept<'a> {
    folder: &'a Path,
    /// Over what all editions are made of.
    base: Digest,
    /// By the digest of its bytes.
    images: HashMap<Digest, &'a Image>,
}

/// An edition as it stands in its file; images by the digests of their bytes, which the issue has.
#[derive(Serialize, Deserialize)]
struct Record {
    /// Over everything that it was made of.
    of: String,
    subject: Merge,
    html: Merge,
    text: Merge,
    images: Vec<ImageRecord>,
    /// Over all of the above.
    digest: String,
}

#[derive(Serialize, Deserialize)]
struct ImageRecord {
    content_id: String,
    file_name: String,
    bytes: String,
}

impl<'a> Kept<'a> {
    fn new(newsletter: &'a Newsletter, issue: &'a Issue, folder: &'a Path) -> Self {
        let images = issue.images.values().chain(newsletter.setting().logo);
        let images: HashMap<_, _> = images.map(|image| (image.digest, image)).collect();
        let mut digester = Digester::default();
        digester.add("program", env!("CARGO_PKG_VERSION"));
        // A program that was built anew may render otherwise under the same version.
        let program = std::env::current_exe().and_then(fs::metadata).ok();
        digester.add("build", format!("{:?}", program.map(|file| (file.len(), file.modified().ok()))));
        newsletter.digest_setting(&mut digester);
        let Issue { id, number, date, languages, images: pictures, fields, .. } = issue;
        digester.add("issue", format!("{id} {number:?} {date} {languages:?} {fields:?}"));
        for (name, image) in pictures {
            digester.add(name, &image.bytes);
        }
        Self { folder, base: digester.finish(), images }
    }

    /// Over everything that `edition` is made of.
    fn digest(&self, edition: &Edition<'_>) -> Digest {
        let mut text = Digesting(Digester::default());
        text.0.add("base", self.base.to_string()).add("edition", edition.key.id());
        // All that there is in it is told by its Debug form. Writing to a digest can't fail.
        let _ = write!(text, "{:?}", edition.parts);
        text.0.finish()
    }

    fn path(&self, key: &EditionKey) -> PathBuf {
        self.folder.join(format!("{}.json", key.id()))
    }

    /// The edition, if it was made of just this and its file is whole.
    fn read(&self, key: &EditionKey, of: Digest) -> Option<RenderedEdition> {
        let record: Record = serde_json::from_slice(&fs::read(self.path(key)).ok()?).ok()?;
        let images = record.images.into_iter().map(|image| {
            let ImageRecord { content_id, file_name, bytes } = image;
            let known = self.images.get(&bytes.parse().ok()?)?;
            Some(EmbeddedImage { content_id, file_name, content_type: known.content_type, bytes: known.bytes.clone() })
        });
        let (key, images) = (key.clone(), images.collect::<Option<_>>()?);
        let rendered = RenderedEdition::new(key, record.subject, record.html, record.text, images);
        (record.of == of.to_string() && record.digest == rendered.digest.to_string()).then_some(rendered)
    }

    /// Keeps an edition. Where that can't be, it is rendered anew the next time, which is nobody's fault.
    fn write(&self, rendered: &RenderedEdition, of: Digest) {
        if !rendered.findings.is_empty() {
            // They name lines of files, which may be others the next time.
            drop(fs::remove_file(self.path(&rendered.key)));
            return;
        }
        let images = rendered.images.iter().map(|image| ImageRecord {
            content_id: image.content_id.clone(),
            file_name: image.file_name.clone(),
            bytes: Digest::of(&image.bytes).to_string(),
        });
        let record = Record {
            of: of.to_string(),
            subject: rendered.subject.clone(),
            html: rendered.html.clone(),
            text: rendered.text.clone(),
            images: images.collect(),
            digest: rendered.digest.to_string(),
        };
        let path = self.path(&rendered.key);
        let written = private_folder(self.folder).and_then(|()| {
            let json = serde_json::to_vec(&record)?;
            private_file(&path)?.write_all(&json)
        });
        if let Err(error) = written {
            tracing::debug!(%error, "an edition could not be kept for the next preview");
        }
    }

    /// Removes what was kept for editions that are no more.
    fn remove_others(&self, editions: &[EditionKey]) {
        let wanted: HashSet<_> = editions.iter().map(|key| self.path(key)).collect();
        for entry in fs::read_dir(self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "json") && !wanted.contains(&path) {
                drop(fs::remove_file(path));
            }
        }
    }
}

/// A digest that text can be written to.
struct Digesting(Digester);

impl fmt::Write for Digesting {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.add_on(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_order_and_the_first_failure_is_told_however_many_there_are() {
        let all: Vec<usize> = (0..500).collect();
        assert_eq!(on_all_cores(&all, |one| Ok::<_, usize>(one * 2)), Ok(all.iter().map(|one| one * 2).collect()));
        for _ in 0..50 {
            let odd = |one: &usize| if *one > 100 && one % 7 == 3 { Err(*one) } else { Ok(*one) };
            assert_eq!(on_all_cores(&all, odd), Err(101));
        }
        assert_eq!(on_all_cores(&[], |one: &usize| Ok::<_, ()>(*one)), Ok(Vec::new()));
    }
}
