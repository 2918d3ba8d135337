// What the system says of network and power, handed on to who knows what to tell of it.

#if canImport(UIKit) && canImport(Network)
import Foundation
import Network
import UIKit

@MainActor final class SystemConditions {
    private let watch: ConditionsWatch
    private let monitor = NWPathMonitor()
    private var hears: [any NSObjectProtocol] = []

    init(_ watch: ConditionsWatch) {
        self.watch = watch
        monitor.pathUpdateHandler = { path in
            DispatchQueue.main.async { [weak self] in self?.watch.changed { Self.set(&$0, path) } }
        }
        // It says at once how the network is.
        monitor.start(queue: DispatchQueue(label: "nowait.conditions", qos: .utility))
        power()
        hear(.NSProcessInfoPowerStateDidChange) { $0.power() }
        hear(ProcessInfo.thermalStateDidChangeNotification) {
            $0.watch.isHot(ProcessInfo.processInfo.thermalState.rawValue)
        }
        hear(UIApplication.didReceiveMemoryWarningNotification) { $0.watch.lacksMemory(nowNs: uptimeNs()) }
    }

    func stop() {
        monitor.cancel()
        hears.forEach(NotificationCenter.default.removeObserver)
    }

    private func power() { watch.changed { $0.isLowPower = ProcessInfo.processInfo.isLowPowerModeEnabled } }

    /// Of these, two come on a thread of the system's choice.
    private func hear(_ name: Notification.Name, _ then: @escaping @MainActor @Sendable (SystemConditions) -> Void) {
        hears.append(
            NotificationCenter.default.addObserver(forName: name, object: nil, queue: nil) { [weak self] _ in
                onMain {
                    if let self { then(self) }
                }
            })
    }

    private static func set(_ conditions: inout NoWait.Conditions, _ path: NWPath) {
        conditions.network = network(path)
        conditions.isExpensive = path.isExpensive
        conditions.isLowData = path.isConstrained
    }

    private static func network(_ path: NWPath) -> NoWait.Network {
        // A VPN has the type of what carries it, too.
        if path.status == .unsatisfied { return .offline }
        if path.usesInterfaceType(.wifi) { return .wifi }
        if path.usesInterfaceType(.cellular) { return .cellular }
        return path.usesInterfaceType(.wiredEthernet) ? .wired : .unknown
    }
}
#endif
