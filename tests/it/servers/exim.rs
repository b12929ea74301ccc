//! Exim, as a second opinion of what a server takes.

use std::path::PathBuf;
use std::process::Command;

use super::{Den, Filed, Server, are_we_root, arrived_once, free_port, previewed, skipped, told};
use crate::project::repository;
use crate::send::stage::{Account, Books, newsletter, reader, send};

/// Debian's package, which can't be installed beside Postfix's, as `tests/fixtures/servers/unpack-exim` unpacks it.
fn exim() -> Option<PathBuf> {
    let unpacked = repository().join("target/servers/exim/usr/sbin/exim4");
    [unpacked, PathBuf::from("/usr/sbin/exim4")].into_iter().find(|path| path.exists())
}

/// Starts it in a namespace where Debian-exim is a user, since it asks for that before it reads anything.
/// `unknown` is refused at the door, and mail to `gone` is returned.
pub(super) fn start(den: &Den, unknown: &str, gone: &str) -> Option<(Server, u16)> {
    let Some(program) = exim() else { return skipped("exim is not unpacked") };
    if !are_we_root() {
        return skipped("exim is started by root alone");
    }
    let port = free_port();
    for folder in ["spool", "log", "mail"] {
        // nobody and nogroup, as whom it runs.
        den.folder(folder, Some((65_534, 65_534)));
    }
    let words =
        [("EXIM", program.to_str().unwrap()), ("PORT", &port.to_string()), ("UNKNOWN", unknown), ("GONE", gone)];
    den.fill("exim.conf", "exim.conf", &words);
    for (name, line) in [("passwd", "Debian-exim:x:65533:65533::/:/bin/false\n"), ("group", "Debian-exim:x:65533:\n")] {
        let ours = std::fs::read_to_string(format!("/etc/{name}")).unwrap();
        den.write(name, &(ours + line));
    }
    let script = "mount --bind passwd /etc/passwd && mount --bind group /etc/group && exec \"$@\"";
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(program).current_dir(den.path(""));
    command.arg("-C").arg(den.path("exim.conf")).arg("-bdf");
    let mut server = Server::start(den, "exim", &mut command);
    server.listens(port);
    Some((server, port))
}

#[test]
fn exim_files_every_message_once_as_it_was_previewed_and_refuses_whom_it_does_not_know() {
    for (window, chunking) in [("1", "auto"), ("8", "auto"), ("8", "off")] {
        files_every_message(window, chunking);
    }
}

/// In flights of this window, as chunks or by DATA.
fn files_every_message(window: &str, chunking: &str) {
    let den = Den::new();
    let unknown = reader(5);
    let Some((server, port)) = start(&den, &unknown, "nobody@example.org") else { return };
    let (project, digest) = newsletter(24);
    project.edit("bulletin.toml", "[smtp]\n", &format!("[smtp]\nchunking = \"{chunking}\"\n"));
    let options = ["--connections", "3", "--window", window];
    let said = send(&project, &format!("smtp://127.0.0.1:{port}"), &digest, &options).end();
    let account = Account { planned: 24, accepted: 23, rejected: 1, ..Account::default() };
    assert_eq!(Account::of(&said), account, "{said:#?}");
    let filed = Filed::wait_for(&den.path("mail"), 23);
    arrived_once(&filed, &Books::read(&project).emails("accepted"), &previewed(&project));
    let log = den.read("log/mainlog");
    for (email, person) in told(&project) {
        if email == unknown {
            let words = [&person["refusal"], &person["enhanced"], &person["stage"]];
            assert_eq!(words, ["user-unknown", "5.1.1", "rcpt"], "{person}");
        } else {
            let id = person["queue_id"].as_str().unwrap();
            let one = filed.iter().find(|one| one.recipient == email).unwrap();
            assert!(log.contains(&format!("{id} <= {} ", one.return_path)), "{id} is not {email}'s: {log}");
        }
    }
    drop(server);
}
