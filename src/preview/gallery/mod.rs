//! `index.html`: the preview for a person, from disk and without a server. Everything that it shows stands in the
//! page itself, as data; its policy lets it fetch nothing, and the mails in its frames neither.
//!
//! `data` (what is told) and `pieces` (the mails, each piece once) -> a script element of the page, whose scripts
//! and style sheets are the files beside this one.

mod data;
mod outline;
mod pieces;

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};
use tera::{Context, Tera};

use super::PreviewError;

pub(super) use data::{About, Album, SkippedPeople, told};

const TEMPLATE: &str = include_str!("page.html");

const STYLE: &str = concat!(
    include_str!("base.css"),
    include_str!("editions.css"),
    include_str!("frames.css"),
    include_str!("views.css")
);

/// In one scope of their own; `start.js` is the last, and sets things going.
const SCRIPT: &str = concat!(
    "(() => {\n'use strict';\n",
    include_str!("data.js"),
    include_str!("state.js"),
    include_str!("dom.js"),
    include_str!("mail.js"),
    include_str!("frames.js"),
    include_str!("list.js"),
    include_str!("stage.js"),
    include_str!("matrix.js"),
    include_str!("compare.js"),
    include_str!("lists.js"),
    include_str!("reader.js"),
    include_str!("start.js"),
    "})();\n",
);

/// The page over the mails in `album`.
///
/// # Errors
/// The template has a fault, or something can't be written as JSON.
pub(super) fn page(about: &About<'_>, album: Album) -> Result<String, PreviewError> {
    let fault = |error: &dyn std::fmt::Display| PreviewError::Gallery(error.to_string());
    let mut context = Context::new();
    context.insert("about", about);
    context.insert("one_reader", &about.reader.is_some());
    context.insert("policy", &policy());
    context.insert("style", STYLE);
    context.insert("script", SCRIPT);
    context.insert("data", &data::json(about, album).map_err(|error| fault(&error))?);
    let mut tera = Tera::default();
    let rendered = tera.add_raw_template("page.html", TEMPLATE).and_then(|()| tera.render("page.html", &context));
    rendered.map_err(|error| fault(&error))
}

/// What the page may do: run its own script, and show images that it holds. The frames inherit it. `'self'` is
/// nothing on a disk; it is for what serves the page while its sources change.
fn policy() -> String {
    let script = BASE64.encode(&Sha256::digest(SCRIPT));
    format!(
        "default-src 'none'; script-src 'self' 'sha256-{script}'; connect-src 'self'; style-src 'unsafe-inline'; \
         img-src data:; base-uri 'none'; form-action 'none'"
    )
}
