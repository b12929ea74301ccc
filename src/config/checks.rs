//! From the shape of `bulletin.toml` to a [`Config`]: every fault is found, not only the first.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use toml::Spanned;

use super::raw::{RawConfig, RawLanguage, RawSenders, RawSmtp, RawText};
use super::{Config, Images, Links, Newsletter, PasswordSource, Sender, Smtp, Tls, Translations};
use crate::domain::finding::{cure_unknown, did_you_mean};
use crate::domain::toml_fault::toml_fault;
use crate::domain::{Finding, Language, Localised, Topic, Typography};

/// Text of a `bulletin.toml` to [`Config`], or everything that is wrong with it.
pub(super) fn parse(text: &str) -> Result<Config, Vec<Finding>> {
    let raw: RawConfig = toml::from_str(text).map_err(|error| vec![toml_fault("config", text, 0, &error)])?;
    let mut checks = Checks { text, findings: Vec::new(), languages: Vec::new() };
    checks.languages = checks.languages(&raw.newsletter.languages);
    if !checks.findings.is_empty() {
        // Everything else leans on the languages: one fault is not to be told as many.
        return Err(checks.findings);
    }
    let config = checks.config(raw);
    match config {
        Some(config) if checks.findings.is_empty() => Ok(config),
        _ => Err(checks.findings),
    }
}

pub(super) struct Checks<'a> {
    text: &'a str,
    findings: Vec<Finding>,
    languages: Vec<Language>,
}

