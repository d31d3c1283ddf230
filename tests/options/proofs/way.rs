use std::ops::Deref;

use treewire::options::{self, Changes, Place};
use treewire::prelude::*;
use treewire::{OptionError, SocketHandle};

/// How an option is set.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// Before the socket is spawned.
    Builder,
    /// In the URL of its endpoint.
    Url,
    /// On the handle, while it runs.
    Live,
}

/// The endpoint of a socket.
pub(super) enum At<'a> {
    Listen(&'a str),
    Dial(&'a str),
}

pub(super) trait Socket: Sized + IntoSpec<Handle: Deref<Target = SocketHandle>> {
    fn set(self, name: &str, value: &str) -> Result<Self, OptionError>;
    fn listen(self, url: String) -> Self;
    fn dial(self, url: String) -> Self;
}

macro_rules! sockets {
    ($($socket:ident)+) => {
        $(impl Socket for $socket {
            fn set(self, name: &str, value: &str) -> Result<Self, OptionError> {
                $socket::set(self, name, value)
            }

            fn listen(self, url: String) -> Self {
                $socket::listen(self, url)
            }

            fn dial(self, url: String) -> Self {
                $socket::dial(self, url)
            }
        })+
    };
}

sockets!(Push Pull Req Rep Pub);

impl Way {
    /// Those that the row of that option has.
    pub(super) fn of(name: &str) -> Vec<Way> {
        let row = options::all().iter().find(|row| row.name() == name);
        let row = row.expect("there is such an option");
        let places = row.places();
        let mut ways = vec![Way::Builder];
        if places.contains(&Place::Url) || places.contains(&Place::DialedUrl) {
            ways.push(Way::Url);
        }
        if !matches!(row.changes(), Changes::Never(_)) {
            ways.push(Way::Live);
        }
        ways
    }

    /// Spawns the socket there, with the option set in this way.
    pub(super) async fn spawn<S: Socket>(
        self,
        node: &Node,
        socket: S,
        at: At<'_>,
        (name, value): (&str, &str),
    ) -> S::Handle {
        let url = |url: &str| match self {
            Way::Url => format!("{url}?{name}={value}"),
            _ => url.to_owned(),
        };
        let socket = match at {
            At::Listen(listen) => socket.listen(url(listen)),
            At::Dial(dial) => socket.dial(url(dial)),
        };
        let socket = match self {
            Way::Builder => socket.set(name, value).unwrap(),
            _ => socket,
        };
        let handle = node.spawn(socket).await.unwrap();
        match self {
            Way::Builder => assert_eq!(handle.get(name).unwrap(), value),
            Way::Url => {}
            Way::Live => {
                assert_ne!(handle.get(name).unwrap(), value);
                handle.set(name, value).unwrap();
                assert_eq!(handle.get(name).unwrap(), value);
            }
        }
        handle
    }
}
