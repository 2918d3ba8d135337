//! What is counted, as the benchmarks and the program that keeps the records both know it.
//!
//! Owns: the list of operations and how often one count repeats each. Refuses: doing or judging them.
//! Invariant: an id names one operation for ever, as the records of old commits carry it.

/// Repetitions of a hot call in one count: what is around the loop disappears in the division.
pub const CALLS: u32 = 1_000;

/// Starts in one count. Each has a worker and a file of its own.
pub const STARTS: u32 = 8;

/// Sessions that are encoded or decoded in one count.
pub const SESSIONS: u32 = 4;

/// Events of one session.
pub const SESSION_EVENTS: u32 = 500;

/// Something whose instructions are counted.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// The benchmark's function, and the operation's name in the records.
    pub id: &'static str,
    /// What one operation is, for people.
    pub title: &'static str,
    /// Operations in one count.
    pub times: u32,
}

/// In the order of the table: floors and the peer first.
pub const OPERATIONS: [Operation; 13] = [
    Operation { id: "clock", title: "a clock read", times: CALLS },
    Operation { id: "floor", title: "floor: clock + 64-byte store", times: CALLS },
    Operation { id: "queue", title: "clock + ArrayQueue::force_push of 64 bytes", times: CALLS },
    Operation { id: "record", title: "NoWait event, clock included", times: CALLS },
    Operation { id: "refusal", title: "NoWait event that meets a full ring", times: CALLS },
    Operation { id: "action", title: "NoWait action, begin and end", times: CALLS },
    Operation { id: "breadcrumb", title: "NoWait breadcrumb", times: CALLS },
    Operation { id: "tap", title: "NoWait tap signal", times: CALLS },
    Operation { id: "frame", title: "NoWait frame signal", times: CALLS },
    Operation { id: "known_name", title: "a name that is known", times: CALLS },
    Operation { id: "start", title: "start, on the caller's thread", times: STARTS },
    Operation { id: "encode", title: "encode, each event of a session", times: SESSIONS * SESSION_EVENTS },
    Operation { id: "decode", title: "decode, each event of a session", times: SESSIONS * SESSION_EVENTS },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_operations_share_an_id() {
        let mut ids = OPERATIONS.map(|operation| operation.id);
        ids.sort_unstable();
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
