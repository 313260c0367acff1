//! A test binary that runs itself again, to see what another process sees, and what one that is killed leaves.
//!
//! The child runs one test of the same binary, which looks for its job in the environment and does nothing without.
//! It tells the parent what it did in lines on its standard error.

use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStderr, Command, Stdio};

const JOB: &str = "FINOPS_TEST_JOB";

/// The job that this process was started for: its words.
pub fn job() -> Option<Vec<String>> {
    let job = std::env::var(JOB).ok()?;
    Some(job.split('\n').map(str::to_owned).collect())
}

/// Another process. It is killed when it is dropped.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    said: BufReader<ChildStderr>,
}

impl Child {
    /// Starts the test of that name with a job.
    pub fn start(test: &str, job: &[&str]) -> Self {
        let command = Command::new(std::env::current_exe().unwrap());
        Self::spawn(command, test, job)
    }

    /// The same in a shell that first runs `setup`.
    pub fn start_after(setup: &str, test: &str, job: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.arg("-c").arg(format!("{setup}; exec \"$@\"")).arg("sh").arg(std::env::current_exe().unwrap());
        Self::spawn(command, test, job)
    }

    fn spawn(mut command: Command, test: &str, job: &[&str]) -> Self {
        let command = command.args([test, "--exact", "--nocapture", "--test-threads=1"]).env(JOB, job.join("\n"));
        let mut process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let said = BufReader::new(process.stderr.take().unwrap());
        Self { process, said }
    }

    /// The next line that it says; none when it has ended.
    pub fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        self.said.read_until(b'\n', &mut line).unwrap();
        // A line without an end is one that a kill cut off.
        line.pop_if(|byte| *byte == b'\n')?;
        Some(String::from_utf8_lossy(&line).into_owned())
    }

    /// Waits until it has said a line; what it said before is passed over.
    ///
    /// # Panics
    /// When it ends without saying it.
    pub fn until(&mut self, wanted: &str) {
        let mut said = Vec::new();
        while let Some(line) = self.line() {
            if line == wanted {
                return;
            }
            said.push(line);
        }
        panic!("ended without '{wanted}' after {said:?}");
    }

    /// Kills it, without a chance to clean up, and gives what it said before.
    pub fn kill(mut self) -> Vec<String> {
        self.process.kill().unwrap();
        self.rest()
    }

    /// What it says until it ends.
    pub fn rest(&mut self) -> Vec<String> {
        let mut text = Vec::new();
        self.said.read_to_end(&mut text).unwrap();
        self.process.wait().unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        let complete = text.rsplit_once('\n').map_or("", |(complete, _)| complete);
        complete.lines().map(str::to_owned).collect()
    }

    /// How much memory it ever had at once, in KiB, as long as it runs. Linux only.
    pub fn peak_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix("kB")?.trim().parse().ok()
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
