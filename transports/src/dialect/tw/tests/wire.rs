//! The worked examples of `WIRE.md` are what the code writes and reads.

use std::collections::BTreeMap;

use super::pair::{End, Pair, settings};
use crate::dialect::{
    Close, Credit, Delivery, Dialect, OpenChannel, Output, Refusal, RefusalCode, Role,
};
use crate::{Content, Envelope, Failure};

const PAGE: &str = include_str!("../../../../../WIRE.md");

#[test]
fn the_page_shows_what_is_written() {
    let (shown, written) = (shown(), written());
    for (name, bytes) in &written {
        assert_eq!(shown.get(name), Some(bytes), "{name} is\n{}", hex(bytes));
    }
    assert_eq!(
        shown.len(),
        written.len(),
        "an example of the page is not checked"
    );
}

/// The blocks of the page that begin with "```hex NAME": hexadecimal bytes, a comment after `;`.
fn shown() -> BTreeMap<String, Vec<u8>> {
    let mut examples = BTreeMap::new();
    for block in PAGE.split("```hex ").skip(1) {
        let (name, rest) = block.split_once('\n').expect("a name ends its line");
        let (body, _) = rest.split_once("```").expect("a block ends");
        let words = body.lines().flat_map(|line| {
            line.split(';')
                .next()
                .unwrap_or_default()
                .split_whitespace()
        });
        let bytes = words.map(|word| u8::from_str_radix(word, 16).expect("two hexadecimal digits"));
        examples.insert(name.to_owned(), bytes.collect());
    }
    examples
}

fn written() -> BTreeMap<String, Vec<u8>> {
    let mut examples = BTreeMap::new();
    let mut write = |name: &str, write: &dyn Fn(&mut dyn Dialect, &mut Output)| {
        let mut pair =
            Pair::greeted_with(|settings| settings.frame_bytes_max = 256, Output::stream);
        write(&mut pair.dialer.dialect, &mut pair.dialer.output);
        examples.insert(name.to_owned(), pair.dialer.take_output());
    };
    let open = OpenChannel {
        service: "quotes".into(),
        socket: "req".into(),
        delivery: Delivery::Reliable,
        session: [0x33; 16],
        epoch: 2,
        last_received: 300,
        credit: Credit {
            handled: 0,
            messages_max: 1_000,
            bytes_max: 16 << 20,
        },
        resumes: true,
        stream: [0x55; 16],
        begins_after: 200,
    };
    let data = |content: Content| Envelope::new(content);
    write("data", &|tw, out| {
        tw.send(1, data("sixteen bytes ok".into()), out)
    });
    write("tagged", &|tw, out| {
        tw.send(1, data("ask".into()).correlated(300), out)
    });
    write("parts", &|tw, out| {
        tw.send(1, data(Content::new("a").with_part("bc")), out)
    });
    write("headers", &|tw, out| {
        tw.send(
            1,
            data(Content::new("ask").with_header("trace", "7")).correlated(5),
            out,
        )
    });
    write("failure", &|tw, out| {
        tw.send(
            1,
            Envelope::failure(5, &Failure::new(404, "no such symbol")),
            out,
        )
    });
    write("cancel", &|tw, out| tw.send(1, Envelope::cancel(5), out));
    let note = Envelope::note(vec![4, 1, 4, b'f', b'x', b'.', b'*']).correlated(2);
    write("note", &|tw, out| tw.send(1, note.clone(), out));
    write("open", &|tw, out| _ = tw.open(&open, out));
    let taken = OpenChannel {
        service: String::new(),
        socket: "rep".into(),
        last_received: 0,
        ..open.clone()
    };
    write("accept", &|tw, out| tw.accept(1, &taken, out));
    let refusal = Refusal {
        code: RefusalCode::UnknownService,
        text: "no orders here".into(),
    };
    write("refuse", &|tw, out| tw.refuse(1, &refusal, out));
    let credit = Credit {
        handled: 500,
        messages_max: 1_500,
        bytes_max: 17_000_000,
    };
    write("credit", &|tw, out| tw.credit(1, credit, out));
    let close = Close {
        handled: 500,
        sent: 20,
        reason: "done".into(),
        ends: true,
    };
    write("close", &|tw, out| tw.close(1, &close, out));
    write("goodbye", &|tw, out| tw.goodbye("node stops", out));
    examples.insert("hello".into(), hello());
    examples.insert("ping".into(), ping());
    examples.insert("pong".into(), pong());
    examples
}

fn hello() -> Vec<u8> {
    let mut end = End::new(settings(Role::Dialer), Output::stream());
    end.dialect
        .begin(std::time::Instant::now(), &mut end.output);
    end.take_output()
}

fn ping() -> Vec<u8> {
    let mut pair = Pair::greeted();
    let now = pair.now + std::time::Duration::from_secs(5);
    pair.dialer
        .dialect
        .on_time(now, &mut pair.dialer.output)
        .unwrap();
    pair.dialer.take_output()
}

fn pong() -> Vec<u8> {
    let mut pair = Pair::greeted();
    let (ping, now) = (ping(), pair.now);
    pair.listener.receive(&ping, now).unwrap();
    pair.listener.take_output()
}

fn hex(bytes: &[u8]) -> String {
    let lines = bytes.chunks(16).map(|line| {
        let words: Vec<_> = line.iter().map(|byte| format!("{byte:02X}")).collect();
        words.join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}
