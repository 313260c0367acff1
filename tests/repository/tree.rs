//! The files of the repository, without asking git: what `.gitignore` names is left out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// A file, by its path from the root with `/` between the parts.
#[derive(Debug)]
pub(super) struct File {
    pub(super) path: String,
    pub(super) bytes: u64,
    /// Nothing when the file is no UTF-8 text.
    pub(super) text: Option<String>,
}

impl File {
    pub(super) fn extension(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(_, extension)| extension)
    }
}

pub(super) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the repository").to_path_buf()
}

/// All files, sorted by path.
pub(super) fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let root = root();
        let ignored = Ignored::parse(&fs::read_to_string(root.join(".gitignore")).expect("there is a .gitignore"));
        let mut files = Vec::new();
        walk(&root, "", &ignored, &mut files);
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    })
}

/// The text of a file that must be there.
pub(super) fn text(path: &str) -> &'static str {
    files()
        .iter()
        .find(|file| file.path == path)
        .and_then(|file| file.text.as_deref())
        .unwrap_or_else(|| panic!("{path} is missing or no text"))
}

/// The texts with one of these extensions.
pub(super) fn texts(extensions: &[&str]) -> impl Iterator<Item = (&'static File, &'static str)> {
    files()
        .iter()
        .filter(move |file| extensions.contains(&file.extension()))
        .filter_map(|file| file.text.as_deref().map(|text| (file, text)))
}

fn walk(folder: &Path, prefix: &str, ignored: &Ignored, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("folders can be read") {
        let entry = entry.expect("folders can be read");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        let kind = entry.file_type().expect("entries have a type");
        if name == ".git" || ignored.holds(&path, kind.is_dir()) {
            continue;
        }
        if kind.is_dir() {
            walk(&entry.path(), &path, ignored, files);
        } else if kind.is_file() {
            // An editor may take a file away between the two calls.
            if let Ok(content) = fs::read(entry.path()) {
                let bytes = u64::try_from(content.len()).expect("files fit into memory");
                files.push(File { path, bytes, text: String::from_utf8(content).ok() });
            }
        }
    }
}

/// The patterns of a `.gitignore`, as far as one needs them: no negation, no `**`.
struct Ignored(Vec<Pattern>);

struct Pattern {
    glob: String,
    /// From the root, not at any depth.
    anchored: bool,
    folders_only: bool,
}

impl Ignored {
    fn parse(text: &str) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        Self(
            lines
                .map(|line| {
                    assert!(!line.starts_with('!') && !line.contains("**"), ".gitignore: `{line}` is not understood");
                    let folders_only = line.ends_with('/');
                    let glob = line.trim_end_matches('/');
                    let anchored = glob.contains('/');
                    Pattern { glob: glob.trim_start_matches('/').to_owned(), anchored, folders_only }
                })
                .collect(),
        )
    }

    fn holds(&self, path: &str, folder: bool) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        self.0.iter().any(|pattern| {
            (folder || !pattern.folders_only) && matches(&pattern.glob, if pattern.anchored { path } else { name })
        })
    }
}

/// Whether the text fits the pattern, in which `*` stands for anything but `/`.
fn matches(glob: &str, text: &str) -> bool {
    match glob.split_once('*') {
        None => glob == text,
        Some((head, tail)) => text.strip_prefix(head).is_some_and(|rest| {
            let end = rest.find('/').unwrap_or(rest.len());
            rest.char_indices()
                .map(|(at, _)| at)
                .chain([rest.len()])
                .take_while(|at| *at <= end)
                .any(|at| matches(tail, &rest[at..]))
        }),
    }
}

#[test]
fn finds_this_file_and_leaves_out_what_is_ignored() {
    assert!(text("tests/repository/tree.rs").contains("fn finds_this_file"));
    assert!(files().iter().all(|file| !file.path.starts_with("target/") && !file.path.starts_with(".git/")));
}

#[test]
fn reads_gitignore() {
    let ignored = Ignored::parse("# built\n/target\nnode_modules/\n*.so\n\nfinops-py/out*/x\n");
    for (path, folder, want) in [
        ("target", true, true),
        ("a/target", true, false),
        ("a/node_modules", true, true),
        ("a/node_modules", false, false),
        ("finops-py/python/iof/_iof.abi3.so", false, true),
        ("a.sober", false, false),
        ("finops-py/out-1/x", false, true),
        ("finops-py/out/1/x", false, false),
    ] {
        assert_eq!(ignored.holds(path, folder), want, "{path}");
    }
}
