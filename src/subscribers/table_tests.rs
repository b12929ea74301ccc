//! Tables in every dialect: what is written is read again, and lines are those of the file.

use std::io::Cursor;
use std::path::Path;

use encoding_rs::{Encoding, MACINTOSH, SHIFT_JIS, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use proptest::prelude::*;

use super::{Dialect, LineEnding, ListError, Quoting, Row, Table, WriteError, Writer};

fn table(bytes: impl Into<Vec<u8>>) -> Result<Table, ListError> {
    Table::read(Cursor::new(bytes.into()), Path::new("list.csv"))
}

fn rows(table: Table) -> Vec<Row> {
    table.into_iter().collect::<Result<_, _>>().unwrap()
}

fn lines(text: &str) -> Vec<(usize, usize)> {
    rows(table(text).unwrap()).iter().map(|row| (row.line, row.end_line)).collect()
}

fn cells(table: Table) -> Vec<Vec<String>> {
    let text = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let first = text(table.headers());
    std::iter::once(first).chain(rows(table).iter().map(|row| text(&row.cells))).collect()
}

fn written(dialect: Dialect, rows: &[Vec<String>]) -> Result<Vec<u8>, WriteError> {
    let mut writer = Writer::new(Vec::new(), dialect);
    for row in rows {
        writer.write(row)?;
    }
    writer.finish()
}

#[test]
fn a_line_is_that_of_the_file_whatever_ends_it() {
    for end in ["\n", "\r\n", "\r"] {
        let text = ["email,name", "a@example.org,\"two", "lines\"", "", "", "b@example.org,", "", "c@example.org,x"];
        assert_eq!(lines(&text.join(end)), [(2, 3), (6, 6), (8, 8)], "{end:?}");
        assert_eq!(lines(&format!("sep=,{end}{}{end}", text.join(end))), [(3, 4), (7, 7), (9, 9)], "{end:?}");
    }
}

#[test]
fn a_line_far_behind_is_counted_in_full() {
    let text = format!("email,name\r\n{}", "reader@example.org,\"a\r\nb\"\r\n".repeat(50_000));
    let last = *lines(&text).last().unwrap();
    assert_eq!(last, (100_000, 100_001));
}

#[test]
fn a_header_may_stand_behind_blank_rows() {
    let table = table(",,\n\nemail,name\na@example.org,A\n").unwrap();
    assert_eq!(&table.headers()[0], "email");
    assert_eq!(rows(table)[0].line, 4);
}

#[test]
fn stray_nuls_stay_in_their_row() {
    let rows = rows(table(&b"email,name\na@example.org,A\0\nb@example.org,B\n"[..]).unwrap());
    assert_eq!((rows.len(), &rows[0].cells[1]), (2, "A\0"));
}

#[test]
fn what_is_no_list_is_refused() {
    for bytes in [&b"%PDF-1.7"[..], b"PK\x03\x04\0\0", b"\xd0\xcf\x11\xe0\0\0", b"", b"\xef\xbb\xbf\n\n", b"\0\0\0"] {
        assert!(matches!(table(bytes), Err(ListError::Invalid(_))), "{bytes:?}");
    }
}

#[test]
fn the_dialect_of_a_file_is_the_one_that_it_was_written_in() {
    let text = "email;name\nRené@example.org;Zoë Tremblay\nb@example.org;Hélène Lefèvre\n";
    let rows: Vec<Vec<String>> = text.lines().map(|line| line.split(';').map(str::to_owned).collect()).collect();
    for dialect in dialects().filter(|dialect| dialect.delimiter != b'|' || dialect.quoting == Quoting::Needed) {
        let bytes = written(dialect, &rows).unwrap();
        let table = table(bytes).unwrap();
        assert_eq!(table.dialect(), Some(&dialect));
        let told = table.doubts().iter().map(|doubt| (doubt.code, doubt.line)).collect::<Vec<_>>();
        let line = if dialect.names_delimiter { 3 } else { 2 };
        match dialect.encoding.name() {
            "windows-1252" | "macintosh" => assert_eq!(told, [("encoding", Some(line))], "{dialect:?}"),
            "UTF-16LE" | "UTF-16BE" if !dialect.bom => assert_eq!(told, [("encoding", Some(1))], "{dialect:?}"),
            _ => assert_eq!(told, [], "{dialect:?}"),
        }
        assert_eq!(cells(table), rows, "{dialect:?}");
    }
}

#[test]
fn a_character_that_the_encoding_lacks_is_named() {
    let rows = [vec!["name".to_owned()], vec!["Ann".to_owned()], vec!["Łucja €".to_owned()]];
    let dialect = Dialect { encoding: WINDOWS_1252, ..Dialect::default() };
    match written(dialect, &rows) {
        Err(WriteError::Unwritable { character: 'Ł', encoding: "Windows-1252", row: 3, value }) => {
            assert_eq!(value, "Łucja €");
        }
        other => panic!("{other:?}"),
    }
    assert!(written(Dialect { encoding: WINDOWS_1252, ..Dialect::default() }, &[vec!["€ ’".to_owned()]]).is_ok());
}

fn dialects() -> impl Iterator<Item = Dialect> {
    let encodings = [
        (UTF_8, true),
        (UTF_8, false),
        (UTF_16LE, true),
        (UTF_16LE, false),
        (UTF_16BE, true),
        (UTF_16BE, false),
        (WINDOWS_1252, false),
        (MACINTOSH, false),
    ];
    let mut dialects = Vec::new();
    for (encoding, bom) in encodings {
        for delimiter in *b",;\t|" {
            for line_ending in [LineEnding::Lf, LineEnding::CrLf, LineEnding::Cr] {
                for quoting in [Quoting::Needed, Quoting::Always] {
                    for flags in 0..4 {
                        let (names_delimiter, final_newline) = (flags & 1 == 1, flags & 2 == 2);
                        dialects.push(Dialect {
                            encoding,
                            bom,
                            delimiter,
                            names_delimiter,
                            line_ending,
                            quoting,
                            final_newline,
                        });
                    }
                }
            }
        }
    }
    dialects.into_iter()
}

fn encodings() -> impl Strategy<Value = &'static Encoding> {
    prop::sample::select(vec![UTF_8, UTF_16LE, UTF_16BE, WINDOWS_1252, MACINTOSH, SHIFT_JIS])
}

