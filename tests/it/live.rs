//! A preview that is served while it is written: what changes arrives, faults come and go, and nobody else looks in.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::project::Project;

/// How long something that must come may take on a machine that is busy; it comes in a fraction of it.
const PATIENCE: Duration = Duration::from_mins(1);

/// The program as it serves a preview, ended with the value.
struct Server {
    process: Child,
    address: String,
    /// The id of the last event.
    last: String,
    said: Receiver<String>,
}

/// What the server answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

/// One event.
#[derive(Debug)]
struct Event {
    name: String,
    data: Value,
}

impl Server {
    fn start(project: &Project, more: &[&str]) -> Self {
        let arguments = [&["preview", "2015-11", "--serve", "--port", "0"], more].concat();
        let mut command = project.command(&arguments);
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let (sender, said) = channel();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        std::thread::spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let address = url.trim().strip_prefix("http://").and_then(|rest| rest.strip_suffix('/'));
        let address = address.unwrap_or_else(|| panic!("{url:?}: {:?}", said.recv_timeout(PATIENCE))).to_owned();
        Self { process, address, last: String::new(), said }
    }

    /// The server, and the first preview.
    fn started(project: &Project, more: &[&str]) -> (Self, Value) {
        let mut server = Self::start(project, more);
        let first = server.fresh();
        (server, first)
    }

