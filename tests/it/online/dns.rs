//! A name server on this machine: a zone as text in, answers over UDP out.

use std::collections::BTreeMap;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hickory_resolver::proto::op::{Message, MessageType, ResponseCode};
use hickory_resolver::proto::rr::rdata::{A, MX, TXT};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

/// A running name server; it ends with the value.
pub struct NameServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    task: Option<JoinHandle<()>>,
}

struct Shared {
    zone: Zone,
    asked: AtomicUsize,
    names: Mutex<Vec<String>>,
    stop: AtomicBool,
}

/// By name in lower case; `None` is a name whose server fails.
type Zone = BTreeMap<String, Vec<Option<RData>>>;

impl NameServer {
    /// Each line of a zone is a name, a type and its data: `A`, `MX`, `TXT`; `FAILS` has none. The name `*` fails for all.
    pub fn start(zone: &str) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let address = socket.local_addr().unwrap();
        let (asked, names, stop) = (AtomicUsize::new(0), Mutex::default(), AtomicBool::new(false));
        let shared = Arc::new(Shared { zone: parse(zone), asked, names, stop });
        let task = std::thread::spawn({
            let shared = Arc::clone(&shared);
            move || serve(&socket, &shared)
        });
        Self { address, shared, task: Some(task) }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How many questions came.
    pub fn asked(&self) -> usize {
        self.shared.asked.load(Ordering::SeqCst)
    }

    /// Whether this name was asked about.
    pub fn knows_of(&self, name: &str) -> bool {
        self.shared.names.lock().unwrap().iter().any(|known| known == name)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        drop(self.task.take().map(JoinHandle::join));
    }
}

fn parse(text: &str) -> Zone {
    let mut zone = Zone::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, rest) = line.split_once(' ').unwrap();
        let (kind, data) = rest.split_once(' ').unwrap_or((rest, ""));
        let data = match kind {
            "A" => Some(RData::A(A(data.parse().unwrap()))),
            "MX" => {
                let (preference, host) = data.split_once(' ').unwrap();
                Some(RData::MX(MX::new(preference.parse().unwrap(), absolute(host))))
            }
            "TXT" => Some(RData::TXT(TXT::from_bytes(data.as_bytes().chunks(200).collect()))),
            "FAILS" => None,
            other => panic!("{other}"),
        };
        zone.entry(name.to_lowercase()).or_default().push(data);
    }
    zone
}

fn absolute(name: &str) -> Name {
    let mut name = Name::from_ascii(name).unwrap();
    name.set_fqdn(true);
    name
}

fn serve(socket: &UdpSocket, shared: &Shared) {
    let mut buffer = [0; 4096];
    while !shared.stop.load(Ordering::SeqCst) {
        let Ok((length, peer)) = socket.recv_from(&mut buffer) else { continue };
        let Ok(question) = Message::from_vec(&buffer[..length]) else { continue };
        shared.asked.fetch_add(1, Ordering::SeqCst);
        let answer = answer(&question, shared);
        drop(socket.send_to(&answer.to_vec().unwrap(), peer));
    }
}

fn answer(question: &Message, shared: &Shared) -> Message {
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    assert_eq!(answer.metadata.message_type, MessageType::Response);
    answer.metadata.recursion_desired = true;
    answer.metadata.recursion_available = true;
    let Some(query) = question.queries.first() else { return answer };
    answer.add_query(query.clone());
    let name = query.name().to_ascii().trim_end_matches('.').to_lowercase();
    shared.names.lock().unwrap().push(name.clone());
    let records = shared.zone.get(&name);
    let fails = |records: &Vec<Option<RData>>| records.iter().any(Option::is_none);
    if shared.zone.contains_key("*") || records.is_some_and(fails) {
        answer.metadata.response_code = ResponseCode::ServFail;
        return answer;
    }
    let Some(records) = records else {
        let is_above = shared.zone.keys().any(|known| known.ends_with(&format!(".{name}")));
        answer.metadata.response_code = if is_above { ResponseCode::NoError } else { ResponseCode::NXDomain };
        return answer;
    };
    let kind: RecordType = query.query_type();
    for data in records.iter().flatten().filter(|data| data.record_type() == kind) {
        answer.add_answer(Record::from_rdata(query.name().clone(), 60, data.clone()));
    }
    answer
}
