//! Which column of the list takes what of an export: `--map COLUMN=HEADER` and `--value COLUMN:FROM=TO`.

use std::str::FromStr;

/// A column of the list takes a column of the export, several joined (`First name + Last name`), one value
/// of the JSON that a cell holds (`attributes.city`), or the first of several that has one (`Phone | Mobile`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMap {
    pub column: String,
    pub source: String,
}

/// A word of the export is another word here: `language:French=fr`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueMap {
    pub column: String,
    pub from: String,
    pub to: String,
}

/// Everything that a person told about an export.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    pub columns: Vec<ColumnMap>,
    pub values: Vec<ValueMap>,
}

/// A mapping can't be read, or names what is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MapError {
    #[error("`{0}` is no mapping: write COLUMN=HEADER, for instance language=Langue")]
    Column(String),
    #[error("`{0}` is no value: write COLUMN:FROM=TO, for instance language:French=fr")]
    Value(String),
    #[error("the export has no column `{header}`")]
    NoHeader { header: String, help: String },
    #[error("the export has no column for the address")]
    NoEmail { help: String },
    #[error("the list has no column for the address")]
    NoOwnEmail,
}

impl FromStr for ColumnMap {
    type Err = MapError;

    fn from_str(text: &str) -> Result<Self, MapError> {
        match text.split_once('=').map(|(column, source)| (column.trim(), source.trim())) {
            Some((column, source)) if !column.is_empty() && !source.is_empty() => {
                Ok(Self { column: column.to_owned(), source: source.to_owned() })
            }
            _ => Err(MapError::Column(text.to_owned())),
        }
    }
}

impl FromStr for ValueMap {
    type Err = MapError;

    fn from_str(text: &str) -> Result<Self, MapError> {
        let bad = || MapError::Value(text.to_owned());
        let (column, rest) = text.split_once(':').ok_or_else(bad)?;
        let (from, to) = rest.split_once('=').ok_or_else(bad)?;
        Ok(Self { column: column.trim().to_owned(), from: from.trim().to_owned(), to: to.trim().to_owned() })
    }
}

/// Where the value of a column comes from, found in the export's headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    Cell(usize),
    /// Cells joined by a space.
    Joined(Vec<usize>),
    /// A value in the JSON object that the cell holds, by its path.
    Json(usize, Vec<String>),
    /// The first that has a value.
    First(Vec<Source>),
}

impl Source {
    /// Finds what `text` names among `headers`; a header is taken as it stands before it is taken apart.
    pub(super) fn find(text: &str, headers: &[String]) -> Option<Self> {
        let place = |name: &str| {
            let name = name.trim().to_lowercase();
            headers.iter().position(|header| header.trim().to_lowercase() == name)
        };
        if let Some(at) = place(text) {
            return Some(Self::Cell(at));
        }
        if text.contains('|') {
            let sources: Vec<_> = text.split('|').filter_map(|text| Self::find(text.trim(), headers)).collect();
            return (!sources.is_empty()).then_some(Self::First(sources));
        }
        if text.contains('+') {
            let places: Vec<_> = text.split('+').filter_map(place).collect();
            return (!places.is_empty()).then_some(Self::Joined(places));
        }
        let (header, path) = text.split_once('.')?;
        Some(Self::Json(place(header)?, path.split('.').map(str::to_owned).collect()))
    }

    /// The columns that it reads.
    pub(super) fn places(&self) -> Vec<usize> {
        match self {
            Self::Cell(at) | Self::Json(at, _) => vec![*at],
            Self::Joined(places) => places.clone(),
            Self::First(sources) => sources.iter().flat_map(Self::places).collect(),
        }
    }

    /// The value in a row; none where there is nothing but blanks.
    pub(super) fn value<'a>(&self, cell: &dyn Fn(usize) -> Option<&'a str>) -> Option<String> {
        let text = match self {
            Self::Cell(at) => cell(*at)?.trim().to_owned(),
            Self::Joined(places) => {
                let words = places.iter().filter_map(|at| cell(*at)).map(str::trim).filter(|word| !word.is_empty());
                words.collect::<Vec<_>>().join(" ")
            }
            Self::First(sources) => return sources.iter().find_map(|source| source.value(cell)),
            Self::Json(at, path) => {
                let object: serde_json::Value = serde_json::from_str(cell(*at)?).ok()?;
                plain(path.iter().try_fold(&object, |value, key| value.get(key))?)
            }
        };
        (!text.is_empty()).then_some(text)
    }
}

/// JSON as it may stand in a cell: a list becomes words with semicolons.
fn plain(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::Null => String::new(),
        serde_json::Value::String(text) => text.trim().to_owned(),
        serde_json::Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(";"),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> Vec<String> {
        ["Email", "First name", "Last name", "Data", "a.b"].map(str::to_owned).to_vec()
    }

    fn value(text: &str) -> Option<String> {
        let row =
            ["ann@example.org", "Ann", "", r#"{"city": "Kyiv", "tags": ["policy", "media"], "x": {"y": 3}}"#, "dot"];
        Source::find(text, &headers())?.value(&|at| row.get(at).copied())
    }

    #[test]
    fn a_column_comes_from_a_cell_from_several_or_from_json_in_one() {
        assert_eq!(value("first NAME").as_deref(), Some("Ann"));
        assert_eq!(value("First name + Last name").as_deref(), Some("Ann"));
        assert_eq!(value("Data.city").as_deref(), Some("Kyiv"));
        assert_eq!(value("Data.tags").as_deref(), Some("policy;media"));
        assert_eq!(value("Data.x.y").as_deref(), Some("3"));
        assert_eq!(value("a.b").as_deref(), Some("dot"), "a header may have a dot of its own");
        assert_eq!(value("Last name | Data.none | Data.city").as_deref(), Some("Kyiv"));
        assert_eq!(value("Data.none"), None);
        assert_eq!(value("Last name"), None);
        assert_eq!(Source::find("City", &headers()), None);
    }

    #[test]
    fn a_mapping_that_is_none_is_told() {
        assert_eq!("language".parse::<ColumnMap>(), Err(MapError::Column("language".into())));
        assert_eq!("=Langue".parse::<ColumnMap>(), Err(MapError::Column("=Langue".into())));
        assert_eq!("language=fr".parse::<ValueMap>(), Err(MapError::Value("language=fr".into())));
        let map: ValueMap = "language: French = fr".parse().unwrap();
        assert_eq!((map.column.as_str(), map.from.as_str(), map.to.as_str()), ("language", "French", "fr"));
    }
}
