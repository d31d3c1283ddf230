//! Programs of others: `nc` (netcat-openbsd) and Node's `net`. `./check` installs the first and says when a program is not
//! there; then its tests pass without a look at it.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::process::{Child as Process, Command, Stdio};

use treewire::SocketHandle;
use treewire::prelude::*;

use crate::LINES;
use crate::support::*;

/// Starts a program with a piped standard input and output, if it is there.
fn start(program: &str, arguments: &[&str]) -> Option<Process> {
    let mut command = Command::new(program);
    let command = command.args(arguments);
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    match started {
        Ok(process) => Some(process),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!("skipped: {program} is not installed");
            None
        }
        Err(error) => panic!("{program}: {error}"),
    }
}

/// Says all of the text, ends the program's input, and gives what it prints to its end.
async fn talk(mut program: Process, text: &'static str) -> String {
    let (done, printed) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut input = program.stdin.take().unwrap();
        input.write_all(text.as_bytes()).unwrap();
        drop(input);
        let mut printed = String::new();
        let mut output = program.stdout.take().unwrap();
        output.read_to_string(&mut printed).unwrap();
        program.wait().unwrap();
        done.send(printed).unwrap();
    });
    in_time(printed).await.unwrap()
}

/// Host and port of a socket that listens.
fn port(socket: &SocketHandle) -> String {
    let address = address(socket);
    address.rsplit_once(':').unwrap().1.to_owned()
}

#[tokio::test]
async fn nc_says_lines_to_a_pull_over_tcp_and_ipc() {
    let node = node().await;
    let path = numbered("/tmp/treewire-nc-{}.sock");
    let pull = Pull::new("pull").listen(LINES);
    let pull = pull.listen(format!("lines+ipc://{path}"));
    let pull = node.spawn(pull).await.unwrap();
    let port = port(&pull);
    for arguments in [&["-N", "127.0.0.1", &port][..], &["-N", "-U", &path]] {
        let Some(nc) = start("nc", arguments) else {
            break;
        };
        let talking = tokio::spawn(talk(nc, "one\ntwo\r\nlast"));
        for text in ["one", "two", "last"] {
            let message = in_time(pull.recv()).await.unwrap().unwrap();
            assert_eq!(*message.payload(), text);
        }
        assert_eq!(in_time(talking).await.unwrap(), "");
    }
    stop(node).await;
}

#[tokio::test]
async fn nc_asks_and_reads_its_answers_after_its_last_word() {
    let node = node().await;
    let rep = node.spawn(Rep::new("rep").listen(LINES)).await.unwrap();
    let port = port(&rep);
    tokio::spawn(async move {
        while let Some(request) = rep.recv().await.unwrap() {
            let answer = request.content().first().to_ascii_uppercase();
            request.reply(answer);
        }
    });
    if let Some(nc) = start("nc", &["-N", "127.0.0.1", &port]) {
        assert_eq!(talk(nc, "one\ntwo\nlast").await, "ONE\nTWO\nLAST\n");
    }
    stop(node).await;
}

#[tokio::test]
async fn nc_that_listens_prints_what_is_pushed() {
    let node = node().await;
    let path = numbered("/tmp/treewire-nc-{}.sock");
    if let Some(nc) = start("nc", &["-l", "-U", &path]) {
        let push = Push::new("push").dial(format!("lines+ipc://{path}"));
        let push = node.spawn(push).await.unwrap();
        for text in ["one", "two"] {
            in_time(push.send(text)).await.unwrap();
        }
        let printing = tokio::spawn(talk(nc, ""));
        assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
        assert_eq!(in_time(printing).await.unwrap(), "one\ntwo\n");
    }
    let _ = std::fs::remove_file(path);
    stop(node).await;
}

/// Asks twice, half closes, and prints what it is answered.
const ASK: &str = r#"
const net = require("node:net");
const client = net.connect({ port: Number(process.argv[1]), host: "127.0.0.1", allowHalfOpen: true });
client.end(JSON.stringify({ ask: 1 }) + "\r\n" + JSON.stringify({ ask: 2 }) + "\n");
client.pipe(process.stdout);
"#;

/// Answers each line, and says where it listens.
const ANSWER: &str = r#"
const net = require("node:net");
const { createInterface } = require("node:readline");
const server = net.createServer((socket) => {
    createInterface({ input: socket }).on("line", (line) => socket.write(`${line} from node\n`));
    socket.on("error", () => {});
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"#;

#[tokio::test]
async fn a_program_on_nodes_net_asks_and_reads_its_answers_after_its_last_word() {
    let node = node().await;
    let rep = node.spawn(Rep::new("rep").listen(LINES)).await.unwrap();
    let port = port(&rep);
    if let Some(program) = start("node", &["-e", ASK, &port]) {
        let answering = tokio::spawn(async move {
            for text in ["{\"ask\":1}", "{\"ask\":2}"] {
                let request = rep.recv().await.unwrap().unwrap();
                assert_eq!(*request.content().first(), text);
                let content = request.content().clone();
                request.reply(content);
            }
        });
        assert_eq!(talk(program, "").await, "{\"ask\":1}\n{\"ask\":2}\n");
        in_time(answering).await.unwrap();
    }
    stop(node).await;
}

#[tokio::test]
async fn a_server_on_nodes_net_is_asked() {
    let node = node().await;
    if let Some(mut program) = start("node", &["-e", ANSWER]) {
        let mut port = String::new();
        let output = BufReader::new(program.stdout.take().unwrap());
        let output = output.take(8).read_line(&mut port);
        assert!(output.unwrap() > 0, "it says where it listens");
        let req = Req::new("req").dial(format!("lines+tcp://127.0.0.1:{}", port.trim()));
        let req = node.spawn(req).await.unwrap();
        let [one, two] = ["one", "two"].map(|text| {
            let asking = req.request(text);
            async {
                in_time(std::future::IntoFuture::into_future(asking))
                    .await
                    .unwrap()
            }
        });
        let (one, two) = tokio::join!(one, two);
        assert_eq!(*one.first(), "one from node");
        assert_eq!(*two.first(), "two from node");
        program.kill().unwrap();
        program.wait().unwrap();
    }
    stop(node).await;
}
