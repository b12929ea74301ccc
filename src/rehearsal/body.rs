//! The content of one message while it arrives.
//!
//! In come slices of content, from DATA or BDAT; what is kept is their length and,
//! where something is to be written to disk, their bytes. Past the limit the bytes
//! are let go and only the length goes on, so that the rest can be read and the
//! client told (RFC 1870 section 6.3).

/// Room that is worth keeping for the connection's next message, in octets.
const KEPT_ROOM: usize = 1 << 20;

/// The message so far.
#[derive(Debug)]
pub(super) struct Body {
    bytes: Vec<u8>,
    size: usize,
    keeps: bool,
    limit: usize,
}

impl Body {
    /// An empty one that may hold `limit` octets; one that does not keep only counts.
    pub(super) fn new(keeps: bool, limit: usize) -> Self {
        Self { bytes: Vec::new(), size: 0, keeps, limit }
    }

    pub(super) fn push(&mut self, slice: &[u8]) {
        self.size = self.size.saturating_add(slice.len());
        if self.overflows() {
            self.bytes = Vec::new();
        } else if self.keeps {
            self.bytes.extend_from_slice(slice);
        }
    }

    pub(super) fn clear(&mut self) {
        self.size = 0;
        self.bytes.clear();
        self.bytes.shrink_to(KEPT_ROOM);
    }

    /// Octets that arrived, kept or not.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn overflows(&self) -> bool {
        self.size > self.limit
    }

    /// The content; empty where only the size is kept.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_past_its_limit_is_counted_and_no_longer_kept() {
        let mut body = Body::new(true, 8);
        body.push(b"12345678");
        assert_eq!((body.bytes(), body.overflows()), (&b"12345678"[..], false));
        body.push(b"9");
        assert_eq!((body.bytes(), body.size(), body.overflows()), (&b""[..], 9, true));
        body.clear();
        assert_eq!((body.size(), body.overflows()), (0, false));
    }

    #[test]
    fn a_body_that_does_not_keep_still_counts() {
        let mut body = Body::new(false, 8);
        body.push(b"1234");
        assert_eq!((body.bytes(), body.size()), (&b""[..], 4));
    }
}
