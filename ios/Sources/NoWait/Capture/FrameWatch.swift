// The display's refreshes as frames.
//
// Owns: when the display link runs, and which refresh is a frame. Refuses: what is slow or frozen, and which wait a frame
// ends; the engine knows.
// Invariant: the link runs only while somebody waits for a frame or something moves, since a link that always runs keeps
// the processor awake, and frames at rest would keep every tap from settling.
//
// A display link says at each refresh when it began and when what is drawn now is due. So what is drawn in one turn is
// presented by the refresh that comes next: at its time, or, where the main thread was busy, later, and then it is slow.

/// One refresh of the display, by the uptime clock.
struct Refresh: Equatable {
    let startedNs: UInt64
    /// When the next one is due, at the rate that the display has now: 60, 80 or 120 Hz.
    let dueNs: UInt64
}

@MainActor final class FrameWatch {
    private let run: (Bool) -> Void
    private var isRunning = false
    /// Whose frame is not there yet.
    private var earlier: Refresh?
    /// Whether somebody waits for a frame, and whether its turn has begun.
    private var (isWanted, isBegun) = (false, false)
    private var waiting: [@MainActor (_ atNs: UInt64) -> Void] = []
    private var (isMoving, movesUntilNs) = (false, UInt64(0))

    /// - Parameter run: Lets the display link run, or pauses it.
    init(run: @escaping (Bool) -> Void) { self.run = run }

    /// The next frame that is drawn from now on is told, and then given to `then`.
    func wantFrame(_ then: (@MainActor (_ atNs: UInt64) -> Void)? = nil) {
        (isWanted, isBegun) = (true, false)
        if let then { waiting.append(then) }
        follow()
    }

    /// Something moves under the customer's finger, or ceases to: until then all frames are told.
    func moves(_ isMoving: Bool, untilNs: UInt64 = 0) {
        (self.isMoving, movesUntilNs) = (isMoving, untilNs)
        follow()
    }

    /// Nobody sees frames any more.
    func stop() {
        (isWanted, isMoving, movesUntilNs) = (false, false, 0)
        waiting = []
        follow()
    }

    func refreshed(_ refresh: Refresh) {
        let atNs = earlier.map { tell($0, presentedBy: refresh) }
        earlier = refresh
        if let atNs, isBegun {
            isWanted = false
            let waited = waiting
            waiting = []
            waited.forEach { $0(atNs) }
        }
        isBegun = isWanted
        follow(at: refresh.startedNs)
    }

    private func tell(_ drawn: Refresh, presentedBy next: Refresh) -> UInt64 {
        // Clocks of the display jitter; only what came a half refresh too late missed its own.
        let isLate = next.startedNs > drawn.dueNs &+ (drawn.dueNs &- drawn.startedNs) / 2
        let atNs = isLate ? next.startedNs : min(next.startedNs, drawn.dueNs)
        Fact.frame(startedNs: drawn.startedNs, deadlineNs: drawn.dueNs).tell(atNs: atNs)
        return atNs
    }

    private func follow(at nowNs: UInt64 = 0) {
        let isNeeded = isWanted || isMoving || movesUntilNs > nowNs
        if isNeeded == isRunning { return }
        isRunning = isNeeded
        earlier = nil
        run(isNeeded)
    }
}
