//! Records that are too many for memory: written once, in order, and read back by the place of each. A short
//! spool stays in memory; a longer one is a file without a name, which ends with the process, however that ends.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{StateError, private_folder};

/// What is held in memory, in bytes; one byte more, and there is a file.
const IN_MEMORY: usize = 1024 * 1024;
/// What is written to the file at once.
const PIECE: usize = 64 * 1024;
/// What is read ahead.
const AHEAD: usize = 16 * 1024;
/// Bytes in front of each record, which tell its length.
const HEAD: usize = size_of::<u32>();

/// Where a record begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(NonZeroU64);

impl Place {
    /// The one at so many bytes from the beginning; one higher inside, so that an `Option` costs nothing.
    fn at(offset: u64) -> Self {
        Self(NonZeroU64::MIN.saturating_add(offset))
    }

    fn offset(self) -> u64 {
        self.0.get() - 1
    }
}

/// Records on their way into a spool.
#[derive(Debug)]
pub struct SpoolWriter {
    folder: PathBuf,
    in_memory: usize,
    file: Option<File>,
    /// Bytes in the file, and those that are still to go there.
    written: u64,
    waiting: Vec<u8>,
}

/// Records that can be read.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    source: Source,
    end: u64,
}

#[derive(Debug)]
enum Source {
    Memory(Vec<u8>),
    File(Mutex<File>),
}

/// A part of a spool in memory: whoever reads nearly in order finds the next record there.
#[derive(Debug, Default)]
pub struct Window {
    from: u64,
    bytes: Vec<u8>,
}

impl SpoolWriter {
    /// A spool whose file, if it comes to need one, lies in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self::holding(folder, IN_MEMORY)
    }

    fn holding(folder: &Path, in_memory: usize) -> Self {
        Self { folder: folder.to_owned(), in_memory, file: None, written: 0, waiting: Vec::new() }
    }

    /// Appends the record that `write` puts behind what is there, and tells its place.
    ///
    /// # Errors
    /// The file can't be made or written.
    pub fn add(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<Place, StateError> {
        let begin = self.waiting.len();
        let place = Place::at(self.written + begin as u64);
        self.waiting.extend([0; HEAD]);
        write(&mut self.waiting);
        let length = u32::try_from(self.waiting.len() - begin - HEAD)
            .map_err(|_| self.failed(io::Error::other("a row is longer than 4 GiB")))?;
        self.waiting[begin..begin + HEAD].copy_from_slice(&length.to_le_bytes());
        if self.waiting.len() > if self.file.is_some() { PIECE } else { self.in_memory } {
            self.flush().map_err(|error| self.failed(error))?;
        }
        Ok(place)
    }

    /// Ends the writing.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn finish(mut self) -> Result<Spool, StateError> {
        let end = self.written + self.waiting.len() as u64;
        if self.file.is_some() {
            self.flush().map_err(|error| self.failed(error))?;
        }
        let Self { folder, file, waiting, .. } = self;
        let source = file.map_or(Source::Memory(waiting), |file| Source::File(Mutex::new(file)));
        Ok(Spool { folder, source, end })
    }

    fn flush(&mut self) -> io::Result<()> {
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(nameless(&self.folder)?),
        };
        file.write_all(&self.waiting)?;
        self.written += self.waiting.len() as u64;
        self.waiting = Vec::with_capacity(2 * PIECE);
        Ok(())
    }

    fn failed(&self, error: io::Error) -> StateError {
        StateError::Spool(self.folder.clone(), error)
    }
}

impl Spool {
    fn fill(&self, file: &Mutex<File>, window: &mut Window, from: u64, length: usize) -> io::Result<()> {
        // Whoever panicked while reading left no more behind than another place to read from.
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        let room = usize::try_from(self.end - from).unwrap_or(usize::MAX);
        window.bytes.resize(length.max(AHEAD).min(room), 0);
        window.from = from;
        file.seek(SeekFrom::Start(from))?;
        file.read_exact(&mut window.bytes).inspect_err(|_| window.bytes.clear())
    }
}

