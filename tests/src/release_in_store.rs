//! Releases in an object store: asked, verified, published and withdrawn there as in a folder, and told clearly when that cannot be. The
//! store is moto's server on loopback; a test starts its own and stops it.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::command::{Answer, answer, binary, root, scratch, spiegel, spiegel_command};
use crate::release::country;
use crate::release_readers::{lake, python};
use crate::tree::tree;

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// moto's server.
struct Store {
    server: Child,
    address: String,
    /// What it says of each request.
    said: Arc<Mutex<Vec<String>>>,
}

impl Store {
    fn start() -> Self {
        let port = free_port();
        let mut command = Command::new(python());
        command.arg(root().join("tests/object-store.py")).args(["serve", &port.to_string()]);
        let mut server = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(Vec::new()));
        let (lines, kept) = (BufReader::new(server.stderr.take().unwrap()), Arc::clone(&said));
        thread::spawn(move || lines.lines().map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line)));
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = server.try_wait().unwrap();
            assert!(ended.is_none() && begin.elapsed() < PATIENCE, "no server: {ended:?} {:?} (`make venv` installs moto)", said.lock().unwrap());
            thread::sleep(Duration::from_millis(50));
        }
        Self { server, address: format!("http://127.0.0.1:{port}"), said }
    }

    /// Does something with what lies in it, and answers what was printed; see `object-store.py`.
    fn act(&self, verb: &str, more: &[&str]) -> String {
        answer(Command::new(python()).arg(root().join("tests/object-store.py")).args([verb, &self.address]).args(more)).expect_code(0).stdout
    }

    fn spiegel(&self, arguments: &[&str]) -> Answer {
        answer(&mut with_keys(&self.address, arguments))
    }

    /// Paths that were written so far, in order.
    fn written(&self) -> Vec<String> {
        let said = self.said.lock().unwrap();
        said.iter().filter_map(|line| line.split_once("\"PUT /")?.1.split([' ', '?']).next().map(str::to_owned)).collect()
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The command with the settings of a store in its environment, and none of whoever runs the tests.
fn with_keys(server: &str, arguments: &[&str]) -> Command {
    let mut command = spiegel_command(arguments);
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env("AWS_ENDPOINT_URL", server).env("AWS_ALLOW_HTTP", "true").env("AWS_ACCESS_KEY_ID", "AKIATESTS").env("AWS_SECRET_ACCESS_KEY", "verysecret");
    command
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

const PLACE: &str = "s3://open-data/lakes/kibg";

fn query<'a>(place: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["query", "--release-dir", place], more].concat()
}

#[test]
fn a_release_in_a_store_is_asked_and_verified_as_in_a_folder() {
    let store = Store::start();
    let folder = lake().to_str().unwrap();
    store.act("put", &["open-data", "lakes/kibg", folder]);

    let statements = [
        "SELECT year, region, sex, COUNT(*) AS n FROM trajectories GROUP BY year, region, sex ORDER BY year, region, sex",
        "SELECT * FROM measures ORDER BY year, dimension_set, provider_class, region, diagnosis_group, age_band, sex, measure, statistic LIMIT 400",
        "SELECT * FROM codebook ORDER BY \"table\", \"column\", code",
    ];
    for sql in statements {
        for format in ["csv", "table", "json"] {
            let (there, here) = (store.spiegel(&query(PLACE, &["--format", format, sql])).expect_code(0), spiegel(&query(folder, &["--format", format, sql])).expect_code(0));
            assert_eq!(there.stdout, here.stdout, "{sql}");
        }
    }
    let said = store.spiegel(&query(PLACE, &["--version", "1.0.0", "SELECT 1 AS one"])).expect_code(0);
    assert!(said.stderr.contains("release    1.0.0 of s3://open-data/lakes/kibg"), "{said:?}");
    assert!(store.spiegel(&query(PLACE, &["--version", "7.0.0", "SELECT 1"])).expect_code(2).stderr.contains("there are 1.0.0"));
    assert!(store.spiegel(&query(PLACE, &["SELECT nothing FROM trajectories"])).expect_code(2).stderr.contains("nothing"));
    store.spiegel(&query(PLACE, &["DROP TABLE trajectories"])).expect_code(2);
    // A trailing slash names the same place, and a pipe holds commands.
    let mut pipe = with_keys(&store.address, &query("s3://open-data/lakes/kibg/", &[])).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    pipe.stdin.take().unwrap().write_all(b"\\d\nSELECT COUNT(*) > 0 AS there FROM suppression;").unwrap();
    let said = pipe.wait_with_output().unwrap();
    let text = String::from_utf8(said.stdout).unwrap();
    assert!(said.status.success() && text.contains("trajectories (10 columns)") && text.contains("true"), "{text}");

    // Other programs read it there as well.
    let counted = spiegel(&query(folder, &["--format", "csv", "SELECT year, COUNT(*) AS n FROM trajectories GROUP BY year ORDER BY year"])).expect_code(0).stdout;
    let counted: Vec<String> = counted.lines().skip(1).map(|line| line.replace(',', ":")).collect();
    let theirs = store.act("read", &["open-data", "lakes/kibg/releases/1.0.0/data/trajectories"]);
    assert_eq!(theirs.lines().collect::<Vec<_>>(), ["polars", "pyarrow"].map(|program| format!("{program} {}", counted.join(" "))));

    // The prompt.
    let state = scratch("store-prompt");
    let mut prompt = Command::new(python());
    prompt.arg(root().join("tests/prompt-on-a-terminal.py")).arg(binary()).arg(PLACE).arg(&state);
    let said = answer(prompt.env("AWS_ENDPOINT_URL", &store.address).env("AWS_ALLOW_HTTP", "true").env("AWS_ACCESS_KEY_ID", "a").env("AWS_SECRET_ACCESS_KEY", "b")).expect_code(0).stdout;
    assert!(said.contains("starred_share") && said.contains("the answer is 42"), "{said}");

    // Verified by what is public, the latest and by its version; and a byte that was changed is seen.
    for place in [PLACE, "s3://open-data/lakes/kibg/releases/1.0.0"] {
        let said = store.spiegel(&["verify", place]).expect_code(0).stdout;
        assert!(said.contains("V01 passed") && said.contains("V13 passed"), "{said}");
    }
    let changed = scratch("store-changed").join("CHANGELOG.md");
    fs::write(&changed, "another\n").unwrap();
    store.act("put", &["open-data", "lakes/kibg/releases/1.0.0", changed.parent().unwrap().to_str().unwrap()]);
    let said = store.spiegel(&["verify", PLACE]).expect_code(14).stdout;
    assert!(said.contains("V01 FAILED") && said.contains("CHANGELOG.md was changed"), "{said}");
}

/// A server that answers every request with one status.
fn answers_only(status: &'static str) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let mut connection = connection;
            let mut request = [0_u8; 4096];
            let _ = connection.read(&mut request);
            let body = "<Error><Code>SlowDown</Code></Error>";
            let _ = write!(connection, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len());
        }
    });
    address
}

