// What an app tells about itself and its device: no identifiers, no permissions.
//
// Owns: the defaults of `Settings`. Refuses: checks; the engine checks what it is given.
// Invariant: nothing in here fails; what cannot be found out stays empty.

import Foundation
internal import NoWaitFFI

enum Platform {
    /// Below this the device is a weak one; sold with 3 GB, it reports somewhat less. The same limits as on Android.
    private static let lowBytesBelow: UInt64 = 2_700_000_000
    /// Below this it is a usual one; sold with 6 GB, it reports somewhat less.
    private static let midBytesBelow: UInt64 = 5_400_000_000

    static func config(endpoint: String, appKey: String, settings: NoWait.Settings) -> StartConfig {
        let version = ProcessInfo.processInfo.operatingSystemVersion
        return StartConfig(
            endpoint: endpoint,
            appKey: appKey,
            appVersion: settings.appVersion ?? bundleText("CFBundleShortVersionString"),
            appBuild: settings.appBuild ?? bundleText("CFBundleVersion"),
            folder: folder(settings).path,
            device: Device(
                os: settings.os ?? os,
                osVersion: "\(version.majorVersion).\(version.minorVersion)",
                model: model(),
                tier: tier(),
                country: settings.country ?? Locale.current.region?.identifier ?? ""),
            dimensions: settings.dimensions,
            flushIntervalMs: milliseconds(settings.flushInterval),
            consent: consent(settings.consent),
            hold: nil,
            roots: roots((settings.transport as? NoWait.NativeTransport)?.roots ?? .mozilla),
            pins: (settings.transport as? NoWait.NativeTransport)?.pins ?? [])
    }

    private static func roots(_ roots: NoWait.NativeTransport.Roots) -> Roots {
        switch roots {
        case .mozilla: .mozilla
        case .only(let certificates): .only(certificates)
        case .mozillaAnd(let certificates): .mozillaAnd(certificates)
        }
    }

    static func conditions(_ now: NoWait.Conditions) -> NoWaitFFI.Conditions {
        let network: NoWaitFFI.Network =
            switch now.network {
            case .unknown: .unknown
            case .offline: .offline
            case .wifi: .wifi
            case .cellular: .cellular
            case .wired: .wired
            }
        return NoWaitFFI.Conditions(
            network: network, metered: now.isExpensive, dataSaver: now.isLowData, batterySaver: now.isLowPower,
            roaming: now.isRoaming)
    }

    static func milliseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000)
        let (sum, overflowAgain) = whole.addingReportingOverflow(UInt64(attoseconds / 1_000_000_000_000_000))
        return overflow || overflowAgain ? .max : sum
    }

    /// Nanoseconds of a time in seconds, as UIKit gives them by the uptime clock.
    static func nanoseconds(_ seconds: Double) -> UInt64 { UInt64(exactly: (seconds * 1e9).rounded()) ?? 0 }

    static func consent(_ consent: NoWait.Consent) -> NoWaitFFI.Consent {
        switch consent {
        case .pending: .pending
        case .granted: .granted
        case .refused: .refused
        }
    }

    private static func bundleText(_ key: String) -> String {
        Bundle.main.object(forInfoDictionaryKey: key) as? String ?? ""
    }

    private static func folder(_ settings: NoWait.Settings) -> URL {
        let files = FileManager.default
        let support =
            files.urls(for: .applicationSupportDirectory, in: .userDomainMask).first ?? files.temporaryDirectory
        let folder = settings.folder ?? support.appendingPathComponent("nowait", isDirectory: true)
        return DataFolder.prepared(folder, by: settings.files)
    }

    private static var os: Os {
        #if os(iOS)
        .ios
        #elseif os(macOS)
        .macOs
        #elseif os(Linux)
        .linux
        #else
        .other
        #endif
    }

    /// The machine as the kernel names it, for example `iPhone17,1`.
    private static func model() -> String {
        var name = utsname()
        guard uname(&name) == 0 else { return "" }
        return withUnsafeBytes(of: name.machine) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }

    private static func tier() -> Tier {
        switch ProcessInfo.processInfo.physicalMemory {
        case ..<lowBytesBelow: .low
        case ..<midBytesBelow: .mid
        default: .high
        }
    }
}
