//! `bulletin dkim new` and `bulletin dkim show`: keys that sign, and the DNS records of their public halves.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use super::{Ended, data, diagnostics, folder};
use crate::compose::dkim::{Algorithm, Record, SigningKey};
use crate::config::{Config, Dkim, FILE};
use crate::domain::clock::Clock;
use crate::pipeline::{PipelineError, refused, signing_keys};
use crate::state::private_folder;

#[derive(Debug, clap::Args)]
pub(super) struct DkimArgs {
    #[command(subcommand)]
    command: DkimCommand,
    /// Print the records as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, clap::Subcommand)]
enum DkimCommand {
    /// Make keys, and print the DNS records that they need
    New(New),
    /// Print the DNS records of the keys that bulletin.toml names
    Show,
}

#[derive(Debug, clap::Args)]
struct New {
    /// What tells this key from others of the domain [default: bulletin- and the month]
    #[arg(long, value_name = "NAME", value_parser = name)]
    selector: Option<String>,
    /// The domain that signs [default: that of the sender's address]
    #[arg(long, value_name = "DOMAIN", value_parser = name)]
    domain: Option<String>,
    /// rsa is verified everywhere, ed25519 is the newer one; a message can bear both
    #[arg(long, value_enum, default_value_t = Kind::Both)]
    algorithm: Kind,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    Both,
    Rsa,
    Ed25519,
}

/// The folder for keys that are made here.
const KEYS: &str = "dkim";

impl DkimArgs {
    pub(super) fn run(&self, dir: Option<&Path>, clock: &Clock) -> Result<Ended, PipelineError> {
        let folder = folder(dir)?;
        let config = Config::load(&folder)?;
        match &self.command {
            DkimCommand::New(new) => self.make(new, &folder, &config, clock),
            DkimCommand::Show => self.show(&folder, &config),
        }
    }

    fn make(&self, asked: &New, folder: &Path, config: &Config, clock: &Clock) -> Result<Ended, PipelineError> {
        let domain = match &asked.domain {
            Some(domain) => domain.to_ascii_lowercase(),
            None => config.sender.get(&config.languages[0]).email.domain(),
        };
        let new: Vec<_> =
            asked.named(clock).into_iter().map(|(kind, selector)| (kind, dkim(&domain, selector))).collect();
        for (_, dkim) in &new {
            if folder.join(&dkim.key).exists() || config.dkim.iter().any(|known| known.is_same_record(dkim)) {
                return Err(refused(
                    format!("there is a key `{}` already, and nothing is overwritten", dkim.selector),
                    "name another one with --selector: while mail is on its way, the old record has to stay",
                ));
            }
        }
        let mut records = Vec::new();
        for (kind, dkim) in &new {
            let pem = kind.generate().map_err(|error| refused(error.to_string(), "try it again"))?;
            let key = SigningKey::from_pem(&dkim.domain, &dkim.selector, pem.expose_secret().as_bytes())
                .map_err(|error| refused(format!("the new key can't be used: {error}"), "try it again"))?;
            records.push(key.record());
            write(&folder.join(&dkim.key), &pem)?;
        }
        self.print(&records);
        eprintln!(
            "Put what stands above into the DNS of {domain}; a form there may want the text without quotes and in one\n\
             piece. Keep the keys to yourself: who has them can sign in your name. Then add this to {FILE}:"
        );
        for (_, Dkim { domain, selector, key }) in &new {
            let key = key.display();
            eprintln!("\n[[dkim]]\ndomain = \"{domain}\"\nselector = \"{selector}\"\nkey = \"{key}\"");
        }
        if !config.dkim.is_empty() {
            eprintln!("\nWith several keys, each stands under a [[dkim]] of its own, the older ones too.");
        }
        Ok(Ended::Well)
    }

    fn show(&self, folder: &Path, config: &Config) -> Result<Ended, PipelineError> {
        if config.dkim.is_empty() {
            return Err(refused(
                format!("{FILE} names no DKIM key"),
                "`bulletin dkim new` makes keys and says what to add; many relays sign by themselves",
            ));
        }
        let (keys, findings) = signing_keys(folder, &config.dkim)?;
        diagnostics::tell_doubts(&findings);
        let records: Vec<_> = keys.iter().map(SigningKey::record).collect();
        self.print(&records);
        Ok(Ended::Well)
    }

    fn print(&self, records: &[Record]) {
        if self.json {
            data(&format!("{}\n", serde_json::json!({ "records": records })));
        } else {
            data(&records.iter().map(|record| format!("{record}\n")).collect::<Vec<_>>().concat());
        }
    }
}

impl New {
    /// Each key needs a record, and so a selector of its own.
    fn named(&self, clock: &Clock) -> Vec<(Algorithm, String)> {
        let selector = match &self.selector {
            Some(selector) => selector.to_ascii_lowercase(),
            None => clock.now().strftime("bulletin-%Y-%m").to_string(),
        };
        match self.algorithm {
            Kind::Rsa => vec![(Algorithm::Rsa, selector)],
            Kind::Ed25519 => vec![(Algorithm::Ed25519, selector)],
            Kind::Both => [Algorithm::Rsa, Algorithm::Ed25519]
                .map(|kind| (kind, format!("{selector}-{}", kind.as_str())))
                .to_vec(),
        }
    }
}

fn dkim(domain: &str, selector: String) -> Dkim {
    let key = PathBuf::from(KEYS).join(format!("{selector}.pem"));
    Dkim { domain: domain.to_owned(), selector, key }
}

/// Writes a key that only its owner can read, and that survives a power cut.
fn write(path: &Path, pem: &SecretString) -> Result<(), PipelineError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let folder = path.parent().unwrap_or(Path::new("."));
    private_folder(folder)
        .and_then(|()| options.open(path))
        .and_then(|mut file| file.write_all(pem.expose_secret().as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::File::open(folder).and_then(|folder| folder.sync_all()))
        .map_err(|error| refused(format!("{} can't be written: {error}", path.display()), "check its folder"))
}

fn name(text: &str) -> Result<String, String> {
    if Dkim::is_name(text) {
        Ok(text.to_owned())
    } else {
        Err("letters, digits, hyphens and dots make a name in the DNS".to_owned())
    }
}
