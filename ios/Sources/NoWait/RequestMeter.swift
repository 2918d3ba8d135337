// The requests of a URLSession.
//
// Owns: when there is a request to tell, and how it ended. Refuses: names (`Routes`), and every callback but its own three, so
// that what the app's delegate does about challenges, redirects and data stays the app's.
// Invariant: a task is told at most once, and not at all if a cache answered it: nobody asked the server, and a release with
// more hits would look like a faster server.

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension NoWait {
    /// Measures each task of a `URLSession` as a request: from its start to the end of the answer's body, redirects in between.
    ///
    /// As the session's delegate where the app has none of its own:
    ///
    /// ```swift
    /// let session = URLSession(
    ///     configuration: .default, delegate: NoWait.RequestMeter(NoWait.Routes("/accounts/{id}")), delegateQueue: nil)
    /// ```
    ///
    /// Or forwarded from the app's own delegate, which calls these three methods from its own of the same name. Of a task with a
    /// completion handler, or awaited, `URLSession` calls the first two alone, which is enough.
    ///
    /// `@unchecked Sendable`: what changes is behind `lock`.
    public final class RequestMeter: NSObject, URLSessionTaskDelegate, @unchecked Sendable {
        /// Of more at once, the rest is not told; `REQUESTS_MAX` in `core/src/fold/trackers/limits.rs` watches 64.
        private static let tasksMax = 256
        private static let hostsMax = 16

        private struct Entry {
            let startedNs: UInt64
            let request: Request?
        }

        private let routes: Routes?
        private let lock = NSLock()
        private var entries: [ObjectIdentifier: Entry] = [:]
        private var hosts: Set<String> = []

        /// - Parameter routes: Which route a request belongs to.
        public init(_ routes: Routes? = nil) { self.routes = routes }

        /// A task was made.
        public func urlSession(_ session: URLSession, didCreateTask task: URLSessionTask) {
            if Self.isEndless(task) { return }
            // What no cache can answer is told at once, so that it is known if the process dies meanwhile.
            let request = Self.mayBeCached(task, session) ? nil : route(of: task).begin()
            lock.withLock {
                if entries.count < Self.tasksMax {
                    entries[ObjectIdentifier(task)] = Entry(startedNs: uptimeNs(), request: request)
                }
            }
        }

        /// All is known of when it did what.
        public func urlSession(
            _ session: URLSession, task: URLSessionTask, didFinishCollecting metrics: URLSessionTaskMetrics
        ) {
            finished(
                task, from: Self.ns(of: metrics.taskInterval.start), to: Self.ns(of: metrics.taskInterval.end),
                isCached: metrics.transactionMetrics.last?.resourceFetchType == .localCache)
        }

        /// It is over.
        public func urlSession(
            _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
        ) {
            if let entry = take(task) { close(task, entry, error, atNs: nowNsInEngine) }
        }

        func finished(_ task: URLSessionTask, from startedNs: UInt64, to endedNs: UInt64, isCached: Bool) {
            let entry = take(task) ?? Entry(startedNs: startedNs, request: nil)
            if Self.isEndless(task) || isCached { return entry.request?.abandon() ?? () }
            if task.error == nil && task.response == nil {
                // How it ended is told with its completion.
                return lock.withLock { entries[ObjectIdentifier(task)] = entry }
            }
            close(task, entry, task.error, atNs: endedNs)
        }

        private func take(_ task: URLSessionTask) -> Entry? {
            lock.withLock { entries.removeValue(forKey: ObjectIdentifier(task)) }
        }

        private func close(_ task: URLSessionTask, _ entry: Entry, _ error: (any Error)?, atNs: UInt64) {
            let request = entry.request ?? route(of: task).begin(atNs: entry.startedNs)
            let status = (task.response as? HTTPURLResponse)?.statusCode ?? 0
            switch error {
            case let error?: request.fail(error, atNs: atNs)
            case nil: request.end(status: status, atNs: atNs)
            }
        }

        private func route(of task: URLSessionTask) -> Route {
            guard let request = task.originalRequest else { return NoWait.route("other") }
            if let route = routes?.of(request) { return route }
            let (method, host) = (request.httpMethod ?? "GET", request.url?.host ?? "other")
            let isKnown = lock.withLock {
                if hosts.count < Self.hostsMax { hosts.insert(host) }
                return hosts.contains(host)
            }
            return NoWait.route("\(method) \(isKnown ? host : "other")")
        }

        /// It goes on as long as the app likes, and nobody waits for its end.
        private static func isEndless(_ task: URLSessionTask) -> Bool {
            task is URLSessionWebSocketTask || task is URLSessionStreamTask
        }

        private static func mayBeCached(_ task: URLSessionTask, _ session: URLSession) -> Bool {
            guard let request = task.originalRequest, session.configuration.urlCache != nil else { return false }
            let reload: [URLRequest.CachePolicy] = [
                .reloadIgnoringLocalCacheData, .reloadIgnoringLocalAndRemoteCacheData,
            ]
            return (request.httpMethod ?? "GET") == "GET" && !reload.contains(request.cachePolicy)
        }

        /// A moment by the uptime clock.
        private static func ns(of date: Date) -> UInt64 {
            let now = uptimeNs()
            let agoNs = Platform.nanoseconds(max(0, -date.timeIntervalSinceNow))
            return now > agoNs ? now - agoNs : 0
        }
    }
}