    fn ask(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        drop(stream.shutdown(Shutdown::Both));
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{request}: {answer:?}"));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    fn request(&self, method: &str, path: &str, host: &str, more: &str) -> Answer {
        self.ask(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n"))
    }

    fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &self.address, "")
    }

    /// Waits for the next event.
    fn next(&mut self) -> Event {
        let answer = self.get(&format!("/_live/events?at={}", self.last));
        assert_eq!(answer.status, 200, "{answer:#?}");
        assert!(answer.head.contains("content-type: text/event-stream"), "{answer:#?}");
        let field = |name: &str| {
            let value = answer.body.lines().find_map(|line| line.strip_prefix(name));
            value.unwrap_or_else(|| panic!("no {name} in {answer:#?}")).to_owned()
        };
        self.last = field("id: ");
        Event { name: field("event: "), data: serde_json::from_str(&field("data: ")).unwrap() }
    }

    fn fresh(&mut self) -> Value {
        let Event { name, data } = self.next();
        assert_eq!(name, "fresh", "{data:#}");
        data
    }

    /// The next fault of which `is_meant` holds. A file that is written in two steps may have another before.
    fn fault(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            let Event { name, data } = self.next();
            if name == "fault" && data["findings"].as_array().unwrap().iter().any(&is_meant) {
                return data["findings"].as_array().unwrap().iter().find(|finding| is_meant(finding)).unwrap().clone();
            }
        }
    }

    /// The next preview of which `is_meant` holds, past what stands between.
    fn until_fresh(&mut self, is_meant: impl Fn(&Value) -> bool) -> Value {
        loop {
            let Event { name, data } = self.next();
            if name == "fresh" && is_meant(&data) {
                return data;
            }
        }
    }

    /// The next line on stderr that holds `words`.
    fn says(&self, words: &str) -> String {
        loop {
            let line = self.said.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{words}: {error}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    #[cfg(unix)]
    fn interrupt(mut self) -> Option<i32> {
        let pid = self.process.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        self.process.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// As editors and spreadsheets save: another file takes the place of the old one.
fn replace(project: &Project, name: &str, content: &str) {
    let folder = std::path::Path::new(name).parent().unwrap();
    let beside = folder.join(".goutputstream-7X");
    project.write(beside.to_str().unwrap(), content);
    std::fs::rename(project.path(beside.to_str().unwrap()), project.path(name)).unwrap();
}

fn in_file(name: &'static str) -> impl Fn(&Value) -> bool {
    move |finding| finding["file"] == name
}

fn edited_everywhere(more: &[&str]) {
    let project = Project::sample();
    let (mut server, first) = Server::started(&project, more);
    assert_eq!(first["digest"], project.digest("2015-11"));
    let editions = first["editions"].as_u64().unwrap();
    assert_eq!(first["changed"].as_array().unwrap().len() as u64, editions);
    let other = |before: &Value| {
        let before = before["digest"].clone();
        move |now: &Value| now["digest"] != before
    };

    project.edit("issues/2015-11/en.md", "Someone who is being trafficked", "A person who is being trafficked");
    let source = server.until_fresh(other(&first));
    let changed = source["changed"].as_array().unwrap();
    assert!(!changed.is_empty() && (changed.len() as u64) < editions, "{source:#}");
    let page = format!("/editions/{}.html", changed[0].as_str().unwrap());
    assert!(server.get(&page).body.contains("A person who is being trafficked"));

    // A template that was not there is another case, below.
    project.write("templates/style.css", &format!("{}p {{ margin: 3px }}\n", project.read("templates/style.css")));
    let style = server.until_fresh(other(&source));

    project.edit("templates/strings/en.toml", "in_this_issue = \"", "in_this_issue = \"Look: ");
    let strings = server.until_fresh(other(&style));

    project.edit("bulletin.toml", "Suite 4", "Suite 5");
    let configuration = server.until_fresh(other(&strings));

    let list = project.read("subscribers/subscribers.csv");
    let longer = format!("{}\nnew.reader@example.org,New Reader,fr,,,\n", list.trim_end());
    replace(&project, "subscribers/subscribers.csv", &longer);
    let listed = server.until_fresh(|now| now["recipients"] != configuration["recipients"]);
    assert_eq!(listed["recipients"].as_u64(), configuration["recipients"].as_u64().map(|count| count + 1));
    assert_eq!(listed["digest"], configuration["digest"], "the list is no part of what is approved");
    assert_eq!(listed["digest"], project.digest("2015-11"));
    assert!(server.says("changed, for").contains("editions"));

    // A row that can't be read is left out, which nobody should have to count.
    replace(&project, "subscribers/subscribers.csv", &longer.replace("new.reader@example.org", "new.reader"));
    server.until_fresh(|now| now["recipients"] == configuration["recipients"]);
    server.says("; `bulletin check` tells 3 doubts");
}

#[test]
fn an_edit_of_each_kind_of_source_arrives() {
    edited_everywhere(&[]);
}

#[test]
fn an_edit_of_each_kind_of_source_arrives_where_the_files_are_looked_at_in_turns() {
    edited_everywhere(&["--poll"]);
}

#[test]
fn a_template_that_was_not_there_arrives_and_so_does_its_end() {
    let project = Project::all_languages();
    std::fs::rename(project.path("issues/2026-04"), project.path("issues/2015-11")).unwrap();
    assert!(!project.path("templates").exists());
    let (mut server, first) = Server::started(&project, &[]);
    project.write("templates/style.css", "p { margin: 3px }\n");
    let second = server.until_fresh(|now| now["digest"] != first["digest"]);
    project.write("templates/style.css", "p { margin: 4px }\n");
    let third = server.until_fresh(|now| now["digest"] != second["digest"]);
    assert_ne!(third["digest"], first["digest"]);
    std::fs::remove_dir_all(project.path("templates")).unwrap();
    server.until_fresh(|now| now["digest"] == first["digest"]);
}

#[test]
fn a_fault_is_told_with_file_line_and_cure_while_the_last_good_preview_stays_until_it_is_mended() {
    let project = Project::sample();
    let (mut server, first) = Server::started(&project, &[]);
    let before = server.get("/").body;
    let source = project.read("issues/2015-11/en.md");
    let line = source.lines().position(|line| line.contains(".policy .workers")).unwrap() + 1;

    project.edit("issues/2015-11/en.md", ".policy .workers", ".polcy .workers");
    let fault = server.fault(in_file("issues/2015-11/en.md"));
    assert_eq!((fault["line"].as_u64(), fault["severity"].as_str()), (Some(line as u64), Some("error")), "{fault:#}");
    assert!(fault["help"].as_str().unwrap().contains("policy"), "{fault:#}");
    let meant = fault["excerpt"].as_array().unwrap().iter().find(|quote| quote["line"] == line).unwrap();
    assert!(meant["text"].as_str().unwrap().contains(".polcy .workers"), "{fault:#}");
    assert_eq!(server.get("/").body, before);
    assert!(server.says("error: ").contains(&format!("issues/2015-11/en.md:{line}: ")));

    project.write("issues/2015-11/en.md", &source);
    let mended = server.until_fresh(|_| true);
    assert_eq!((&mended["digest"], &mended["page"]), (&first["digest"], &first["page"]), "the page is as it was");
    assert_eq!(server.get("/").body, before);
}

#[test]
fn each_kind_of_source_can_have_a_fault_and_names_itself() {
    let project = Project::sample();
    let (mut server, _) = Server::started(&project, &[]);
    for (file, from, to, has_line) in [
        ("bulletin.toml", "[topics]", "[topicks]", true),
        ("templates/strings/en.toml", "in_this_issue = ", "in_that_issue = ", false),
        ("templates/item.mjml", "{{", "{{ nothing. }} {{", false),
        ("issues/2015-11/issue.toml", "date = ", "dte = ", false),
        ("subscribers/subscribers.csv", "email,", "e,", false),
    ] {
        let good = project.read(file);
        replace(&project, file, &good.replacen(from, to, 1));
        let fault = server.fault(in_file(file));
        assert!(!has_line || fault["line"].is_u64(), "{file}: {fault:#}");
        if file.ends_with("csv") {
            assert_eq!(fault["excerpt"].as_array().map(Vec::len), Some(0), "readers are quoted: {fault:#}");
        }
        replace(&project, file, &good);
        server.until_fresh(|_| true);
    }
}

#[test]
fn an_issue_with_a_fault_at_the_start_shows_an_empty_page_until_it_is_mended() {
    let project = Project::sample();
    let source = project.read("issues/2015-11/en.md");
    project.edit("issues/2015-11/en.md", ".policy .workers", ".polcy .workers");
    let mut server = Server::start(&project, &[]);
    server.fault(in_file("issues/2015-11/en.md"));
    let page = server.get("/");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("No preview yet") && page.body.contains("/_live/live.js"), "{page:#?}");
    project.write("issues/2015-11/en.md", &source);
    server.until_fresh(|_| true);
    assert!(!server.get("/").body.contains("No preview yet"));
}

#[test]
fn an_issue_that_was_taken_away_comes_back() {
    let project = Project::sample();
    let (mut server, first) = Server::started(&project, &[]);
    std::fs::rename(project.path("issues/2015-11"), project.path("issues/away")).unwrap();
    server.fault(|finding| finding["message"].as_str().unwrap().contains("2015-11"));
    std::fs::rename(project.path("issues/away"), project.path("issues/2015-11")).unwrap();
    server.until_fresh(|now| now["digest"] == first["digest"]);
    project.edit("issues/2015-11/fr.md", "traite", "Traite");
    server.until_fresh(|now| now["digest"] != first["digest"]);
}

#[test]
fn a_page_has_the_script_once_and_a_mail_in_a_frame_does_not() {
    let project = Project::sample();
    let (server, _) = Server::started(&project, &[]);
    project.json(&["preview", "2015-11", "--json"], 0);
    let scripts = |page: &str| page.matches("<script src=\"/_live/live.js\"").count();
    let page = server.get("/");
    assert_eq!((page.status, scripts(&page.body)), (200, 1));
    let manifest: Value = serde_json::from_str(&server.get("/manifest.json").body).unwrap();
    assert_eq!(manifest["editions"].as_array().unwrap().len(), 21);
    let mail = format!("/{}", manifest["editions"][0]["html"].as_str().unwrap());
    assert_eq!(scripts(&server.get(&mail).body), 1);
    let framed = server.request("GET", &mail, &server.address, "Sec-Fetch-Dest: iframe\r\n");
    assert_eq!(framed.body, project.read(&format!("outbox/2015-11/preview{mail}")));
    assert!(server.get("/_live/live.js").head.contains("content-type: text/javascript"));
    for answer in [page, framed] {
        for header in ["cache-control: no-store", "x-content-type-options: nosniff", "x-frame-options: sameorigin"] {
            assert!(answer.head.contains(header), "{}", answer.head);
        }
        assert!(!answer.head.contains("access-control-"), "{}", answer.head);
    }
}

#[test]
fn nobody_but_this_machine_is_answered_and_nothing_but_looking_is_done() {
    let project = Project::sample();
    let (server, _) = Server::started(&project, &[]);
    let port = server.address.rsplit_once(':').unwrap().1;
    assert!(server.address.starts_with("127.0.0.1:"), "{}", server.address);
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        assert_eq!(server.request("GET", "/", &format!("{host}:{port}"), "").status, 200, "{host}");
    }
    let others = [
        format!("bulletin.example.org:{port}"),
        format!("localhost.example.org:{port}"),
        "localhost".to_owned(),
        "127.0.0.1:1".to_owned(),
        "bulletin.example.org".to_owned(),
    ];
    for host in &others {
        for path in ["/", "/manifest.json", "/_live/events", "/_live/live.js"] {
            let answer = server.request("GET", path, host, "");
            assert_eq!(answer.status, 421, "{host}{path}");
            assert!(!answer.body.contains("editions"), "{host}{path}: {answer:#?}");
        }
    }
    let files = |project: &Project| project.json(&["preview", "2015-11", "--json"], 0);
    let before = files(&project);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"] {
        for path in ["/", "/index.html", "/_live/events"] {
            let answer = server.request(method, path, &server.address, "Content-Length: 0\r\n");
            assert_eq!(answer.status, 405, "{method} {path}");
            assert!(answer.head.contains("allow: get"), "{answer:#?}");
        }
    }
    assert_eq!(files(&project), before);
}

