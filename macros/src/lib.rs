//! The derives and the attribute of Treewire. Use them through the `treewire`
//! crate, whose paths the generated code names.

mod main_attribute;
mod schema;
mod wire_message;

use proc_macro::TokenStream;
use syn::{DeriveInput, ItemFn, parse_macro_input};

/// Makes a message that can be sent over a wire:
/// `#[wire(name = "market.GetQuote", reply = Quote)]`.
///
/// It implements actix's `Message` with `Result = Quote` (`()` without `reply`),
/// the schema, and `WireMessage`. The type also needs serde's two derives.
#[proc_macro_derive(WireMessage, attributes(wire))]
pub fn derive_wire_message(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    wire_message::derive(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Makes a type that can stand in wire messages and be returned by their
/// handlers: it implements the schema and actix's `MessageResponse`. The type
/// also needs serde's two derives.
#[proc_macro_derive(WireType)]
pub fn derive_wire_type(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    wire_message::derive_type(&input)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}

/// Runs an `async fn main` on an actix system of its own; the main thread is
/// arbiter 0. An error it returns is printed with its causes and makes the exit
/// status 1.
#[proc_macro_attribute]
pub fn main(_: TokenStream, item: TokenStream) -> TokenStream {
    let function = parse_macro_input!(item as ItemFn);
    main_attribute::expand(function)
        .unwrap_or_else(|error| error.to_compile_error())
        .into()
}