impl Window {
    /// The record at `place` of `spool`, and always of the same.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn record<'a>(&'a mut self, spool: &'a Spool, place: Place) -> Result<&'a [u8], StateError> {
        let failed = |error| StateError::Spool(spool.folder.clone(), error);
        let offset = place.offset();
        match &spool.source {
            Source::Memory(bytes) => cut(bytes, offset).ok_or_else(|| failed(io::ErrorKind::UnexpectedEof.into())),
            Source::File(file) => {
                let inside =
                    |window: &Self| offset.checked_sub(window.from).filter(|at| cut(&window.bytes, *at).is_some());
                if inside(self).is_none() {
                    spool.fill(file, self, offset, HEAD).map_err(failed)?;
                    if let Some(length) = length(&self.bytes, 0).filter(|length| *length > self.bytes.len()) {
                        spool.fill(file, self, offset, length).map_err(failed)?;
                    }
                }
                let at = offset - self.from;
                cut(&self.bytes, at).ok_or_else(|| failed(io::ErrorKind::UnexpectedEof.into()))
            }
        }
    }
}

/// How far a spool was read, one record after the other.
#[derive(Debug, Default)]
pub struct Cursor {
    window: Window,
    next: u64,
}

impl Cursor {
    /// The next record of `spool`, and always of the same, with its place; none at the end.
    ///
    /// # Errors
    /// The file can't be read.
    pub fn next<'a>(&'a mut self, spool: &'a Spool) -> Result<Option<(Place, &'a [u8])>, StateError> {
        if self.next >= spool.end {
            return Ok(None);
        }
        let place = Place::at(self.next);
        let record = self.window.record(spool, place)?;
        self.next += (HEAD + record.len()) as u64;
        Ok(Some((place, record)))
    }
}

/// The bytes of the record at `at`, its head among them; none where the head is not there.
fn length(bytes: &[u8], at: u64) -> Option<usize> {
    let head = bytes.get(usize::try_from(at).ok()?..)?.first_chunk()?;
    Some(HEAD + u32::from_le_bytes(*head) as usize)
}

fn cut(bytes: &[u8], at: u64) -> Option<&[u8]> {
    let whole = length(bytes, at)?;
    let at = usize::try_from(at).ok()?;
    bytes.get(at + HEAD..at.checked_add(whole)?)
}

/// A new file that only its owner can read, and only through what is returned: its name is gone already.
fn nameless(folder: &Path) -> io::Result<File> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    private_folder(folder)?;
    let mut options = OpenOptions::new();
    options.read(true).write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!(".spool-{}-{number}", std::process::id()));
        match options.open(&path) {
            Ok(file) => return std::fs::remove_file(&path).map(|()| file),
            // Left behind by a process of the same number that ended in this very moment.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records of all lengths, some of them longer than what is read ahead.
    fn record(number: usize) -> Vec<u8> {
        let length = if number % 50 == 49 { 3 * AHEAD } else { number % 300 };
        vec![u8::try_from(number % 251).unwrap(); length]
    }

    fn spool(folder: &Path, in_memory: usize, records: usize) -> (Spool, Vec<Place>) {
        let mut writer = SpoolWriter::holding(folder, in_memory);
        let places = (0..records).map(|number| writer.add(|out| out.extend(record(number))).unwrap()).collect();
        (writer.finish().unwrap(), places)
    }

    #[test]
    fn records_are_read_in_order_and_by_their_places_from_memory_and_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        for in_memory in [usize::MAX, 1_000] {
            let (spool, places) = spool(folder.path(), in_memory, 400);
            assert_eq!(matches!(spool.source, Source::Memory(_)), in_memory == usize::MAX);
            let mut cursor = Cursor::default();
            for (number, place) in places.iter().enumerate() {
                assert_eq!(cursor.next(&spool).unwrap(), Some((*place, record(number).as_slice())));
            }
            assert_eq!(cursor.next(&spool).unwrap(), None);
            let mut window = Window::default();
            for step in 0..places.len() {
                let number = step * 7_919 % places.len();
                assert_eq!(window.record(&spool, places[number]).unwrap(), record(number));
            }
        }
    }

    #[test]
    fn the_file_has_no_name_and_a_short_spool_has_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let short = spool(&state, IN_MEMORY, 10);
        assert!(!state.exists());
        let long = spool(&state, 10, 10);
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 0);
        drop((short, long));
    }

    #[test]
    fn an_empty_spool_has_no_records() {
        let (spool, _) = spool(Path::new("nowhere"), IN_MEMORY, 0);
        assert_eq!(Cursor::default().next(&spool).unwrap(), None);
    }
}
