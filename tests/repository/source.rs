//! Source text with its comments and strings told from its code.

/// How a language writes comments and strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Rust,
    Python,
    /// JavaScript and TypeScript.
    Script,
}

impl Language {
    pub(super) fn of(extension: &str) -> Option<Self> {
        match extension {
            "rs" => Some(Self::Rust),
            "py" | "pyi" => Some(Self::Python),
            "js" | "mjs" | "cjs" | "ts" | "mts" => Some(Self::Script),
            _ => None,
        }
    }
}

/// A text twice: once without comments and the insides of strings, once with nothing but comments.
///
/// What is left out is blank, so that lines and columns stay.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) code: String,
    pub(super) comments: String,
}

impl Source {
    pub(super) fn read(text: &str, language: Language) -> Self {
        let mut reader =
            Reader { chars: text.chars().collect(), at: 0, language, code: String::new(), comments: String::new() };
        while reader.at < reader.chars.len() {
            reader.step();
        }
        Self { code: reader.code, comments: reader.comments }
    }

    /// The code without items that are compiled for tests only.
    pub(super) fn code_without_tests(&self) -> String {
        let mut code = self.code.clone();
        let mut from = 0;
        while let Some(at) = code[from..].find("#[cfg(test)]") {
            let start = from + at;
            let end = end_of_item(&code, start + "#[cfg(test)]".len());
            let blank: String = code[start..end].chars().map(|char| if char == '\n' { '\n' } else { ' ' }).collect();
            code.replace_range(start..end, &blank);
            from = start + blank.len();
        }
        code
    }
}

/// Where the item that starts here ends: at its `;` or at the brace that closes it.
fn end_of_item(code: &str, start: usize) -> usize {
    let mut depth = 0_usize;
    for (at, char) in code[start..].char_indices() {
        match char {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return start + at + 1;
                }
            }
            ';' if depth == 0 => return start + at + 1,
            _ => {}
        }
    }
    code.len()
}

struct Reader {
    chars: Vec<char>,
    at: usize,
    language: Language,
    code: String,
    comments: String,
}

impl Reader {
    fn step(&mut self) {
        let char = self.chars[self.at];
        match (self.language, char) {
            (Language::Python, '#') => self.line_comment(),
            (Language::Python, '"' | '\'') if self.sees(&[char; 3]) => self.doc_string(char),
            (Language::Rust | Language::Script, '/') if self.sees(&['/', '/']) => self.line_comment(),
            (Language::Rust | Language::Script, '/') if self.sees(&['/', '*']) => self.block_comment(),
            (Language::Script, '/') if self.starts_a_pattern() => self.pattern(),
            (Language::Script, '`') | (Language::Rust, '"') => self.string(char, true),
            (Language::Python | Language::Script, '"' | '\'') => self.string(char, false),
            (Language::Rust, 'r') if self.raw_hashes().is_some() => self.raw_string(),
            (Language::Rust, '\'') if self.is_char_literal() => self.string(char, false),
            _ => self.take(Part::Code),
        }
    }

    fn sees(&self, want: &[char]) -> bool {
        self.chars[self.at..].starts_with(want)
    }

    /// Moves one character on.
    fn take(&mut self, into: Part) {
        let char = self.chars[self.at];
        let blank = if char == '\n' { '\n' } else { ' ' };
        self.code.push(if into == Part::Code { char } else { blank });
        self.comments.push(if into == Part::Comments { char } else { blank });
        self.at += 1;
    }

    fn take_many(&mut self, count: usize, into: Part) {
        for _ in 0..count {
            if self.at < self.chars.len() {
                self.take(into);
            }
        }
    }

    fn line_comment(&mut self) {
        while self.at < self.chars.len() && self.chars[self.at] != '\n' {
            self.take(Part::Comments);
        }
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        while self.at < self.chars.len() {
            if self.sees(&['/', '*']) && (depth == 0 || self.language == Language::Rust) {
                depth += 1;
                self.take_many(2, Part::Comments);
            } else if self.sees(&['*', '/']) {
                depth -= 1;
                self.take_many(2, Part::Comments);
                if depth == 0 {
                    return;
                }
            } else {
                self.take(Part::Comments);
            }
        }
    }

    fn doc_string(&mut self, quote: char) {
        self.take_many(3, Part::Code);
        while self.at < self.chars.len() && !self.sees(&[quote; 3]) {
            self.take(Part::Comments);
        }
        self.take_many(3, Part::Code);
    }

    fn string(&mut self, quote: char, many_lines: bool) {
        self.take(Part::Code);
        while self.at < self.chars.len() {
            match self.chars[self.at] {
                '\\' => self.take_many(2, Part::Nothing),
                '\n' if !many_lines => return,
                char if char == quote => return self.take(Part::Code),
                _ => self.take(Part::Nothing),
            }
        }
    }

