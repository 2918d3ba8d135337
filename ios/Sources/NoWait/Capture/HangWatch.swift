// Asks the main thread for a sign of life while the app is in front.
//
// Owns: the question under way. Refuses: what a hang is; the engine knows. Silences that say nothing: the device slept, or
// a debugger is attached. That the whole process was suspended shows in questions that are missing, which the engine sees.
// Invariant: a main thread that answers leaves no fact; in the background nothing is asked.

internal import CNoWaitPlatform
import Dispatch
import Foundation

/// `@unchecked Sendable`: everything is behind `lock`.
final class HangWatch: @unchecked Sendable {
    /// A hang begins with a question: one of 250 ms is seen if it lasts 350, and told up to so much too short.
    /// `PING_GAP_NS_MAX` in `core/src/fold/trackers/limits.rs` wants several in 500 ms.
    private static let period = DispatchTimeInterval.milliseconds(100)
    /// More than that constant is a gap in the questions, behind which another silence begins.
    private static let gapNs: UInt64 = 501_000_000
    /// Two clocks that are read one after the other differ by less.
    private static let slept = Duration.milliseconds(10)

    private let isDebugged: @Sendable () -> Bool
    private let queue = DispatchQueue(label: "nowait.hangs", qos: .userInitiated)
    private let lock = NSLock()
    private var timer: (any DispatchSourceTimer)?
    private var (isAnswered, isTold) = (true, false)
    private var askedNs: UInt64 = 0
    private var asked = (awake: SuspendingClock.now, always: ContinuousClock.now)
    /// Before this nothing is told: the engine must take what follows for another silence.
    private var silentUntilNs: UInt64 = 0

    init(isDebugged: @escaping @Sendable () -> Bool = { nowait_is_debugged() }) { self.isDebugged = isDebugged }

    /// The app is in front.
    func start() {
        lock.withLock {
            guard timer == nil else { return }
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.schedule(deadline: .now(), repeating: Self.period, leeway: .milliseconds(20))
            timer.setEventHandler { [weak self] in self?.look() }
            timer.resume()
            self.timer = timer
        }
    }

    /// Nothing of it is in front any more; the engine ends what is open with the trip to the background.
    func stop() {
        lock.withLock {
            timer?.cancel()
            timer = nil
            (isAnswered, isTold) = (true, false)
        }
    }

    private func look() {
        lock.withLock {
            guard timer != nil else { return }
            let nowNs = uptimeNs()
            if isAnswered { ask(nowNs) } else { silent(nowNs) }
        }
    }

    private func ask(_ nowNs: UInt64) {
        begin(nowNs)
        isAnswered = false
        DispatchQueue.main.async { [weak self] in self?.answer() }
    }

    private func begin(_ nowNs: UInt64) {
        (askedNs, isTold) = (nowNs, false)
        asked = (SuspendingClock.now, ContinuousClock.now)
    }

    /// No answer yet.
    private func silent(_ nowNs: UInt64) {
        let hasSlept = asked.always.duration(to: .now) - asked.awake.duration(to: .now) > Self.slept
        if hasSlept || isDebugged() {
            begin(nowNs)
            silentUntilNs = nowNs + Self.gapNs
        }
        guard nowNs >= silentUntilNs else {
            askedNs = nowNs
            return
        }
        if !isTold { Fact.mainPing.tell(atNs: askedNs) }
        isTold = true
        Fact.mainPing.tell(atNs: nowNs)
    }

    private func answer() {
        lock.withLock {
            if isTold { Fact.mainPong.tell(atNs: uptimeNs()) }
            (isAnswered, isTold) = (true, false)
        }
    }
}
