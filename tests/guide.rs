//! The guide holds together: its links lead somewhere, its table of contents has every chapter, and
//! its programs are compiled.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

/// What is not the project's own text.
const FOREIGN: &[&str] = &["target", ".git"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_link_between_pages_leads_somewhere() {
    let pages = pages(root());
    let anchors: BTreeMap<&Path, BTreeSet<String>> = pages
        .iter()
        .map(|(path, page)| (path.as_path(), page.anchors()))
        .collect();
    let mut broken = Vec::new();
    for (path, page) in &pages {
        for link in page.links() {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => path.clone(),
                file => normal(&path.parent().unwrap().join(file)),
            };
            let has_anchor = || anchors[target.as_path()].contains(anchor);
            if !root().join(&target).exists() || !anchor.is_empty() && !has_anchor() {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// A book has its own pages only: what lies elsewhere is no link there.
#[test]
fn no_chapter_links_out_of_the_book() {
    for (path, page) in chapters() {
        for link in page.links() {
            let stays = !link.starts_with('/') && !link.starts_with("..");
            assert!(stays, "{}: {link}", path.display());
        }
    }
}

#[test]
fn every_chapter_is_in_the_table_of_contents() {
    let contents = Page::read(&root().join("docs/SUMMARY.md"));
    let listed: BTreeSet<PathBuf> = contents.links().map(PathBuf::from).collect();
    let there: BTreeSet<PathBuf> = chapters()
        .into_keys()
        .map(|path| path.strip_prefix("docs").unwrap().to_owned())
        .collect();
    assert_eq!(listed, there);
}

#[test]
fn every_chapter_with_a_program_is_compiled() {
    let compiled = fs::read_to_string(root().join("src/guide.rs")).unwrap();
    for (path, page) in chapters() {
        let name = path.file_name().unwrap().to_str().unwrap();
        let has_program = page.fences().any(|fence| fence.starts_with("rust"));
        let is_compiled = compiled.contains(&format!("\"{name}\""));
        assert_eq!(has_program, is_compiled, "{name} in src/guide.rs");
        // rustdoc takes what has no language for Rust.
        assert!(page.fences().all(|fence| !fence.is_empty()), "{name}");
    }
}

#[test]
fn every_example_is_listed() {
    let page = fs::read_to_string(root().join("docs/examples.md")).unwrap();
    for entry in fs::read_dir(root().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(page.contains(&format!("| `{name}` |")), "{name}");
    }
}

fn chapters() -> BTreeMap<PathBuf, Page> {
    let mut pages = pages(&root().join("docs"));
    pages.remove(Path::new("docs/SUMMARY.md")).unwrap();
    pages
}

/// Every Markdown file below `folder`, by its path from the root.
fn pages(folder: &Path) -> BTreeMap<PathBuf, Page> {
    let mut pages = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && !FOREIGN.contains(&name) {
            pages.extend(self::pages(&path));
        } else if name.ends_with(".md") {
            let place = path.strip_prefix(root()).unwrap().to_owned();
            pages.insert(place, Page::read(&path));
        }
    }
    pages
}

/// The lines of a page outside and inside of its code.
struct Page {
    text: Vec<String>,
    fences: Vec<String>,
}

impl Page {
    fn read(path: &Path) -> Self {
        let (mut text, mut fences, mut is_code) = (Vec::new(), Vec::new(), false);
        for line in fs::read_to_string(path).unwrap().lines() {
            match line.strip_prefix("```") {
                Some(_) if is_code => is_code = false,
                Some(language) => {
                    is_code = true;
                    fences.push(language.to_owned());
                }
                None if !is_code => text.push(line.to_owned()),
                None => {}
            }
        }
        Page { text, fences }
    }

    /// What its blocks of code say of themselves.
    fn fences(&self) -> impl Iterator<Item = &String> {
        self.fences.iter()
    }

    /// Its links to files and headings, and not to the net.
    fn links(&self) -> impl Iterator<Item = String> {
        let lines = self.text.iter().flat_map(|line| {
            // Every other piece is code.
            let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
            let targets = prose.split("](").skip(1).map(str::to_owned);
            targets.collect::<Vec<_>>()
        });
        lines
            .filter_map(|rest| rest.split_once(')').map(|(link, _)| link.to_owned()))
            .filter(|link| !link.contains("://"))
    }

    /// The names of its headings as both mdBook and forges make them.
    fn anchors(&self) -> BTreeSet<String> {
        let headings = self.text.iter().filter(|line| line.starts_with('#'));
        headings
            .map(|heading| {
                let heading = heading.trim_start_matches('#').trim().to_lowercase();
                let kept = |letter: &char| letter.is_alphanumeric() || " -_".contains(*letter);
                heading.chars().filter(kept).collect::<String>()
            })
            .map(|name| name.replace(' ', "-"))
            .collect()
    }
}

/// The path without `..`.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => drop(normal.pop()),
            part => normal.push(part),
        }
    }
    normal
}
