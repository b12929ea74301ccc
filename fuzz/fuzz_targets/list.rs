//! Any bytes as a list: reading and checking it never panics, its lines go up, and what is written back in
//! its own dialect says the same again.

#![no_main]

use std::io::Cursor;
use std::path::Path;

use bulletin::subscribers::{ColumnNames, Context, Row, Table, Vocabulary, Writer, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let shown = Path::new("list.csv");
    let table = |bytes: Vec<u8>| Table::read(Cursor::new(bytes), shown);
    let Ok(first) = table(bytes.to_vec()) else { return };
    let (dialect, headers) = (first.dialect().copied(), first.headers().clone());
    let rows: Vec<Row> = first.into_iter().map_while(Result::ok).collect();
    let mut before = 0;
    for row in &rows {
        assert!(row.line > before && row.end_line >= row.line, "{row:?} behind line {before}");
        before = row.end_line;
    }
    if let Some(dialect) = dialect {
        let mut writer = Writer::new(Vec::new(), dialect);
        let written = std::iter::once(&headers)
            .chain(rows.iter().map(|row| &row.cells))
            .try_for_each(|cells| writer.write(cells));
        // A character that the encoding lacks is refused: decoding may have left U+FFFD.
        if written.is_ok() {
            let written = writer.finish().expect("a vector takes everything");
            let again = Table::read_as(&dialect, Cursor::new(written), shown).expect("what was written is a list");
            assert_eq!(again.headers(), &headers);
            let cells: Vec<_> = again.into_iter().map(|row| row.expect("what was written is a row").cells).collect();
            assert!(cells.iter().eq(rows.iter().map(|row| &row.cells)), "{cells:?} is not {rows:?}");
        }
    }
    let languages = ["en".parse().expect("a language")];
    let words = Vocabulary {
        languages: &languages,
        topics: &["policy"],
        columns: &[("city", "City")],
        named: ColumnNames::default(),
    };
    let context = Context { today: jiff::civil::date(2026, 1, 15), suppressed: None };
    if let Ok(checked) = check(table(bytes.to_vec()).expect("it was read before"), words, &context) {
        assert!(checked.usable + checked.duplicates <= checked.rows && checked.rows <= rows.len());
    }
});
