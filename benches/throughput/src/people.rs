//! The list that the peers send to: `email,name,organisation,city,leave`, without quotes, in; people out.

use std::io;
use std::path::Path;

/// One reader, and what their merge fields hold.
#[derive(Debug, Clone)]
pub struct Person {
    pub email: String,
    pub name: String,
    pub organisation: String,
    pub city: String,
    /// Where this reader can leave: an https URL.
    pub leave: String,
}

impl Person {
    /// `text` with this person's values in the places of [`PLACES`](crate::template::PLACES).
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        let places = crate::template::PLACES.iter().zip(self.values());
        places.fold(text.to_owned(), |text, (place, value)| text.replace(place, value))
    }

    /// In the order of [`PLACES`](crate::template::PLACES).
    #[must_use]
    pub fn values(&self) -> [&str; 5] {
        [&self.email, &self.name, &self.organisation, &self.city, &self.leave]
    }
}

/// The first `count` people of the list.
///
/// # Errors
/// The file can't be read, or a row has another number of cells.
pub fn read(file: &Path, count: usize) -> io::Result<Vec<Person>> {
    let text = std::fs::read_to_string(file)?;
    text.lines()
        .skip(1)
        .take(count)
        .map(|row| {
            let cells: Vec<String> = row.split(',').map(str::to_owned).collect();
            let [email, name, organisation, city, leave] = cells.try_into().map_err(|_| {
                io::Error::new(io::ErrorKind::InvalidData, format!("{row}: a row of the list has five cells"))
            })?;
            Ok(Person { email, name, organisation, city, leave })
        })
        .collect()
}
