//! `bulletin check --online`: what the check asks over the network, with whom it asks, and what it remembers.

use std::fs;
use std::io::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;

use super::diagnostics::cure;
use super::{relay, run};
use crate::check::online::{Cache, Identity, Means, Names, OnlineSubject, Silence, no_network, no_relay};
use crate::compose::dkim::SigningKey;
use crate::config;
use crate::deliver::smtp::SmtpTransport;
use crate::dial;
use crate::domain::Finding;
use crate::issue::Issue;
use crate::pipeline::{Newsletter, PipelineError, refused, signing_keys};
use crate::render::RenderedEdition;
use crate::state::{private_file, private_folder};

/// Names the server that is asked for names, in place of those of the system.
const DNS: &str = "BULLETIN_DNS";
/// How long each step of the relay's greeting may take: somebody waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Whether links that were well lately are asked for again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    Kept,
    AskedAgain,
}

/// The findings that need the network; `messages` is how many get the issue.
///
/// # Errors
/// `BULLETIN_DNS` names no server, this system trusts no certificates, or the threads can't be started.
pub(super) fn ask(
    newsletter: &Newsletter,
    issue: &Issue,
    editions: &[RenderedEdition],
    messages: usize,
    known: Known,
    now: Timestamp,
) -> Result<Vec<Finding>, PipelineError> {
    let files = files(&newsletter.folder);
    let config = files.first().map_or("", |(_, text)| text.as_str());
    let mut findings = Vec::new();
    let keys = match signing_keys(&newsletter.folder, &newsletter.config.dkim) {
        Ok((keys, doubts)) => {
            findings.extend(doubts);
            keys.iter().map(SigningKey::record).collect()
        }
        Err(error) => {
            findings.push(fault("dkim-key", &error));
            Vec::new()
        }
    };
    let transport = transport(newsletter, config).unwrap_or_else(|finding| {
        findings.push(*finding);
        None
    });
    let path = newsletter.folder.join("outbox").join("links.json");
    let mut cache = match known {
        Known::Kept => Cache::parse(&fs::read_to_string(&path).unwrap_or_default(), now),
        Known::AskedAgain => Cache::new(now),
    };
    let relay = newsletter.config.smtp.as_ref().map(|smtp| smtp.host.as_str());
    let subject = OnlineSubject {
        issue,
        editions,
        files: &files,
        identity: Identity {
            sender: &newsletter.config.sender,
            links: &newsletter.config.links,
            return_path: newsletter.config.return_path.base(),
            keys: &keys,
            messages,
            relay: relay.filter(|host| !dial::is_loopback(host)),
        },
        relay: transport.as_ref(),
    };
    let tls = dial::native_client().map_err(|error| {
        refused(error.to_string(), "install the system's package of root certificates, or name a file in SSL_CERT_FILE")
    })?;
    let agent = agent(newsletter);
    let bar = bar();
    let asked = run::runtime()?.block_on(async {
        let names = match names()? {
            Ok(names) => names,
            Err(silence) => return Ok(vec![no_network(&silence.to_string())]),
        };
        let means = Means { names, tls, agent: &agent, cache: &mut cache };
        let tell = |done: usize, all: usize| {
            bar.set_length(all as u64);
            bar.set_position(done as u64);
        };
        Ok::<_, PipelineError>(subject.findings(means, tell).await)
    })?;
    bar.finish_and_clear();
    findings.extend(asked);
    keep(&path, &cache);
    Ok(findings)
}

/// Whom to ask for names.
fn names() -> Result<Result<Names, Silence>, PipelineError> {
    let Some(text) = std::env::var(DNS).ok().filter(|text| !text.is_empty()) else { return Ok(Names::of_system()) };
    let server = text.parse::<SocketAddr>().or_else(|_| text.parse::<IpAddr>().map(|address| (address, 53).into()));
    let server = server.map_err(|_| {
        refused(format!("`{text}` in {DNS} is no name server"), "write its address, 192.0.2.53 or 127.0.0.1:5353")
    })?;
    Ok(Names::of_server(server))
}

/// The relay that is configured, if there is one.
fn transport(newsletter: &Newsletter, config: &str) -> Result<Option<SmtpTransport>, Box<Finding>> {
    if newsletter.config.smtp.is_none() {
        return Ok(None);
    }
    let mut relay = relay::configured(newsletter).map_err(|error| {
        let help = cure(&error).unwrap_or_else(|| "see [smtp] in bulletin.toml".to_owned());
        Box::new(no_relay(&error.to_string(), &help, config))
    })?;
    relay.timeouts.connect = PATIENCE;
    relay.timeouts.greeting = PATIENCE;
    relay.timeouts.command = PATIENCE;
    let transport = SmtpTransport::new(relay);
    transport.map(Some).map_err(|error| Box::new(no_relay(&error.to_string(), error.help(), config)))
}

fn fault(code: &'static str, error: &PipelineError) -> Finding {
    let finding = Finding::error(code, error.to_string()).in_file(config::FILE);
    match cure(error) {
        Some(help) => finding.with_help(help),
        None => finding,
    }
}

/// `bulletin.toml` and the newsletter's own templates, as they are shown and as they stand.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder.join("templates")).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| Path::new("templates").join(entry.file_name())).collect();
    names.sort();
    names.insert(0, config::FILE.into());
    // What is no text holds no link.
    names.into_iter().filter_map(|name| Some((name.clone(), fs::read_to_string(folder.join(name)).ok()?))).collect()
}

/// As others see who asks, and whom they can write to about it.
fn agent(newsletter: &Newsletter) -> String {
    let contact = match &newsletter.config.links.web {
        Some(web) => web.clone(),
        None => format!("mailto:{}", newsletter.config.sender.get(&newsletter.config.languages[0]).reply_to),
    };
    let version = env!("CARGO_PKG_VERSION");
    if contact.is_ascii() {
        format!("bulletin/{version} (link check; +{contact})")
    } else {
        format!("bulletin/{version}")
    }
}

/// None where stderr is no terminal.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    let style = ProgressStyle::with_template("{bar:32} {pos}/{len} links");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// That it can't be kept costs time at the next run, and nothing else.
fn keep(path: &Path, cache: &Cache) {
    let folder = path.parent().unwrap_or(Path::new("."));
    let kept = private_folder(folder)
        .and_then(|()| private_file(path))
        .and_then(|mut file| file.write_all(cache.text().as_bytes()));
    if let Err(error) = kept {
        tracing::warn!(file = %path.display(), "the links that were well can't be noted: {error}");
    }
}
