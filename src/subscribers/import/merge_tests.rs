//! Imports over a small list, from each system, and properties of any import.

use proptest::prelude::*;

use super::super::Departure;
use super::*;

const LIST: &[&[&str]] = &[
    &["Courriel", "Name", "Language", "Topics", "Province", "Notes"],
    &["ann@example.org", "Ann", "en", "policy", "QC", "keep me"],
    &["Bob@example.org", "", "fr", "", "", ""],
];

fn texts(row: &[&str]) -> Vec<String> {
    row.iter().map(|cell| (*cell).to_owned()).collect()
}

struct Case {
    list: Vec<Vec<String>>,
    export: Vec<Vec<String>>,
    file: &'static str,
    kind: Option<Kind>,
    maps: &'static [&'static str],
    values: &'static [&'static str],
    extent: Extent,
    suppressed: Vec<String>,
}

impl Case {
    fn of(export: &[&[&str]]) -> Self {
        let rows = |rows: &[&[&str]]| rows.iter().map(|row| texts(row)).collect();
        Self {
            list: rows(LIST),
            export: rows(export),
            file: "export.csv",
            kind: None,
            maps: &[],
            values: &[],
            extent: Extent::AddAndUpdate,
            suppressed: Vec::new(),
        }
    }

    fn merge(&self) -> Result<Outcome, MapError> {
        let languages = ["en".parse().unwrap(), "fr".parse().unwrap()];
        let suppressed = |email: &EmailAddress| self.suppressed.contains(&email.identity());
        let list = List {
            headers: self.list[0].clone(),
            rows: self.list[1..].to_vec(),
            languages: &languages,
            topics: &[("policy", vec!["Policy", "Politiques"]), ("media", vec!["In the media", "Dans les médias"])],
            columns: &[("province", "Province")],
            named: ColumnNames::default(),
            suppressed: &suppressed,
        };
        let headers = &self.export[0];
        let kind = self.kind.unwrap_or_else(|| Kind::of(headers));
        let rows = self.export[1..].iter().enumerate().map(|(at, row)| (at + 2, row.clone()));
        let mapping = Mapping {
            columns: self.maps.iter().map(|map| map.parse().unwrap()).collect(),
            values: self.values.iter().map(|map| map.parse().unwrap()).collect(),
        };
        merge(list, Path::new(self.file), kind, headers, rows, &mapping, self.extent)
    }

    fn outcome(&self) -> Outcome {
        self.merge().unwrap()
    }
}

fn emails(addresses: &[EmailAddress]) -> Vec<String> {
    addresses.iter().map(ToString::to_string).collect()
}

#[test]
fn new_people_come_in_and_known_ones_take_what_the_export_says() {
    let case = Case::of(&[
        &["Province", "E-Mail", "Langue", "Ville"],
        &["ON", "ANN@example.org", "fr", "Ottawa"],
        &["", "bob@example.org", "FR", ""],
        &["NS", "cy@example.org", "", ""],
    ]);
    let outcome = case.outcome();
    assert_eq!(emails(&outcome.added), ["cy@example.org"]);
    assert_eq!(outcome.unchanged, 1, "another spelling of address and language is no change");
    assert_eq!(outcome.rows[0], texts(&["ann@example.org", "Ann", "fr", "policy", "ON", "keep me"]));
    assert_eq!(outcome.rows[1], LIST[2], "a blank cell erases nothing");
    assert_eq!(outcome.rows[2], texts(&["cy@example.org", "", "", "", "NS", ""]));
    let cells = &outcome.updated[0].cells;
    assert_eq!((cells[0].header.as_str(), cells[0].old.as_str(), cells[0].new.as_str()), ("Language", "en", "fr"));
    assert_eq!(outcome.ignored, ["Ville"]);
}

#[test]
fn rows_stay_as_they_are_where_only_new_people_are_wanted() {
    let mut case = Case::of(&[&["email", "name"], &["ann@example.org", "Anne"], &["cy@example.org", "Cy"]]);
    case.extent = Extent::AddOnly;
    let outcome = case.outcome();
    assert_eq!((outcome.added.len(), outcome.updated.len(), outcome.unchanged), (1, 0, 1));
    assert_eq!(outcome.rows[0], LIST[1]);
}

#[test]
fn who_is_suppressed_is_neither_added_nor_changed() {
    let mut case = Case::of(&[&["email", "name"], &["ANN@example.org", "Anne"], &["cy@example.org", "Cy"]]);
    case.suppressed = vec!["ann@example.org".into(), "cy@example.org".into()];
    let outcome = case.outcome();
    assert_eq!(emails(&outcome.kept_away), ["ANN@example.org", "cy@example.org"]);
    assert!(!outcome.changes());
}

#[test]
fn what_can_not_be_understood_is_refused_with_its_line_and_never_guessed_at() {
    let case = Case::of(&[
        &["email", "language", "topics"],
        &["cy.example.org", "en", ""],
        &["di@example.org", "French!", ""],
        &["ed@example.org", "en", "weather"],
        &["fi@example.org", "en", "politiques; weather"],
        &["FI@example.org", "en", ""],
    ]);
    let outcome = case.outcome();
    let refused: Vec<_> = outcome.refused.iter().map(|row| (row.line, row.value.as_str(), row.faulty)).collect();
    assert_eq!(
        refused,
        [(2, "cy.example.org", true), (3, "French!", true), (4, "weather", true), (6, "FI@example.org", false)]
    );
    assert!(outcome.refused[1].reason.contains("--value \"language:"), "{}", outcome.refused[1].reason);
    assert_eq!(outcome.rows[2][3], "policy", "a topic may be called by its name");
}

