//! Who may depend on whom, and what every crate has in common.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package};

/// The crates of the workspace, and which of them each may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("treewire-runtime", &[]),
    ("treewire-transports", &[]),
    ("treewire-macros", &[]),
    ("treewire-bench-report", &[]),
    ("xtask", &["treewire-bench-report"]),
    (
        "treewire-actors",
        &["treewire-runtime", "treewire-transports"],
    ),
    ("treewire-observer", &["treewire-runtime"]),
    (
        "treewire",
        &[
            "treewire-actors",
            "treewire-macros",
            "treewire-observer",
            "treewire-runtime",
            "treewire-transports",
        ],
    ),
    (
        "treewire-cli",
        &[
            "treewire",
            "treewire-actors",
            "treewire-observer",
            "treewire-runtime",
            "treewire-transports",
        ],
    ),
];

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .no_deps()
        .other_options(["--offline".to_owned()])
        .exec()
        .unwrap()
}

/// What a crate uses to be built, tests and benches aside.
fn uses(package: &Package) -> BTreeSet<String> {
    let dependencies = package.dependencies.iter();
    dependencies
        .filter(|dependency| dependency.kind != DependencyKind::Development)
        .map(|dependency| dependency.name.clone())
        .filter(|name| name.starts_with("treewire"))
        .collect()
}

#[test]
fn crates_depend_on_each_other_as_the_design_has_it() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> = MAY_USE
        .iter()
        .map(|(name, others)| (*name, others.iter().copied().collect()))
        .collect();
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        let allowed = allowed
            .get(name)
            .unwrap_or_else(|| panic!("{name} is new: say here what it may use"));
        for used in uses(package) {
            assert!(allowed.contains(used.as_str()), "{name} uses {used}");
        }
    }
}

/// Tests included: the two halves must not meet below `actors`.
#[test]
fn runtime_and_transports_know_nothing_of_the_workspace_even_in_tests() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        if matches!(
            package.name.as_str(),
            "treewire-runtime" | "treewire-transports"
        ) {
            for dependency in &package.dependencies {
                let name = &dependency.name;
                // A crate asks itself for the features that its own tests need.
                assert!(
                    !name.starts_with("treewire") || *name == *package.name,
                    "{} uses {name}",
                    package.name
                );
            }
        }
    }
}

#[test]
fn every_crate_takes_lints_and_versions_from_the_workspace() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
        let has = |line: &str| manifest.lines().any(|other| other.trim() == line);
        let name = &package.name;
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{name}: lints"
        );
        for line in [
            "version.workspace = true",
            "edition.workspace = true",
            "rust-version.workspace = true",
            "license.workspace = true",
        ] {
            assert!(has(line), "{name}: {line}");
        }
        for dependency in &package.dependencies {
            let stated = format!("{}.workspace = true", dependency.name);
            let with_features = format!("{} = {{ workspace = true", dependency.name);
            assert!(
                has(&stated) || manifest.contains(&with_features),
                "{name}: {} has a version of its own",
                dependency.name
            );
        }
    }
}

#[test]
fn unsafe_code_is_forbidden() {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    assert!(manifest.contains("unsafe_code = \"forbid\""));
}

/// The paused clock of tokio costs, and belongs to tests.
#[test]
fn nothing_is_built_with_the_driven_clock_unless_it_asks() {
    let metadata = metadata();
    for package in metadata.workspace_packages() {
        assert!(
            !package.features.contains_key("default"),
            "{}",
            package.name
        );
        for dependency in &package.dependencies {
            let driven = |feature: &String| matches!(&**feature, "driven" | "test-util");
            assert!(
                dependency.kind == DependencyKind::Development
                    || !dependency.features.iter().any(driven),
                "{} builds {} with it",
                package.name,
                dependency.name
            );
        }
    }
}

/// Every name in italics on the pages of promises is a test.
#[test]
fn each_promise_names_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut tests = BTreeSet::new();
    for folder in ["actors", "runtime", "transports", "tests"] {
        collect_tests(&root.join(folder), &mut tests);
    }
    let pages = ["docs/semantics.md", "docs/delivery.md", "docs/lines.md"];
    let page = pages
        .map(|page| fs::read_to_string(root.join(page)).unwrap())
        .join("\n");
    let is_name = |word: &&str| {
        let of_a_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        word.contains('_') && word.chars().all(of_a_name)
    };
    let named: BTreeSet<&str> = page.split('*').filter(is_name).collect();
    assert!(named.len() > 40, "the page names only {named:?}");
    let missing: Vec<_> = named
        .iter()
        .filter(|name| !tests.contains(**name))
        .collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
}

/// The names of the functions that follow a test attribute, or run over every transport or wire.
fn collect_tests(folder: &Path, tests: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect_tests(&path, tests);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let mut lines = text.lines().map(str::trim);
            while let Some(line) = lines.next() {
                if line == "#[test]" || line.starts_with("#[tokio::test") {
                    let declared = lines.next().unwrap_or_default();
                    let name = declared.split("fn ").nth(1).unwrap_or_default();
                    tests.extend(name.split('(').next().map(str::to_owned));
                } else if line == "over_every_transport! {" || line == "over_every_wire! {" {
                    let listed = lines.by_ref().take_while(|line| *line != "}");
                    tests.extend(listed.map(str::to_owned));
                }
            }
        }
    }
}
