// The state of this process's NoWait, and the queues on which everything that takes time happens.
//
// Owns: whether NoWait was started, and the answers of the engine.
// Refuses: rules and waiting (the engine has them), and what a device is (`Platform`).
// Invariant: nothing the engine does on a start or a flush happens on a caller's thread.

import Dispatch
import Foundation
internal import NoWaitFFI

/// `@unchecked Sendable`: `current`, `flushing` and `host` are behind `lock`, the rest is constant.
final class Face: @unchecked Sendable {
    static let shared = Face()

    /// Starts, reports and shuts down; only the shutdown, which is the last, waits for the network.
    private let queue = DispatchQueue(label: "nowait.face", qos: .utility)
    /// A flush waits for the network as long as the app lets it, and nothing stands behind it.
    private let flushes = DispatchQueue(label: "nowait.flush", qos: .utility, attributes: .concurrent)
    /// One that the app waits for, and a few that it forgot; one more is answered as not complete.
    private static let flushesMax = 4
    private var flushing = 0
    private let lock = NSLock()
    private var current = NoWait.Status.off
    /// How batches leave, unless the library sends them itself.
    private var host: HostTransport?

    private static let nothingSent = NoWait.Flushed(isComplete: false, batchesLeft: 0)

    var status: NoWait.Status {
        lock.lock()
        defer { lock.unlock() }
        return current
    }

    private func set(_ status: NoWait.Status) {
        lock.lock()
        current = status
        lock.unlock()
    }

    func start(endpoint: String, appKey: String, settings: NoWait.Settings) -> NoWait.StartResult {
        // A test took the engine's place.
        if Listener.isThere { return .started }
        lock.lock()
        guard current == .off else {
            lock.unlock()
            return .alreadyStarted
        }
        current = .starting
        lock.unlock()
        queue.async { self.bringUp(endpoint: endpoint, appKey: appKey, settings: settings) }
        return .started
    }

    private func bringUp(endpoint: String, appKey: String, settings: NoWait.Settings) {
        do {
            let config = Platform.config(endpoint: endpoint, appKey: appKey, settings: settings)
            let host = settings.transport is NoWait.NativeTransport ? nil : HostTransport(settings.transport)
            lock.withLock { self.host = host }
            try NoWaitFFI.start(config: config, transport: host)
            set(.running)
        } catch {
            set(.failed(problem: Self.problem(error)))
        }
    }

    /// The engine's own words, which hold no value of a setting; of anything else only its type.
    private static func problem(_ error: any Error) -> String {
        switch error as? StartError {
        case .Config(let message), .Thread(let message), .Transport(let message), .AlreadyStarted(let message),
            .Internal(let message):
            message
        case nil: "nowait: \(type(of: error))"
        }
    }

    /// Whether a test may take the engine's place.
    var isIdle: Bool {
        switch status {
        case .off, .failed, .stopped: true
        case .starting, .running: false
        }
    }

    /// Whether what is told goes somewhere, now or once NoWait is started.
    var takes: Bool {
        switch status {
        case .off, .starting, .running: true
        case .failed, .stopped: Listener.isThere
        }
    }

    /// On the caller's thread: no file operation is in it, and only so it holds when this returns.
    func consent(_ decision: NoWait.Consent) {
        if !Listener.isThere { _ = NoWaitFFI.consent(decision: Platform.consent(decision)) }
    }

    func conditions(_ now: NoWait.Conditions) {
        if !Listener.isThere { NoWaitFFI.conditions(now: Platform.conditions(now)) }
    }

    func mayAsk(everyDays: Int) -> Bool {
        if Listener.isThere { return true }
        let days = UInt64(clamping: min(everyDays, 1_000_000))
        return status == .running && NoWaitFFI.mayAsk(everyMs: days * 86_400_000)
    }

    func doctor() -> NoWait.Diagnosis {
        Doctor.diagnosis(
            status, delivery: NoWaitFFI.delivery(), problem: lock.withLock { host }?.problem,
            hasSeenScreen: Visits.shared.hasAny)
    }

    func flush(timeout: Duration) async -> NoWait.Flushed {
        guard lock.withLock({ count(1) }) else { return Self.nothingSent }
        defer { lock.withLock { _ = count(-1) } }
        // After a start under way.
        guard await later(false, { true }) else { return Self.nothingSent }
        return await withCheckedContinuation { continuation in
            flushes.async {
                continuation.resume(returning: Self.flushed(NoWaitFFI.flush(timeoutMs: Platform.milliseconds(timeout))))
            }
        }
    }

    /// Takes or gives back the room of one flush; whether there was any.
    private func count(_ one: Int) -> Bool {
        guard flushing + one <= Self.flushesMax else { return false }
        flushing += one
        return true
    }

    func shutdown(timeout: Duration) async -> NoWait.Flushed {
        #if canImport(UIKit)
        await UIKitCapture.end()
        #endif
        return await later(Self.nothingSent) {
            self.set(.stopped)
            return Self.flushed(NoWaitFFI.shutdown(timeoutMs: Platform.milliseconds(timeout)))
        }
    }

    func selfReport() async -> NoWait.SelfReport? {
        await later(nil) {
            NoWaitFFI.selfReport().map { report in
                NoWait.SelfReport(
                    session: report.session, produced: report.produced, dropped: report.dropped,
                    signalsLost: report.signalsLost + report.factsRefused.values.reduce(0, +),
                    panicsCaught: report.panicsCaught, isInMemory: report.ringOnHeap)
            }
        }
    }

    private static func flushed(_ flushed: NoWaitFFI.Flushed) -> NoWait.Flushed {
        NoWait.Flushed(isComplete: flushed.complete, batchesLeft: flushed.batchesLeft)
    }

    /// Does `work` on the queue, after what was asked before; `otherwise` if the engine is not running then.
    private func later<Value: Sendable>(
        _ otherwise: Value, _ work: @escaping @Sendable () -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: self.status == .running ? work() : otherwise) }
        }
    }
}
