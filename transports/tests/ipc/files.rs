//! The file of a socket: made, replaced, removed, and never another's.

use std::fs;
use std::future::{Future, poll_fn};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Barrier;
use std::task::Poll;
use std::thread;

use socket2::{Domain, SockAddr, Socket, Type};
use treewire_transports::{Acceptor, TransportError};

use super::conformance::within_a_minute;
use super::{files, path, url};

#[tokio::test]
async fn it_has_the_mode_that_was_asked_for_and_goes_with_its_acceptor() {
    let path = path();
    let acceptor = listen(&format!("{}?mode=0620", url(&path))).await.unwrap();
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o620);
    drop(acceptor);
    assert!(!path.exists());
}

#[tokio::test]
async fn it_has_the_owner_and_the_group_that_were_asked_for() {
    let path = path();
    match listen(&format!("{}?owner=12345&group=54321", url(&path))).await {
        Ok(_acceptor) => {
            let file = fs::metadata(&path).unwrap();
            assert_eq!((file.uid(), file.gid()), (12_345, 54_321));
        }
        // Only the superuser may give files away.
        Err(error) => {
            assert!(
                matches!(error, TransportError::PermissionDenied { .. }),
                "{error:?}"
            );
            assert!(!path.exists());
        }
    }
}

#[tokio::test]
async fn nothing_else_stays_in_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    let names = || -> Vec<_> {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect()
    };
    drop(UnixListener::bind(&path).unwrap());
    let acceptor = listen(&url(&path)).await.unwrap();
    assert_eq!(names(), ["x.sock"]);
    listen(&url(&path)).await.err().expect("it is in use");
    assert_eq!(names(), ["x.sock"]);
    drop(acceptor);
    assert!(names().is_empty());
}

#[tokio::test]
async fn one_that_a_dead_process_left_is_replaced() {
    let path = path();
    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "the system leaves it");
    let mut acceptor = listen(&url(&path)).await.unwrap();
    files().pair(acceptor.as_mut()).await;
}

#[tokio::test]
async fn one_of_a_live_listener_is_never_stolen() {
    let path = path();
    let live = UnixListener::bind(&path).unwrap();
    in_use(&path).await;
    let _connected = UnixStream::connect(&path).unwrap();
    live.accept().unwrap();
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn one_of_a_listener_too_busy_to_be_connected_to_is_never_stolen() {
    let path = path();
    let (_live, _waiting) = busy_listener(&path);
    in_use(&path).await;
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn one_of_another_kind_of_socket_is_never_stolen() {
    let path = path();
    let _live = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    in_use(&path).await;
    fs::remove_file(&path).unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_socket_is_never_removed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("file"), "precious").unwrap();
    fs::create_dir(at("folder")).unwrap();
    symlink("nowhere", at("link")).unwrap();
    for name in ["file", "folder", "link"] {
        let url = url(&at(name));
        let error = listen(&url).await.err().expect("it is no socket");
        assert_eq!(
            error.to_string(),
            format!(
                "{url} is a file that is no socket, which is left alone: remove it yourself, or choose another path"
            )
        );
        assert!(fs::symlink_metadata(at(name)).is_ok(), "{name}");
    }
    assert_eq!(fs::read(at("file")).unwrap(), b"precious");
}

#[tokio::test]
async fn one_that_is_another_s_by_now_stays() {
    let path = path();
    let acceptor = listen(&url(&path)).await.unwrap();
    fs::remove_file(&path).unwrap();
    let mut successor = listen(&url(&path)).await.unwrap();
    drop(acceptor);
    files().pair(successor.as_mut()).await;
}

#[tokio::test]
async fn what_another_published_while_the_folder_was_locked_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.sock");
    drop(UnixListener::bind(&path).unwrap());
    let locked = fs::File::open(folder.path()).unwrap();
    locked.lock().unwrap();
    let url = url(&path);
    let mut listening = Box::pin(listen(&url));
    let first = poll_fn(|cx| Poll::Ready(listening.as_mut().poll(cx)));
    assert!(first.await.is_pending(), "somebody clears the path already");
    assert!(path.exists());
    fs::remove_file(&path).unwrap();
    let live = UnixListener::bind(&path).unwrap();
    drop(locked);
    let error = within_a_minute(listening).await.err().expect("it lives");
    assert!(
        matches!(error, TransportError::AddressInUse { .. }),
        "{error:?}"
    );
    let _connected = UnixStream::connect(&path).unwrap();
    live.accept().unwrap();
}

/// Each finds the stale file; whoever is late must not remove what the first has published.
#[test]
fn of_many_that_start_at_once_one_listens() {
    const STARTERS: usize = 8;
    for _ in 0..20 {
        let path = path();
        drop(UnixListener::bind(&path).unwrap());
        let (begin, end) = (Barrier::new(STARTERS), Barrier::new(STARTERS));
        let start = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                begin.wait();
                let listened = within_a_minute(listen(&url(&path))).await;
                end.wait();
                listened.map(drop)
            })
        };
        let results: Vec<_> = thread::scope(|scope| {
            let starters: Vec<_> = (0..STARTERS).map(|_| scope.spawn(start)).collect();
            starters
                .into_iter()
                .map(|starter| starter.join().unwrap())
                .collect()
        });
        let lucky = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(lucky, 1, "{results:?}");
        for error in results.iter().filter_map(|result| result.as_ref().err()) {
            assert!(
                matches!(error, TransportError::AddressInUse { .. }),
                "{error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_relative_path_begins_at_the_working_directory() {
    let path = path();
    let working = std::env::current_dir().unwrap();
    let up: String = working.components().skip(1).map(|_| "../").collect();
    let relative = format!("{up}{}", path.strip_prefix("/").unwrap().display());
    let mut acceptor = listen(&format!("ipc://{relative}")).await.unwrap();
    assert_eq!(acceptor.local().address(), relative);
    assert!(path.exists());
    files().pair(acceptor.as_mut()).await;
    drop(acceptor);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_dialer_of_a_busy_listener_waits_its_turn() {
    let path = path();
    let (live, waiting) = busy_listener(&path);
    let endpoint = url(&path).parse().unwrap();
    let subject = files();
    let mut dialing = Box::pin(subject.dial(&endpoint));
    let first = poll_fn(|cx| Poll::Ready(dialing.as_mut().poll(cx)));
    assert!(first.await.is_pending(), "there is no room");
    for _ in 0..=waiting.len() {
        live.set_nonblocking(true).unwrap();
        if live.accept().is_err() {
            break;
        }
    }
    within_a_minute(dialing).await.unwrap();
    fs::remove_file(&path).unwrap();
}

async fn listen(url: &str) -> Result<Box<dyn Acceptor>, TransportError> {
    files().listen_at(url).await
}

async fn in_use(path: &Path) {
    let before = fs::metadata(path).unwrap().ino();
    let error = listen(&url(path)).await.err().expect("it lives");
    assert!(
        matches!(error, TransportError::AddressInUse { .. }),
        "{error:?}"
    );
    assert_eq!(fs::metadata(path).unwrap().ino(), before);
}

/// A listener whose row of waiting connections is full.
fn busy_listener(path: &Path) -> (Socket, Vec<Socket>) {
    let address = SockAddr::unix(path).unwrap();
    let listener = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
    listener.bind(&address).unwrap();
    listener.listen(1).unwrap();
    let mut waiting = Vec::new();
    loop {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None).unwrap();
        socket.set_nonblocking(true).unwrap();
        if socket.connect(&address).is_err() {
            return (listener, waiting);
        }
        waiting.push(socket);
    }
}
