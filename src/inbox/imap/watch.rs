//! Waiting for mail: IDLE (RFC 2177), renewed before a server takes us for gone; NOOP every minute where there is none.

use tokio::time::{Instant, sleep, timeout_at};

use super::open::{Access, Opened, open};
use super::parse::{Kind, Response, Value};
use super::session::{Untagged, left, refused};
use crate::dial::Tls;
use crate::inbox::Fault;
use crate::inbox::server::Server;

/// Tells `news` each time that mail came, and once at the beginning, when no mail can be missed any more. Returns
/// with what ended the connection.
pub(in crate::inbox) async fn watch(server: &Server, tls: Option<&Tls>, mut news: impl FnMut()) -> Fault {
    let mut opened = match open(server, tls, Access::Read).await {
        Ok(opened) => opened,
        Err(fault) => return fault,
    };
    news();
    loop {
        let waited = if opened.session.can("IDLE") {
            idle(&mut opened, server).await
        } else {
            sleep(server.timeouts.poll).await;
            noop(&mut opened).await
        };
        match waited {
            Ok(Arrival::Mail) => news(),
            Ok(Arrival::None) => {}
            Err(fault) => return fault,
        }
    }
}

/// Whether mail came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Arrival {
    None,
    Mail,
}

/// Waits until mail comes, or the time has come to begin anew.
async fn idle(opened: &mut Opened, server: &Server) -> Result<Arrival, Fault> {
    let until = Instant::now() + server.timeouts.idle;
    let mut arrival = Arrival::None;
    let tag = opened.session.begin("IDLE").await?;
    loop {
        match opened.session.response(0).await? {
            Response::Continue(_) => break,
            Response::Status { tag: Some(ended), status } if ended == tag => return Err(refused("wait", &status)),
            Response::Status { status, .. } if status.kind == Kind::Bye => return Err(left(&status)),
            Response::Data(values) => opened.count_anew(&values, &mut arrival),
            Response::Status { .. } => {}
        }
    }
    while arrival == Arrival::None {
        let Ok(ready) = timeout_at(until, opened.session.ready()).await else { break };
        ready?;
        match opened.session.response(0).await? {
            Response::Data(values) => opened.count_anew(&values, &mut arrival),
            Response::Status { tag: None, status } if status.kind == Kind::Bye => return Err(left(&status)),
            _ => {}
        }
    }
    opened.session.write("DONE\r\n").await?;
    let mut heard = Vec::new();
    let status = opened.session.end(&tag, 0, |untagged| heard.push(untagged)).await?;
    opened.hear(heard, &mut arrival);
    if status.kind == Kind::Ok { Ok(arrival) } else { Err(refused("wait", &status)) }
}

async fn noop(opened: &mut Opened) -> Result<Arrival, Fault> {
    let (mut heard, mut arrival) = (Vec::new(), Arrival::None);
    opened.session.must("NOOP", "look for new mail", |untagged| heard.push(untagged)).await?;
    opened.hear(heard, &mut arrival);
    Ok(arrival)
}

impl Opened {
    fn hear(&mut self, heard: Vec<Untagged>, arrival: &mut Arrival) {
        for untagged in heard {
            if let Untagged::Data(values) = untagged {
                self.count_anew(&values, arrival);
            }
        }
    }

    /// `5 EXISTS` and `3 EXPUNGE`: mail came only where there are more of them than at the word before.
    fn count_anew(&mut self, values: &[Value], arrival: &mut Arrival) {
        let [number, word, ..] = values else { return };
        if word.is("EXISTS") {
            let count = number.number().unwrap_or(self.count);
            if count > self.count {
                *arrival = Arrival::Mail;
            }
            self.count = count;
        } else if word.is("EXPUNGE") {
            self.count = self.count.saturating_sub(1);
        }
    }
}
