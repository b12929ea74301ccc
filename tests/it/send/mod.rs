//! Sending, over real SMTP to the built-in catcher on this machine: what the ledger says is held against
//! what the catcher took, whatever happens in between.

mod account;
mod approval;
mod archive;
mod faults;
mod gate;
mod kill;
mod logs;
mod pace;
mod people;
mod process;
mod prompt;
mod relay;
mod retry;
pub mod stage;
mod trace;
mod whom;

pub use stage::{Post, flat};