#[test]
fn what_a_store_refuses_is_told_with_its_address_and_what_to_do() {
    let store = Store::start();
    store.act("put", &["open-data", "lakes/kibg", lake().to_str().unwrap()]);
    let ask = |place: &str| store.spiegel(&query(place, &["SELECT 1"]));
    let tells = |said: &Answer, words: &[&str]| {
        for word in words {
            assert!(said.stderr.contains(word), "{word} is not said:\n{}", said.stderr);
        }
        assert!(!said.stderr.contains("verysecret") && !said.stderr.contains("bug in spiegel"), "{}", said.stderr);
        assert!(said.stderr.trim().lines().count() <= 3, "too much is said:\n{}", said.stderr);
    };
    tells(&ask("s3://no-such-bucket/lakes/kibg").expect_code(2), &["no-such-bucket", &store.address, "has no bucket", "AWS_ENDPOINT_URL"]);
    tells(&ask("s3://open-data/lakes/other").expect_code(2), &["s3://open-data/lakes/other holds no releases", "index.json"]);
    tells(&ask("gs://open-data/lakes/kibg").expect_code(2), &["gs://", "s3://bucket/prefix"]);

    // Keys are checked from here on.
    store.act("guard", &["0"]);
    tells(&ask(PLACE).expect_code(2), &["does not accept the keys", "`open-data`", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    store.act("guard", &["1000000"]);
    // Keys that end while somebody asks: the index could be read.
    let mut broken = with_keys(&store.address, &query(PLACE, &["SELECT COUNT(*) FROM trajectories"]));
    store.act("remove", &["open-data", "lakes/kibg/releases/1.0.0/data/trajectories/trajectories-2024.parquet", "lakes/kibg/releases/1.0.0/data/trajectories/trajectories-2025.parquet"]);
    let said = answer(&mut broken);
    assert!(said.code != Some(0) && said.stderr.contains("trajectories"), "{said:?}");

    // Without permission to ask in the clear.
    let mut plain = with_keys(&store.address, &query(PLACE, &["SELECT 1"]));
    tells(&answer(plain.env_remove("AWS_ALLOW_HTTP")).expect_code(2), &["AWS_ALLOW_HTTP=true"]);

    let nobody = format!("http://127.0.0.1:{}", free_port());
    let said = answer(&mut with_keys(&nobody, &query(PLACE, &["SELECT 1"]))).expect_code(13);
    tells(&said, &[&format!("nothing answers at {nobody}"), "s3://open-data/lakes/kibg/index.json"]);
    for status in ["503 Service Unavailable", "500 Internal Server Error"] {
        let busy = answers_only(status);
        let said = answer(&mut with_keys(&busy, &query(PLACE, &["SELECT 1"]))).expect_code(13);
        tells(&said, &[&busy, status, "try again later"]);
    }
}

#[test]
fn a_release_is_published_in_a_store_with_its_index_last_and_withdrawn_there() {
    let (country, _alone) = country();
    let store = Store::start();
    store.act("put", &["open-data", "empty", scratch("store-empty").to_str().unwrap()]);
    let folder = scratch("store-release");
    let (here, there) = (folder.join("here"), folder.join("there"));
    country.release(&here, &[]).expect_code(0);
    let arguments = country.arguments(Path::new(PLACE));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let said = store.spiegel(&arguments).expect_code(0);
    assert!(said.stderr.contains("1.0.0 verified and published: s3://open-data/lakes/kibg/releases/1.0.0"), "{}", said.stderr);
    let fetch = || {
        if there.exists() {
            fs::remove_dir_all(&there).unwrap();
        }
        store.act("get", &["open-data", "lakes/kibg", there.to_str().unwrap()]);
        tree(&there)
    };
    let whole = fetch();
    assert_eq!(whole, tree(&here));
    let written = store.written();
    let last: Vec<&str> = written.iter().rev().take(2).map(String::as_str).collect();
    assert_eq!(last, ["open-data/lakes/kibg/index.json", "open-data/lakes/kibg/releases/1.0.0/manifest.json"]);

    // Again nothing is written. Interrupted before the index, what was there is completed, to the same bytes.
    assert!(store.spiegel(&arguments).expect_code(0).stderr.contains("1.0.0 unchanged"));
    assert_eq!(store.written().len(), written.len());
    store.act("remove", &["open-data", "lakes/kibg/index.json"]);
    store.spiegel(&arguments).expect_code(0);
    assert_eq!(fetch(), whole);
    store.act("remove", &["open-data", "lakes/kibg/index.json", "lakes/kibg/releases/1.0.0/manifest.json", "lakes/kibg/releases/1.0.0/README.md"]);
    store.spiegel(&arguments).expect_code(0);
    assert_eq!(fetch(), whole);
    // What somebody else put there is not written over.
    store.act("remove", &["open-data", "lakes/kibg/index.json"]);
    let other = scratch("store-other").join("manifest.json");
    fs::write(&other, "{}\n").unwrap();
    store.act("put", &["open-data", "lakes/kibg/releases/1.0.0", other.parent().unwrap().to_str().unwrap()]);
    assert!(store.spiegel(&arguments).expect_code(2).stderr.contains("somebody else"));
    store.act("put", &["open-data", "lakes/kibg", here.to_str().unwrap()]);

    let archive = folder.join("archive");
    let withdraw = ["withdraw", "1.0.0", "--release-dir", PLACE, "--reason", "a provider delivered too much", "--on", "2026-07-01", "--archive", archive.to_str().unwrap()];
    assert!(store.spiegel(&withdraw).expect_code(0).stderr.contains("the latest release is now none"));
    let left = fetch();
    assert_eq!(left.into_keys().collect::<Vec<_>>(), ["index.json", "releases/1.0.0/WITHDRAWN.md"]);
    for arguments in [query(PLACE, &["--version", "1.0.0", "SELECT 1"]), vec!["verify", "s3://open-data/lakes/kibg/releases/1.0.0"]] {
        let said = store.spiegel(&arguments).expect_code(2).stderr;
        assert!(said.contains("was withdrawn on 2026-07-01: a provider delivered too much"), "{said}");
    }
    assert!(store.spiegel(&query(PLACE, &["SELECT 1"])).expect_code(2).stderr.contains("every release of s3://open-data/lakes/kibg was withdrawn"));
    // What is taken back is compared with what comes.
    assert!(store.spiegel(&arguments).expect_code(2).stderr.contains("--archive"));
    let again = [arguments.as_slice(), &["--archive", archive.to_str().unwrap()]].concat();
    assert!(store.spiegel(&again).expect_code(0).stderr.contains("2.0.0 verified and published"));
}
