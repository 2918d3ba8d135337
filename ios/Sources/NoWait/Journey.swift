// Banking tasks, and the requests on their way.

extension NoWait {
    /// A banking task; see ``NoWait/journey(_:)``.
    public struct Journey: Sendable {
        let name: UInt32

        /// The customer sets out. Without an end within half an hour, the journey is timed out.
        public func begin() -> Travel {
            let id = nextID()
            Fact.journeyStarted(id: id, name: name).tell()
            return Travel(id: id)
        }

        /// The customer rated this journey.
        ///
        /// - Parameters:
        ///   - rating: 1 (worst) to 5 (best); anything else is no rating.
        ///   - travel: Which one it was; it may have ended by now.
        public func rate(_ rating: Int, of travel: Travel) {
            tellRating(rating, name: name, journey: travel.id)
        }
    }

    /// A journey under way: a number, no object.
    public struct Travel: Sendable {
        let id: UInt64

        /// The customer reached this touchpoint; the one before is done.
        public func step(_ name: String) {
            Fact.stepStarted(id: id, name: nameID(name)).tell()
        }

        /// The journey goes on in a branch, a call centre or on the web: the id by which their systems tell its further
        /// steps, as a link, a QR code or to be read out. It is random, says nothing of the customer, is good for one use, and
        /// only for a day. Here the journey is still under way: end it as it ends here.
        ///
        /// - Returns: Such as `028T5-CY4TQ-KFFHF`; nil after a shutdown or a start that failed, since nobody would know the id.
        public func handOver() -> String? {
            guard Face.shared.takes, let drawn = drawContinuation() else { return nil }
            Fact.handedOver(id: id, continuation: drawn.number).tell()
            return drawn.text
        }

        /// The customer got what they came for.
        public func end() { close(.done) }

        /// The bank said no, or something broke.
        public func fail() { close(.failed) }

        /// It ended with this error: abandoned if the customer cancelled, as ``Span/fail(_:)`` knows it, else failed.
        public func fail(_ error: any Error) { close(Outcome(thrown: error) == .abandoned ? .abandoned : .failed) }

        /// The customer gave it up.
        public func abandon() { close(.abandoned) }

        private func close(_ outcome: Outcome) {
            Fact.journeyEnded(id: id, outcome: outcome.rawValue).tell()
        }
    }

    /// A route of the bank's server; see ``NoWait/route(_:)``.
    public struct Route: Sendable {
        let name: UInt32

        /// A request leaves. Without an end within a minute, it is timed out.
        public func begin() -> Request { begin(atNs: nowNsInEngine) }

        /// As above, of a request that left earlier, by the uptime clock.
        func begin(atNs: UInt64) -> Request {
            let id = nextID()
            Fact.requestStarted(id: id, name: name).tell(atNs: atNs)
            return Request(id: id)
        }
    }

    /// A request in flight: a number, no object.
    public struct Request: Sendable {
        let id: UInt64

        /// The first status that HTTP calls an error.
        private static let failedStatusMin: UInt16 = 400

        /// It was answered with this HTTP status; 400 and above count as failed.
        public func end(status: Int) { end(status: status, atNs: nowNsInEngine) }

        func end(status: Int, atNs: UInt64) {
            let status = UInt16(clamping: status)
            close(status: status, status < Self.failedStatusMin ? .done : .failed, atNs: atNs)
        }

        /// It got no answer.
        public func fail() { close(status: 0, .failed) }

        /// It ended with this error and without an answer: abandoned if somebody cancelled it, timed out if its limit ran out, as
        /// ``Span/fail(_:)`` knows them, else failed.
        public func fail(_ error: any Error) { fail(error, atNs: nowNsInEngine) }

        func fail(_ error: any Error, atNs: UInt64) { close(status: 0, Outcome(thrown: error), atNs: atNs) }

        /// Its own limit was over before an answer came.
        public func timeOut() { close(status: 0, .timedOut) }

        /// Nobody waits for it any more.
        public func abandon() { close(status: 0, .abandoned) }

        private func close(status: UInt16, _ outcome: Outcome, atNs: UInt64 = nowNsInEngine) {
            Fact.requestEnded(id: id, status: status, outcome: outcome.rawValue).tell(atNs: atNs)
        }
    }
}
