/// From here on two names are taken for one that was mistyped.
const ALIKE: f64 = 0.6;

/// The name that was meant, if one of them is much like what was written.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let likeness = |name: &&str| strsim::normalized_damerau_levenshtein(written, name);
    let known = known.into_iter().filter(|name| likeness(name) >= ALIKE);
    known.max_by(|one, other| likeness(one).total_cmp(&likeness(other)))
}

/// The beginning of what is said of a name that is unknown.
pub(super) fn hint(written: &str, known: &[String]) -> String {
    let nearest = nearest(written, known.iter().map(String::as_str));
    nearest.map_or_else(String::new, |name| format!("the nearest is {name:?}, "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_mistyped_is_told_from_what_is_unheard_of() {
        let known = [
            "linger",
            "reconnect",
            "reconnect-first",
            "send-buffer-bytes",
            "delivery",
        ];
        for (written, meant) in [
            ("lingr", Some("linger")),
            ("reconect", Some("reconnect")),
            ("reconnect_first", Some("reconnect-first")),
            ("send_buffer_bytes", Some("send-buffer-bytes")),
            ("deadline", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, known), meant, "{written}");
        }
    }
}
