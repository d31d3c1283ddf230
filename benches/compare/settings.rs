use super::run::Traffic;
use super::{Participant, Recorder};

/// What everybody runs with, as far as the table does not say it.
pub(crate) fn describe_settings(bound_messages: usize) -> String {
    format!(
        "settings, alike for everybody: queues of at most {bound_messages} messages and 16 MiB on either side; TCP_NODELAY; socket \
         buffers as the kernel tunes them; mimalloc; link-time optimized."
    )
}

/// Notes the settings of everybody and those of each participant alone.
pub(crate) fn record_settings(
    recorder: &mut Recorder,
    everybody: &str,
    participants: &[Participant],
) {
    recorder.settings("everybody", everybody);
    for participant in participants {
        if let Some(text) = alone(participant.name) {
            recorder.settings(participant.name, text);
        }
    }
}

/// What one participant runs with alone, by its name in the tables.
fn alone(participant: &str) -> Option<&'static str> {
    let text = match participant {
        "treewire" => {
            "A node on one thread, which is the socket's I/O thread, too. Payloads below 8 KiB are copied from a warm buffer, larger \
             ones are handed over. Within one process two nodes, each on a thread of its own."
        }
        "treewire, typed" => {
            "The same, with messages of a Rust type: encoded with postcard, decoded and handed to an actor's handler beside the socket, \
             which answers where there is an answer."
        }
        "libzmq" => {
            "The system's library, one I/O thread. Payloads below 8 KiB are copied from a warm buffer, larger ones are handed over. With \
             several requests under way DEALER and ROUTER, else REQ and REP. Within one process the two share a context."
        }
        "libzmq, bound 1000" => "As libzmq, with its own default queue bound.",
        "omq-tokio" => {
            "One I/O thread beside a blocking socket, 256 messages a call; an exclusive socket for round trips. Payloads below 8 KiB \
             are copied from a warm buffer, larger ones are handed over."
        }
        "omq-tokio, one thread" => {
            "Everything on the program's tokio runtime, 256 messages a call. Payloads as omq-tokio."
        }
        "rzmq" => {
            "Tokio's threads, one for each CPU, and one thread for round trips; batches of 512 messages and 1 MiB; no throttle. \
             Payloads are handed over."
        }
        "nng" => {
            "The system's library with its own threads, which also run what is received; queues of at most 8,192 messages, its \
             limit. Payloads are copied from a warm buffer."
        }
        "bare tokio" => {
            "One thread, no queue, no framing, one call a message; with several requests under way, one call for all that can go."
        }
        "bare sockets" => "Blocking calls on one thread, no queue, no framing, one call a message.",
        "stock actix" | "ractor" => "Mailboxes without bound.",
        "kameo" => "Mailboxes of 1,024 messages.",
        _ => return None,
    };
    Some(text)
}

/// The head of a table of pushes and pulls.
pub(crate) fn describe_messages(traffic: &Traffic) -> String {
    let Traffic {
        transport,
        size_bytes,
        bound_messages,
        connections,
        ..
    } = *traffic;
    let pushes = match connections {
        1 => String::new(),
        many => format!(" from {many} pushes"),
    };
    let size = super::bytes(size_bytes);
    format!(
        "\n{}, {size}{pushes}, bound {bound_messages} messages",
        transport.describe()
    )
}
