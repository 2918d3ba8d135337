// What NoWait costs an app that calls it from Swift: processor time and allocations of the calling thread, per call.
//
// With the argument `start` it measures the one thing that a process can do only once.
//
// Owns: the figures of the calling side. Refuses: peers that are not there: Debian ships no Swift package of theirs.
// Invariant: every round fits the flight recorder, so that no figure is that of a refused event.

import CAllocations
import Foundation
import NoWait
import NoWaitFFI

/// Calls of a round: a quarter of the flight recorder's 4,096 slots.
let callsOfRound = 1_000
let rounds = 200

/// Answers nothing, at once: batches stay in the spool, as for a phone without a network.
struct NoNetwork: NoWait.Transport {
    func send(_ parcel: NoWait.Parcel) -> NoWait.Answer? { nil }
}

/// What an app without NoWait would write: a time and a name into an array, behind a lock. A sum of costs, no delivery.
final class ArrayBehindLock: @unchecked Sendable {
    private let lock = NSLock()
    private var entries: [(name: UInt32, atNs: UInt64)] = []

    init() { entries.reserveCapacity(callsOfRound) }

    func add(_ name: UInt32) {
        let atNs = nowNs()
        lock.lock()
        if entries.count == callsOfRound { entries.removeAll(keepingCapacity: true) }
        entries.append((name, atNs))
        lock.unlock()
    }
}

struct Cost {
    var nsMedian = 0.0
    var nsLeast = 0.0
    var allocations = 0.0
    var bytes = 0.0
}

func cost(_ work: () -> Void) async -> Cost {
    var ns: [Double] = []
    var (allocations, bytes) = (UInt64(0), UInt64(0))
    for round in 0..<rounds + 1 {
        let (countBefore, bytesBefore) = (allocations_count(), allocations_bytes())
        let before = thread_cpu_ns()
        for _ in 0..<callsOfRound { work() }
        let spent = thread_cpu_ns() - before
        // The first round warms up.
        if round > 0 {
            ns.append(Double(spent) / Double(callsOfRound))
            allocations += allocations_count() - countBefore
            bytes += allocations_bytes() - bytesBefore
        }
        _ = await NoWait.flush(timeout: .seconds(5))
    }
    ns.sort()
    let calls = Double(rounds * callsOfRound)
    return Cost(
        nsMedian: ns[ns.count / 2], nsLeast: ns[0], allocations: Double(allocations) / calls,
        bytes: Double(bytes) / calls)
}

func row(_ name: String, _ cost: Cost) {
    let label = name.padding(toLength: 52, withPad: " ", startingAt: 0)
    print(label + String(format: "%9.1f %9.1f %9.2f %9.1f", cost.nsMedian, cost.nsLeast, cost.allocations, cost.bytes))
}

func start(in folder: URL) -> NoWait.StartResult {
    NoWait.start(endpoint: "http://127.0.0.1:1", appKey: "bench") {
        $0.consent = .granted
        $0.appVersion = "1"
        $0.flushInterval = .seconds(3_600)
        $0.folder = folder
        $0.transport = NoNetwork()
    }
}

func costOfStart(in folder: URL) async {
    let (countBefore, bytesBefore) = (allocations_count(), allocations_bytes())
    let (wallBefore, before) = (nowNs(), thread_cpu_ns())
    let result = start(in: folder)
    let spent = thread_cpu_ns() - before
    let wall = nowNs() - wallBefore
    let (count, bytes) = (allocations_count() - countBefore, allocations_bytes() - bytesBefore)
    print("start \(spent) \(wall) \(count) \(bytes) \(result)")
    _ = await NoWait.shutdown()
}

func costsOfCalls(in folder: URL) async throws {
    _ = start(in: folder)
    guard await NoWait.selfReport() != nil else { throw CancellationError() }
    let pay = NoWait.action("Pay.Confirm")
    let name = registerName(text: "Pay.Confirm")
    let home = NoWait.screen("Home")
    let prompt = NoWait.crumb("biometric.prompt")
    let own = ArrayBehindLock()

    print("CPU of the calling thread, median and least of \(rounds) rounds of \(callsOfRound) calls; heap per call")
    print("".padding(toLength: 52, withPad: " ", startingAt: 0) + "ns median  ns least    allocs     bytes")
    row("floor: the clock, by DispatchTime", await cost { _ = DispatchTime.now().uptimeNanoseconds })
    row("floor: a UniFFI call that reads the clock", await cost { _ = nowNs() })
    row("in Swift alone: clock, lock, array; not durable", await cost { own.add(7) })
    row(
        "event: a finished action, by the hot lane",
        await cost { actionRecord(name: name, startedNs: 1, endedNs: .max, outcome: 0) })
    row("event: breadcrumb", await cost { NoWait.breadcrumb(prompt) })
    row("event: breadcrumb, by its text", await cost { NoWait.breadcrumb("biometric.prompt") })
    row("fact: screen.ready", await cost { home.ready() })
    row("span: begin and end", await cost { pay.begin().end() })
    row("span: measure { }", await cost { pay.measure {} })
    if let report = await NoWait.selfReport() {
        print("produced \(report.produced), refused or not watched \(report.signalsLost)")
    }
    _ = await NoWait.shutdown()
}

let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
defer { try? FileManager.default.removeItem(at: folder) }
if CommandLine.arguments.contains("start") {
    await costOfStart(in: folder)
} else {
    try await costsOfCalls(in: folder)
}
