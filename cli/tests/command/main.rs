//! The command as the shell sees it: arguments, streams, exit status.

mod arguments;
mod demo;
mod demo_page;
mod failures;
mod given_up;
mod guide;
mod options;
mod process;
mod pub_sub;
mod push_pull;
mod reconnection;
mod reliable;
mod req_rep;
mod tree;
