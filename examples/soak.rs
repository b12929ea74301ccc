//! A send of 20,000 messages and one of 200,000 to a catcher in this process, with an eye on the sender's memory:
//! `cargo run --release --example soak -- target/release/bulletin [MESSAGES]`, in the repository.
//!
//! Fails where a message is missing or doubled; where the second half of the long send needs more than a tenth more
//! memory than the first, since a send must not grow with its messages; and where the short one needs more than
//! 48 MiB at its peak, or the long one more than half as much again, since a list must hardly grow with its people.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bulletin::rehearsal::{Catcher, CatcherOptions};

type Fault = Box<dyn std::error::Error>;

const ISSUE: &str = "2015-11";
const MESSAGES: usize = 200_000;
const CONNECTIONS: &str = "4";
/// No send of so many takes longer on any machine that is worth it.
const PATIENCE: Duration = Duration::from_mins(20);

/// The sender, which is not left running.
struct Sender(Child);

impl Drop for Sender {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How many messages had arrived, and what the sender held in memory then (`VmRSS`, in KiB).
struct Sample {
    arrived: usize,
    held: u64,
}

/// A send as it was seen.
struct Seen {
    messages: usize,
    took: Duration,
    samples: Vec<Sample>,
    /// The most that was held, planning included (`VmHWM`, in KiB).
    peak: u64,
}

/// What a send of the short kind may hold at its peak, in KiB.
const PEAK: u64 = 48 * 1_024;

#[tokio::main]
async fn main() -> Result<(), Fault> {
    let mut arguments = std::env::args().skip(1);
    let Some(program) = arguments.next() else { return Err("usage: soak PROGRAM [MESSAGES]".into()) };
    let program = std::fs::canonicalize(program)?;
    let messages = arguments.next().map_or(Ok(MESSAGES), |count| count.parse())?;
    let short = send(&program, messages / 10).await?;
    let long = send(&program, messages).await?;
    tell(&long)?;
    judge(&short, &long)
}

/// Sends so many messages, and watches.
async fn send(program: &Path, messages: usize) -> Result<Seen, Fault> {
    let folder = tempfile::tempdir()?;
    newsletter(folder.path(), messages)?;
    let bulletin = |arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder.path()).env("BULLETIN_SECRET", "a secret for tests alone");
        command
    };
    let digest = digest(bulletin(&["preview", ISSUE, "--subscribers", "few.csv", "--json"]))?;

    let catcher = Catcher::start(CatcherOptions::default()).await?;
    let relay = format!("smtp://{}", catcher.address());
    let options = ["--rate", "max", "--connections", CONNECTIONS, "--wait", "0s", "--json"];
    let send = [&["send", ISSUE, "--approve", &digest, "--relay", &relay], options.as_slice()].concat();
    let mut sender = Sender(bulletin(&send).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?);
    let status = PathBuf::from(format!("/proc/{}/status", sender.0.id()));
    let (start, mut began, mut samples, mut peak) = (Instant::now(), None, Vec::new(), 0);
    let ended = loop {
        if let Some(ended) = sender.0.try_wait()? {
            break ended;
        }
        if start.elapsed() > PATIENCE {
            return Err(format!("{} of {messages} arrived, and there is no end to it", catcher.count()).into());
        }
        let arrived = catcher.count();
        peak = held(&status, "VmHWM:").unwrap_or_default().max(peak);
        // Before the first message it reads the list and makes the plan.
        if let Some(held) = held(&status, "VmRSS:").filter(|_| arrived > 0) {
            began.get_or_insert_with(Instant::now);
            samples.push(Sample { arrived, held });
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let took = began.ok_or("nothing was sent")?.elapsed();
    let people: HashSet<_> = catcher.accepted().into_iter().map(|one| one.recipient).collect();
    let tally = catcher.stop().await;
    if !ended.success() || tally.accepted != messages as u64 || people.len() != messages || tally.mistakes > 0 {
        return Err(format!("{ended}: {} messages to {} people, {tally:?}", tally.accepted, people.len()).into());
    }
    Ok(Seen { messages, took, samples, peak })
}

/// Compares the peaks, and with them how memory grows with the list.
fn judge(short: &Seen, long: &Seen) -> Result<(), Fault> {
    let times = long.took.as_secs_f64() / short.took.as_secs_f64();
    let words = format!(
        "{} messages: at most {} KiB; {} messages: at most {} KiB, and {times:.1} times as long",
        short.messages, short.peak, long.messages, long.peak
    );
    if short.peak > PEAK || long.peak * 2 > short.peak * 3 {
        return Err(format!("memory grows with the list\n{words}").into());
    }
    #[expect(clippy::print_stdout, reason = "this is what the example is for")]
    {
        println!("{words}");
    }
    Ok(())
}

/// Tells what was seen, and judges it.
fn tell(Seen { messages, took, samples, .. }: &Seen) -> Result<(), Fault> {
    let (first, second): (Vec<_>, Vec<_>) = samples.iter().partition(|sample| sample.arrived < *messages / 2);
    let peak = |half: &[&Sample]| half.iter().map(|sample| sample.held).max().ok_or("a half without a sample");
    let (before, after) = (peak(&first)?, peak(&second)?);
    let mut words = String::new();
    writeln!(words, "{messages} messages in {:.0} s, {} samples", took.as_secs_f64(), samples.len())?;
    writeln!(words, "first half: at most {} MiB; second half: at most {} MiB", before / 1_024, after / 1_024)?;
    if after * 10 > before * 11 {
        return Err(format!("memory grows with what was sent\n{words}").into());
    }
    #[expect(clippy::print_stdout, reason = "this is what the example is for")]
    {
        print!("{words}");
    }
    Ok(())
}

/// The sample, with so many readers.
fn newsletter(folder: &Path, readers: usize) -> Result<(), Fault> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let parts = ["bulletin.toml", "issues", "templates"].map(|part| root.join(part));
    let copied = Command::new("cp").arg("-R").args(parts).arg(folder).status()?;
    if !copied.success() {
        return Err("the sample can't be copied".into());
    }
    let mut list = "email,name,language,topics\n".to_owned();
    for number in 0..readers {
        if number == 10 {
            std::fs::write(folder.join("few.csv"), &list)?;
        }
        writeln!(list, "reader{number:06}@example.org,Reader {number},{},", ["en", "fr"][number % 2])?;
    }
    std::fs::create_dir(folder.join("subscribers"))?;
    std::fs::write(folder.join("subscribers/subscribers.csv"), list)?;
    Ok(())
}

/// The digest does not depend on who the readers are.
fn digest(mut preview: Command) -> Result<String, Fault> {
    let output = preview.output()?;
    let manifest: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    Ok(manifest["digest"].as_str().ok_or("the preview tells no digest")?.to_owned())
}

/// A figure of a process's status, in KiB.
fn held(status: &Path, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(status).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
