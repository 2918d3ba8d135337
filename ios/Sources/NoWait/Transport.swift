// How batches leave the device.

import Foundation
internal import NoWaitFFI

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension NoWait {
    /// Carries sealed batches to the collector: an HTTP POST each, one at a time, on a thread of NoWait's. What an answer means,
    /// and when the next exchange may be, NoWait decides for every transport alike.
    ///
    /// Write one to send with the app's own HTTP client.
    public protocol Transport: Sendable {
        /// Sends the parcel and returns the server's answer whatever its status, or nil if there was none. Whatever this throws
        /// counts as none. Must not retry, and must not follow redirects; at the latest after ``Parcel/timeout`` it must return,
        /// and soon after ``Parcel/isCancelled`` became true.
        func send(_ parcel: Parcel) throws -> Answer?
    }

    /// A sealed batch on its way out.
    public struct Parcel: Sendable {
        /// Where to.
        public let url: URL
        /// Every header it needs, by name in lower case; what the HTTP stack adds of its own is fine.
        public let headers: [String: String]
        /// The body.
        public let body: Data
        /// How long the whole exchange may take.
        public let timeout: Duration

        /// Whether to break off because the customer refused. Cheap, on any thread: look at it every 50 ms or so.
        public var isCancelled: Bool { exchangeIsCancelled() }
    }

    /// What came back over HTTP.
    public struct Answer: Sendable {
        /// The HTTP status.
        public var status: Int
        /// The header `retry-after` as it came, if it did.
        public var retryAfter: String?
        /// The body; empty if it did not come whole.
        public var body: Data

        /// An answer of this status.
        public init(status: Int, retryAfter: String? = nil, body: Data = Data()) {
            (self.status, self.retryAfter, self.body) = (status, retryAfter, body)
        }
    }

    /// The transport inside the library (rustls), with trust and pins of its own. Only in a library that was built with it, which is
    /// larger; with another one the start fails and says so.
    public struct NativeTransport: Transport {
        /// Which certificate authorities it believes. Each entry is one certificate as DER, or any number of them as PEM.
        public enum Roots: Sendable, Hashable {
            /// Those that Mozilla's Firefox believes, as of the build.
            case mozilla
            /// These and no others: a bank's private authority.
            case only([Data])
            /// Mozilla's, and these.
            case mozillaAnd([Data])
        }

        let roots: Roots
        let pins: [String]

        /// - Parameters:
        ///   - roots: Which certificate authorities it believes.
        ///   - pins: Keys of which one must be on the collector's certificate path, as `sha256/` and Base64: none, or at least
        ///     two, one of them a backup.
        public init(roots: Roots = .mozilla, pins: [String] = []) { (self.roots, self.pins) = (roots, pins) }

        /// Not called: the library sends itself.
        public func send(_ parcel: Parcel) -> Answer? { nil }
    }
}

/// A transport as the engine calls it: whatever goes wrong in it is no answer, and none of its text passes.
///
/// `@unchecked Sendable`: `last` is behind `lock`.
final class HostTransport: NoWaitFFI.Transport, @unchecked Sendable {
    /// What HTTP has three digits for; 0 and -1 are how clients say that there was no answer.
    private static let statuses = 100...999

    private let transport: any NoWait.Transport
    private let lock = NSLock()
    private var last: (any Error)?

    init(_ transport: any NoWait.Transport) { self.transport = transport }

    /// What the last exchange threw, if it did.
    var problem: (any Error)? { lock.withLock { last } }

    func send(parcel: NoWaitFFI.Parcel) throws -> NoWaitFFI.Answer {
        guard let url = URL(string: parcel.url) else { throw TransportError.NoAnswer }
        let timeout = Duration.milliseconds(Int64(clamping: parcel.timeoutMs))
        let answer: NoWait.Answer?
        do {
            answer = try transport.send(
                NoWait.Parcel(url: url, headers: parcel.headers, body: parcel.body, timeout: timeout))
            lock.withLock { last = nil }
        } catch {
            lock.withLock { last = error }
            throw TransportError.NoAnswer
        }
        guard let answer, Self.statuses.contains(answer.status) else { throw TransportError.NoAnswer }
        return NoWaitFFI.Answer(
            status: UInt16(answer.status), retryAfter: answer.retryAfter, body: answer.body)
    }
}
