//! The program from outside: one test binary, a module a subject.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod architecture;
mod authoring;
mod bounces;
mod check;
mod cli;
mod dkim;
mod editions;
mod golden;
mod kept;
mod live;
mod message;
#[cfg(unix)]
mod online;
mod preview;
mod project;
mod python;
mod readers;
mod report;
mod return_path;
mod right_to_left;
mod send;
#[cfg(unix)]
mod servers;
mod shell;
mod subscribers;
