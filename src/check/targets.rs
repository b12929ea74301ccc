//! Where the links of an item lead, beside those of its translation.
//!
//! A page in two languages has two addresses, and nobody can tell from them that they are the same page, so two
//! on one site pass for it, whatever their paths: `www.example.org/en/report` and `www.example.org/fr/rapport`,
//! `en.example.org` and `fr.example.org`, `/report-eng.html` and `/report-fra.html`. Told are a site that one
//! language leads to and the other does not, and two addresses on one site that differ in their numbers alone,
//! as those of two years' reports.

/// Those of `there` and `here` that have nothing like them in the other: one pair for each place.
pub(super) fn strays<'a>(there: &[&'a str], here: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let mut there: Vec<_> = there.to_vec();
    let mut here: Vec<_> = here.to_vec();
    take_pairs(&mut there, &mut here, |one, other| one == other);
    take_pairs(&mut there, &mut here, |one, other| site(one) == site(other) && !differ_in_numbers(one, other));
    // What is left of one site belongs together.
    let mut pairs = Vec::new();
    there.retain(|one| match here.iter().position(|other| site(one) == site(other)) {
        Some(at) => {
            pairs.push((*one, here.remove(at)));
            false
        }
        None => true,
    });
    pairs.extend(there.into_iter().zip(here));
    pairs
}

fn take_pairs<'a>(there: &mut Vec<&'a str>, here: &mut Vec<&'a str>, alike: impl Fn(&str, &str) -> bool) {
    there.retain(|one| match here.iter().position(|other| alike(one, other)) {
        Some(at) => {
            here.remove(at);
            false
        }
        None => true,
    });
}

/// A site: the last two labels of its host, or three where the second is short, as in `example.co.uk`. What is
/// no page is known by its kind alone: an address of a mailbox is another one in each language.
fn site(url: &str) -> String {
    let Some((_, rest)) = url.split_once("://") else {
        return url.split(':').next().unwrap_or_default().to_lowercase();
    };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default().split(':').next().unwrap_or_default().to_lowercase();
    let labels: Vec<_> = host.split('.').collect();
    let keep = if labels.len() > 2 && labels[labels.len() - 2].len() <= 3 { 3 } else { 2 };
    labels[labels.len().saturating_sub(keep)..].join(".")
}

/// Whether two paths are the same but for numbers. A query is left alone: the same page often has a number a
/// language there.
fn differ_in_numbers(one: &str, other: &str) -> bool {
    let path = |url: &str| url.split(['?', '#']).next().unwrap_or_default().to_owned();
    let (one, other) = (path(one), path(other));
    let words =
        |path: &str| path.split(|c: char| c.is_ascii_digit()).filter(|word| !word.is_empty()).collect::<String>();
    one != other && words(&one) == words(&other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_in_two_languages_is_one() {
        for (one, other) in [
            ("https://www.example.org/en/report", "https://www.example.org/fr/rapport"),
            ("https://en.example.org/a", "https://fr.example.org/b"),
            ("https://www.example.org/a-eng.html", "https://www.example.org/a-fra.html"),
            ("https://www.example.org/?p=12", "https://www.example.org/?p=13"),
            ("mailto:info@example.org", "mailto:info-fr@example.org"),
            ("http://www.example.co.uk/", "https://cymraeg.example.co.uk/"),
        ] {
            assert_eq!(strays(&[one], &[other]), [], "{one} {other}");
        }
    }

    #[test]
    fn another_site_and_another_year_are_told() {
        let en = ["https://a.example.org/", "https://www.example.net/report-2015"];
        for fr in [
            ["https://a.example.org/", "https://www.example.net/report-2016"],
            ["https://www.example.com/", "https://a.example.org/fr"],
        ] {
            assert_eq!(strays(&en, &fr).len(), 1, "{fr:?}");
            assert_eq!(strays(&en, &fr)[0].0, en[1]);
        }
        assert_eq!(strays(&en, &[en[1], en[0]]), []);
    }
}
