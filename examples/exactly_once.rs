//! Exactly once, although the receiver is killed: it stores the position of each message in the
//! same transaction as the message's effect, and the process that comes after it goes on from
//! there.
//!
//! ```sh
//! cargo run --release --example exactly_once
//! ```
//!
//! A teller sends transfers to a bank, which is another process: this program, started once more.
//! The teller kills it again and again with `SIGKILL`, starts the next one over the same database,
//! and looks at the end whether every transfer was booked, and booked once.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rusqlite::{Connection, params};
use treewire::prelude::*;
use treewire::{PushSocket, Stickiness, StreamPosition};

/// How many transfers there are.
const TRANSFERS: i64 = 20_000;

/// A bank that has booked so many is killed.
const SHARE: i64 = 1_777;

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let mut arguments = std::env::args().skip(1);
    match (arguments.next(), arguments.next()) {
        (Some(database), Some(endpoint)) => bank(Path::new(&database), &endpoint).await,
        _ => teller().await,
    }
}

/// Receives transfers and books them, until it is killed.
async fn bank(database: &Path, endpoint: &str) -> treewire::Result<()> {
    // Nobody is left behind when the teller ends, however it does.
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(0);
    });
    let mut ledger = Ledger::open(database)?;
    let node = Node::builder("bank").start().await?;
    let transfers = Pull::new("transfers")
        .listen(endpoint)
        .delivery(Reliable)
        // Which is nothing yet when the first bank opens.
        .resume_from(ledger.positions()?);
    let transfers = node.spawn(transfers).await?;
    while let Some(transfer) = transfers.recv().await? {
        let cents = std::str::from_utf8(transfer.payload())?.parse()?;
        let position = transfer.position().ok_or("the teller does not dial")?;
        // Were this to fail, dropping the transfer in a panic would not acknowledge it.
        ledger.book(cents, position).expect("the ledger is there");
        // Here the transfer is dropped, and acknowledged: what is booked is never sent again.
    }
    Ok(())
}

/// A database with two tables: what was booked, and how far each stream came.
struct Ledger(Connection);

impl Ledger {
    fn open(database: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(database)?;
        connection.busy_timeout(Duration::from_secs(10))?;
        // Enough against the death of the process; against that of the machine take FULL.
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS bookings (number INTEGER PRIMARY KEY, cents INTEGER);
             CREATE TABLE IF NOT EXISTS positions (stream TEXT PRIMARY KEY, sequence INTEGER);",
        )?;
        Ok(Ledger(connection))
    }

    /// The effect of a transfer and its position: both, or neither.
    fn book(&mut self, cents: i64, position: StreamPosition) -> rusqlite::Result<()> {
        let transaction = self.0.transaction()?;
        transaction.execute("INSERT INTO bookings (cents) VALUES (?1)", [cents])?;
        transaction.execute(
            "INSERT INTO positions VALUES (?1, ?2)
             ON CONFLICT (stream) DO UPDATE SET sequence = excluded.sequence",
            params![position.stream.to_string(), position.sequence as i64],
        )?;
        transaction.commit()
    }

    /// How far each stream came.
    fn positions(&self) -> treewire::Result<Vec<StreamPosition>> {
        let mut query = self.0.prepare("SELECT stream, sequence FROM positions")?;
        let mut rows = query.query([])?;
        let mut positions = Vec::new();
        while let Some(row) = rows.next()? {
            positions.push(StreamPosition {
                stream: row.get::<_, String>(0)?.parse()?,
                sequence: row.get::<_, i64>(1)? as u64,
            });
        }
        Ok(positions)
    }

    /// How much was booked so far.
    fn count(&self) -> rusqlite::Result<i64> {
        let query = "SELECT coalesce(max(number), 0) FROM bookings";
        self.0.query_row(query, [], |row| row.get(0))
    }

    /// How many transfers were not booked, and how many bookings are one too many.
    fn check(&self) -> rusqlite::Result<(i64, i64)> {
        let query = "SELECT count(DISTINCT cents), count(*) FROM bookings";
        self.0.query_row(query, [], |row| {
            let (different, all): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok((TRANSFERS - different, all - different))
        })
    }
}

/// Sends transfers, and has the bank killed meanwhile.
async fn teller() -> treewire::Result<()> {
    let folder = tempfile::tempdir()?;
    let database = folder.path().join("ledger.sqlite");
    let ledger = Ledger::open(&database)?;
    let endpoint = free_endpoint()?;

    let node = Node::builder("teller").start().await?;
    let transfers = Push::new("transfers")
        .dial(&endpoint)
        .delivery(Reliable)
        // Each bank is another node: go on with it, instead of giving up with the first.
        .stickiness(Stickiness::Failover);
    let transfers = node.spawn(transfers).await?;
    let sending = actix::spawn(send(transfers.clone()));

    let (mut booked, mut kills) = (0, 0);
    while booked < TRANSFERS {
        let mut bank = open_bank(&database, &endpoint)?;
        let dies_at = TRANSFERS.min(booked + SHARE);
        while booked < dies_at {
            if let Some(status) = bank.try_wait()? {
                return Err(format!("the bank could not open: {status}").into());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
            booked = ledger.count()?;
        }
        // Amid its work: what it booked last is not acknowledged.
        close_down(bank)?;
        kills += 1;
        println!("bank {kills} was killed after booking {booked} of {TRANSFERS} transfers");
    }
    sending.await??;
    // The last one finds all of it booked, and says so.
    let bank = open_bank(&database, &endpoint)?;
    transfers.drain().await;
    close_down(bank)?;

    let (lost, doubled) = ledger.check()?;
    println!("{kills} banks killed: {lost} transfers lost, {doubled} booked twice");
    node.stop().await?;
    match (lost, doubled) {
        (0, 0) => Ok(()),
        _ => Err("the ledger is wrong".into()),
    }
}

/// A transfer of 1 cent, one of 2, and so on.
async fn send(transfers: PushSocket) -> Result<(), treewire::Error> {
    for cents in 1..=TRANSFERS {
        // Waits while there is no bank, once enough transfers wait for it.
        transfers.send(cents.to_string()).await?;
    }
    Ok(())
}

/// Starts this program as the bank.
fn open_bank(database: &Path, endpoint: &str) -> std::io::Result<Child> {
    Command::new(std::env::current_exe()?)
        .arg(database)
        .arg(endpoint)
        .stdin(Stdio::piped())
        .spawn()
}

/// `SIGKILL`: it can neither finish what it does nor say goodbye.
fn close_down(mut bank: Child) -> std::io::Result<()> {
    bank.kill()?;
    bank.wait().map(drop)
}

/// An address that every bank can listen at.
fn free_endpoint() -> std::io::Result<String> {
    let free = TcpListener::bind("127.0.0.1:0")?;
    Ok(format!("tcp://{}", free.local_addr()?))
}
