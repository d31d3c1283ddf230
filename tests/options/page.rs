use std::fs;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/options.md");

#[test]
fn the_page_of_options_is_what_their_table_says() {
    let page = treewire::options::page();
    if std::env::var_os("TREEWIRE_WRITE_PAGES").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    let written = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        written == page,
        "docs/options.md is behind: TREEWIRE_WRITE_PAGES=1 cargo test --test options page"
    );
}
