//! A log of a million lines goes from push to pull inside one process and comes
//! out equal, byte for byte:
//!
//! ```sh
//! cargo run --release --example million_lines_inproc
//! ```

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use treewire::prelude::*;
use treewire::{PullSocket, PushSocket};

const LINES: u64 = 1_000_000;

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let folder = tempfile::tempdir()?;
    let (log, copy) = (
        folder.path().join("big.log"),
        folder.path().join("copy.log"),
    );
    write_log(&log)?;

    let node = Node::builder("example").start().await?;
    // Dialing before anybody listens is fine.
    let push = node.spawn(Push::new("push").dial("inproc://lines")).await?;
    let pull = node
        .spawn(Pull::new("pull").listen("inproc://lines"))
        .await?;

    let begun = Instant::now();
    let (sent, received) = tokio::join!(send(&push, &log), receive(&pull, &copy));
    sent?;
    received?;
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(push.close(None).await, Closed::Flushed);
    node.stop().await?;

    let bytes = equal_bytes(&log, &copy)?;
    let rate = LINES as f64 / seconds / 1e6;
    println!("{LINES} lines, {bytes} bytes, equal; {seconds:.2} s, {rate:.1} million/s");
    Ok(())
}

fn write_log(path: &Path) -> std::io::Result<()> {
    let mut log = BufWriter::new(File::create(path)?);
    for number in 0..LINES {
        writeln!(log, "2026-01-01T00:00:00Z line {number} of a log\r")?;
    }
    log.flush()
}

async fn send(push: &PushSocket, path: &Path) -> treewire::Result<()> {
    for line in BufReader::new(File::open(path)?).split(b'\n') {
        push.send(line?).await?;
    }
    Ok(())
}

async fn receive(pull: &PullSocket, path: &Path) -> treewire::Result<()> {
    let mut copy = BufWriter::new(File::create(path)?);
    for _ in 0..LINES {
        let line = pull.recv().await?.ok_or("the socket has closed")?;
        copy.write_all(line.payload())?;
        copy.write_all(b"\n")?;
    }
    copy.flush()?;
    Ok(())
}

/// How many bytes both files have.
fn equal_bytes(one: &Path, other: &Path) -> std::io::Result<usize> {
    let (one, other) = (std::fs::read(one)?, std::fs::read(other)?);
    assert!(one == other, "the copy differs");
    Ok(one.len())
}