impl Checks<'_> {
    fn languages(&mut self, raw: &Spanned<Vec<Spanned<String>>>) -> Vec<Language> {
        if raw.get_ref().is_empty() {
            self.fault(raw, "a newsletter needs at least one language", "write for instance `languages = [\"en\"]`");
        }
        let mut languages = Vec::new();
        for tag in raw.get_ref() {
            match tag.get_ref().parse::<Language>() {
                Ok(language) if languages.contains(&language) => {
                    self.fault(tag, format!("`{language}` stands here twice"), "remove one of the two");
                }
                Ok(language) => languages.push(language),
                Err(error) => self.fault(tag, error.to_string(), "use a BCP 47 tag: en, fr, fr-CA, ar"),
            }
        }
        languages
    }

    fn config(&mut self, mut raw: RawConfig) -> Option<Config> {
        let name = self.localised(raw.newsletter.name, "newsletter.name");
        let sender = self.senders(&raw.sender);
        let typography = self.typography(raw.languages);
        let topics = self.topics(raw.topics);
        let columns = self.columns(raw.columns);
        let subscribers = self.subscribers(raw.subscribers);
        let id = raw.newsletter.id;
        let label = id.get_ref();
        if label.is_empty() || !label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.')) {
            self.fault(&id, "the newsletter's id can't be used in a List-Id", "use letters, digits, hyphens and dots");
        }
        let web = self.url(raw.newsletter.web);
        if raw.newsletter.images == Images::Hosted && web.is_none() {
            let message = "images are hosted, but there is no web address to host them at";
            self.table_fault("images =", message, "set newsletter.web, or images = \"embedded\"");
        }
        let archive = self.url(raw.newsletter.archive);
        let help = self.url(raw.newsletter.help);
        let brand = self.brand(raw.brand);
        let smtp = raw.smtp.and_then(|smtp| self.smtp(smtp));
        let throttle = self.throttle(raw.throttle);
        let check = self.check(raw.check);
        let bounce_policy = self.bounce_policy(std::mem::take(&mut raw.bounces.policy));
        let sender = sender?;
        let mailboxes = self.mailboxes(&raw.bounces);
        let return_path = self.return_path(raw.newsletter.bounces, raw.bounces, sender.all().next()?)?;
        let bounces = return_path.base().clone();
        let dkim = self.dkim(raw.dkim.0, &sender);
        Some(Config {
            newsletter: Newsletter {
                name: name?,
                id: id.into_inner(),
                when_empty: raw.newsletter.when_empty,
                images: raw.newsletter.images,
            },
            links: Links { unsubscribe: raw.newsletter.unsubscribe, bounces, web, archive, help },
            return_path,
            mailboxes,
            bounce_policy,
            sender,
            languages: self.languages.clone(),
            typography,
            topics,
            columns,
            subscribers,
            brand,
            check,
            dkim,
            smtp,
            throttle,
        })
    }

    fn senders(&mut self, raw: &RawSenders) -> Option<Localised<Sender>> {
        let original = &raw.original;
        for (key, present) in [
            ("name", original.name.is_some()),
            ("email", original.email.is_some()),
            ("postal_address", original.postal_address.is_some()),
        ] {
            if !present {
                let help = "the law wants each mail to say who sends it and where they can be written to";
                self.table_fault("[sender]", format!("[sender] lacks `{key}`"), help);
            }
        }
        let base = Sender {
            name: original.name.clone()?,
            reply_to: original.reply_to.clone().or_else(|| original.email.clone())?,
            email: original.email.clone()?,
            postal_address: original.postal_address.clone()?,
            phone: original.phone.clone(),
            website: original.website.clone(),
        };
        let mut translations = Translations::new();
        for (tag, raw) in &raw.translations {
            let Some(language) = self.declared(tag, "sender") else { continue };
            let raw = raw.clone();
            let translation = Sender {
                name: raw.name.unwrap_or_else(|| base.name.clone()),
                reply_to: raw.reply_to.or_else(|| raw.email.clone()).unwrap_or_else(|| base.reply_to.clone()),
                email: raw.email.unwrap_or_else(|| base.email.clone()),
                postal_address: raw.postal_address.unwrap_or_else(|| base.postal_address.clone()),
                phone: raw.phone.or_else(|| base.phone.clone()),
                website: raw.website.or_else(|| base.website.clone()),
            };
            translations.insert(language, translation);
        }
        Some(Localised::new(base, translations))
    }

    fn typography(&mut self, raw: IndexMap<Spanned<String>, RawLanguage>) -> BTreeMap<Language, Typography> {
        let mut typography: BTreeMap<_, _> =
            self.languages.iter().map(|language| (language.clone(), Typography::of(language))).collect();
        for (tag, raw) in raw {
            let before = self.findings.len();
            let language = self.declared(tag.get_ref(), &format!("languages.{}", tag.get_ref()));
            if let Some(finding) = self.findings.get_mut(before) {
                *finding = finding.clone().at_offset(self.text, tag.span().start);
            }
            let Some(name) = raw.typography else { continue };
            match (language, Typography::named(name.get_ref())) {
                (Some(language), Some(rules)) => {
                    typography.insert(language, rules);
                }
                (_, None) => {
                    let cure = cure_unknown(name.get_ref(), Typography::ALL.map(Typography::as_str));
                    self.fault(&name, format!("there are no typographic rules `{}`", name.get_ref()), &cure);
                }
                (None, Some(_)) => {}
            }
        }
        typography
    }

    fn topics(&mut self, raw: IndexMap<Spanned<String>, RawText>) -> IndexMap<Topic, Localised<String>> {
        let mut topics = IndexMap::new();
        for (name, text) in raw {
            let key = format!("topics.{}", name.get_ref());
            let names = self.localised(text, &key);
            match name.get_ref().parse::<Topic>() {
                Ok(topic) if topic.as_str() == "everyone" => {
                    self.fault(&name, "`everyone` has a meaning of its own in an issue", "choose another word");
                }
                Ok(topic) => {
                    if let Some(names) = names {
                        topics.insert(topic, names);
                    }
                }
                Err(error) => self.fault(&name, error.to_string(), "topics are short words: policy, media"),
            }
        }
        topics
    }

    fn columns(&mut self, raw: IndexMap<Spanned<String>, String>) -> IndexMap<String, String> {
        let mut columns = IndexMap::new();
        for (alias, header) in raw {
            let name = alias.get_ref();
            let word = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                && name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
            if !word {
                let help = "an alias is one word of letters, digits and underscores; its header can be anything";
                self.fault(&alias, format!("`{name}` can't be an alias"), help);
            } else if ["email", "name", "language", "topics", "lang", "fallback"].contains(&name.as_str()) {
                self.fault(&alias, format!("`{name}` is known already"), "only columns of your own are declared here");
            } else {
                columns.insert(alias.into_inner(), header);
            }
        }
        columns
    }

    fn smtp(&mut self, raw: RawSmtp) -> Option<Smtp> {
        let sources = [
            raw.password_env.map(PasswordSource::Env),
            raw.password_file.map(PasswordSource::File),
            raw.password_command.map(|command| PasswordSource::Command(command.into_inner())),
        ];
        let mut sources = sources.into_iter().flatten();
        let password = sources.next();
        if sources.next().is_some() {
            let message = "[smtp] names more than one source for the password";
            self.table_fault("[smtp]", message, "keep one of password_env, password_file and password_command");
            return None;
        }
        if raw.username.is_some() != password.is_some() {
            let help = "add username, and one of password_env, password_file and password_command; \
                        the password itself never stands in this file";
            self.table_fault("[smtp]", "[smtp] needs a username and a source for the password, or neither", help);
        }
        let port = raw.port.unwrap_or(match raw.tls {
            Tls::Implicit => 465,
            Tls::Starttls => 587,
            Tls::None => 25,
        });
        if let Some(auth) = raw.auth.as_ref().filter(|_| raw.username.is_none()) {
            let help = "add username and a source for the password or token, or leave `auth` out";
            self.fault(auth, "`auth` says how to log in, but nobody does", help);
        }
        if let Some(ca) = raw.ca.as_ref().filter(|_| raw.tls == Tls::None) {
            self.fault(ca, "`ca` is for TLS, which tls = \"none\" goes without", "remove one of the two");
        }
        let (ca, auth) = (raw.ca.map(Spanned::into_inner), raw.auth.map(Spanned::into_inner));
        let (tls, chunking) = (raw.tls, raw.chunking);
        Some(Smtp { host: raw.host, port, tls, ca, username: raw.username, auth, chunking, password })
    }

    pub(super) fn url(&mut self, raw: Option<Spanned<String>>) -> Option<String> {
        let raw = raw?;
        let url = raw.get_ref().trim_end_matches('/');
        let host = url.strip_prefix("https://").unwrap_or_default();
        if host.is_empty() || url.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"".contains(c)) {
            self.fault(&raw, format!("`{}` is not a web address", raw.get_ref()), "write https://news.example.org");
        }
        Some(url.to_owned())
    }

    fn localised(&mut self, raw: RawText, key: &str) -> Option<Localised<String>> {
        let texts = match raw {
            RawText::One(text) => return Some(Localised::from(text)),
            RawText::Each(texts) => texts,
        };
        let mut translations = BTreeMap::new();
        for (tag, text) in texts {
            if let Some(language) = self.declared(&tag, key) {
                translations.insert(language, text);
            }
        }
        let first = self.languages.first()?.clone();
        match translations.get(&first) {
            Some(original) => Some(Localised::new(original.clone(), translations)),
            None => {
                self.findings.push(
                    Finding::error("config", format!("`{key}` lacks its text in `{first}`, the first language"))
                        .with_help(format!("write {{ {first} = \"...\" }}")),
                );
                None
            }
        }
    }

    fn declared(&mut self, tag: &str, key: &str) -> Option<Language> {
        let language = tag.parse::<Language>().ok().filter(|language| self.languages.contains(language));
        if language.is_none() {
            let known = self.languages.iter().map(Language::as_str).collect::<Vec<_>>();
            let hint = did_you_mean(tag, known.iter().copied()).map(|likely| format!("; did you mean `{likely}`?"));
            let help = format!("newsletter.languages has {}{}", known.join(", "), hint.unwrap_or_default());
            let message = format!("`{key}` speaks of the language `{tag}`, which the newsletter lacks");
            let head = format!("[{key}.{tag}]");
            let head = if self.text.contains(&head) { head } else { format!("{tag} =") };
            self.table_fault(&head, message, &help);
        }
        language
    }

    /// A fault of a whole table, shown where its head stands.
    pub(super) fn table_fault(&mut self, head: &str, message: impl Into<String>, help: &str) {
        let finding = Finding::error("config", message).with_help(help);
        let at = self.text.find(head);
        self.findings.push(at.map_or(finding.clone(), |at| finding.at_offset(self.text, at)));
    }

    pub(super) fn fault<T>(&mut self, at: &Spanned<T>, message: impl Into<String>, help: &str) {
        let finding = Finding::error("config", message).at_offset(self.text, at.span().start).with_help(help);
        self.findings.push(finding);
    }
}
