//! One received message as one line.

use serde_json::{Map, Value, json};
use treewire::{Content, Payload};

use crate::arguments::Format;

/// Appends the message and its end of line.
pub(crate) fn append(line: &mut Vec<u8>, content: &Content, format: Format) {
    match format {
        Format::Text => parts(line, content, |line, part| line.extend_from_slice(part)),
        Format::Hex => parts(line, content, |line, part| line.extend(hex(part).bytes())),
        Format::Quoted => parts(line, content, |line, part| {
            line.extend(format!("\"{}\"", part.escape_ascii()).bytes());
        }),
        Format::Json => line.extend(json(content).to_string().bytes()),
    }
    line.push(b'\n');
}

fn parts(line: &mut Vec<u8>, content: &Content, append: impl Fn(&mut Vec<u8>, &Payload)) {
    for (index, part) in content.parts().enumerate() {
        if index > 0 {
            line.push(b' ');
        }
        append(line, part);
    }
}

fn json(content: &Content) -> Value {
    let parts: Vec<Value> = content.parts().map(text_or_hex).collect();
    match content.headers() {
        None => json!({ "parts": parts }),
        Some(headers) => {
            let headers: Map<String, Value> = headers
                .iter()
                .map(|(name, value)| (name.to_owned(), text_or_hex(value)))
                .collect();
            json!({ "parts": parts, "headers": headers })
        }
    }
}

fn text_or_hex(bytes: &Payload) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({ "hex": hex(bytes) }),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_is_one_line_with_all_parts() {
        let plain = Content::new("a\"b").with_part(&[0xff, b'\n'][..]);
        let headed = Content::new("é").with_header("trace", "1");
        let check = |content: &Content, format, expected: &[u8]| {
            let mut line = Vec::new();
            append(&mut line, content, format);
            assert_eq!(
                line.escape_ascii().to_string(),
                expected.escape_ascii().to_string()
            );
        };
        check(&plain, Format::Text, b"a\"b \xff\n\n");
        check(&plain, Format::Hex, b"612262 ff0a\n");
        check(&plain, Format::Quoted, b"\"a\\\"b\" \"\\xff\\n\"\n");
        check(
            &plain,
            Format::Json,
            b"{\"parts\":[\"a\\\"b\",{\"hex\":\"ff0a\"}]}\n",
        );
        check(
            &headed,
            Format::Json,
            "{\"headers\":{\"trace\":\"1\"},\"parts\":[\"é\"]}\n".as_bytes(),
        );
    }
}
