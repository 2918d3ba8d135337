// How network and power are.

extension NoWait {
    /// The kind of network.
    public enum Network: Sendable, Hashable {
        /// Not known.
        case unknown
        /// No network.
        case offline
        /// Wi-Fi.
        case wifi
        /// A cellular network.
        case cellular
        /// A cable.
        case wired
    }

    /// What decides whether batches wait on the device, and what events are told to have happened on; see
    /// ``NoWait/conditions(_:)``.
    public struct Conditions: Sendable, Hashable {
        /// The network in use.
        public var network = Network.unknown
        /// Whether the system calls it expensive, such as a personal hotspot.
        public var isExpensive = false
        /// Low Data Mode.
        public var isLowData = false
        /// Low Power Mode.
        public var isLowPower = false
        /// Whether the network is a foreign one, which iOS tells nobody.
        public var isRoaming = false

        /// Nothing known, and nothing that makes anything wait.
        public init() {}
    }
}
