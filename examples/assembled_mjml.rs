//! Writes the MJML of every edition of an issue into a folder, for MJML's own tools:
//! `cargo run --example assembled_mjml -- ISSUE FOLDER`, in a newsletter's folder.
//! `tests/browser/reference.mjs` compares with it.

use std::path::PathBuf;

use bulletin::domain::IssueId;
use bulletin::edition::Edition;
use bulletin::pipeline::{self, Newsletter};
use bulletin::render;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(id), Some(out)) = (arguments.next(), arguments.next().map(PathBuf::from)) else {
        return Err("usage: assembled_mjml ISSUE FOLDER".into());
    };
    let id: IssueId = id.parse()?;
    let newsletter = Newsletter::open(&std::env::current_dir()?)?;
    let issue = newsletter.issue(&id)?;
    let assembly = pipeline::assemble(&newsletter, &issue, None, |_| {})?;
    std::fs::create_dir_all(&out)?;
    for key in &assembly.editions {
        let edition = Edition::assemble(&issue, key);
        let mjml = render::assembled_mjml(&edition, &newsletter.templates, newsletter.setting())?;
        std::fs::write(out.join(format!("{}.mjml", key.id())), &mjml)?;
        std::fs::write(out.join(format!("{}.html", key.id())), render::mjml_to_html(&mjml)?)?;
    }
    Ok(())
}
