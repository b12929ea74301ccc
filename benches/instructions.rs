//! The kernels of a send, each run a given number of times, for a counter of instructions:
//! `instructions KERNEL TIMES`. `instructions --time KERNEL TIMES` prints the seconds that one took instead, and
//! `instructions --list` the kernels with the times that `benches/instructions-guard` counts.
//!
//! Times are noisy where others work on the same machine, and instructions are not; so these are what a change
//! is held against. Input is the sample newsletter, and what is made here.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may fail by panicking, and prints")]

#[path = "instructions/mail.rs"]
mod mail;
#[path = "instructions/people.rs"]
mod people;

use std::time::Instant;

/// What is counted.
type Kernel = Box<dyn FnMut()>;
/// Makes once what a kernel needs.
type Preparation = fn() -> Kernel;

/// Each kernel with the times that are enough to be heard above its preparation, and no more.
const KERNELS: [(&str, u32, Preparation); 8] = [
    ("compose", 1000, mail::compose),
    ("encode", 20, mail::encode),
    ("sign", 20, mail::sign),
    ("edition", 3, mail::edition),
    ("mjml", 3, mail::mjml),
    ("classify", 20, mail::classify),
    ("list", 2, people::list),
    ("plan", 1, people::plan),
];

fn main() {
    // `cargo bench` adds an argument of its own.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--list"] => KERNELS.iter().for_each(|(name, times, _)| println!("{name} {times}")),
        ["--time", name, times] => {
            let (mut kernel, times) = (kernel(name), times.parse().unwrap());
            kernel();
            let start = Instant::now();
            (0..times).for_each(|_| kernel());
            println!("{:.9}", start.elapsed().as_secs_f64() / f64::from(times));
        }
        [name, times] => {
            let mut kernel = kernel(name);
            (0..times.parse::<u32>().unwrap()).for_each(|_| kernel());
        }
        // Among all benchmarks it has nothing to say.
        _ => println!("usage: instructions KERNEL TIMES | --time KERNEL TIMES | --list"),
    }
}

fn kernel(name: &str) -> Kernel {
    let known = KERNELS.iter().find(|(known, ..)| *known == name);
    known.unwrap_or_else(|| panic!("{name} is no kernel; there are {:?}", KERNELS.map(|(name, ..)| name))).2()
}
