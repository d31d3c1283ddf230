//! A model of a socket's quarantine, run by `check` with `--cfg treewire_loom`.

use std::sync::{Arc, Weak};

use treewire_runtime::model::{check, thread};

use super::Ward;
use crate::bound::Bound;
use crate::core::{Inlet, Intake, Losses, Peer, PipeId};

fn inlet(serial: u64) -> Inlet {
    let peer = Peer {
        address: "peer".into(),
        host: "host".into(),
        instance: None,
    };
    let bound = Bound {
        messages: 8,
        bytes: 1 << 39,
    };
    let intake = Arc::new(Intake::of_a_connection(bound));
    Inlet::new(Weak::new(), PipeId { key: 0, serial }, peer, 0, intake)
}

#[test]
fn a_quarantine_that_began_is_not_overlooked() {
    check(|| {
        let ward = Arc::new(Ward::new(Losses::new(Arc::default())));
        ward.charge(&inlet(1), "a");
        ward.charge(&inlet(1), "a");
        let charging = {
            let ward = ward.clone();
            thread::spawn(move || ward.charge(&inlet(1), "a"))
        };
        // Somebody else's message comes meanwhile.
        assert!(!ward.refuses(&inlet(2), "a"));
        charging.join().unwrap();
        assert!(ward.refuses(&inlet(1), "a"));
    });
}
