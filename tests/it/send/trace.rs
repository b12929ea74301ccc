//! A kill can't show what a power cut would leave; the order of system calls can.

use std::collections::HashSet;
use std::process::{Command, Stdio};

use bulletin::rehearsal::CatcherOptions;

use super::stage::{Account, ISSUE, Post, Running, newsletter, sent};
use crate::project::skipped;

const READERS: u64 = 12;

/// What of a trace counts, in the order in which it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Done {
    /// What was written to the ledger is on the disk.
    Synced,
    /// The first bytes of a message's envelope left.
    Mail,
}

/// Reads lines such as `123 fdatasync(7</tmp/x/bulletin.db-wal>) = 0`, or two where another thread came
/// in between: `123 fdatasync(7<...> <unfinished ...>`, `123 <... fdatasync resumed>) = 0`.
fn read(trace: &str) -> Vec<Done> {
    let mut unfinished = HashSet::new();
    let mut done = Vec::new();
    for line in trace.lines() {
        let (process, call) = line.split_once(' ').unwrap_or_default();
        let call = call.trim_start();
        let is_sync = |text: &str| text.starts_with("fdatasync") || text.starts_with("fsync");
        if is_sync(call) && call.contains("bulletin.db-wal>") {
            if call.contains("<unfinished") {
                unfinished.insert(process);
            } else if call.ends_with("= 0") {
                done.push(Done::Synced);
            }
        } else if call.strip_prefix("<... ").is_some_and(is_sync) {
            if unfinished.remove(process) && call.ends_with("= 0") {
                done.push(Done::Synced);
            }
        } else if call.contains("\"MAIL FROM") {
            // Whether it was finished or not: bytes may have left as soon as it was begun.
            done.push(Done::Mail);
        }
    }
    done
}

#[test]
fn an_attempt_is_on_the_disk_before_its_first_byte_leaves_and_an_outcome_before_the_next_attempt() {
    // With a window, the messages of a flight share their commits and leave in one write.
    for window in [1, 4] {
        follow(window);
    }
}

fn follow(window: u64) {
    let strace = Command::new("strace").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !cfg!(target_os = "linux") || !strace.is_ok_and(|status| status.success()) {
        return skipped("there is no strace on this machine").unwrap_or_default();
    }
    let (project, digest) = newsletter(usize::try_from(READERS).unwrap());
    // The plan is made while the relay is away, so that the first commit of the traced run is an attempt.
    let post = Post::open("421@connect:100%");
    sent(&project, &post, &digest, &["--wait", "0s"]);
    let post = post.reopen(CatcherOptions::default());
    let url = post.url();
    let wide = window.to_string();
    let send =
        ["send", ISSUE, "--approve", &digest, "--relay", &url, "--connections", "1", "--window", &wide, "--json"];
    let send = project.command(&send);
    let trace = project.path("trace");
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-qq", "-s", "16", "-e", "trace=fsync,fdatasync,write,writev,sendto,sendmsg", "-o"]);
    traced.arg(&trace).arg(send.get_program()).args(send.get_args()).current_dir(send.get_current_dir().unwrap());
    traced.envs(send.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let said = Running::start(traced).end();
    if !trace.exists() || said.stderr.contains("ptrace") {
        return skipped(format!("strace may not trace here: {}", said.stderr)).unwrap_or_default();
    }
    assert_eq!(Account::of(&said), Account { planned: READERS, accepted: READERS, ..Account::default() });

    let done = read(&project.read("trace"));
    let mails: Vec<_> = (0..done.len()).filter(|at| done[*at] == Done::Mail).collect();
    assert_eq!(mails.len() as u64, READERS / window, "{done:?}");
    assert!(mails[0] >= 1, "the first message left before its attempt was on the disk: {done:?}");
    for pair in mails.windows(2) {
        assert!(pair[1] - pair[0] > 1, "no commit of outcomes and attempts between two flights: {done:?}");
    }
    assert_eq!(done.last(), Some(&Done::Synced), "the last outcome is not on the disk");
}
