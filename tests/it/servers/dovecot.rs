//! Dovecot, which tells Postfix whether a password is right.

use std::process::Command;

use super::{Den, Server, skipped};
use crate::send::stage::within_patience;

pub(super) const USER: &str = "bulletin";
pub(super) const PASSWORD: &str = "a password, with spaces";

/// Starts it, with its socket at `dovecot/auth` in that folder.
pub(super) fn start(den: &Den, mechanism: &str) -> Option<Server> {
    let Ok(program) = Command::new("dovecot").arg("--version").output() else {
        return skipped("dovecot is not installed");
    };
    assert!(program.status.success());
    den.folder("dovecot", None);
    den.write("passwords", &format!("{USER}:{{PLAIN}}{PASSWORD}\n"));
    den.fill("dovecot.conf", "dovecot.conf", &[("MECHANISM", mechanism)]);
    let mut command = Command::new("dovecot");
    let server = Server::start(den, "dovecot", command.arg("-F").arg("-c").arg(den.path("dovecot.conf")));
    within_patience("dovecot listens", || den.path("dovecot/auth").exists().then_some(()));
    Some(server)
}
