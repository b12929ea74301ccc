//! Some of the people of a list, named in a file: a CSV with a column for addresses, or an address a line.

use std::path::Path;

use super::{ColumnNames, ListError, Role, Table};
use crate::domain::{EmailAddress, Finding};

/// Reads the addresses in `path`, in their order. Every one of them must be an address: whom a person
/// names is not guessed at, and left out least of all. An empty file names nobody.
///
/// # Errors
/// The file can't be read, or something in it is no address.
pub fn addresses(path: &Path) -> Result<Vec<EmailAddress>, ListError> {
    match Table::open(path, path) {
        Ok(table) => read(table),
        Err(ListError::Invalid(finding)) if finding.code == "empty-list" => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn read(table: Table) -> Result<Vec<EmailAddress>, ListError> {
    let shown = table.shown().to_owned();
    let headers: Vec<String> = table.headers().iter().map(str::to_owned).collect();
    let column = Role::Email.find(&headers, ColumnNames::default());
    let mut addresses = Vec::new();
    // The first row names the columns, or is an address already.
    let first = column.is_none().then(|| (table.header_line(), headers));
    let rows = table.into_iter().map(|row| row.map(|row| (row.line, row.cells.iter().map(str::to_owned).collect())));
    for row in first.into_iter().map(Ok).chain(rows) {
        let (line, cells): (usize, Vec<String>) = row?;
        if cells.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cell = cells.get(column.unwrap_or_default()).map(|cell| cell.trim()).unwrap_or_default();
        addresses.push(unmarked(cell).parse::<EmailAddress>().map_err(|error| {
            let first = addresses.is_empty() && column.is_none();
            let hint = if first { "; where the file is a CSV, call its column of addresses `email`" } else { "" };
            let finding = Finding::error("not-an-address", error.to_string())
                .at_line(line)
                .with_help(format!("write an address a line{hint}"));
            ListError::invalid(finding, &shown)
        })?);
    }
    Ok(addresses)
}

/// Without the apostrophe by which the program's own tables keep a spreadsheet from running a cell.
fn unmarked(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(['=', '+', '-', '@'])).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn of(text: &str) -> Result<Vec<String>, (Option<usize>, &'static str)> {
        let table = Table::read(Cursor::new(text.to_owned()), Path::new("to.csv"));
        match table.and_then(read) {
            Ok(addresses) => Ok(addresses.iter().map(ToString::to_string).collect()),
            Err(ListError::Invalid(finding)) => Err((finding.line, finding.code)),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_list_of_lines_and_a_table_with_a_column_of_addresses_are_both_read() {
        let both = Ok(vec!["ann@example.org".to_owned(), "bob@example.org".to_owned()]);
        assert_eq!(of("ann@example.org\nbob@example.org\n"), both);
        assert_eq!(of("\u{feff}ann@example.org\r\n\r\n  bob@example.org"), both);
        assert_eq!(of("email\nann@example.org\nbob@example.org\n"), both);
        assert_eq!(of("Nom;Courriel\nAnn;ann@example.org\n\"Bob; B.\";bob@example.org\n"), both);
        assert_eq!(of("ann@example.org"), Ok(vec!["ann@example.org".to_owned()]));
    }

    #[test]
    fn what_is_no_address_is_told_with_its_line_and_nobody_is_left_out_in_silence() {
        assert_eq!(of("ann@example.org\nbob\n"), Err((Some(2), "not-an-address")));
        assert_eq!(of("name,address\nAnn,ann@example.org\n"), Err((Some(1), "not-an-address")));
        assert_eq!(of("name,email\nAnn\n"), Err((Some(2), "not-an-address")));
    }

    #[test]
    fn the_programs_own_tables_can_be_read_back() {
        assert_eq!(of("email\n'+ann@example.org\n"), Ok(vec!["+ann@example.org".to_owned()]));
        assert_eq!(of("email\n'ann@example.org\n"), Ok(vec!["'ann@example.org".to_owned()]));
    }
}
