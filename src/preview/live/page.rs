//! A file of the preview, as a browser is given it: with its type, and pages with the script that keeps them fresh.

use std::fmt::Write as _;

/// The script's own path, and that of the stream of events; no file of a preview begins so.
pub(super) const SCRIPT_PATH: &str = "/_live/live.js";
pub(super) const EVENTS_PATH: &str = "/_live/events";

pub(super) const SCRIPT: &str = include_str!("live.js");

/// What stands where there is no preview yet.
pub(super) const EMPTY: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
    <meta name=\"color-scheme\" content=\"light dark\">\n<title>Preview</title>\n</head>\n\
    <body>\n<main><h1>No preview yet</h1>\n<p>It shows here by itself once it can be made.</p></main>\n</body>\n</html>\n";

/// The type of a file by its name.
pub(super) fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
        "html" => "text/html; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "eml" => "message/rfc822",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

/// The page with the script in it; `id` is the run that made it. What the page itself forbids to load stays
/// forbidden, except for the stream of events.
pub(super) fn with_script(page: &str, id: &str) -> String {
    // First of all, in front of a policy of the page's own, which holds for what stands behind it.
    let start = behind_tag(page, "<head").or_else(|| behind_tag(page, "<!doctype")).unwrap_or(0);
    let (before, rest) = page.split_at(start);
    let mut whole = String::with_capacity(page.len() + 200);
    let _ = write!(whole, "{before}<script src=\"{SCRIPT_PATH}\" data-at=\"{id}\"></script>");
    match policy(rest) {
        // Of two rules for the same, the first counts.
        Some(at) => {
            let _ = write!(whole, "{}connect-src 'self'; {}", &rest[..at], &rest[at..]);
        }
        None => whole.push_str(rest),
    }
    whole
}

/// Behind the first tag that begins with `tag`.
fn behind_tag(page: &str, tag: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + find(&page[from..], tag)?;
        let behind = at + tag.len();
        // `<header>` is no `<head>`.
        if page[behind..].starts_with(|c: char| c == '>' || c.is_ascii_whitespace()) {
            return Some(behind + page[behind..].find('>')? + 1);
        }
        from = behind;
    }
}

/// Where the text of a policy in the page's head begins.
fn policy(rest: &str) -> Option<usize> {
    let head = &rest[..find(rest, "</head").unwrap_or(rest.len())];
    let tag = find(head, "http-equiv=\"content-security-policy\"")?;
    let content = "content=\"";
    let at = tag + find(&head[tag..], content)?;
    Some(at + content.len())
}

/// Without regard to the case of ASCII letters.
fn find(text: &str, what: &str) -> Option<usize> {
    text.as_bytes().windows(what.len()).position(|window| window.eq_ignore_ascii_case(what.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: &str = "<script src=\"/_live/live.js\" data-at=\"7-1\"></script>";

    #[test]
    fn the_script_stands_first_in_the_head_and_the_rest_stays_as_it_is() {
        for (before, after) in [
            ("<!doctype html><html lang=\"en\"><head>", "<title>é</title></head><body><header></body>"),
            ("<HTML><HEAD lang=\"en\">", "</HEAD>"),
            ("<!DOCTYPE html>", "<header>No head</header>"),
            ("", "<p>Hardly a page"),
            ("", ""),
        ] {
            assert_eq!(with_script(&format!("{before}{after}"), "7-1"), format!("{before}{TAG}{after}"));
        }
    }

    #[test]
    fn a_page_that_forbids_everything_may_still_hear_of_events() {
        let page = |rules: &str| {
            format!(
                "<head><meta http-equiv=\"Content-Security-Policy\" content=\"{rules}\"></head><body>content=\"</body>"
            )
        };
        let expected = page("connect-src 'self'; default-src 'none'").replacen("<head>", &format!("<head>{TAG}"), 1);
        assert_eq!(with_script(&page("default-src 'none'"), "7-1"), expected);
        let in_text = "<head></head><pre>http-equiv=\"Content-Security-Policy\" content=\"x\"</pre>";
        assert_eq!(with_script(in_text, "7-1"), in_text.replacen("<head>", &format!("<head>{TAG}"), 1));
    }
}
