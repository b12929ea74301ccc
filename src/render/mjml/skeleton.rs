//! MJML without its words: the HTML in each `mj-text` gives its place to a mark, and stays out of mrml, which
//! would read it and print it again as it was. Texts that follow each other in the same tag share a mark, since
//! mrml makes the same of each.

use memchr::memmem;

/// What a mark begins and ends with: letters that no parser minds.
const MARK: &str = "zqwords";
const END: &str = "qz";

const TEXT: &str = "<mj-text";
const TEXT_END: &str = "</mj-text>";

/// MJML with marks, and the texts that each of them stands for.
pub(in crate::render) struct Skeleton<'m> {
    pub mjml: String,
    pub texts: Vec<Vec<&'m str>>,
}

impl<'m> Skeleton<'m> {
    /// None where something looks like a mark already.
    pub(in crate::render) fn of(mjml: &'m str) -> Option<Self> {
        if memmem::find(mjml.as_bytes(), MARK.as_bytes()).is_some() {
            return None;
        }
        let mut skeleton = String::with_capacity(mjml.len() / 2);
        let mut texts: Vec<Vec<&str>> = Vec::new();
        // The tag of the text before, and where its element ends.
        let mut before = ("", 0);
        let (mut copied, mut at) = (0, 0);
        let find = |from: usize, what: &str| Some(from + memmem::find(&mjml.as_bytes()[from..], what.as_bytes())?);
        while let Some(tag) = find(at, TEXT) {
            at = tag + TEXT.len();
            let Some(start) = end_of_tag(mjml, at) else { continue };
            let Some(end) = find(start, TEXT_END) else { break };
            let content = &mjml[start..end];
            // MJML in it, or a comment, is for those that know about it.
            let is_plain = !content.trim().is_empty() && !content.contains("<mj-") && !content.contains("<!");
            if is_plain {
                let own = &mjml[tag..start];
                let follows = before.0 == own && is_dropped(&mjml[before.1..tag]);
                match texts.last_mut().filter(|_| follows) {
                    Some(texts) => texts.push(content),
                    None => {
                        skeleton.push_str(&mjml[copied..start]);
                        skeleton.push_str(MARK);
                        skeleton.push_str(&texts.len().to_string());
                        skeleton.push_str(END);
                        texts.push(vec![content]);
                    }
                }
                before = (own, end + TEXT_END.len());
                copied = end;
            }
            at = end;
        }
        skeleton.push_str(&mjml[copied..]);
        Some(Self { mjml: skeleton, texts })
    }
}

/// White space that mrml passes over.
pub(super) fn is_dropped(text: &str) -> bool {
    text.is_empty() || (text.starts_with('\n') && text.trim().is_empty())
}

/// Where the tag ends whose attributes begin at `at`; none where it is another tag or has no content.
fn end_of_tag(mjml: &str, at: usize) -> Option<usize> {
    let bytes = mjml.as_bytes();
    if !matches!(bytes.get(at)?, b' ' | b'\n' | b'\t' | b'>') {
        return None;
    }
    let mut quote = None;
    for (offset, byte) in bytes[at..].iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return (bytes[at + offset - 1] != b'/').then_some(at + offset + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'<') => return None,
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    None
}

/// The number of the mark that `text` is.
pub(super) fn number_of(text: &str) -> Option<usize> {
    text.strip_prefix(MARK)?.strip_suffix(END)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_are_taken_out() {
        let mjml = "<mj-text padding=\"0\" /><mj-text a='>'><p>A</p></mj-text><mj-text>\n</mj-text>\
            <mj-text><mj-button/></mj-text><mj-texts>x</mj-texts><mj-text>B<!-- C --></mj-text><mj-text>D</mj-text>";
        let skeleton = Skeleton::of(mjml).unwrap();
        assert_eq!(skeleton.texts, [["<p>A</p>"], ["D"]]);
        assert_eq!(skeleton.mjml, mjml.replace("<p>A</p>", "zqwords0qz").replace(">D<", ">zqwords1qz<"));
        assert_eq!(["zqwords12qz", "zqwordsqz", "words"].map(number_of), [Some(12), None, None]);
    }

    #[test]
    fn texts_in_the_same_tag_share_a_mark_where_nothing_stands_between_them() {
        let mjml = "<mj-text>A</mj-text>\n  <mj-text>B</mj-text><mj-text>C</mj-text> <mj-text>D</mj-text>\
            <mj-text a=\"\">E</mj-text><mj-divider /><mj-text a=\"\">F</mj-text>";
        let skeleton = Skeleton::of(mjml).unwrap();
        assert_eq!(skeleton.texts, [vec!["A", "B", "C"], vec!["D"], vec!["E"], vec!["F"]]);
        assert_eq!(
            skeleton.mjml,
            "<mj-text>zqwords0qz</mj-text> <mj-text>zqwords1qz</mj-text>\
             <mj-text a=\"\">zqwords2qz</mj-text><mj-divider /><mj-text a=\"\">zqwords3qz</mj-text>"
        );
    }

    #[test]
    fn what_looks_like_a_mark_keeps_all_words_in() {
        assert!(Skeleton::of("<mj-text>zqwords</mj-text>").is_none());
    }

    #[test]
    fn what_never_ends_stays() {
        for mjml in ["<mj-text", "<mj-text a='>", "<mj-text>a", "<mj-text <mj-text>", ""] {
            let skeleton = Skeleton::of(mjml).unwrap();
            assert_eq!((skeleton.mjml.as_str(), skeleton.texts.len()), (mjml, 0));
        }
    }
}
