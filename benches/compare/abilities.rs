use super::run::Traffic;
use super::{Participant, Transport, is_treewire};

/// Those who can have that traffic; the others are left out of the table.
pub(crate) fn able(participants: Vec<Participant>, traffic: &Traffic) -> Vec<Participant> {
    let mut able = participants;
    able.retain(|participant| is_able(participant.name, traffic));
    able
}

fn is_able(participant: &str, traffic: &Traffic) -> bool {
    let leaves_the_process = traffic.transport != Transport::Inproc;
    match participant {
        name if is_treewire(name) || name.starts_with("libzmq") => true,
        "bare tokio" => leaves_the_process,
        // One connection is one blocked thread.
        "bare sockets" => leaves_the_process && traffic.connections == 1 && traffic.in_flight == 1,
        _ => leaves_the_process && traffic.in_flight == 1,
    }
}
