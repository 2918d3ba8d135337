// One customer's transfer, from the first tap to the receipt, against the sample bank: `scripts/swift-journey` runs it.
//
// It tells NoWait what an iOS app tells, at the moments at which things happen: a request really waits, a frame is told
// when it is due. No product ships it.
//
// Owns: the way of the customer. Refuses: figures; the collector has them.
// Invariant: ends with 0 only if everything that was recorded was delivered.

import Foundation
import NoWait

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

struct Failure: Error {
    let reason: String
}

func setting(_ name: String) throws -> String {
    guard let value = ProcessInfo.processInfo.environment[name] else { throw Failure(reason: "\(name) is not set") }
    return value
}

/// A display of 60 Hz.
let frameTime: UInt64 = 16_666_667

/// The next frame: drawn and told.
func frame() async throws {
    let startedNs = DispatchTime.now().uptimeNanoseconds
    try await Task.sleep(nanoseconds: frameTime / 2)
    Fact.frame(startedNs: startedNs, deadlineNs: startedNs + frameTime).tell()
}

struct Bank {
    let address: String
    let version: String
    let session = URLSession(configuration: .ephemeral)

    /// Asks, and tells NoWait how it went; the status.
    func ask(_ route: String) async throws -> Int {
        let parts = route.split(separator: " ").map(String.init)
        guard parts.count == 2, let url = URL(string: address + parts[1]) else {
            throw Failure(reason: "no address: \(address) \(route)")
        }
        var request = URLRequest(url: url)
        request.httpMethod = parts[0]
        request.setValue(version, forHTTPHeaderField: "x-app-version")
        let measured = NoWait.route(route).begin()
        do {
            let (_, response) = try await session.data(for: request)
            let status = (response as? HTTPURLResponse)?.statusCode ?? 0
            measured.end(status: status)
            return status
        } catch {
            measured.fail()
            throw error
        }
    }
}

/// The customer taps, the next screen appears, and it is ready when the bank has answered.
func open(_ screen: String, by target: String, asking route: String, of bank: Bank) async throws {
    Fact.touchUp(target: nameID(target)).tell()
    let next = NoWait.screen(screen)
    next.created()
    Fact.touchHandled.tell()
    try await frame()
    next.shown()
    _ = try await bank.ask(route)
    try await frame()
    next.ready()
    // The customer reads.
    try await Task.sleep(nanoseconds: 200_000_000)
    next.left()
}

func walk(_ bank: Bank) async throws {
    Fact.foreground(restored: false).tell()
    try await frame()
    try await open("Home", by: "Login.Enter", asking: "POST /login", of: bank)
    let transfer = NoWait.journey("Transfer").begin()
    transfer.step("Amount")
    try await open("Transfer", by: "Home.Transfer", asking: "GET /transfer", of: bank)
    transfer.step("Confirm")
    let pay = NoWait.action("Pay.Confirm")
    let status = try await pay.measure { try await bank.ask("POST /confirm") }
    transfer.step("Receipt")
    try await open("Receipt", by: "Transfer.Confirm", asking: "GET /receipt", of: bank)
    // The sample bank refuses now and then; the customer sees that too.
    if status == 200 { transfer.end() } else { transfer.fail() }
    Fact.background.tell()
}

func run() async throws {
    let bank = Bank(address: try setting("NOWAIT_BANK"), version: "8.2.0")
    let (collector, key) = (try setting("NOWAIT_COLLECTOR"), try setting("NOWAIT_APP_KEY"))
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: folder) }
    NoWait.start(endpoint: collector, appKey: key) {
        $0.consent = .granted
        $0.appVersion = bank.version
        $0.appBuild = "1"
        $0.folder = folder
        // The journey stands for an iPhone's.
        $0.os = .ios
    }
    try await walk(bank)
    let flushed = await NoWait.flush(timeout: .seconds(10))
    let report = await NoWait.selfReport()
    let ended = await NoWait.shutdown(timeout: .seconds(10))
    guard let report, flushed.isComplete, ended.isComplete else {
        throw Failure(reason: "not everything was delivered: \(NoWait.status), \(flushed), \(ended)")
    }
    let dropped = report.dropped.values.reduce(0, +)
    print("session \(report.session): \(report.produced) events produced, \(dropped) dropped, all batches delivered")
}

do {
    try await run()
} catch {
    FileHandle.standardError.write(Data("journey: \(error)\n".utf8))
    exit(2)
}
