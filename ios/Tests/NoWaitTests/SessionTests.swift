import CEngineTesting
import Dispatch
import Foundation
import NoWaitFFI
import Testing

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

@testable import NoWait

/// A collector's answers without a network: stores every batch, after whatever misfortune it was told to have.
private final class Collector: NoWait.Transport, @unchecked Sendable {
    private let lock = NSLock()
    private var parcels: [NoWait.Parcel] = []
    private var misfortunes = 0
    private let opened = DispatchSemaphore(value: 0)
    private var isHolding = false

    /// The next exchange takes until the customer refuses, as on a network that says nothing.
    func holdOnce() { lock.withLock { isHolding = true } }

    /// Returns once an exchange is held.
    func waitForHeld() { opened.wait() }

    private func hold() {
        guard lock.withLock({ isHolding }) else { return }
        lock.withLock { isHolding = false }
        opened.signal()
        while !exchangeIsCancelled() { Thread.sleep(forTimeInterval: 0.005) }
    }

    var stored: [NoWait.Parcel] { lock.withLock { parcels } }

    func failOnce() { lock.withLock { misfortunes += 1 } }

    func send(_ parcel: NoWait.Parcel) throws -> NoWait.Answer? {
        hold()
        return try lock.withLock {
            guard misfortunes == 0 else {
                misfortunes -= 1
                throw URLError(.notConnectedToInternet)
            }
            parcels.append(parcel)
            let receipt = #"{"batch":"\#(Self.batchID(parcel.body))","status":"stored","reason":""}"#
            return NoWait.Answer(status: 200, body: Data(receipt.utf8))
        }
    }

    /// `session.first`, from the head of the frame (docs/wire.md): 5 bytes, a UUID, a varint.
    private static func batchID(_ frame: Data) -> String {
        let bytes = [UInt8](frame)
        let digits = bytes[5..<21].map { String(format: "%02x", $0) }
        var parts: [String] = []
        for range in [0..<4, 4..<6, 6..<8, 8..<10, 10..<16] { parts.append(digits[range].joined()) }
        var first: UInt64 = 0
        for (place, byte) in bytes[21...].enumerated() {
            first |= UInt64(byte & 0x7f) << (7 * UInt64(place))
            if byte < 0x80 { break }
        }
        return "\(parts.joined(separator: "-")).\(first)"
    }
}

private final class Answers: @unchecked Sendable {
    private let lock = NSLock()
    private var list: [NoWait.StartResult] = []

    var all: [NoWait.StartResult] { lock.withLock { list } }

    func add(_ answer: NoWait.StartResult) { lock.withLock { list.append(answer) } }
}

extension OneAtATime {
    /// The only test that starts the real engine: a process starts NoWait once.
    @Suite struct SessionTests {
        private let collector = Collector()
        private let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)

        @Test func aSessionFromStartToShutdown() async throws {
            defer { try? FileManager.default.removeItem(at: folder) }
            let early = NoWait.action("Early")
            await whatIsToldBeforeAStartWaits(early)
            // From several threads at once: one of them starts it.
            let answers = Answers()
            DispatchQueue.concurrentPerform(iterations: 8) { _ in answers.add(start()) }
            #expect(answers.all.filter { $0 == .started }.count == 1)
            #expect(answers.all.filter { $0 == .alreadyStarted }.count == 7)
            // Both are told while the engine comes up, or after: it must not matter.
            early.begin().end()
            NoWait.breadcrumb("biometric.prompt", number: 3)
            let running = try #require(await NoWait.selfReport())
            #expect(NoWait.status == .running)
            #expect(running.panicsCaught == 0)

            let late = NoWait.action("Late")
            for _ in 0..<9 { late.begin().end() }
            try await aFailingTransportKeepsEverything()
            try await whatArrivesIsAParcelForTheCollector()
            try await panicsAreCaughtAndCounted()
            aNameThatLooksPersonalIsRedacted()
            try await whatWaitsForANetworkIsHeld(late)
            try await nothingStandsBehindAFlush(late)
            await afterTheEndNothingIsTaken()
        }

        private func whatWaitsForANetworkIsHeld(_ late: NoWait.Action) async throws {
            var offline = NoWait.Conditions()
            offline.network = .offline
            NoWait.conditions(offline)
            late.begin().end()
            // On the way to the background everything is sealed, and what is offline sends nothing.
            Fact.background.tell()
            let deadline = ContinuousClock.now + .seconds(10)
            while !NoWait.doctor().has(.held) && ContinuousClock.now < deadline {
                try await Task.sleep(nanoseconds: 20_000_000)
            }
            #expect(NoWait.doctor().has(.held), "\(NoWait.doctor())")
            Fact.foreground(restored: true).tell()
            NoWait.conditions(NoWait.Conditions())
        }

