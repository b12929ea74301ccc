//! One list in whatever a spreadsheet saves: it says the same in all of it, and can be written back.

use std::path::Path;

use bulletin::domain::Language;
use bulletin::subscribers::{ColumnNames, Roster, Table, Vocabulary, Writer, load};

use super::fixture;

/// The encoding that was guessed, and the line that the doubt names.
type Doubt = Option<(&'static str, usize)>;

/// Name of the file, lines of its rows, and what is told of its encoding with the line of the doubt.
const LISTS: &[(&str, [usize; 3], Doubt)] = &[
    ("utf8-bom-semicolon.csv", [2, 3, 5], None),
    ("utf16le.csv", [2, 3, 5], None),
    ("utf16be-no-mark.csv", [2, 3, 5], Some(("UTF-16BE", 1))),
    ("windows-1252.csv", [2, 3, 5], Some(("Windows-1252", 2))),
    ("macroman-cr.csv", [2, 3, 5], Some(("MacRoman", 2))),
    ("quoted-newlines.csv", [2, 3, 5], None),
    ("sep-line.csv", [3, 4, 6], None),
    ("sample.xlsx", [3, 5, 6], None),
    ("sample.ods", [3, 5, 6], None),
];

fn read(path: &Path) -> Roster {
    let languages: Vec<Language> = vec!["en".parse().unwrap(), "fr".parse().unwrap()];
    let words = Vocabulary {
        languages: &languages,
        topics: &["policy", "services", "media"],
        columns: &[("organisation", "Organisation name"), ("consent", "Date du consentement")],
        named: ColumnNames::default(),
    };
    load(path, Path::new("list"), words).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_dialect_and_every_spreadsheet_says_the_same() {
    for (name, lines, doubt) in LISTS {
        let roster = read(&fixture(name));
        let told: Vec<_> = roster.findings.iter().map(|finding| (finding.message.as_str(), finding.line)).collect();
        match doubt {
            None => assert_eq!(told, [], "{name}"),
            Some((encoding, line)) => {
                assert_eq!(told.len(), 1, "{name}: {told:?}");
                assert!(told[0].0.ends_with(&format!("was read as {encoding}")), "{name}: {told:?}");
                assert_eq!(told[0].1, Some(*line), "{name}");
            }
        }
        let people: Vec<_> = roster
            .people
            .iter()
            .map(|person| {
                let topics: Vec<_> = person.topics.iter().map(ToString::to_string).collect();
                let organisation = person.column("organisation").unwrap_or_default().replace(['\r', '\n'], "/");
                format!(
                    "{} | {} | {} | {} | {organisation} | {}",
                    person.email,
                    person.name.as_deref().unwrap_or_default(),
                    person.languages[0],
                    topics.join(";"),
                    person.column("consent").unwrap_or_default(),
                )
            })
            .collect();
        assert_eq!(
            people,
            [
                "zoe@example.org | Zoë Tremblay | fr | media;policy | Maison d’accueil du Nord | 2024-04-03",
                "rene@example.com | René « Le Grand » Lefèvre | fr-CA | services | Bureau 12/Montréal | 2023-11-30",
                "ann@example.net | Ann O’Brien, MD | en |  | 12 | 2024-05-06",
            ],
            "{name}"
        );
        let at: Vec<_> = roster.people.iter().map(|person| person.line).collect();
        assert_eq!(at, lines, "{name}");
    }
}

#[test]
fn a_list_that_is_written_back_in_its_dialect_is_the_same_to_the_byte() {
    for (name, ..) in LISTS.iter().filter(|(name, ..)| Path::new(name).extension().unwrap() == "csv") {
        let table = Table::open(&fixture(name), Path::new("list")).unwrap();
        let mut writer = Writer::new(Vec::new(), *table.dialect().unwrap());
        writer.write(table.headers()).unwrap();
        for row in table {
            writer.write(&row.unwrap().cells).unwrap();
        }
        let written = writer.finish().unwrap();
        assert!(written == std::fs::read(fixture(name)).unwrap(), "{name}: {}", String::from_utf8_lossy(&written));
    }
}
