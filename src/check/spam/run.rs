//! A program that reads a mail on its stdin and prints what it thinks of it, within a time.

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Octets that are read at most: the mail and a report.
const MOST: u64 = 64 * 1024 * 1024;

/// Why a filter said nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error("it can't be started: {0}")]
    Start(#[source] std::io::Error),
    #[error("it was still silent after {} s", .0.as_secs())]
    Late(Duration),
    #[error("it ended with {0}")]
    Failed(std::process::ExitStatus),
    #[error("there is no score in what it says")]
    Speechless,
}

/// What `program` prints for `message`.
pub(super) fn run(program: &Path, arguments: &[&str], message: &[u8], patience: Duration) -> Result<String, RunError> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = Running(command.spawn().map_err(RunError::Start)?);
    let (input, output) = (child.0.stdin.take(), child.0.stdout.take());
    let message = message.to_vec();
    // Both at once, since neither side may wait for the other. What is not taken is the filter's own fault.
    thread::spawn(move || input.map(|mut input| input.write_all(&message)));
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        let mut said = Vec::new();
        let read = output.map(|output| output.take(MOST).read_to_end(&mut said));
        // Nobody listens any more where it came too late.
        drop(tell.send(read.map(|_| said)));
    });
    let said = told.recv_timeout(patience).map_err(|_| RunError::Late(patience))?.unwrap_or_default();
    let status = child.0.wait().map_err(RunError::Start)?;
    let said = String::from_utf8_lossy(&said).into_owned();
    // With 1 `spamc` says that the mail is junk.
    if status.success() || status.code() == Some(1) { Ok(said) } else { Err(RunError::Failed(status)) }
}

/// A program that ends when nobody waits for it any more.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // One that has ended can't be killed, which is as well.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Result<String, RunError> {
        // More than a pipe holds.
        run(Path::new("/bin/sh"), &["-c", script], &b"x".repeat(300_000), patience)
    }

    #[test]
    fn what_it_prints_is_read_however_much_it_takes_and_gives() {
        let minute = Duration::from_mins(1);
        assert_eq!(shell("cat", minute).unwrap().len(), 300_000);
        assert_eq!(shell("echo 1/5; exit 1", minute).unwrap(), "1/5\n");
        assert!(matches!(shell("exit 74", minute), Err(RunError::Failed(_))));
        assert!(matches!(run(Path::new("/nowhere"), &[], b"", minute), Err(RunError::Start(_))));
    }

    #[test]
    fn one_that_never_ends_is_ended() {
        assert!(matches!(shell("exec sleep 600", Duration::from_millis(50)), Err(RunError::Late(_))));
    }
}
