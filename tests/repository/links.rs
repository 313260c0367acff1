//! Links in Markdown lead somewhere.

use super::{Finding, found_at, none, tree};

/// The targets of inline links and of `[name]: target` lines, outside code.
fn targets(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut fence: Option<&str> = None;
    for (at, line) in text.lines().enumerate() {
        let start = line.trim_start();
        if let Some(mark) = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark)) {
            fence = match fence {
                None => Some(mark),
                Some(open) if open == mark => None,
                open => open,
            };
            continue;
        }
        if fence.is_some() {
            continue;
        }
        let line: String = without_code(line);
        for (end, _) in line.match_indices("](") {
            let rest = &line[end + 2..];
            let target =
                rest.strip_prefix('<').map_or_else(|| rest.split([')', ' ']).next(), |inside| inside.split('>').next());
            found.push((at + 1, target.unwrap_or_default().to_owned()));
        }
        if let Some((_, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            found.push((at + 1, target.split_whitespace().next().unwrap_or_default().to_owned()));
        }
    }
    found
}

/// Each second piece between backticks is code.
fn without_code(line: &str) -> String {
    line.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// The file or folder that a relative target names, from the root.
fn resolve(from: &str, target: &str) -> Option<String> {
    let target = target.split(['#', '?']).next().unwrap_or_default();
    let mut parts: Vec<&str> = if target.starts_with('/') {
        Vec::new()
    } else {
        from.rsplit_once('/').map_or_else(Vec::new, |(folder, _)| folder.split('/').collect())
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

fn check(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Finding> {
    let elsewhere = |target: &str| target.starts_with('#') || target.contains("://") || target.starts_with("mailto:");
    targets(text)
        .into_iter()
        .filter(|(_, target)| !elsewhere(target))
        .filter(|(_, target)| !resolve(path, target).is_some_and(|file| exists(&file)))
        .map(|(line, target)| Finding::new(path, line, format!("`{target}` leads nowhere")))
        .collect()
}

#[test]
fn links_lead_somewhere() {
    let exists = |path: &str| {
        path.is_empty()
            || tree::files()
                .iter()
                .any(|file| file.path.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
    };
    let findings: Vec<Finding> =
        tree::texts(&["md"]).flat_map(|(file, text)| check(&file.path, text, exists)).collect();
    none(&findings);
}

#[test]
fn a_dead_link_is_found() {
    let text = "[a](b.md) [c](../d.md#e) ![f](gone.png \"g\")\n`[h](gone.md)` [i](https://j.k) [l](#m)\n\
                ```\n[n](gone.md)\n```\n[o]: gone.md\n[p](../../../q.md)\n\
                [r](/docs/b.md) [s](../docs)\n[t](<gone u.md>)\n";
    let there = ["docs/b.md", "d.md", "docs"];
    found_at(&check("docs/x.md", text, |path| there.contains(&path)), &[1, 6, 7, 9]);
}
