//! The command line: the only room that knows clap, and the only one that prints. Stdout is data,
//! stderr is speech; the exit status is 0 for done, 1 for findings or people not reached, 2 for could not.

/// Speech for whoever reads stderr. The standard library's macros of these names panic where the reader went away,
/// as `2>&1 | head` does, which is no failure of ours; those behind this line stand in for them in the whole room.
macro_rules! eprint {
    ($($speech:tt)*) => {{
        use std::io::Write as _;
        drop(write!(std::io::stderr(), $($speech)*));
    }};
}

macro_rules! eprintln {
    ($($speech:tt)*) => {{
        use std::io::Write as _;
        drop(writeln!(std::io::stderr(), $($speech)*));
    }};
}

mod account;
mod appointment;
mod bounces;
mod check;
mod completions;
mod confirm;
mod diagnostics;
mod dkim;
mod excerpts;
mod init;
mod inspection;
mod live;
mod man;
mod new;
mod online;
mod preview;
mod preview_for;
mod progress;
mod refusals;
mod rehearse;
mod relay;
mod report;
mod run;
mod send;
mod status;
mod subscribers;
mod whom;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing_subscriber::EnvFilter;

use crate::compose::dkim::Signer;
use crate::config::Config;
use crate::domain::clock::Clock;
use crate::domain::{Finding, IssueId};
use crate::issue::{Issue, IssueError, names};
use crate::pipeline::{self, Assembly, Newsletter, PipelineError};

/// Write an issue once in several languages; every reader gets their own, and you see all of it first.
#[derive(Debug, Parser)]
#[command(name = "bulletin", version, max_term_width = 100)]
struct Cli {
    /// The newsletter's folder [default: here, or the nearest folder above with a bulletin.toml]
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,

    /// Tell more of what goes on (twice: everything); `RUST_LOG` is obeyed too
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a folder for a new newsletter
    Init(init::Init),
    /// Begin a new issue
    New(new::New),
    /// Look for what should be mended before an issue goes out
    Check(check::Check),
    /// Write every edition to disk, to look at and approve
    Preview(preview::Preview),
    /// Send to a built-in catcher: the whole way, and nothing leaves the machine
    Rehearse(rehearse::Rehearse),
    /// Send an issue, or continue sending it
    Send(send::Send),
    /// Tell what became of an issue's send
    Status(status::Status),
    /// Tell of an issue's send in numbers: a page with charts, JSON or CSV
    Report(report::Report),
    /// Read the mail that comes back
    Bounces(bounces::Bounces),
    /// Look after the list, and after what readers asked for beside it
    Subscribers(subscribers::Subscribers),
    /// Make the keys that sign the mail, and tell their DNS records
    Dkim(dkim::DkimArgs),
    /// Print what a shell needs to complete commands and options
    Completions(completions::Completions),
    /// Print the manual, for man(1)
    Man(man::Man),
}

/// Data for whoever reads stdout; a reader who went away is no failure of ours.
fn data(text: &str) {
    use std::io::Write as _;
    let mut stdout = std::io::stdout().lock();
    drop(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()));
}

/// The data in a file, likewise.
///
/// # Errors
/// It can't be opened.
fn data_from(path: &Path) -> std::io::Result<()> {
    use std::io::Write as _;
    let mut file = std::fs::File::open(path)?;
    let mut stdout = std::io::stdout().lock();
    drop(std::io::copy(&mut file, &mut stdout).and_then(|_| stdout.flush()));
    Ok(())
}

/// How a command that could do its work ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ended {
    Well,
    /// Findings, or people who were not reached.
    WithRest,
}

