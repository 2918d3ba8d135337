// The fake for apps' tests: what the app told NoWait, in the order in which it did.
//
// Owns: that list. Refuses: durations and rules; they are the engine's, and tested there.
// Invariant: while a fake listens, nothing but names reaches the engine, and nothing a disk or a network.

import Foundation
internal import NoWait

/// Takes NoWait's place in a test, from its making to ``stop()`` or its end.
///
/// One at a time in a process, and only where NoWait does not run: put tests that use it into one serialized suite.
///
/// `@unchecked Sendable`: `list` and `listening` are behind `lock`.
public final class FakeNoWait: @unchecked Sendable {
    /// How an action, a request or a journey ended.
    public enum Outcome: Sendable, Hashable {
        case done, failed, timedOut, abandoned
    }

    /// One thing that the app told, with the name that it used.
    public enum Told: Sendable, Hashable {
        case breadcrumb(String, number: UInt64)
        case screenCreated(String)
        case screenShown(String)
        case screenReady(String)
        case screenLeft(String)
        case actionBegun
        case actionEnded(String, Outcome)
        case requestBegun(String)
        case requestEnded(status: Int, Outcome)
        case journeyBegun(String)
        case step(String)
        case journeyEnded(Outcome)
        /// As it was told; NoWait takes 1 to 5.
        case rated(String, Int)
        case handedOver
    }

    private let lock = NSLock()
    private var list: [Told] = []
    private var listening = false

    public init() {
        listening = Listener.shared.listen { [weak self] fact in self?.add(fact) }
    }

    deinit { stop() }

    /// Whether this fake is in NoWait's place: not after ``stop()``, and never if NoWait ran in this process or another
    /// fake was there when this one was made.
    public var isListening: Bool {
        lock.lock()
        defer { lock.unlock() }
        return listening
    }

    /// What the app told so far.
    public var told: [Told] {
        lock.lock()
        defer { lock.unlock() }
        return list
    }

    /// Gives NoWait its place back.
    public func stop() {
        lock.lock()
        let wasListening = listening
        listening = false
        lock.unlock()
        if wasListening { _ = Listener.shared.listen(nil) }
    }

    private func add(_ fact: Fact) {
        guard let told = Self.told(fact) else { return }
        lock.lock()
        list.append(told)
        lock.unlock()
    }

    /// Nil for what only NoWait's own capture tells.
    private static func told(_ fact: Fact) -> Told? {
        switch fact {
        case .breadcrumb(let name, let number): return .breadcrumb(nameText(name), number: number)
        case .screenCreated(_, let name): return .screenCreated(nameText(name))
        case .screenShown(_, let name): return .screenShown(nameText(name))
        case .screenReady(_, let name): return .screenReady(nameText(name))
        case .screenLeft(_, let name): return .screenLeft(nameText(name))
        case .actionBegun: return .actionBegun
        case .actionEnded(_, let name, let outcome): return .actionEnded(nameText(name), Outcome(outcome))
        case .requestStarted(_, let name): return .requestBegun(nameText(name))
        case .requestEnded(_, let status, let outcome):
            return .requestEnded(status: Int(status), Outcome(outcome))
        case .journeyStarted(_, let name): return .journeyBegun(nameText(name))
        case .stepStarted(_, let name): return .step(nameText(name))
        case .journeyEnded(_, let outcome): return .journeyEnded(Outcome(outcome))
        case .rated(_, let name, let rating): return .rated(nameText(name), Int(rating))
        case .handedOver: return .handedOver
        case .processStarted, .foreground, .background, .touchUp, .touchHandled, .frame, .mainPing, .mainPong, .crashed:
            return nil
        }
    }
}

extension FakeNoWait.Outcome {
    fileprivate init(_ number: UInt8) {
        switch NoWait.Outcome(rawValue: number) {
        case .done: self = .done
        case .failed: self = .failed
        case .timedOut: self = .timedOut
        case .abandoned, nil: self = .abandoned
        }
    }
}
