//! Each flag reaches the socket.

use std::ops::Deref;

use clap::{Args, Command, FromArgMatches};
use treewire::SocketHandle;
use treewire::options::OptionRow;
use treewire::prelude::*;
use treewire::transports::OptionKind;

use super::{Builder, OptionArguments};

/// What the command line has behind its name.
fn parsed<S: Builder>(arguments: &[&str]) -> OptionArguments<S> {
    let command = OptionArguments::<S>::augment_args(Command::new("treewire"));
    let matches = command.try_get_matches_from(["treewire"].iter().chain(arguments));
    OptionArguments::from_arg_matches(&matches.unwrap()).unwrap()
}

/// A value other than the socket has by itself, as it is shown.
fn other_than(default: &str, kind: OptionKind) -> String {
    let candidates = match kind {
        OptionKind::Bool => ["on", "off"].map(str::to_owned).to_vec(),
        OptionKind::Integer { min, max } => [7, 9, min, max].map(|n| n.to_string()).to_vec(),
        OptionKind::Time { .. } => ["7s", "9s"].map(str::to_owned).to_vec(),
        OptionKind::Bytes { .. } => ["70KiB", "90KiB"].map(str::to_owned).to_vec(),
        OptionKind::Hexadecimal { bytes } => vec!["ab".repeat(bytes), "cd".repeat(bytes)],
        OptionKind::Text => ["seven", "nine"].map(str::to_owned).to_vec(),
        OptionKind::OneOf(words) => words.iter().map(|&word| word.to_owned()).collect(),
        OptionKind::OrNone(kind) => vec![other_than(default, *kind)],
        kind => panic!("a value of {kind} has to be added here"),
    };
    let mut others = candidates.into_iter();
    let fits = |text: &String| text != default && kind.allows(text);
    others.find(fits).expect("there is another value")
}

/// How the option stands when a socket of those arguments runs.
async fn stands<S>(node: &Node, new: S, arguments: &[&str], name: &str) -> String
where
    S: Builder + IntoSpec<Handle: Deref<Target = SocketHandle>>,
{
    let socket = parsed(arguments).apply(new).unwrap();
    let socket = node.spawn(socket).await.unwrap();
    socket.get(name).unwrap()
}

/// Of all flags of that socket: how many there are.
async fn all_are_applied<S>(new: fn(String) -> S) -> usize
where
    S: Builder + IntoSpec<Handle: Deref<Target = SocketHandle>>,
{
    let node = Node::builder("test").start().await.unwrap();
    let rows: Vec<&OptionRow> = OptionArguments::<S>::rows().collect();
    for row in &rows {
        let (name, default) = (row.name(), row.default_of(S::NAME));
        let stood = stands(&node, new(format!("{name} as it is")), &[], name).await;
        assert_eq!(stood, default, "{} --{name}", S::NAME);
        let value = other_than(default, row.allowed());
        let flag = format!("--{name}={value}");
        let stood = stands(&node, new(format!("{name} as said")), &[&flag], name).await;
        assert_eq!(stood, value, "{} {flag}", S::NAME);
    }
    node.stop().await.unwrap();
    rows.len()
}

#[tokio::test]
async fn every_flag_is_applied_to_the_socket() {
    let counts = [
        all_are_applied(Push::new).await,
        all_are_applied(Pull::new).await,
        all_are_applied(Req::new).await,
        all_are_applied(Rep::new).await,
        all_are_applied(Pub::new).await,
        all_are_applied(Sub::new).await,
    ];
    assert!(counts.iter().all(|&count| count > 10), "{counts:?}");
}