/// Parses the arguments, runs the command and tells the exit status.
#[must_use]
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version go to stdout and are no failure; a closed pipe is nobody's fault.
            drop(error.print());
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let level = match cli.verbose {
        0 => "warn",
        1 => "bulletin=info,warn",
        _ => "bulletin=debug,info",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).without_time().init();
    diagnostics::set_up();
    let clock = Clock::system();
    let dir = cli.dir.as_deref();
    let ended = match &cli.command {
        Command::Init(command) => command.run(dir),
        Command::New(command) => command.run(dir, &clock),
        Command::Check(command) => command.run(dir, &clock),
        Command::Preview(command) => command.run(dir, &clock),
        Command::Rehearse(command) => command.run(dir, &clock),
        Command::Send(command) => command.run(dir, &clock),
        Command::Status(command) => command.run(dir),
        Command::Report(command) => command.run(dir),
        Command::Bounces(command) => command.run(dir, &clock),
        Command::Subscribers(command) => command.run(dir, &clock),
        Command::Dkim(command) => command.run(dir, &clock),
        Command::Completions(command) => Ok(command.run()),
        Command::Man(command) => command.run(),
    };
    match ended {
        Ok(Ended::Well) => ExitCode::SUCCESS,
        Ok(Ended::WithRest) => ExitCode::from(1),
        Err(error) => {
            diagnostics::explain(&error, folder_or_here(dir).as_path());
            ExitCode::from(2)
        }
    }
}

fn folder_or_here(dir: Option<&Path>) -> PathBuf {
    folder(dir).unwrap_or_else(|_| PathBuf::from("."))
}

fn folder(dir: Option<&Path>) -> Result<PathBuf, PipelineError> {
    match dir {
        Some(dir) if dir.join(crate::config::FILE).is_file() => Ok(dir.to_owned()),
        Some(dir) => Err(crate::config::ConfigError::NotHere(dir.to_owned()).into()),
        None => {
            let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
            Ok(Config::find_folder(&here)?)
        }
    }
}

/// That there is such an issue; a misspelt one would look like one of which there is nothing to tell.
fn known(folder: &Path, issue: &IssueId) -> Result<(), PipelineError> {
    let known = names(&folder.join("issues"));
    if known.iter().any(|name| name == issue.as_str()) {
        return Ok(());
    }
    Err(IssueError::NotFound { id: issue.clone(), known }.into())
}

/// A newsletter, one of its issues and who gets what of it, with their doubts told on stderr.
struct Opened {
    newsletter: Newsletter,
    issue: Issue,
    assembly: Assembly,
    doubts: Doubts,
}

/// Findings about a list, for those who show them; a damaged one has as many as it has rows.
#[derive(Default)]
struct Doubts {
    first: Vec<Finding>,
    /// Those that are only counted.
    more: usize,
}

impl Doubts {
    const KEPT: usize = 1_000;

    fn add(&mut self, finding: &Finding) {
        if self.first.len() < Self::KEPT {
            self.first.push(finding.clone());
        } else {
            self.more += 1;
        }
    }
}

impl Opened {
    fn open(dir: Option<&Path>, issue: &IssueId, list: Option<&Path>) -> Result<Self, PipelineError> {
        Self::of(Newsletter::open(&folder(dir)?)?, issue, list)
    }

    fn of(newsletter: Newsletter, issue: &IssueId, list: Option<&Path>) -> Result<Self, PipelineError> {
        let issue = newsletter.issue(issue)?;
        let mut told = diagnostics::ListDoubts::default();
        let mut doubts = Doubts::default();
        let assembly = pipeline::assemble(&newsletter, &issue, list, |finding| {
            doubts.add(&finding);
            told.add(finding);
        })?;
        diagnostics::tell_doubts(issue.findings.iter().chain(&assembly.gaps));
        told.tell();
        Ok(Self { newsletter, issue, assembly, doubts })
    }
}

/// What signs the mail; doubts about its keys are told on stderr.
fn signer(newsletter: &Newsletter) -> Result<Signer, PipelineError> {
    let (keys, doubts) = pipeline::signing_keys(&newsletter.folder, &newsletter.config.dkim)?;
    diagnostics::tell_doubts(&doubts);
    Ok(Signer::new(keys))
}
