//! A receiver that stores the position of each message together with its effect, killed with -9
//! again and again: nothing is lost, nothing handled twice.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use treewire::prelude::*;
use treewire::{Delivered, PushSocket, SocketEvent, Stickiness, StreamPosition};

mod support;
use support::*;

/// How often the receiver is killed.
const KILLS: u64 = 20;

/// After this long without anything new in the database the test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

const DATABASE: &str = "TREEWIRE_EXACTLY_ONCE_DATABASE";
const LISTEN: &str = "TREEWIRE_EXACTLY_ONCE_LISTEN";

/// Numbers in the order in which they took effect, and how far each stream came.
struct Database(Connection);

impl Database {
    fn open(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap();
        connection.busy_timeout(PATIENCE).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
                 CREATE TABLE IF NOT EXISTS effects (place INTEGER PRIMARY KEY, number INTEGER);
                 CREATE TABLE IF NOT EXISTS positions (stream TEXT PRIMARY KEY, sequence INTEGER);",
            )
            .unwrap();
        Database(connection)
    }

    fn take(&mut self, number: u32, position: StreamPosition) {
        let transaction = self.0.transaction().unwrap();
        let effect = "INSERT INTO effects (number) VALUES (?1)";
        transaction.execute(effect, [number]).unwrap();
        let came = "INSERT OR REPLACE INTO positions VALUES (?1, ?2)";
        let (stream, sequence) = (position.stream.to_string(), position.sequence as i64);
        transaction
            .execute(came, params![stream, sequence])
            .unwrap();
        transaction.commit().unwrap();
    }

    fn positions(&self) -> Vec<StreamPosition> {
        let mut query = self.0.prepare("SELECT * FROM positions").unwrap();
        let rows = query.query_map([], |row| {
            let (stream, sequence): (String, i64) = (row.get(0)?, row.get(1)?);
            Ok(format!("{stream}/{sequence}").parse().unwrap())
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    fn number(&self, query: &str) -> u32 {
        self.0.query_row(query, [], |row| row.get(0)).unwrap()
    }

    fn count(&self) -> u32 {
        self.number("SELECT count(*) FROM effects")
    }

    fn numbers(&self) -> Vec<u32> {
        let query = "SELECT number FROM effects ORDER BY place";
        let mut query = self.0.prepare(query).unwrap();
        let rows = query.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Number", reply = ())]
struct Number {
    number: u32,
}

/// As a foreign peer sends it: the encoding of an integer.
fn encoded(number: u32) -> Content {
    Content::new("test.Number").with_part(support::raw::varint(u64::from(number)))
}

/// Stores what it is given.
struct Keeper(Database);

impl Actor for Keeper {
    type Context = Context<Self>;
}

impl Handler<Delivered<Number>> for Keeper {
    type Result = ();

    fn handle(&mut self, number: Delivered<Number>, _: &mut Context<Self>) {
        let position = number.position.expect("its sender dialed");
        self.0.take(number.message.number, position);
    }
}

/// Not a test: what the test starts as the receiver, and kills.
#[test]
#[ignore = "the second process of the other test"]
fn the_receiver() {
    let (Ok(path), Ok(listen)) = (std::env::var(DATABASE), std::env::var(LISTEN)) else {
        return;
    };
    std::thread::spawn(|| {
        // The other process has ended.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(1);
    });
    treewire::run(async move {
        let path = PathBuf::from(path);
        let stored = Database::open(&path).positions();
        let node = node().await;
        let keeper = Child::new("keeper", move || Keeper(Database::open(&path)));
        let keeper = node.spawn(keeper).await.unwrap();
        let pull = Pull::new("pull").listen(listen).delivery(Reliable);
        let pull = pull.resume_from(stored);
        let pull = pull.deliver_with_position::<Number>(&keeper);
        let pull = node.spawn(pull).await.unwrap();
        let mut events = pull.events();
        while let Some(event) = events.next().await {
            if let SocketEvent::Missed { .. } = event {
                panic!("{event:?}");
            }
        }
    });
}

/// The receiver's process; whoever fails leaves none behind.
struct Receiver(std::process::Child);

impl Receiver {
    fn start(path: &Path, listen: &str) -> Self {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "--nocapture", "the_receiver"])
            .env(DATABASE, path)
            .env(LISTEN, listen)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        Receiver(child.unwrap())
    }

    fn has_ended(&mut self) -> bool {
        self.0.try_wait().unwrap().is_some()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        // With -9.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits until the receiver has that many effects.
async fn until_counted(database: &Database, receiver: &mut Receiver, count: u32) {
    let barks = Instant::now() + PATIENCE;
    while database.count() < count {
        assert!(!receiver.has_ended(), "the receiver has ended");
        assert!(Instant::now() < barks, "nothing comes");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn a_receiver_killed_twenty_times_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("effects.sqlite");
    let database = Database::open(&path);
    let listen = address_for_later("tcp://127.0.0.1:0");
    let near = node().await;
    let push = Push::new("push").dial(&listen).delivery(Reliable);
    let push = push.stickiness(Stickiness::Failover);
    let push = near.spawn(push).await.unwrap();
    let (stop_sending, stopped) = tokio::sync::oneshot::channel();
    let sending = tokio::spawn(send(push.clone(), stopped));

    let mut dice = Dice::new(7);
    let mut unacknowledged = 0;
    for _ in 0..KILLS {
        let before = database.count();
        let mut receiver = Receiver::start(&path, &listen);
        let more = 1 + dice.below(300) as u32;
        until_counted(&database, &mut receiver, before + more).await;
        tokio::time::sleep(Duration::from_micros(dice.below(20_000))).await;
        drop(receiver);
        unacknowledged = unacknowledged.max(push.unflushed());
    }
    assert!(unacknowledged > 0, "it was killed amid its work");
    stop_sending.send(()).unwrap();
    let mut receiver = Receiver::start(&path, &listen);
    let sent = tokio::time::timeout(PATIENCE, sending).await.unwrap();
    let sent = sent.unwrap();
    until_counted(&database, &mut receiver, sent).await;
    in_time(push.drain()).await;
    assert_eq!(push.lost(), 0);
    drop(receiver);
    assert!(sent > KILLS as u32);
    let expected: Vec<u32> = (0..sent).collect();
    assert!(
        database.numbers() == expected,
        "lost, doubled or disordered"
    );
    let streams = "SELECT count(*) FROM positions";
    assert_eq!(database.number(streams), 1, "all of it is one stream");
    stop(near).await;
}

/// Sends numbers until it is told to stop; how many.
async fn send(push: PushSocket, mut stopped: tokio::sync::oneshot::Receiver<()>) -> u32 {
    let mut sent = 0;
    loop {
        let more = push.send(encoded(sent));
        tokio::select! {
            biased;
            _ = &mut stopped => return sent,
            accepted = more => accepted.unwrap(),
        }
        sent += 1;
    }
}