#[test]
fn a_mapping_names_columns_and_words_and_may_add_a_column() {
    let mut case =
        Case::of(&[&["Adresse", "Prénom", "Nom", "L", "City"], &["cy@example.org", "Cy", "Roy", "French", "Laval"]]);
    case.maps = &["email=Adresse", "name=Prénom + Nom", "language=L", "City=City"];
    case.values = &["language:French=fr"];
    let outcome = case.outcome();
    assert_eq!(outcome.headers.last().unwrap(), "City");
    assert_eq!(outcome.rows[2], texts(&["cy@example.org", "Cy Roy", "fr", "", "", "", "Laval"]));
    assert_eq!(outcome.rows[0].len(), 7, "every row has the new column");
    case.maps = &["email=Adress"];
    let error = case.merge().unwrap_err();
    assert!(matches!(&error, MapError::NoHeader { help, .. } if help.contains("Adresse")), "{error:?}");
    case.maps = &[];
    assert!(matches!(case.merge(), Err(MapError::NoEmail { .. })));
}

#[test]
fn mailchimp_s_files_say_who_left_and_whose_mail_came_back() {
    let rows: &[&[&str]] = &[
        &["Email Address", "First Name", "Last Name", "MEMBER_RATING", "OPTIN_TIME", "LEID", "EUID", "TAGS"],
        &["cy@example.org", "Cy", "Roy", "2", "2024-05-01 10:00:00", "1", "a1", "\"VIP\",\"Policy\""],
        &["di@example.org", "", "", "2", "", "2", "a2", "\"VIP\""],
    ];
    let outcome = Case::of(rows).outcome();
    assert_eq!(outcome.rows[2], texts(&["cy@example.org", "Cy Roy", "", "policy", "", ""]));
    assert_eq!(outcome.rows[3][3], "", "a tag that is no topic means nothing here");

    let mut left = Case::of(rows);
    left.file = "unsubscribed_members_export.csv";
    assert_eq!(left.outcome().departed[0].1, Departure::Unsubscribed);
    left.file = "cleaned_members_export.csv";
    assert_eq!(left.outcome().departed.len(), 2);
    assert_eq!(left.outcome().departed[0].1, Departure::Bounced);
    left.file = "nonsubscribed_members_export.csv";
    assert_eq!(left.outcome().refused.len(), 2);
}

#[test]
fn listmonk_keila_and_phplist_say_it_in_a_column() {
    let listmonk = Case::of(&[
        &["uuid", "email", "name", "attributes", "status", "created_at", "updated_at"],
        &[
            "u1",
            "cy@example.org",
            "Cy",
            r#"{"language": "fr", "Province": "QC"}"#,
            "enabled",
            "2024-05-01T10:00:00Z",
            "",
        ],
        &["u2", "di@example.org", "Di", "{}", "blocklisted", "", ""],
    ]);
    let outcome = listmonk.outcome();
    assert_eq!(outcome.rows[2][2], "fr");
    assert_eq!(outcome.departed[0].1, Departure::Blocked);

    let keila = Case::of(&[
        &["Email", "First name", "Last name", "Data", "Status"],
        &["cy@example.org", "Cy", "Roy", r#"{"tags": ["media"]}"#, "active"],
        &["di@example.org", "Di", "", "", "unreachable"],
        &["ed@example.org", "Ed", "", "", "unsubscribed"],
    ]);
    let outcome = keila.outcome();
    assert_eq!(outcome.rows[2][..4], texts(&["cy@example.org", "Cy Roy", "", "media"]));
    let departures: Vec<_> = outcome.departed.iter().map(|(_, departure)| *departure).collect();
    assert_eq!(departures, [Departure::Bounced, Departure::Unsubscribed]);

    let phplist = Case::of(&[
        &["ID", "Email", "Is this subscriber confirmed", "Is this subscriber blacklisted", "Is this account disabled?"],
        &["1", "cy@example.org", "1", "0", "0"],
        &["2", "di@example.org", "1", "1", "0"],
        &["3", "ed@example.org", "0", "0", "0"],
        &["4", "fi@example.org", "1", "0", "1"],
    ]);
    let outcome = phplist.outcome();
    assert_eq!(emails(&outcome.added), ["cy@example.org"]);
    let departures: Vec<_> = outcome.departed.iter().map(|(_, departure)| *departure).collect();
    assert_eq!(departures, [Departure::Unsubscribed, Departure::Blocked]);
    assert_eq!(outcome.refused[0].line, 4);
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-d]@example\\.(org|com)",
        "[A-D]@EXAMPLE\\.org",
        Just(String::new()),
        Just("fr".to_owned()),
        Just("en;fr".to_owned()),
        Just("Policy, media".to_owned()),
        Just("weather".to_owned()),
        " ?[a-z=+\"\u{e9}]{0,6}\n?",
    ]
}

proptest! {
    #[test]
    fn an_import_done_twice_changes_nothing_the_second_time(
        rows in prop::collection::vec(prop::collection::vec(cell(), 4), 0..12),
        own in prop::collection::vec(prop::collection::vec(cell(), 6), 0..6),
        suppressed in prop::collection::vec("[a-d]@example\\.(org|com)", 0..3),
    ) {
        let mut case = Case::of(&[&["email", "name", "language", "topics"]]);
        case.export.extend(rows);
        case.list.truncate(1);
        case.list.extend(own);
        case.suppressed = suppressed;
        let first = case.outcome();
        for email in &first.added {
            prop_assert!(!case.suppressed.contains(&email.identity()));
        }
        case.list = std::iter::once(first.headers.clone()).chain(first.rows.clone()).collect();
        let second = case.outcome();
        prop_assert!(!second.changes());
        prop_assert_eq!(second.rows, first.rows);
        prop_assert_eq!(second.unchanged, first.unchanged + first.added.len() + first.updated.len());
    }
}
