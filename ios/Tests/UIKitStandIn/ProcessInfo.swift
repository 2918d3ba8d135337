// What Foundation has on Apple's systems and not on Linux, brought along by the stand-in for UIKit.

import Foundation

extension ProcessInfo {
    public enum ThermalState: Int, Sendable {
        case nominal, fair, serious, critical
    }

    public static let thermalStateDidChangeNotification = Notification.Name("NSProcessInfoThermalStateDidChange")

    /// As a test sets them.
    public nonisolated(unsafe) static var stood = (isLowPower: false, heat: ThermalState.nominal)

    public var isLowPowerModeEnabled: Bool { Self.stood.isLowPower }
    public var thermalState: ThermalState { Self.stood.heat }
}

extension Notification.Name {
    public static let NSProcessInfoPowerStateDidChange = Notification.Name("NSProcessInfoPowerStateDidChange")
}
