//! Whatever is done in whatever order, who left is not sent to, until a person undoes just that.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use bulletin::domain::token::Purpose;
use bulletin::domain::{EmailAddress, IssueId};
use bulletin::inbox::{Mailbox, Source};
use bulletin::pipeline::{Newsletter, assemble};
use bulletin::readers::Cause;
use bulletin::subscribers::import::{Extent, Mapping};
use bulletin::upkeep::{
    Export, ImportRequest, Manner, collect, export, forget, plan_import, plan_sync, restore, suppress,
};
use proptest::prelude::*;

use crate::project::Project;
use crate::send::stage::ISSUE;

/// So many people there are; each is written in one of two spellings.
const PEOPLE: usize = 5;

#[derive(Debug, Clone)]
enum Step {
    Suppress(usize, Cause),
    AskByMail(usize),
    Forget(usize),
    Restore(usize),
    /// The list becomes these people, in the spelling of upper case or not.
    Replace(Vec<usize>, bool),
    Import(Vec<usize>, bool, Extent),
    /// What is exported is imported again.
    RoundTrip,
    Sync(bool),
}

fn address(person: usize, shout: bool) -> EmailAddress {
    let address = format!("reader{person}@example.org");
    (if shout { address.to_uppercase() } else { address }).parse().unwrap()
}

fn step() -> impl Strategy<Value = Step> {
    let person = || 0..PEOPLE;
    let people = || prop::collection::vec(0..PEOPLE, 0..PEOPLE);
    let cause = prop_oneof![Just(Cause::Bounced), Just(Cause::Unsubscribed), Just(Cause::Complained)];
    let extent = prop_oneof![Just(Extent::AddAndUpdate), Just(Extent::AddOnly)];
    prop_oneof![
        3 => (person(), cause).prop_map(|(person, cause)| Step::Suppress(person, cause)),
        2 => person().prop_map(Step::AskByMail),
        1 => person().prop_map(Step::Forget),
        1 => person().prop_map(Step::Restore),
        2 => (people(), any::<bool>()).prop_map(|(people, shout)| Step::Replace(people, shout)),
        3 => (people(), any::<bool>(), extent).prop_map(|(people, shout, extent)| Step::Import(people, shout, extent)),
        1 => Just(Step::RoundTrip),
        1 => any::<bool>().prop_map(Step::Sync),
    ]
}

fn list(people: &[usize], shout: bool) -> String {
    people.iter().fold("email,name\n".to_owned(), |mut list, person| {
        writeln!(list, "{},Reader", address(*person, shout)).unwrap();
        list
    })
}

/// Does one step to the newsletter, and to the set of those who left.
fn take(step: Step, project: &Project, newsletter: &Newsletter, left: &mut BTreeSet<usize>, number: usize) {
    let now = jiff::Timestamp::from_second(1_700_000_000 + i64::try_from(number).unwrap()).unwrap();
    let import = |extent| {
        let request =
            ImportRequest { file: project.path("export.csv"), kind: None, mapping: Mapping::default(), extent };
        plan_import(newsletter, &request).unwrap().carry_out(newsletter, now).unwrap();
    };
    match step {
        Step::Suppress(person, cause) => {
            suppress(newsletter, &address(person, false), cause, None, now).unwrap();
            left.insert(person);
        }
        Step::AskByMail(person) => {
            let token = newsletter.key().token(Purpose::Unsubscribe, None, &address(person, true));
            let mail = format!("To: unsubscribe+{token}@example.org\nX-Number: {number}\n\n");
            project.write(&format!("mailbox/{number}.eml"), &mail);
            collect(newsletter, &[Mailbox::new(Source::of(&project.path("mailbox")))], Manner::Apply, now, &mut || {})
                .unwrap();
            left.insert(person);
        }
        Step::Forget(person) => {
            forget(newsletter, &address(person, true), now).unwrap();
            left.insert(person);
        }
        Step::Restore(person) => {
            restore(newsletter, &address(person, true), "asked for it".to_owned(), now).unwrap();
            left.remove(&person);
        }
        Step::Replace(people, shout) => project.write("subscribers/subscribers.csv", &list(&people, shout)),
        Step::Import(people, shout, extent) => {
            project.write("export.csv", &list(&people, shout));
            import(extent);
        }
        Step::RoundTrip => {
            let mut bytes = Vec::new();
            export(newsletter, Export::Everyone, &mut bytes).unwrap();
            std::fs::write(project.path("export.csv"), bytes).unwrap();
            import(Extent::AddAndUpdate);
        }
        Step::Sync(drop_suppressed) => {
            let planned = plan_sync(newsletter, drop_suppressed).unwrap();
            if planned.changes() {
                planned.carry_out(newsletter, now).unwrap();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn no_sequence_of_operations_revives_someone_who_left(steps in prop::collection::vec(step(), 1..14)) {
        let project = Project::sample();
        project.write("subscribers/subscribers.csv", &list(&(0..PEOPLE).collect::<Vec<_>>(), false));
        let newsletter = Newsletter::open(&project.path("")).unwrap();
        let issue = newsletter.issue(&ISSUE.parse::<IssueId>().unwrap()).unwrap();
        let mut left = BTreeSet::new();
        for (number, step) in steps.into_iter().enumerate() {
            take(step, &project, &newsletter, &mut left, number);
            let assembly = assemble(&newsletter, &issue, None, |_| {}).unwrap();
            let mut entries = assembly.entries();
            while let Some(entry) = entries.advance().unwrap() {
                let gone = left.iter().find(|gone| address(**gone, false).identity() == entry.identity);
                prop_assert!(gone.is_none() || entry.reason().is_some(), "{} is sent to", entry.address);
            }
        }
    }
}
