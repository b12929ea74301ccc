//! A long way between a client and the sink: `delay PORT MILLISECONDS`, of which half is spent each way.
//!
//! It listens on a free port of the loopback, which it prints, and passes on to PORT what it gets, later. It is
//! late by the clock alone: however much is under way, nothing waits for room, so that bandwidth has no bound.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<u32>());
    let (Some(Ok(port)), Some(Ok(trip))) = (arguments.next(), arguments.next()) else {
        return Err(io::Error::other("usage: delay PORT MILLISECONDS"));
    };
    let port = u16::try_from(port).map_err(io::Error::other)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(relay(port, Duration::from_millis(trip.into()) / 2))
}

async fn relay(port: u16, late: Duration) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    loop {
        let (client, _) = listener.accept().await?;
        tokio::spawn(async move {
            let server = TcpStream::connect(("127.0.0.1", port)).await?;
            client.set_nodelay(true)?;
            server.set_nodelay(true)?;
            let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
            one_way(from_client, to_server, late);
            one_way(from_server, to_client, late);
            io::Result::Ok(())
        });
    }
}

/// Passes on what comes, so much later, until it ends.
fn one_way(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, late: Duration) {
    let (sender, mut under_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    tokio::spawn(async move {
        loop {
            let mut octets = Vec::with_capacity(64 * 1024);
            let read = from.read_buf(&mut octets).await.unwrap_or(0);
            if read == 0 || sender.send((Instant::now() + late, octets)).is_err() {
                break;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((due, octets)) = under_way.recv().await {
            sleep_until(due).await;
            if to.write_all(&octets).await.is_err() {
                break;
            }
        }
        // Where nothing more comes, the other side hears so.
        let _ = to.shutdown().await;
    });
}
