//! A layer under a process, for tests: while the file that `FAIL_SYNC` names is there, no sync succeeds of a file whose
//! path has the text that it holds. It fails as a disk does that lost what it was given: what was written may be there
//! later or not.
//!
//! This is no part of the crate: `support::FailingSync` compiles it, and the linker puts it before the functions of the
//! system.

use std::ffi::{c_int, c_long};

/// An error of the device.
const EIO: c_int = 5;
/// The numbers of the calls `fsync` and `fdatasync`.
#[cfg(target_arch = "x86_64")]
const CALLS: (c_long, c_long) = (74, 75);
#[cfg(target_arch = "aarch64")]
const CALLS: (c_long, c_long) = (82, 83);

unsafe extern "C" {
    fn syscall(number: c_long, ...) -> c_long;
    fn __errno_location() -> *mut c_int;
}

/// Whether a sync of that file is to fail.
fn fails(file: c_int) -> bool {
    let text = std::env::var_os("FAIL_SYNC").and_then(|name| std::fs::read_to_string(name).ok());
    let path = std::fs::read_link(format!("/proc/self/fd/{file}")).unwrap_or_default();
    text.is_some_and(|text| path.to_string_lossy().contains(&text))
}

fn sync(call: c_long, file: c_int) -> c_int {
    if fails(file) {
        // SAFETY: the address is that of this thread's number of the last error.
        unsafe { *__errno_location() = EIO };
        return -1;
    }
    // SAFETY: both calls take the number of a file, and refuse one that is none.
    let done = unsafe { syscall(call, file) };
    if done == 0 { 0 } else { -1 }
}

#[unsafe(no_mangle)]
extern "C" fn fsync(file: c_int) -> c_int {
    sync(CALLS.0, file)
}

#[unsafe(no_mangle)]
extern "C" fn fdatasync(file: c_int) -> c_int {
    sync(CALLS.1, file)
}
