//! As much of TOML as the manifests of this repository use.

/// `key = value` of a section, the value as it is written, on one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) line: usize,
}

pub(super) fn entries(text: &str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut section = String::new();
    let mut open = false;
    for (at, line) in text.lines().enumerate() {
        let line = without_comment(line).trim();
        if line.is_empty() {
            continue;
        }
        if open {
            if let Some(last) = entries.last_mut() {
                last.value.push(' ');
                last.value.push_str(line);
                open = is_open(&last.value);
            }
        } else if line.starts_with('[') {
            line.trim_matches(['[', ']']).clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=') {
            let (key, value) = (key.trim().trim_matches('"').to_owned(), value.trim().to_owned());
            open = is_open(&value);
            entries.push(Entry { section: section.clone(), key, value, line: at + 1 });
        }
    }
    entries
}

/// The texts in a list, or the one text.
pub(super) fn strings(value: &str) -> Vec<String> {
    value.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

fn without_comment(line: &str) -> &str {
    let mut quoted = false;
    for (at, char) in line.char_indices() {
        match char {
            '"' => quoted = !quoted,
            '#' if !quoted => return &line[..at],
            _ => {}
        }
    }
    line
}

/// Whether a bracket waits to be closed.
fn is_open(value: &str) -> bool {
    let code: Vec<&str> = value.split('"').step_by(2).collect();
    let count = |brackets: [char; 2]| code.iter().map(|part| part.matches(brackets).count()).sum::<usize>();
    count(['[', '{']) > count([']', '}'])
}

#[test]
fn reads_manifests() {
    let read = entries("[a.b]\n# c\nd = \"1#\" # e\nf = { g = [\n  \"h\", # i\n  \"j\",\n] }\n\n[[k]]\nl.m = true\n");
    let shown: Vec<(&str, &str, usize)> =
        read.iter().map(|entry| (entry.section.as_str(), entry.key.as_str(), entry.line)).collect();
    assert_eq!(shown, [("a.b", "d", 3), ("a.b", "f", 4), ("k", "l.m", 10)]);
    assert_eq!(strings(&read[1].value), ["h", "j"]);
}
