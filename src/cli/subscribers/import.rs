//! `bulletin subscribers import FILE`: shows what would change, has it agreed to, and does it.

use std::path::PathBuf;

use serde::Serialize;

use super::sync::became;
use crate::cli::confirm::Agreement;
use crate::cli::diagnostics::counted;
use crate::cli::{Ended, data};
use crate::domain::clock::Clock;
use crate::pipeline::{Newsletter, PipelineError};
use crate::subscribers::import::{ColumnMap, Extent, Kind, Mapping, Outcome, Refused, ValueMap};
use crate::upkeep::{ImportRequest, PlannedImport, lock_list, plan_import};

/// How many people of a kind are named before the rest is counted.
const NAMED: usize = 20;

#[derive(Debug, clap::Args)]
pub(super) struct Import {
    /// What another system exported, or any list: a CSV, .xlsx or .ods
    file: PathBuf,
    /// Where it comes from: mailchimp, listmonk, keila, phplist or generic [default: told by its columns]
    #[arg(long, value_name = "KIND")]
    from: Option<Kind>,
    /// A column of the list takes a column of the file: language=Langue, name="First + Last", city=attributes.city
    #[arg(long, value_name = "COLUMN=HEADER")]
    map: Vec<ColumnMap>,
    /// A word of the file is another word in the list: language:French=fr
    #[arg(long, value_name = "COLUMN:FROM=TO")]
    value: Vec<ValueMap>,
    /// Leave people alone who stand in the list already
    #[arg(long)]
    add_only: bool,
    #[command(flatten)]
    agreement: Agreement,
    /// Print what changes as JSON
    #[arg(long)]
    json: bool,
}

/// The object that scripts read; its form is fixed.
#[derive(Serialize)]
struct Json<'a> {
    added: usize,
    updated: usize,
    unchanged: usize,
    suppressed: usize,
    refused: &'a [Refused],
}

impl Import {
    pub(super) fn run(&self, newsletter: &Newsletter, clock: &Clock) -> Result<Ended, PipelineError> {
        let _lock = lock_list(newsletter)?;
        let planned = plan_import(
            newsletter,
            &ImportRequest {
                file: self.file.clone(),
                kind: self.from,
                mapping: Mapping { columns: self.map.clone(), values: self.value.clone() },
                extent: if self.add_only { Extent::AddOnly } else { Extent::AddAndUpdate },
            },
        )?;
        self.tell(&planned);
        let outcome = &planned.outcome;
        let faulty = outcome.refused.iter().any(|row| row.faulty);
        let json = serde_json::to_string(&Json {
            added: outcome.added.len(),
            updated: outcome.updated.len(),
            unchanged: outcome.unchanged,
            suppressed: outcome.kept_away.len() + outcome.departed.len(),
            refused: &outcome.refused,
        });
        if !outcome.changes() {
            eprintln!("There is nothing to change.");
        } else if self.agreement.reached("Change the list so?")?
            && let Some(backup) = planned.carry_out(newsletter, clock.now())?
        {
            eprintln!("The list as it was is in {}.", backup.display());
        }
        if self.json {
            data(&format!("{}\n", json.unwrap_or_else(|error| unreachable!("{error}"))));
        }
        Ok(if faulty { Ended::WithRest } else { Ended::Well })
    }

    /// What would change, for a person: on stdout, unless that is for the object.
    fn tell(&self, planned: &PlannedImport) {
        let told = told(planned);
        if self.json {
            eprint!("{told}");
        } else {
            data(&told);
        }
    }
}

fn told(planned: &PlannedImport) -> String {
    let Outcome { added, updated, unchanged, kept_away, departed, refused, ignored, .. } = &planned.outcome;
    let mut lines = vec![format!("From {}:", planned.kind)];
    let mut group = |count: usize, what: &str, each: &mut dyn Iterator<Item = String>| {
        if count > 0 {
            lines.push(format!("  {count:>6}  {what}"));
            lines.extend(each.take(NAMED).map(|line| format!("          {line}")));
            if count > NAMED {
                lines.push(format!("          and {} more", count - NAMED));
            }
        }
    };
    group(added.len(), "new in the list", &mut added.iter().map(ToString::to_string));
    group(updated.len(), "changed", &mut updated.iter().map(became));
    group(*unchanged, "as they are", &mut std::iter::empty());
    group(
        departed.len(),
        "left there, and are suppressed here from now on",
        &mut departed.iter().map(|(email, _)| email.to_string()),
    );
    group(kept_away.len(), "suppressed here already, and stay so", &mut kept_away.iter().map(ToString::to_string));
    group(
        refused.len(),
        "refused",
        &mut refused.iter().map(|row| format!("line {}: `{}`: {}", row.line, row.value, row.reason)),
    );
    if !ignored.is_empty() {
        lines.push(format!(
            "{} left aside: {}. --map takes one in, for instance --map \"{name}={name}\".",
            counted(ignored.len(), "column"),
            ignored.join(", "),
            name = ignored[0],
        ));
    }
    lines.join("\n") + "\n"
}
