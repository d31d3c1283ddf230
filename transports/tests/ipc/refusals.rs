//! Addresses that cannot be used, each named for its reason.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use treewire_transports::{Endpoint, TransportError, Use};

use super::{files, path, url};

fn refusal(address: &str, wanted: Use) -> Option<String> {
    let endpoint: Endpoint = format!("ipc://{address}").parse().unwrap();
    let checked = files().registry.check(&endpoint, wanted, &[]);
    checked.err().map(|error| error.to_string())
}

#[test]
fn an_address_that_no_socket_can_have() {
    let refused = |address: &str, wanted, reason: &str| {
        let text = refusal(address, wanted).expect("it is refused");
        assert!(text.ends_with(reason), "{address}: {text}");
    };
    refused("@", Use::Listen, "write a name behind the @");
    refused("/run/", Use::Listen, "write the path of a file");
    refused("..", Use::Dial, "write the path of a file");
    #[cfg(target_os = "linux")]
    {
        let long = "a".repeat(107);
        refused(
            &format!("/{long}"),
            Use::Dial,
            "the system takes at most 107 bytes, these are 108",
        );
        refused(
            &format!("@{long}"),
            Use::Listen,
            "the system takes at most 107 bytes, these are 108",
        );
        let folder = format!("/{}/x", "a".repeat(95));
        refused(
            &folder,
            Use::Listen,
            "the folder's path has at most 95 bytes, write a shorter or a relative one",
        );
        assert_eq!(refusal(&folder, Use::Dial), None);
        refused(
            "@x?mode=0600",
            Use::Listen,
            "has no mode, write a path, or say with peer-uid and peer-gid who may connect",
        );
    }
}

#[test]
fn options_name_what_they_take() {
    let refused = |options: &str, allowed: &str| {
        let text = refusal(&format!("/run/x?{options}"), Use::Listen).expect("it is refused");
        assert!(text.ends_with(&format!("allowed is {allowed}")), "{text}");
    };
    refused("mode=0888", "an octal integer from 0 to 777");
    refused("mode=1777", "an octal integer from 0 to 777");
    refused("owner=root", "an integer from 0 to 4294967294");
    refused(
        "peer-uid=0,,1",
        "integers from 0 to 4294967294, separated by commas",
    );
}

#[tokio::test]
async fn a_folder_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for path in [folder.path().join("none/x.sock"), file.join("x.sock")] {
        let error = files().listen_at(&url(&path)).await.err().unwrap();
        assert!(
            matches!(error, TransportError::NoFolder { .. }),
            "{error:?}"
        );
        assert_eq!(
            error.to_string(),
            format!(
                "the folder of {} is not there: make it first, or choose another path",
                url(&path)
            )
        );
    }
}

/// The superuser may write to any folder, but not where the kernel alone makes files.
#[tokio::test]
async fn a_folder_without_permission() {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let is_superuser = fs::write(folder.path().join("probe"), "").is_ok();
    let path = match is_superuser {
        true => "/sys/x.sock".into(),
        false => folder.path().join("x.sock"),
    };
    let error = files().listen_at(&url(&path)).await.err().unwrap();
    assert!(
        matches!(error, TransportError::PermissionDenied { .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("a folder of your own"),
        "{error}"
    );
}

#[tokio::test]
async fn a_path_where_nobody_listens() {
    let endpoint = url(&path()).parse().unwrap();
    let error = files().dial(&endpoint).await.unwrap_err();
    assert!(matches!(error, TransportError::Refused { .. }), "{error:?}");
}
