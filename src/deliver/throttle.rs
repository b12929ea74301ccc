//! The pace of a run: a rate, and batches with pauses between them.

use std::time::Duration;

use tokio::sync::{Mutex, watch};
use tokio::time::{Instant, sleep_until};

/// Hands out turns, one after the other.
pub struct Throttle {
    /// Between two messages; zero for no limit.
    interval: Duration,
    /// After so many messages, so long a pause.
    batch: Option<(u32, Duration)>,
    state: Mutex<State>,
}

struct State {
    /// No turn before this; none before the first.
    next: Option<Instant>,
    in_batch: u32,
}

impl Throttle {
    /// `per_second`: messages, none for no limit; `batch`: its size and the pause after it.
    #[must_use]
    pub fn new(per_second: Option<f64>, batch: Option<(u32, Duration)>) -> Self {
        let interval = per_second.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate));
        Self { interval, batch, state: Mutex::new(State { next: None, in_batch: 0 }) }
    }

    /// Waits for the next turn. False: the run was asked to stop meanwhile, and there is no turn.
    pub async fn turn(&self, stop: &mut watch::Receiver<bool>) -> bool {
        if self.interval.is_zero() && self.batch.is_none() {
            return !*stop.borrow();
        }
        // Turns are given in the order of asking, since the lock is fair; who waits holds it.
        let mut state = self.state.lock().await;
        if let Some(next) = state.next {
            tokio::select! {
                () = sleep_until(next) => {}
                _ = stop.wait_for(|stop| *stop) => return false,
            }
        }
        // Time that went by unused is not made up for: a slow start never ends in a burst.
        let mut next = Instant::now() + self.interval;
        if let Some((size, pause)) = self.batch {
            state.in_batch += 1;
            if state.in_batch >= size {
                state.in_batch = 0;
                next += pause;
            }
        }
        state.next = Some(next);
        !*stop.borrow()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    /// When each of `count` turns came, with several workers asking after random delays.
    fn turns(throttle: Throttle, delays: &[u64], workers: usize) -> Vec<Duration> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let start = Instant::now();
            let throttle = Arc::new(throttle);
            let (_sender, stop) = watch::channel(false);
            let mut set = tokio::task::JoinSet::new();
            for worker in 0..workers {
                let (throttle, mut stop) = (Arc::clone(&throttle), stop.clone());
                let own: Vec<_> = delays.iter().skip(worker).step_by(workers).copied().collect();
                set.spawn(async move {
                    let mut times = Vec::new();
                    for delay in own {
                        tokio::time::sleep(Duration::from_millis(delay)).await;
                        assert!(throttle.turn(&mut stop).await);
                        times.push(start.elapsed());
                    }
                    times
                });
            }
            let mut times: Vec<_> = set.join_all().await.into_iter().flatten().collect();
            times.sort();
            times
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn no_window_of_any_length_holds_more_than_its_rate(
            delays in proptest::collection::vec(0_u64..300, 2..60),
            rate in 1_u32..50,
            workers in 1_usize..5,
        ) {
            let times = turns(Throttle::new(Some(f64::from(rate)), None), &delays, workers);
            for (first, start) in times.iter().enumerate() {
                for (last, end) in times.iter().enumerate().skip(first) {
                    // tokio's clock ticks in milliseconds.
                    let room = end.saturating_sub(*start).as_secs_f64() * f64::from(rate) + 1.0 + f64::from(rate) * 0.002 * (last - first + 1) as f64;
                    prop_assert!((last - first + 1) as f64 <= room + 1e-6, "{first}..{last} of {times:?}");
                }
            }
        }

        #[test]
        fn after_each_batch_there_is_its_pause(count in 1_usize..40, size in 1_u32..8) {
            let pause = Duration::from_secs(30);
            let times = turns(Throttle::new(None, Some((size, pause))), &vec![0; count], 1);
            for (at, time) in times.iter().enumerate() {
                let batches = u32::try_from(at).unwrap() / size;
                prop_assert_eq!(*time, pause * batches);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_wait_for_a_turn() {
        let throttle = Throttle::new(Some(0.001), None);
        let (sender, mut stop) = watch::channel(false);
        assert!(throttle.turn(&mut stop).await);
        let waiting = tokio::spawn(async move { throttle.turn(&mut stop).await });
        sender.send(true).unwrap();
        assert!(!waiting.await.unwrap());
    }
}
