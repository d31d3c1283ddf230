//! Reliable delivery between two processes, over a link that is cut all the time.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::thread;

use crate::process::{Process, free_port, treewire};

const LINES: usize = 1_000_000;

/// Bytes that a connection carries at most, on average half.
const BYTES_MAX: u64 = 50_000;

/// How many connections are cut. The last one is not: whoever has everything leaves, and nobody
/// could say so again.
const CUTS: u64 = 500;

/// Forwards to `target` and cuts each of the first connections after a number of bytes that is
/// drawn for it. Gives its port and counts its cuts.
fn cutting_proxy(target: u16) -> (u16, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let cuts: Arc<AtomicU64> = Arc::default();
    let counted = cuts.clone();
    thread::spawn(move || {
        let mut dice: u64 = 0x9e37_79b9_7f4a_7c15;
        for near in listener.incoming().flatten() {
            // Whoever dials is told by the end of its connection.
            let Ok(far) = TcpStream::connect(("127.0.0.1", target)) else {
                continue;
            };
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            let bytes = match counted.load(SeqCst) < CUTS {
                true => dice % BYTES_MAX,
                false => u64::MAX,
            };
            let left = Arc::new(AtomicU64::new(bytes));
            for (from, to) in [(&near, &far), (&far, &near)] {
                let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                let (left, cuts) = (left.clone(), counted.clone());
                thread::spawn(move || pump(from, to, &left, &cuts));
            }
        }
    });
    (port, cuts)
}

fn pump(mut from: TcpStream, mut to: TcpStream, left: &AtomicU64, cuts: &AtomicU64) {
    let mut buffer = [0; 4_096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let before = left.load(SeqCst);
        let may = before.min(count as u64) as usize;
        left.fetch_sub(may as u64, SeqCst);
        if to.write_all(&buffer[..may]).is_err() {
            break;
        }
        if may < count {
            cuts.fetch_add(1, SeqCst);
            // Both directions, whether they are ended already or not.
            let _ = from.shutdown(Shutdown::Both);
            let _ = to.shutdown(Shutdown::Both);
            return;
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}

#[test]
fn a_million_lines_arrive_once_and_in_order_over_a_link_that_is_cut_500_times() {
    let folder = tempfile::tempdir().unwrap();
    let (log, out) = (folder.path().join("log"), folder.path().join("out"));
    let mut file = BufWriter::new(File::create(&log).unwrap());
    for number in 0..LINES {
        writeln!(file, "{number} is a line").unwrap();
    }
    file.into_inner().unwrap().sync_data().unwrap();
    let port = free_port();
    let (proxy, cuts) = cutting_proxy(port);
    let pull = Process::spawn(
        &format!("pull --listen tcp://127.0.0.1:{port} --delivery reliable --count {LINES}"),
        File::create(&out).unwrap(),
    );
    let push = treewire(&format!(
        "push --dial tcp://127.0.0.1:{proxy} --delivery reliable --file {}",
        log.display()
    ));
    let push = push.end();
    pull.end().expect(0);
    let (sent, received) = (fs::read(log).unwrap(), fs::read(out).unwrap());
    assert!(
        sent == received,
        "{} and {} bytes",
        sent.len(),
        received.len()
    );
    push.expect(0);
    let cuts = cuts.load(SeqCst);
    assert!(cuts >= CUTS, "{cuts} cuts");
}

#[test]
fn who_promises_less_is_told_to_say_the_same() {
    let url = format!("tcp://127.0.0.1:{}", free_port());
    let pull = treewire(&format!("pull --listen {url} --delivery reliable"));
    let push = treewire(&format!("push --dial {url} --data x --timeout 1s"));
    let stderr = push.end().expect(3).stderr;
    assert!(stderr.contains("set both ends alike"), "{stderr}");
    drop(pull);
}
