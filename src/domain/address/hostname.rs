//! The domain of an address: as it was typed in, as A-labels out (RFC 5890, RFC 5891, UTS 46).

use unicode_normalization::char::is_combining_mark;

use super::AddressError;

/// A mail domain in ASCII: letters, digits and hyphens, at least two labels, none that no registry gives.
pub(super) fn a_labels(domain: &str) -> Result<String, AddressError> {
    let is_plain = domain.is_ascii() && !domain.to_ascii_lowercase().contains("xn--");
    let domain = if is_plain { domain.to_owned() } else { internationalised(domain).ok_or(AddressError::Domain)? };
    if !domain.contains('.') {
        return Err(if domain.is_empty() { AddressError::Domain } else { AddressError::NoDot });
    }
    let top_level = domain.rsplit('.').next().unwrap_or_default();
    let labels_hold = domain.split('.').all(|label| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    });
    if domain.len() > 253 || !labels_hold || top_level.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AddressError::Domain);
    }
    Ok(domain)
}

/// UTS 46 maps and checks; it lets symbols through that IDNA 2008 does not (RFC 5892 section 2).
fn internationalised(domain: &str) -> Option<String> {
    let ascii = idna::domain_to_ascii_strict(domain).ok()?;
    let (unicode, checked) = idna::domain_to_unicode(&ascii);
    checked.ok()?;
    let holds = |c: char| {
        c.is_alphanumeric()
            || is_combining_mark(c)
            || matches!(c, '.' | '-')
            // RFC 5892 appendix A: allowed between certain letters, which UTS 46 checks in part.
            || matches!(c, '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}' | '\u{200c}' | '\u{200d}')
    };
    unicode.chars().all(holds).then_some(ascii)
}
