//! What follows from the rows.

/// Makes of rows the values ([`SocketOptions`](super::SocketOptions)), the table and the builder
/// methods. A row reads
///
/// ```text
/// /// What it does, in plain text: builder, help and page have it.
/// method(type of its argument): Kind = "default" but Pub "another default", whether it changes while the socket runs, [where it may stand];
/// ```
macro_rules! options {
    ($(for $sockets:tt { $(
        $(#[doc = $doc:literal])+
        $name:ident($argument:ty): $kind:ty = $default:literal $(but $other:ident $exception:literal)*,
            $changes:expr, [$($place:ident)*];
    )* })*) => {
        /// How a socket is to be. It outlives the socket's actors.
        #[derive(Clone, Debug)]
        pub(crate) struct SocketOptions {
            /// The builder it was made with, which has these options.
            pub(crate) socket: &'static str,
            pub(crate) socket_type: SocketType,
            $($(pub(crate) $name: <$kind as Kind>::Value,)*)*
        }

        impl SocketOptions {
            pub(crate) fn new(socket: &'static str, socket_type: SocketType) -> Self {
                SocketOptions {
                    socket,
                    socket_type,
                    $($($name: $crate::options::macros::default_of::<$kind>(
                        $crate::options::macros::pick(socket, $default, &[$((stringify!($other), $exception)),*]),
                    ),)*)*
                }
            }
        }

        static TABLE: &[OptionRow] = &[$($(OptionRow {
            name: $crate::options::macros::name!($name),
            help: concat!($($doc),+),
            default: $default,
            exceptions: &[$((stringify!($other), $exception)),*],
            allowed: <$kind as Kind>::ALLOWED,
            sockets: $crate::options::macros::names!($sockets),
            changes: $changes,
            places: &[$(Place::$place),*],
            get: |options| <$kind as Kind>::show(&options.$name),
            put: |options, text| {
                options.$name = <$kind as Kind>::parse(text)?;
                Some(())
            },
            fits: |options| <$kind as Kind>::fits(&options.$name),
        },)*)*];

        $($crate::options::macros::builders! {
            $sockets { $([$($doc)+] $name($argument) [$kind] $default)* }
        })*
    };
}

/// The methods of several builders.
macro_rules! builders {
    ([$($socket:ident)+] $rows:tt) => {
        $($crate::options::macros::builder! { $socket $rows })+
    };
}

macro_rules! builder {
    ($socket:ident { $([$($doc:literal)+] $name:ident($argument:ty) [$kind:ty] $default:literal)* }) => {
        impl $socket {
            $(
                $(#[doc = $doc])+
                ///
                #[doc = concat!("Default: `", $default, "`.")]
                pub fn $name(mut self, value: $argument) -> Self {
                    <$kind as Kind>::put(&mut self.0.options.$name, value.into());
                    self
                }
            )*
        }
    };
}

macro_rules! names {
    ([$($socket:ident)+]) => {
        &[$(stringify!($socket)),+]
    };
}

/// The name of a method as options are written: with hyphens.
macro_rules! name {
    ($name:ident) => {{
        const BYTES: [u8; stringify!($name).len()] =
            $crate::options::macros::hyphenated(stringify!($name));
        match str::from_utf8(&BYTES) {
            Ok(name) => name,
            Err(_) => panic!("names are ASCII"),
        }
    }};
}

pub(super) const fn hyphenated<const LENGTH: usize>(name: &str) -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    let mut index = 0;
    while index < LENGTH {
        bytes[index] = match name.as_bytes()[index] {
            b'_' => b'-',
            other => other,
        };
        index += 1;
    }
    bytes
}

/// The default of one socket.
pub(super) fn pick(
    socket: &str,
    default: &'static str,
    exceptions: &[(&str, &'static str)],
) -> &'static str {
    let mut exceptions = exceptions.iter();
    let own = exceptions.find(|(other, _)| *other == socket);
    own.map_or(default, |(_, exception)| exception)
}

/// A test reads all defaults.
pub(super) fn default_of<K: super::kind::Kind>(text: &str) -> K::Value {
    match K::parse(text) {
        Some(value) if K::ALLOWED.allows(text) => value,
        _ => panic!("the default {text:?} is not {}", K::ALLOWED),
    }
}

pub(super) use {builder, builders, name, names, options};
