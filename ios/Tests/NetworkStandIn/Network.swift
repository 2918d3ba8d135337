// A stand-in for Network on Linux: the few shapes that NoWait uses, with the signatures of Apple's documentation. It proves
// nothing about the real Network. What Apple's has not: `init` and `update`, with which tests make paths.

import Dispatch

public struct NWInterface: Sendable {
    public enum InterfaceType: Sendable {
        case other, wifi, cellular, wiredEthernet, loopback
    }
}

public struct NWPath: Sendable {
    public enum Status: Sendable {
        case satisfied, unsatisfied, requiresConnection
    }

    public let status: Status
    public let isExpensive: Bool
    public let isConstrained: Bool
    private let type: NWInterface.InterfaceType

    public init(
        _ status: Status, _ type: NWInterface.InterfaceType = .other, isExpensive: Bool = false,
        isConstrained: Bool = false
    ) {
        (self.status, self.type) = (status, type)
        (self.isExpensive, self.isConstrained) = (isExpensive, isConstrained)
    }

    public func usesInterfaceType(_ type: NWInterface.InterfaceType) -> Bool { self.type == type }
}

public final class NWPathMonitor: @unchecked Sendable {
    /// The one that was started last, for tests.
    public nonisolated(unsafe) static var started: NWPathMonitor?

    public var pathUpdateHandler: (@Sendable (_ newPath: NWPath) -> Void)?
    private var queue: DispatchQueue?

    public init() {}

    public func start(queue: DispatchQueue) {
        self.queue = queue
        Self.started = self
    }

    public func cancel() { queue = nil }

    /// The network changed.
    public func update(_ path: NWPath) { queue?.async { self.pathUpdateHandler?(path) } }
}
