//! Each option, set in each way that its row allows: a test that fails if it is ignored.

mod connecting;
mod publishing;
mod receiving;
mod reconnecting;
mod requesting;
mod sending;
mod sessions;
mod way;

use std::collections::BTreeSet;

use treewire::options;

use way::Way;

/// A test for each option, and the table of them.
macro_rules! proofs {
    ($($(#[$attribute:meta])* $name:literal => $module:ident::$proof:ident,)*) => {
        /// The options that are proved to be honoured.
        const PROVED: &[&str] = &[$($name),*];

        $(
            mod $proof {
                use super::*;

                #[tokio::test]
                async fn is_honoured() {
                    for way in Way::of($name) {
                        println!("{} {way:?}", $name);
                        $module::$proof(way).await;
                    }
                }
            }
        )*
    };
}

proofs! {
    "send-messages-max" => sending::send_messages_max,
    "send-bytes-max" => sending::send_bytes_max,
    "overflow" => sending::overflow,
    "immediate" => sending::immediate,
    "hello-message" => sending::hello_message,
    "disconnect-message" => receiving::disconnect_message,
    "hiccup-message" => receiving::hiccup_message,
    "priority" => sending::priority,
    "balance" => sending::balance,
    "send-timeout" => sending::send_timeout,
    "receive-timeout" => receiving::receive_timeout,
    "linger" => sending::linger,
    "message-bytes-max" => receiving::message_bytes_max,
    "receive-messages-max" => receiving::receive_messages_max,
    "receive-bytes-max" => receiving::receive_bytes_max,
    "foreign-codec" => receiving::foreign_codec,
    "handshake-deadline" => connecting::handshake_deadline,
    "heartbeat-interval" => connecting::heartbeat_interval,
    "dead-after" => connecting::dead_after,
    "peers-max" => connecting::peers_max,
    "reconnect" => connecting::reconnect,
    "service" => connecting::service,
    "expect-peer" => connecting::expect_peer,
    "reconnect-first" => reconnecting::reconnect_first,
    "reconnect-ceiling" => reconnecting::reconnect_ceiling,
    "reconnect-attempts" => reconnecting::reconnect_attempts,
    "reconnect-stop" => reconnecting::reconnect_stop,
    "delivery" => sessions::delivery,
    "stickiness" => sessions::stickiness,
    "lease" => sessions::lease,
    "replay-messages-max" => publishing::replay_messages_max,
    "replay-bytes-max" => publishing::replay_bytes_max,
    "invert-matching" => publishing::invert_matching,
    "lock-step" => requesting::lock_step,
    "deadline" => requesting::deadline,
    "codec" => requesting::codec,
}

#[test]
fn each_option_is_proved_to_be_honoured() {
    let rows: BTreeSet<&str> = options::all().iter().map(|row| row.name()).collect();
    let proved: BTreeSet<&str> = PROVED.iter().copied().collect();
    assert_eq!(rows, proved);
}
