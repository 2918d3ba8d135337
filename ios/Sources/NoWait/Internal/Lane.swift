// The way of every hot call: nowhere while off, into a fixed buffer until the engine is up, then straight to it.
//
// Owns: the state of that way, and the signals that wait. Refuses: text, and anything that takes time.
// Invariant: signals reach the engine in the order in which they were told, each with its own time or counted as lost.

internal import CNoWaitAtomic
import Foundation
internal import NoWaitFFI

/// `@unchecked Sendable`: `state` is atomic, `nextNumber` is atomic, everything else is behind `lock`.
package final class Lane: @unchecked Sendable {
    package static let shared = Lane(names: .shared)

    /// Signals that may wait for the engine, as many as Kotlin keeps: a launch tells a few dozen.
    package static let waitingMax = 512

    enum State: UInt8 {
        case off = 0
        case waiting = 1
        case up = 2
        /// A test took the engine's place; see ``listen(_:)``.
        case heard = 3
    }

    /// A signal and when it happened, on the engine's clock.
    package struct Told: Sendable {
        package let signal: Signal
        package let atNs: UInt64
    }

    private let names: Names
    private let state = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
    private let nextNumber = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    private let lock = NSLock()
    private var waiting: [Told] = []
    private var lostCount: UInt64 = 0
    private var listener: (@Sendable (Told) -> Void)?

    init(names: Names) {
        self.names = names
        state.initialize(to: State.off.rawValue)
        nextNumber.initialize(to: 1)
    }

    deinit {
        state.deallocate()
        nextNumber.deallocate()
    }

    @inline(__always)
    private func isIn(_ expected: State) -> Bool { nowait_atomic_load(state) == expected.rawValue }

    /// Whether telling does anything.
    package var takesSignals: Bool { !isIn(.off) }

    /// A number that no other request or journey of this process has; never 0.
    func nextID() -> UInt64 { nowait_atomic_next(nextNumber) }

    /// Tells a signal that happens now.
    @inline(__always)
    package func tell(_ signal: Signal) {
        if isIn(.up) {
            signal.speak(atNs: nowNsInEngine, names: names)
        } else {
            hold(signal)
        }
    }

    /// An action begins: when, or 0 while off.
    @inline(__always)
    func actionBegin() -> UInt64 {
        if isIn(.up) { return NoWaitFFI.actionBegin(atNs: nowNsInEngine) }
        return hold(.actionBegun)
    }

    /// What is not for the engine, or not yet; returns when the signal happened, or 0 while off.
    @inline(never)
    @discardableResult
    private func hold(_ signal: Signal) -> UInt64 {
        guard !isIn(.off) else { return 0 }
        let told = Told(signal: signal, atNs: NoWaitFFI.nowNs())
        lock.lock()
        switch State(rawValue: nowait_atomic_load(state)) {
        case .waiting where waiting.count < Self.waitingMax: waiting.append(told)
        case .waiting: lostCount += 1
        case .heard:
            let listener = listener
            lock.unlock()
            listener?(told)
            return told.atNs
        case .up:
            // The engine came up between the two looks.
            lock.unlock()
            signal.speak(atNs: told.atNs, names: names)
            return told.atNs
        case .off, nil:
            lock.unlock()
            return 0
        }
        lock.unlock()
        return told.atNs
    }

    // MARK: For the face's own queue

    /// From now on signals wait for the engine.
    func open() {
        lock.lock()
        waiting.reserveCapacity(Self.waitingMax)
        nowait_atomic_publish(state, State.waiting.rawValue)
        lock.unlock()
    }

    /// The engine is up and knows every name: hands it what waited, and then opens the direct way.
    func handOver() {
        while true {
            lock.lock()
            let batch = waiting
            waiting = []
            if batch.isEmpty {
                if isIn(.waiting) { nowait_atomic_publish(state, State.up.rawValue) }
                lock.unlock()
                return
            }
            waiting.reserveCapacity(Self.waitingMax)
            lock.unlock()
            for told in batch { told.signal.speak(atNs: told.atNs, names: names) }
        }
    }

    /// From now on nothing is taken, and what still waits is lost.
    func close() {
        lock.lock()
        nowait_atomic_publish(state, State.off.rawValue)
        lostCount += UInt64(waiting.count)
        waiting = []
        lock.unlock()
    }

    /// Signals that never reached the engine, because it was not up in time.
    package var lost: UInt64 {
        lock.lock()
        defer { lock.unlock() }
        return lostCount
    }

    /// Gives every signal to a test instead of the engine, or ends that with nil. Only where NoWait was not started and
    /// no other test listens: returns whether.
    package func listen(_ listener: (@Sendable (Told) -> Void)?) -> Bool {
        lock.lock()
        defer { lock.unlock() }
        guard isIn(listener == nil ? .heard : .off) else { return false }
        self.listener = listener
        nowait_atomic_publish(state, (listener == nil ? State.off : .heard).rawValue)
        return true
    }
}