        /// The flush waits for a network that says nothing; a report does not wait for it, and neither does the customer's
        /// word, which breaks the exchange off.
        private func nothingStandsBehindAFlush(_ late: NoWait.Action) async throws {
            late.begin().end()
            collector.holdOnce()
            async let flushed = NoWait.flush(timeout: .seconds(30))
            await Self.elsewhere { collector.waitForHeld() }
            let clock = ContinuousClock()
            let began = clock.now
            #expect(await NoWait.selfReport() != nil)
            let said = clock.now
            NoWait.consent(.refused)
            #expect(clock.now - said < .milliseconds(50))
            _ = await flushed
            #expect(clock.now - began < .seconds(5))
            #expect(NoWait.doctor().has(.consentRefused))
            #expect(!NoWait.mayAsk(everyDays: 0))
            NoWait.consent(.granted)
            #expect([122, .max, .min].map(NoWait.mayAsk(everyDays:)) == [true, false, true])
            late.begin().end()
            #expect(await NoWait.flush(timeout: .seconds(10)).isComplete)
        }

        private static func elsewhere(_ work: @escaping @Sendable () -> Void) async {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().async {
                    work()
                    continuation.resume()
                }
            }
        }

        private func start() -> NoWait.StartResult {
            NoWait.start(endpoint: "http://127.0.0.1:1/", appKey: "bank") {
                $0.flushInterval = .seconds(3_600)
                $0.appVersion = "8.2.0"
                $0.appBuild = "48211"
                $0.dimensions = ["segment": "retail"]
                $0.folder = folder
                $0.os = .ios
                $0.transport = collector
            }
        }

        /// Also what other tests told before this one, while no fake listened.
        private func whatIsToldBeforeAStartWaits(_ early: NoWait.Action) async {
            #expect(NoWait.status == .off && NoWait.doctor().has(.notStarted))
            Fact.foreground(restored: false).tell()
            NoWait.consent(.granted)
            early.begin().end()
            #expect(await NoWait.flush() == NoWait.Flushed(isComplete: false, batchesLeft: 0))
            #expect(await NoWait.selfReport() == nil)
        }

        private func aFailingTransportKeepsEverything() async throws {
            collector.failOnce()
            #expect(await !NoWait.flush(timeout: .seconds(10)).isComplete)
            #expect(collector.stored.isEmpty)
            #expect(NoWait.doctor().has(.unreachable), "\(NoWait.doctor())")
            // After a failure the engine backs off, for some seconds; meanwhile a flush answers at once.
            let deadline = ContinuousClock.now + .seconds(20)
            var flushed = await NoWait.flush(timeout: .seconds(10))
            while !flushed.isComplete && ContinuousClock.now < deadline {
                try await Task.sleep(nanoseconds: 50_000_000)
                flushed = await NoWait.flush(timeout: .seconds(10))
            }
            #expect(flushed == NoWait.Flushed(isComplete: true, batchesLeft: 0))
            let report = try #require(await NoWait.selfReport())
            #expect(!report.isInMemory)
            #expect(!NoWait.doctor().has(.unreachable) && !NoWait.doctor().has(.nothingSentYet))
            #expect(report.produced >= 11 && report.dropped.values.allSatisfy { $0 == 0 }, "\(report)")
        }

        private func whatArrivesIsAParcelForTheCollector() async throws {
            let parcel = try #require(collector.stored.first)
            #expect(parcel.url.absoluteString == "http://127.0.0.1:1/v1/batches")
            #expect(parcel.headers["authorization"] == "Bearer bank")
            #expect(parcel.headers["content-type"] == "application/vnd.nowait.batch")
            #expect(parcel.body.prefix(3) == Data("NWB".utf8))
        }

        /// One on each kind of entry. Had a panic come through, this process would be gone.
        private func panicsAreCaughtAndCounted() async throws {
            let before = try #require(await NoWait.selfReport()).panicsCaught
            nowait_testing_panic_next()
            NoWait.breadcrumb("hot")
            nowait_testing_panic_next()
            let span = NoWait.action("Hot").begin()
            span.end()
            nowait_testing_panic_next()
            #expect(await NoWait.flush() == NoWait.Flushed(isComplete: false, batchesLeft: 0))
            nowait_testing_panic_next()
            #expect(await NoWait.selfReport() == nil)
            nowait_testing_panic_next()
            _ = NoWait.screen("a name that the engine never learns")
            let after = try #require(await NoWait.selfReport()).panicsCaught
            #expect(after == before + 5)
        }

        private func aNameThatLooksPersonalIsRedacted() {
            let before = selfReport()?.namesRedacted ?? 0
            _ = NoWait.action("4111 1111 1111 1111")
            #expect(selfReport()?.namesRedacted == before + 1)
        }

        private func afterTheEndNothingIsTaken() async {
            #expect(await NoWait.shutdown(timeout: .seconds(10)).isComplete)
            #expect(NoWait.status == .stopped && NoWait.doctor().findings.map(\.cause) == [.shutDown])
            #expect(NoWait.journey("Late").begin().handOver() == nil, "nobody would know the id")
            #expect(!NoWait.mayAsk(everyDays: 0))
            let batches = collector.stored.count
            NoWait.action("Late").begin().end()
            #expect(await NoWait.flush() == NoWait.Flushed(isComplete: false, batchesLeft: 0))
            #expect(collector.stored.count == batches)
            #expect(start() == .alreadyStarted)
        }
    }
}
