//! Who gives way to whom on a machine that has too few cores for everybody.
//!
//! Owns: the priority of the threads that make reports. Refuses: how many of them there are (see `serve`).
//! Invariant: no thread that stores what a device waits for ever gives way.

/// Lets this thread, and those that it starts from now on, give way to threads of the usual priority. It cannot be taken back.
///
/// A device that is not answered sends again, and one that was is rid of its events; a report is only later. Where nobody
/// ingests, a report is as fast as before. Where the system knows no priorities of threads, nothing is changed.
pub fn give_way() {
    // Elsewhere than on Linux this is the priority of the whole process.
    #[cfg(target_os = "linux")]
    {
        /// On a core for which they compete, ten parts go to ingest and one to a report. Even less gives ingest no more: what is
        /// left is that they share caches and memory.
        const NICE: i32 = 10;
        // Who was started with a lower priority keeps it.
        if let Ok(own) = rustix::process::getpriority_process(None)
            && own < NICE
        {
            // Lowering is always allowed; where it is not, a report is merely in the way.
            let _ = rustix::process::setpriority_process(None, NICE);
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    fn nice() -> i32 {
        rustix::process::getpriority_process(None).unwrap()
    }

    #[test]
    fn a_thread_gives_way_with_those_that_it_starts_and_no_other() {
        let before = nice();
        let (own, started) = std::thread::spawn(|| {
            give_way();
            (nice(), std::thread::spawn(nice).join().unwrap())
        })
        .join()
        .unwrap();
        assert!(own >= 10);
        assert_eq!((started, nice()), (own, before));
    }
}
