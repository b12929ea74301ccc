//! Bulletin: one issue, written once in several languages, becomes each reader's own mail.
//!
//! Data flows one way, in the order in which a month goes. The modules stand in that order:
//!
//! | room | in | out |
//! | --- | --- | --- |
//! | [`domain`] | | the vocabulary that every room speaks |
//! | [`config`] | `bulletin.toml` | a checked configuration, in slices |
//! | [`issue`] | a folder of Markdown | an issue in all its languages |
//! | [`edition`] | an issue and one reader's preferences | which items they get, and why |
//! | [`render`] | an edition | HTML and plain text with places left open |
//! | [`subscribers`] | a CSV | people, and a finding for every doubt |
//! | [`readers`] | what readers asked for, and what their mailboxes said | who is suppressed, and who wants what |
//! | [`dial`] | a host and a port | a stream, encrypted or not |
//! | [`compose`] | a rendered edition and a subscriber | the bytes for the relay, and the envelope |
//! | [`deliver`] | messages | each one's outcome |
//! | [`ledger`] | attempts and outcomes | the account, which always adds up |
//! | [`inbox`] | a file, folder, mbox, Maildir, standard input or a mailbox on a server | mails, as bytes |
//! | [`bounces`] | a mail or a webhook's JSON | what it says about each recipient |
//! | [`state`] | | the one database, and who may write to it |
//!
//! [`pipeline`] is where they meet for an issue, [`upkeep`] where some of them meet between two issues. [`preview`],
//! [`rehearsal`] and [`report`] are side doors, [`chart`] draws for two of them, and [`cli`] is the front one.

pub mod bounces;
pub mod chart;
pub mod check;
pub mod cli;
pub mod compose;
pub mod config;
pub mod deliver;
pub mod dial;
pub mod domain;
pub mod edition;
pub mod inbox;
pub mod issue;
pub mod ledger;
pub mod pipeline;
pub mod preview;
pub mod readers;
pub mod rehearsal;
pub mod render;
pub mod report;
pub mod state;
pub mod subscribers;
pub mod upkeep;
