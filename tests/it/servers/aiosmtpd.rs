//! Python's aiosmtpd: what it took, read with Python's own parser.

use std::process::Command;

use serde_json::Value;

use super::{Den, Server, fixture_path, free_port, message_id, previewed, skipped, told, without_date};
use crate::project::{Project, python_with};
use crate::send::stage::{Account, Books, ISSUE, send};

/// In alphabetical order of addresses, since files come in the order of their arrival.
fn taken(den: &Den) -> Vec<(Value, String)> {
    let mut taken = Vec::new();
    for number in 1.. {
        let path = den.path(&format!("mail/{number:04}.json"));
        let Ok(facts) = std::fs::read_to_string(path) else { break };
        taken.push((serde_json::from_str(&facts).unwrap(), den.read(&format!("mail/{number:04}.eml"))));
    }
    taken.sort_by_key(|(facts, _): &(Value, String)| facts["recipients"][0].as_str().unwrap().to_owned());
    taken
}

#[test]
fn aiosmtpd_takes_from_everyone_in_the_sample_what_its_preview_shows() {
    let Some(python) = python_with("aiosmtpd.smtp") else {
        let _: Option<()> = skipped("no python3 has aiosmtpd");
        return;
    };
    let project = Project::sample();
    project.edit("bulletin.toml", "rate = \"5/s\"", "rate = \"max\"");
    let list = project.read("subscribers/subscribers.csv");
    let blanks = ",".repeat(list.lines().next().unwrap().matches(',').count() - 1);
    project.write("subscribers/subscribers.csv", &format!("{}\nzoë@example.org,Zoë{blanks}\n", list.trim_end()));
    let digest = project.digest(ISSUE);
    let messages = previewed(&project);

    let (den, port) = (Den::new(), free_port());
    den.folder("mail", None);
    let mut command = Command::new(python);
    command.arg(fixture_path("catcher.py")).arg(port.to_string()).arg(den.path("mail"));
    let mut server = Server::start(&den, "aiosmtpd", &mut command);
    server.listens(port);
    let said = send(&project, &format!("smtp://127.0.0.1:{port}"), &digest, &["--rate", "max"]).end();
    let account = Account::of(&said);
    assert_eq!((account.accepted, account.accepted + account.skipped), (61, account.planned), "{said:#?}");

    let taken = taken(&den);
    let recipients: Vec<_> = taken.iter().map(|(facts, _)| facts["recipients"][0].as_str().unwrap()).collect();
    assert_eq!(recipients, Books::read(&project).emails("accepted"));
    let people = told(&project);
    for (facts, message) in &taken {
        let recipient = facts["recipients"][0].as_str().unwrap();
        assert_eq!(facts["recipients"].as_array().unwrap().len(), 1);
        assert!(facts["sender"].as_str().unwrap().starts_with("bounces+"), "{facts}");
        assert_eq!(facts["smtputf8"], Value::Bool(!recipient.is_ascii()), "{facts}");
        let size = format!("SIZE={}", message.len());
        assert!(facts["mail_options"].as_array().unwrap().contains(&size.as_str().into()), "{facts}, not {size}");
        assert!(!message.replace("\r\n", "").contains(['\r', '\n']), "{recipient}");
        // Headers have an address as it is (RFC 6532); bodies are 7-bit whatever is offered.
        let (headers, body) = message.split_once("\r\n\r\n").unwrap();
        assert!(body.is_ascii() && (headers.is_ascii() || !recipient.is_ascii()), "{recipient}");
        let text = message.replace("\r\n", "\n");
        assert_eq!(without_date(&text), messages[&message_id(&text)], "{recipient}");
        assert!(people[recipient]["queue_id"].as_str().unwrap().starts_with("00"), "{}", people[recipient]);
    }
    let files: Vec<_> = (1..=taken.len()).map(|number| den.path(&format!("mail/{number:04}.eml"))).collect();
    let read = crate::python::read_back(&files).unwrap();
    let mut addressed: Vec<_> = read.iter().map(|one| one["to"][0][1].as_str().unwrap()).collect();
    addressed.sort_unstable();
    assert_eq!(addressed, recipients);
    for one in &read {
        let recipient = one["to"][0][1].as_str().unwrap();
        // What an SMTPUTF8 address is to Python's parser.
        let is_known = |defect: &Value| defect.as_str().unwrap().contains("NonASCIILocalPartDefect");
        let mut defects = one["defects"].as_array().unwrap().iter();
        assert!(defects.all(|defect| !recipient.is_ascii() && is_known(defect)), "{}", one["defects"]);
    }
}
