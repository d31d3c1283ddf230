//! A tcp proxy that cuts what runs through it at random bytes.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::Dice;

/// Forwards connections; each is cut after a number of bytes that is drawn for it.
pub(crate) struct Proxy {
    /// Where to dial it.
    pub(crate) url: String,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

struct State {
    target: Mutex<SocketAddr>,
    cuts: AtomicU64,
    calm: AtomicBool,
    /// What the near end says, and what the far end says, is swallowed.
    mute: [AtomicBool; 2],
}

fn socket_address(url: &str) -> SocketAddr {
    url.strip_prefix("tcp://").unwrap().parse().unwrap()
}

/// The proxy had enough of a connection.
struct Cut;

impl Proxy {
    /// Forwards to `url`, a `tcp://` of this machine; each connection carries less than
    /// `bytes_max` in both directions together.
    pub(crate) async fn to(url: &str, seed: u64, bytes_max: u64) -> Proxy {
        let target = socket_address(url);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("tcp://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            target: Mutex::new(target),
            cuts: AtomicU64::default(),
            calm: AtomicBool::default(),
            mute: Default::default(),
        });
        let shared = state.clone();
        let accepting = tokio::spawn(async move {
            let mut dice = Dice::new(seed);
            while let Ok((near, _)) = listener.accept().await {
                // Whoever dials is told by the end of its connection.
                let target = *shared.target.lock().unwrap();
                if let Ok(far) = TcpStream::connect(target).await {
                    tokio::spawn(carry(near, far, dice.below(bytes_max), shared.clone()));
                }
            }
        });
        Proxy {
            url,
            state,
            accepting,
        }
    }

    /// How many connections it has cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.state.cuts.load(SeqCst)
    }

    /// Forwards connections that come from now on to `url` instead.
    pub(crate) fn lead_to(&self, url: &str) {
        *self.state.target.lock().unwrap() = socket_address(url);
    }

    /// Swallows from now on what the dialing side says.
    pub(crate) fn mute_the_dialer(&self) {
        self.state.mute[0].store(true, SeqCst);
    }

    /// Swallows from now on what the listening side says.
    pub(crate) fn mute_the_listener(&self) {
        self.state.mute[1].store(true, SeqCst);
    }

    /// Cuts no more.
    pub(crate) fn calm_down(&self) {
        self.state.calm.store(true, SeqCst);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(near: TcpStream, far: TcpStream, bytes: u64, state: Arc<State>) {
    let left = AtomicU64::new(bytes);
    let (near_read, near_write) = near.into_split();
    let (far_read, far_write) = far.into_split();
    let carried = tokio::try_join!(
        pump(near_read, far_write, &left, &state.calm, &state.mute[0]),
        pump(far_read, near_write, &left, &state.calm, &state.mute[1])
    );
    if let Err(Cut) = carried {
        state.cuts.fetch_add(1, SeqCst);
    }
}

/// Carries one direction to its end, or until nothing is left to be carried by both.
async fn pump(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    left: &AtomicU64,
    calm: &AtomicBool,
    mute: &AtomicBool,
) -> Result<(), Cut> {
    let mut buffer = vec![0; 16 * 1024];
    // Whoever hangs up without a word has ended its direction as well.
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if mute.load(SeqCst) {
            continue;
        }
        let mut may = count;
        if !calm.load(SeqCst) {
            may = left.load(SeqCst).min(count as u64) as usize;
            left.fetch_sub(may as u64, SeqCst);
        }
        if to.write_all(&buffer[..may]).await.is_err() {
            break;
        }
        if may < count {
            return Err(Cut);
        }
    }
    // Fails if it is ended already.
    let _ = to.shutdown().await;
    Ok(())
}