#[test]
fn no_path_leads_out_of_the_preview() {
    let project = Project::sample();
    let (server, _) = Server::started(&project, &[]);
    for path in [
        "/../secret.key",
        "/../../../../bulletin.toml",
        "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/bulletin.toml",
        "/editions/..%2f..%2f..%2f..%2f..%2fbulletin.toml",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/..%5c..%5cbulletin.toml",
        "/editions",
        "/editions/",
        "/nothing.html",
        "/_live/",
        "/_live/live.css",
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 404, "{path}: {answer:#?}");
    }
}

#[cfg(unix)]
#[test]
fn it_ends_well_when_it_is_asked_to_and_leaves_nothing_behind() {
    let project = Project::sample();
    let (server, _) = Server::started(&project, &[]);
    let live = project.path("outbox/2015-11/live");
    assert!(live.exists());
    // Someone who listens is no reason to stay.
    let mut listening = TcpStream::connect(&server.address).unwrap();
    let (address, last) = (server.address.clone(), server.last.clone());
    write!(listening, "GET /_live/events?at={last} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    assert_eq!(server.interrupt(), Some(0));
    assert!(!live.exists());
    let mut rest = String::new();
    listening.set_read_timeout(Some(PATIENCE)).unwrap();
    drop(listening.read_to_string(&mut rest));
    assert!(!rest.contains("event:"), "{rest}");
}

#[test]
fn a_port_that_is_taken_is_an_error_with_its_cure_and_only_where_it_was_asked_for() {
    let project = Project::sample();
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let said = project.run(&["preview", "2015-11", "--serve", "--port", &port]);
    assert_eq!((said.status, said.stdout.as_str()), (Some(2), ""), "{said:#?}");
    assert!(
        said.stderr.contains(&format!("ort {port} of this machine")) && said.stderr.contains("--port"),
        "{said:#?}"
    );
}

#[cfg(unix)]
#[test]
fn what_is_served_lies_open_to_nobody_else_on_the_disk() {
    use std::os::unix::fs::PermissionsExt;
    let project = Project::sample();
    let (_server, _) = Server::started(&project, &["--addresses"]);
    let mut folders = vec![project.path("outbox/2015-11/live")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", path.display());
            files += usize::from(path.is_file());
            if path.is_dir() {
                folders.push(path);
            }
        }
    }
    assert!(files > 60, "{files}");
}
