// Why nothing arrives.

extension NoWait {
    /// Why nothing arrives, or that nothing stands in the way; see ``NoWait/doctor()``. For whoever builds the app, so its words are
    /// English.
    public struct Diagnosis: Sendable, Hashable, CustomStringConvertible {
        /// What stands in the way, the first to mend first; empty if nothing does.
        public let findings: [Finding]

        /// Whether one of the findings is this.
        public func has(_ cause: Cause) -> Bool { findings.contains { $0.cause == cause } }

        /// All of it in words, a line each.
        public var description: String {
            if findings.isEmpty { return "NoWait: nothing stands in the way; the last batch was stored" }
            return findings.map { "NoWait: \($0.text)" }.joined(separator: "\n")
        }
    }

    /// One thing that stands in the way.
    public struct Finding: Sendable, Hashable {
        /// Which it is.
        public let cause: Cause
        /// What it is and what mends it, in a sentence or two; it holds no value of the app's settings.
        public let text: String
    }

    /// What may stand in the way.
    public enum Cause: Sendable, Hashable {
        /// Nobody called ``NoWait/start(endpoint:appKey:_:)``.
        case notStarted
        /// The engine is being brought up.
        case starting
        /// The engine did not come up.
        case startFailed
        /// ``NoWait/shutdown(timeout:)`` was called.
        case shutDown
        /// NoWait stays off for this version of the app, because its last starts died.
        case staysOff
        /// The customer was not asked yet.
        case consentPending
        /// The customer refused.
        case consentRefused
        /// The collector's configuration switches NoWait off.
        case switchedOff
        /// The collector's configuration asks for a sample, and this session is none of it.
        case notSampled
        /// No screen was ever told.
        case noScreenSeen
        /// Batches wait for a network, for the end of roaming, of Low Data Mode or of Low Power Mode.
        case held
        /// Nothing was sent yet.
        case nothingSentYet
        /// The collector does not know the app key.
        case keyRefused
        /// Something answers at this address, and it is no collector.
        case wrongAddress
        /// The collector, or what stands before it, answers that it cannot.
        case serverTrouble
        /// There is no answer.
        case unreachable
        /// The connection is not trusted: a certificate, a pin.
        case tls
    }
}
