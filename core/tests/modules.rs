//! The walls between the modules: no two of them import each other, directly or in a circle.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Where tests live, which may look at everything.
const TESTS: [&str; 4] = ["proof", "simulate", "testing", "lib"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let is_tests = path.file_stem().is_some_and(|stem| stem == "tests");
        if path.is_dir() && !is_tests {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_tests {
            found.push(path);
        }
    }
    found
}

/// The modules that each module imports, by `crate::` paths; unit tests at the end of a file do not count.
fn imports() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut imports: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in sources(&root) {
        let inside = path.strip_prefix(&root).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if TESTS.contains(&module.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.split("mod tests {").next().unwrap();
        for rest in text.split("crate::").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
            let is_module = root.join(&name).is_dir() || root.join(format!("{name}.rs")).is_file();
            if is_module && !name.is_empty() && name != module {
                imports.entry(module.clone()).or_default().insert(name);
            }
        }
    }
    imports
}

/// The way from one module to another along imports, if there is one.
fn way(imports: &BTreeMap<String, BTreeSet<String>>, from: &str, to: &str, seen: &mut Vec<String>) -> bool {
    seen.push(from.to_owned());
    let next = imports.get(from).into_iter().flatten();
    from == to || next.clone().any(|next| !seen.contains(next) && way(imports, next, to, seen))
}

#[test]
fn no_module_imports_itself_by_way_of_another() {
    let imports = imports();
    assert!(imports.len() > 10 && imports["worker"].contains("fold"), "nothing was read: {imports:?}");
    for (module, imported) in &imports {
        for other in imported {
            let mut seen = Vec::new();
            assert!(
                !way(&imports, other, module, &mut seen),
                "{module} and {other} import each other: {seen:?}"
            );
        }
    }
}

#[test]
fn nothing_upstream_names_anything_downstream() {
    let imports = imports();
    let flow = ["record", "ring", "fold", "batch", "spool", "upload", "worker", "nowait"];
    let upstream = |module: &str| flow.iter().position(|word| *word == module).unwrap();
    for module in flow {
        for imported in imports.get(module).into_iter().flatten().filter(|name| flow.contains(&name.as_str()))
        {
            // Recording is a call of the ring, and a fact is its words: the one arrow that is drawn along the flow.
            let is_call = (module, imported.as_str()) == ("record", "ring");
            assert!(is_call || upstream(imported) < upstream(module), "{module} names {imported}");
        }
    }
}
