//! Politeness: how many may ask at once, and how soon the next one may.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// Requests under way, to whomever.
const AT_ONCE: usize = 16;
/// Requests under way to one host.
const PER_HOST: usize = 2;
/// From the beginning of one request to that of the next, at one host.
const PAUSE: Duration = Duration::from_millis(200);

/// The gates of all hosts.
#[derive(Debug)]
pub(super) struct Gates {
    all: Semaphore,
    hosts: Mutex<HashMap<String, Arc<Gate>>>,
}

/// The gate of one host.
#[derive(Debug)]
pub(super) struct Gate {
    places: Semaphore,
    /// No request begins before.
    next: Mutex<Instant>,
    is_given_up: AtomicBool,
}

/// Leave for one request, until it is dropped.
#[derive(Debug)]
pub(super) struct Leave<'a>(#[expect(dead_code, reason = "held for their end alone")] [SemaphorePermit<'a>; 2]);

impl Default for Gates {
    fn default() -> Self {
        Self { all: Semaphore::new(AT_ONCE), hosts: Mutex::default() }
    }
}

impl Gates {
    pub(super) async fn of(&self, host: &str) -> Arc<Gate> {
        let gate = || {
            Arc::new(Gate {
                places: Semaphore::new(PER_HOST),
                next: Mutex::new(Instant::now()),
                is_given_up: AtomicBool::new(false),
            })
        };
        Arc::clone(self.hosts.lock().await.entry(host.to_owned()).or_insert_with(gate))
    }

    /// Waits for one's turn. Who waits for a host keeps nobody from another one. None where the gates are closed for
    /// good, which they never are.
    pub(super) async fn pass<'a>(&'a self, gate: &'a Gate) -> Option<Leave<'a>> {
        let place = gate.places.acquire().await.ok()?;
        let mut next = gate.next.lock().await;
        sleep_until(*next).await;
        let slot = self.all.acquire().await.ok()?;
        *next = Instant::now() + PAUSE;
        Some(Leave([place, slot]))
    }
}

impl Gate {
    /// This host does not answer, and is asked for nothing more.
    pub(super) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_given_up(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed)
    }

    /// Nobody asks this host for so long.
    pub(super) async fn close_for(&self, time: Duration) {
        let mut next = self.next.lock().await;
        *next = (*next).max(Instant::now() + time);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_host_is_asked_by_more_than_two_at_once_nor_sooner_than_the_pause_allows() {
        let (gates, inside, most) = (Gates::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let begun = Mutex::new(Vec::new());
        let one = || async {
            let gate = gates.of("www.example.org").await;
            let _leave = gates.pass(&gate).await.unwrap();
            begun.lock().await.push(Instant::now());
            most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_secs(3)).await;
            inside.fetch_sub(1, Ordering::SeqCst);
        };
        tokio::join!(one(), one(), one(), one(), one());
        assert_eq!(most.into_inner(), PER_HOST);
        let begun = begun.into_inner();
        assert!(begun.windows(2).all(|pair| pair[1] - pair[0] >= PAUSE), "{begun:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_wants_rest_holds_up_no_other() {
        let gates = Gates::default();
        let busy = gates.of("busy.example.org").await;
        busy.close_for(Duration::from_secs(9)).await;
        let start = Instant::now();
        let free = gates.of("free.example.org").await;
        drop(gates.pass(&free).await.unwrap());
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(gates.pass(&busy).await.unwrap());
        assert_eq!(start.elapsed(), Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_sixteen_are_under_way_in_all() {
        let (gates, inside, most) = (Gates::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let (gates, inside, most) = (Arc::new(gates), Arc::new(inside), Arc::new(most));
        let mut all = tokio::task::JoinSet::new();
        for host in 0..40 {
            let (gates, inside, most) = (Arc::clone(&gates), Arc::clone(&inside), Arc::clone(&most));
            all.spawn(async move {
                let gate = gates.of(&format!("{host}.example.org")).await;
                let _leave = gates.pass(&gate).await.unwrap();
                most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_secs(1)).await;
                inside.fetch_sub(1, Ordering::SeqCst);
            });
        }
        all.join_all().await;
        assert_eq!(most.load(Ordering::SeqCst), AT_ONCE);
    }
}
