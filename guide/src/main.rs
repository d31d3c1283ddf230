//! Makes a book of the guide in `docs/`, below `target/guide`.

use std::error::Error;
use std::path::Path;

use mdbook_driver::MDBook;

fn main() -> Result<(), Box<dyn Error>> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let book = MDBook::load(docs)?;
    book.build()?;
    let built = book.build_dir_for("html").canonicalize()?;
    println!("{}", built.join("index.html").display());
    Ok(())
}