    /// The number of `#` of a raw string that starts here.
    fn raw_hashes(&self) -> Option<usize> {
        let before = self.at.checked_sub(1).map(|at| self.chars[at]);
        if before.is_some_and(|char| is_word(char) && char != 'b' && char != 'c') {
            return None;
        }
        let rest = &self.chars[self.at + 1..];
        let hashes = rest.iter().take_while(|char| **char == '#').count();
        (rest.get(hashes) == Some(&'"')).then_some(hashes)
    }

    fn raw_string(&mut self) {
        let hashes = self.raw_hashes().unwrap_or(0);
        let mut end = vec!['"'];
        end.extend(std::iter::repeat_n('#', hashes));
        self.take_many(hashes + 2, Part::Code);
        while self.at < self.chars.len() && !self.sees(&end) {
            self.take(Part::Nothing);
        }
        self.take_many(end.len(), Part::Code);
    }

    /// Or else it is a lifetime.
    fn is_char_literal(&self) -> bool {
        self.chars.get(self.at + 1) == Some(&'\\') || self.chars.get(self.at + 2) == Some(&'\'')
    }

    /// Whether a `/` is no division, by what stands before it.
    fn starts_a_pattern(&self) -> bool {
        let before = self.code.trim_end();
        before.ends_with("return") || before.chars().last().is_none_or(|char| "(,=:[!&|?{};".contains(char))
    }

    fn pattern(&mut self) {
        self.take(Part::Code);
        let mut in_class = false;
        while self.at < self.chars.len() {
            match self.chars[self.at] {
                '\\' => self.take_many(2, Part::Nothing),
                '\n' => return,
                '/' if !in_class => return self.take(Part::Code),
                char => {
                    in_class = char == '[' || (in_class && char != ']');
                    self.take(Part::Nothing);
                }
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    Comments,
    Nothing,
}

pub(super) fn is_word(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// Where a word stands on a line by itself, not as a part of a longer one.
pub(super) fn has_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let free = |edge: Option<char>, next: Option<char>| !(edge.is_some_and(is_word) && next.is_some_and(is_word));
        free(word.chars().next(), line[..at].chars().next_back())
            && free(word.chars().next_back(), line[at + word.len()..].chars().next())
    })
}

#[test]
fn tells_rust_code_from_comments_and_strings() {
    let text = "let a = \"x // y \\\" z\"; // note\n/* one /* two */ three */ let b: &'a u8 = &b'q';\n\
                let c = r#\"raw \" text\"#; let d = '\\''; let e = \"two\nlines\"; f()";
    let source = Source::read(text, Language::Rust);
    assert_eq!(source.code.lines().count(), text.lines().count());
    for word in ["note", "one", "three", "x //", "raw", "two", "lines"] {
        assert!(!source.code.contains(word), "{word}: {}", source.code);
    }
    for word in ["let a", "let b: &'a u8", "let c", "let d", "let e", "f()"] {
        assert!(source.code.contains(word), "{word}: {}", source.code);
    }
    assert!(source.comments.contains("// note") && source.comments.contains("/* one /* two */ three */"));
}

#[test]
fn tells_python_and_script_code_from_comments() {
    let python = Source::read("'''doc # of'''\nx = 'it # is'  # why\n", Language::Python);
    assert!(python.comments.contains("doc # of") && python.comments.contains("# why"));
    assert!(python.code.contains("x = '") && !python.code.contains("is"));
    let script =
        Source::read("const a = s.replace(/\"[/]`/, 'q'); // why\nconst b = `t\n//${1 / 2}`; c();", Language::Script);
    assert!(script.comments.contains("// why") && !script.comments.contains("${"), "{}", script.comments);
    assert!(script.code.contains("const b = `") && script.code.contains("c();"));
}

#[test]
fn leaves_out_items_for_tests() {
    let text = "fn a() {}\n#[cfg(test)]\nuse x::{y};\n#[cfg(test)]\n#[allow(q)]\nmod tests {\n\
                fn b() { if x { y } }\n}\nfn c() {}\n";
    let code = Source::read(text, Language::Rust).code_without_tests();
    assert!(code.contains("fn a()") && code.contains("fn c()") && !code.contains("fn b()"), "{code}");
    assert_eq!(code.lines().count(), text.lines().count());
}

#[test]
fn finds_whole_words() {
    assert!(has_word("x.unwrap()", "unwrap()") && has_word("a: f64,", "f64") && has_word("todo!()", "todo!"));
    assert!(!has_word("visit_f64(x)", "f64") && !has_word("eprintln!", "println!") && !has_word("XXXL", "XXX"));
}
