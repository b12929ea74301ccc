//! Takes mail as cheaply as it can be taken, and counts it: `sink [CERTIFICATE]`.
//!
//! It listens on a free port of the loopback, which it prints in a line of its own, and works on one thread.
//! With CERTIFICATE it offers STARTTLS with a certificate that it makes as it starts and writes there. At
//! SIGTERM it prints what it counted as JSON, and ends.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use bulletin_throughput::session::{self, Ended, Offer};
use bulletin_throughput::tally::Tally;

fn main() -> io::Result<()> {
    let acceptor = std::env::args().nth(1).map(|file| acceptor(&file)).transpose()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, serve(acceptor))
}

async fn serve(acceptor: Option<TlsAcceptor>) -> io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?.port());
    let tally = Rc::new(RefCell::new(Tally::default()));
    let mut end = signal(SignalKind::terminate())?;
    loop {
        let (stream, _) = tokio::select! {
            accepted = listener.accept() => accepted?,
            _ = end.recv() => break,
        };
        stream.set_nodelay(true)?;
        let (tally, acceptor) = (Rc::clone(&tally), acceptor.clone());
        tokio::task::spawn_local(async move {
            tally.borrow_mut().connections += 1;
            let offer = if acceptor.is_some() { Offer::Starttls } else { Offer::Clear };
            // A client that leaves without a word is no fault of the sink's; the counts tell what is missing.
            let Ok(Ended::Starttls(stream)) = session::serve(stream, offer, &tally).await else { return };
            if let Some(acceptor) = acceptor
                && let Ok(stream) = acceptor.accept(stream).await
            {
                let _ = session::serve(stream, Offer::Encrypted, &tally).await;
            }
        });
    }
    println!("{}", tally.borrow().json());
    Ok(())
}

/// A certificate for this machine's loopback, written to `file` in PEM for clients to trust.
fn acceptor(file: &str) -> io::Result<TlsAcceptor> {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).map_err(io::Error::other)?;
    std::fs::write(file, made.cert.pem())?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(io::Error::other)?;
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .map_err(io::Error::other)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}
