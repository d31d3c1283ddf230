//! The page of the documentation.

use super::foreign_names::{self, Meaning};
use super::{OptionRow, Place, all, page_of_urls};

/// What `docs/options.md` says, in Markdown.
pub fn page() -> String {
    let mut page = HEAD.to_owned();
    for row in all() {
        page.push_str(&line(row));
    }
    page.push_str(&page_of_urls::section());
    page.push_str(FOREIGN_HEAD);
    for (project, table) in foreign_names::TABLES {
        page.push_str(&format!(
            "\n## {project}\n\n| there | here | what differs |\n| --- | --- | --- |\n"
        ));
        for (theirs, meaning) in *table {
            page.push_str(&match meaning {
                Meaning::Option(ours, differs) => {
                    format!("| `{theirs}` | `{ours}` | {differs} |\n")
                }
                Meaning::Url(ours, differs) => format!("| `{theirs}` | `?{ours}=` | {differs} |\n"),
                Meaning::Otherwise(how) => format!("| `{theirs}` | | {how} |\n"),
            });
        }
    }
    page
}

const HEAD: &str = "# Options of sockets

The same names everywhere: `Push::new(\"out\").send_messages_max(5_000)` or `.set(\"send-messages-max\", \"5000\")?` before the socket is spawned, `socket.set(\"send-messages-max\", \"5000\")?`
and `socket.get(…)` while it runs, `?name=value` in an endpoint where the table says url (then it holds for the connections of that endpoint), `--name value` for `treewire push`, `pull`, `req`, `rep`, `pub` and `sub` where it says flag.

Times have units: `250ms`, `5s`, `1m 30s`. Bytes may: `65536`, `64KiB`, `16MiB`. Switches are `on` or `off`. What may be absent is `none`.
What is changed while a socket runs outlives its actors. An unknown name or a value that does not fit is an error that says what is allowed, and changes nothing. All names are written with hyphens, those in URLs, too; methods have underscores.

This page is made from the table in `actors/src/options/table.rs`: `TREEWIRE_WRITE_PAGES=1 cargo test --test options page`. Each row has a test in `tests/options` that fails when the option is ignored.

| option | default | allowed | sockets | changes while it runs | also as | what it does |
| --- | --- | --- | --- | --- | --- | --- |
";

const FOREIGN_HEAD: &str = "
# What others call them

For whoever comes from there. Where the second column is empty there is no such option, and the third says why or what to use. Defaults there are those of libzmq 4.3, nanomsg 1.2 and NNG 1.
Times are whole milliseconds there, -1 without end, and here `250ms`, `5s` and `none`; what is 0 or 1 there is `off` or `on`.
";

fn line(row: &OptionRow) -> String {
    let places: Vec<&str> = row.places().iter().map(place).collect();
    let mut builders = all().iter().flat_map(|row| row.sockets());
    let sockets = match builders.all(|socket| row.is_of(socket)) {
        true => "all".to_owned(),
        false => row.sockets().join(", ").to_lowercase(),
    };
    let name = row.name();
    let exceptions = row.exceptions().iter();
    let exceptions = exceptions.map(|(other, own)| format!(", {} `{own}`", other.to_lowercase()));
    let default = format!("`{}`{}", row.default(), exceptions.collect::<String>());
    let (allowed, changes) = (row.allowed(), row.changes());
    let (places, help) = (places.join(", "), row.help());
    format!("| `{name}` | {default} | {allowed} | {sockets} | {changes} | {places} | {help} |\n")
}

fn place(place: &Place) -> &'static str {
    match place {
        Place::Flag => "flag",
        Place::Url => "url",
        Place::DialedUrl => "url to dial",
    }
}
