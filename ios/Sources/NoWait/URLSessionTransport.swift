// The platform's HTTP stack.
//
// Owns: that an exchange ends when its time is over or the customer refuses. Refuses: retries, redirects, cookies, caches, a
// connection that stays open, and meaning.

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension NoWait {
    /// The default transport: `URLSession`. App Transport Security, `NSPinnedDomains`, the system's proxy and a VPN hold.
    ///
    /// Each exchange has a session of its own that ends with it, without the app's cookies, cache and credentials.
    public struct URLSessionTransport: Transport {
        /// What is done about a challenge of the server.
        public typealias Trust =
            @Sendable (URLAuthenticationChallenge) -> (URLSession.AuthChallengeDisposition, URLCredential?)

        private let configuration: @Sendable () -> URLSessionConfiguration
        private let trust: Trust?

        /// How soon after a refusal an exchange is broken off.
        private static let look = DispatchTimeInterval.milliseconds(50)

        /// - Parameters:
        ///   - configuration: Of the bank's own choice: proxy, protocols, TLS version. It is changed so that nothing of the
        ///     customer's session goes along.
        ///   - trust: What is done about a challenge, for example the bank's own check of pins; nil for the system's handling.
        public init(
            configuration: @escaping @Sendable () -> URLSessionConfiguration = { .ephemeral }, trust: Trust? = nil
        ) {
            (self.configuration, self.trust) = (configuration, trust)
        }

        public func send(_ parcel: Parcel) throws -> Answer? {
            let exchange = Exchange(trust)
            let session = URLSession(configuration: settings(parcel), delegate: exchange, delegateQueue: nil)
            defer { session.invalidateAndCancel() }
            var request = URLRequest(url: parcel.url)
            request.httpMethod = "POST"
            request.httpBody = parcel.body
            for (name, value) in parcel.headers { request.setValue(value, forHTTPHeaderField: name) }
            // The platform's own names model and build of the device.
            request.setValue("nowait", forHTTPHeaderField: "user-agent")
            // A few hundred bytes are not worth it.
            request.setValue("identity", forHTTPHeaderField: "accept-encoding")
            session.dataTask(with: request).resume()
            let end = ContinuousClock.now + parcel.timeout
            while exchange.isOver.wait(timeout: .now() + Self.look) == .timedOut {
                if parcel.isCancelled { return nil }
                // Nothing is concluded from a body that did not come whole.
                if ContinuousClock.now >= end { return exchange.head }
            }
            return try exchange.answer()
        }

        private func settings(_ parcel: Parcel) -> URLSessionConfiguration {
            let configuration = configuration()
            configuration.httpCookieStorage = nil
            configuration.httpShouldSetCookies = false
            configuration.urlCredentialStorage = nil
            configuration.urlCache = nil
            configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
            configuration.timeoutIntervalForResource = Double(Platform.milliseconds(parcel.timeout)) / 1_000
            return configuration
        }
    }
}

/// One exchange. `@unchecked Sendable`: everything that changes is behind `lock`.
private final class Exchange: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    /// As `ANSWER_BYTES_MAX` in `core/src/limits.rs`, which no receipt has.
    private static let answerBytesMax = 16 * 1_024

    let isOver = DispatchSemaphore(value: 0)
    private let trust: NoWait.URLSessionTransport.Trust?
    private let lock = NSLock()
    private var response: HTTPURLResponse?
    private var body = Data()
    private var problem: (any Error)?

    init(_ trust: NoWait.URLSessionTransport.Trust?) { self.trust = trust }

    /// Status and headers, as soon as they are there.
    var head: NoWait.Answer? {
        lock.withLock {
            response.map {
                NoWait.Answer(status: $0.statusCode, retryAfter: $0.value(forHTTPHeaderField: "retry-after"))
            }
        }
    }

    func answer() throws -> NoWait.Answer? {
        let (body, problem) = lock.withLock { (self.body, self.problem) }
        guard var answer = head else {
            if let problem { throw problem }
            return nil
        }
        if problem == nil && body.count <= Self.answerBytesMax { answer.body = body }
        return answer
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping (URLRequest?) -> Void
    ) {
        lock.withLock { self.response = response }
        completionHandler(nil)
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        let (disposition, credential) = trust?(challenge) ?? (.performDefaultHandling, nil)
        completionHandler(disposition, credential)
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        lock.withLock { self.response = response as? HTTPURLResponse }
        completionHandler(.allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLong = lock.withLock {
            body.append(data)
            return body.count > Self.answerBytesMax
        }
        if isTooLong { dataTask.cancel() }
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        lock.withLock { problem = error }
        isOver.signal()
    }
}