prop_compose! {
    fn any_dialect()(
        encoding in encodings(),
        bom in any::<bool>(),
        delimiter in prop::sample::select(b",;\t|".to_vec()),
        names_delimiter in any::<bool>(),
        line_ending in prop::sample::select(vec![LineEnding::Lf, LineEnding::CrLf, LineEnding::Cr]),
        quoting in prop::sample::select(vec![Quoting::Needed, Quoting::Always]),
        final_newline in any::<bool>(),
    ) -> Dialect {
        Dialect { encoding, bom, delimiter, names_delimiter, line_ending, quoting, final_newline }
    }
}

/// Rows of cells with everything in them that has a meaning in a CSV.
fn any_rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    let cell = prop_oneof!["[a-z@.]{0,8}", "[a-zé€\u{feff} \",;\t|\r\n=]{0,12}", "\\PC{0,6}"];
    prop::collection::vec(prop::collection::vec(cell, 1..5), 0..12).prop_map(|mut rows: Vec<Vec<String>>| {
        if rows.first().is_none_or(|first| first.iter().all(|cell| cell.trim().is_empty())) {
            rows.insert(0, vec!["email".to_owned(), "name".to_owned()]);
        }
        rows
    })
}

/// Bytes with a meaning in some encoding of a CSV, and any others.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    let meant = prop::sample::select(b"a@.,;|\t\"\r\n=\0\xe9\x8e\xc3\xa9\xff\xfe\xef\xbb\xbf\x81P".to_vec());
    let heads: Vec<&[u8]> = vec![b"", b"email,name\n", b"sep=;\r\n", b"\xff\xfe", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];
    let byte = prop_oneof![4 => meant, 1 => any::<u8>()];
    (prop::sample::select(heads), prop::collection::vec(byte, 0..300)).prop_map(|(head, rest)| [head, &rest].concat())
}

proptest! {
    #[test]
    fn what_is_written_is_read_again_in_every_dialect(dialect in any_dialect(), rows in any_rows()) {
        match written(dialect, &rows) {
            Ok(bytes) => {
                let table = Table::read_as(&dialect, Cursor::new(bytes), Path::new("list.csv")).unwrap();
                prop_assert_eq!(cells(table), rows);
            }
            Err(WriteError::Unwritable { character, .. }) => {
                prop_assert!(rows.iter().flatten().any(|cell| cell.contains(character)));
                prop_assert!(!matches!(dialect.encoding.name(), "UTF-8" | "UTF-16LE" | "UTF-16BE"));
            }
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in any_bytes()) {
        if let Ok(table) = table(bytes) {
            let mut before = 0;
            for row in rows(table) {
                prop_assert!(row.line > before && row.end_line >= row.line);
                before = row.end_line;
            }
        }
    }
}
