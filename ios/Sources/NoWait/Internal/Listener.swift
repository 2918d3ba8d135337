// The test that takes the engine's place.
//
// Owns: who that is. Refuses: more than one, and any while NoWait runs.
// Invariant: while a test listens, no fact reaches the engine.

internal import CNoWaitAtomic
import Foundation

/// `@unchecked Sendable`: `take` is behind `lock`.
package final class Listener: @unchecked Sendable {
    package static let shared = Listener()

    private let lock = NSLock()
    private var take: (@Sendable (Fact) -> Void)?

    /// Whether a test listens.
    @inline(__always)
    static var isThere: Bool { nowait_does_test_listen() }

    /// Gives every fact to a test instead of the engine, or ends that with nil. Only where NoWait does not run and no other
    /// test listens: returns whether.
    package func listen(_ take: (@Sendable (Fact) -> Void)?) -> Bool {
        let isFree = Face.shared.isIdle
        lock.lock()
        defer { lock.unlock() }
        guard take == nil ? self.take != nil : self.take == nil && isFree else { return false }
        self.take = take
        nowait_set_test_listens(take != nil)
        return true
    }

    func hear(_ fact: Fact) {
        lock.lock()
        let take = take
        lock.unlock()
        // Without one, the test has just ended, and what it did not hear was its own.
        take?(fact)
    }
}
