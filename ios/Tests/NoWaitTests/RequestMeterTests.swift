import Foundation
import Testing

@testable import NoWait

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// An app's own delegate, which forwards the three calls; Linux never says that a task was made.
private final class OwnDelegate: NSObject, URLSessionTaskDelegate, @unchecked Sendable {
    let meter: NoWait.RequestMeter
    private let lock = NSLock()
    private var redirects = 0

    init(_ meter: NoWait.RequestMeter) { self.meter = meter }

    /// What of its own it still hears.
    var redirected: Int { lock.withLock { redirects } }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        lock.withLock { redirects += 1 }
        completionHandler(request)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didFinishCollecting metrics: URLSessionTaskMetrics
    ) {
        meter.urlSession(session, task: task, didFinishCollecting: metrics)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        meter.urlSession(session, task: task, didCompleteWithError: error)
        done.signal()
    }

    let done = DispatchSemaphore(value: 0)
}

extension OneAtATime {
    /// Real tasks against a real server, up to the engine's events.
    @Suite struct RequestMeterTests {
        private static let routes = NoWait.Routes("GET /accounts/{id}", "/transfers")

        private static func reply(_ path: String) -> LoopbackServer.Reply {
            switch path {
            case "/accounts/4711": LoopbackServer.answer(200, "balance")
            case "/old": LoopbackServer.answer(302, headers: "Location: /accounts/4711\r\n")
            case "/transfers": LoopbackServer.answer(503)
            case "/slow": .silence
            default: .nothing
            }
        }

        /// The events of one task.
        private static func events(
            _ path: String, method: String = "GET", timeout: Double = 30, _ delegate: OwnDelegate? = nil,
            _ live: (URLSessionTask) -> Void = { _ in }
        ) throws -> [EngineEvent] {
            let server = try LoopbackServer(reply)
            defer { server.stop() }
            let delegate = delegate ?? OwnDelegate(NoWait.RequestMeter(routes))
            let session = URLSession(configuration: .ephemeral, delegate: delegate, delegateQueue: nil)
            defer { session.invalidateAndCancel() }
            var request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:\(server.port)\(path)?iban=CN12")))
            request.httpMethod = method
            request.timeoutInterval = timeout
            return try Replay.events {
                Fact.foreground(restored: false).tell()
                let task = session.dataTask(with: request)
                delegate.meter.urlSession(session, didCreateTask: task)
                task.resume()
                live(task)
                try #require(delegate.done.wait(timeout: .now() + 10) == .success)
            }
        }

        @Test func anAnswerIsDoneOrFailedByItsStatus() throws {
            let good = try Self.events("/accounts/4711")
            #expect(
                good.map(\.kind) == [.request] && good.map(\.outcome) == [.done] && good.map(\.a) == [200], "\(good)")
            #expect(good.map(\.name) == ["GET /accounts/{id}"] && good.allSatisfy { $0.durationNs > 0 }, "\(good)")
            let bad = try Self.events("/transfers", method: "POST")
            #expect(
                bad.map(\.outcome) == [.failed] && bad.map(\.a) == [503] && bad.map(\.name) == ["POST /transfers"],
                "\(bad)")
        }

        @Test func aRedirectIsPartOfItAndTheAppsOwnToFollow() throws {
            let delegate = OwnDelegate(NoWait.RequestMeter(Self.routes))
            let events = try Self.events("/old", delegate)
            #expect(events.map(\.outcome) == [.done] && events.map(\.a) == [200] && delegate.redirected == 1)
        }

        /// It was a failure.
        @Test func whatIsCancelledIsAbandoned() throws {
            let events = try Self.events("/slow") { $0.cancel() }
            #expect(events.map(\.kind) == [.request] && events.map(\.outcome) == [.abandoned])
        }

        @Test func whatHasNoAnswerFailedOrTimedOut() throws {
            #expect(try Self.events("/nothing").map(\.outcome) == [.failed])
            let slow = try Self.events("/slow", timeout: 1)
            #expect(slow.map(\.outcome) == [.timedOut], "\(slow)")
        }

        @Test func pathsFitTemplatesAsInAllFaces() throws {
            let file = ScriptTests.folder.appendingPathComponent("paths.txt")
            let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            let cases = lines.filter { !$0.hasPrefix("#") }
            #expect(cases.count > 20)
            for line in cases {
                let words = line.split(separator: " ").map(String.init)
                let url = try #require(URL(string: "https://api.bank.example\(words[1])?iban=DE02#top"))
                let route = NoWait.Routes(words[0]).of(URLRequest(url: url)).map { nameText($0.name) } ?? "-"
                #expect(route == (words[2] == "-" ? "-" : "GET \(words[2])"), "\(line)")
            }
        }

        @Test func whatNobodyNamesIsItsHost() throws {
            let delegate = OwnDelegate(NoWait.RequestMeter())
            #expect(try Self.events("/accounts/4711", delegate).map(\.name) == ["GET 127.0.0.1"])
        }

        /// By the times that URLSession says, and by nothing else of the task.
        @Test func metricsAloneAreEnoughAndACacheIsNoServer() throws {
            let server = try LoopbackServer(Self.reply)
            defer { server.stop() }
            let url = try #require(URL(string: "http://127.0.0.1:\(server.port)/accounts/4711"))
            let answered = DispatchSemaphore(value: 0)
            let task = URLSession.shared.dataTask(with: url) { _, _, _ in answered.signal() }
            task.resume()
            try #require(answered.wait(timeout: .now() + 10) == .success)
            let meter = NoWait.RequestMeter(Self.routes)
            let (from, to) = (uptimeNs(), uptimeNs() + 40_000_000)
            let events = Replay.events {
                Fact.foreground(restored: false).tell()
                meter.finished(task, from: from, to: to, isCached: true)
                meter.finished(task, from: from, to: to, isCached: false)
                meter.urlSession(.shared, task: task, didCompleteWithError: nil)
            }
            #expect(events.map(\.kind) == [.request] && events.map(\.durationNs) == [to - from])
        }
    }
}
