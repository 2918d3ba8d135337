// What an app decides once, before it starts NoWait.

import Foundation
package import NoWaitFFI

extension NoWait {
    /// Whether the customer agreed to be measured.
    public enum Consent: Sendable, Hashable {
        /// Not asked yet: events are kept apart on the device, bounded.
        case pending
        /// Agreed: what was kept apart is delivered, and what comes from now on.
        case granted
        /// Refused: everything on the device is wiped and nothing more is recorded.
        case refused
    }

    /// What an app may decide at the start; read once.
    public struct Settings: Sendable {
        /// How often events are sealed and sent while the app is in front; on its way to the background they are sent as
        /// well. From 100 ms to a day. The recorder's file survives a kill, so that waiting costs only freshness.
        public var flushInterval: Duration = .seconds(300)

        /// What the customer decided, if the app keeps that itself; else the last ``NoWait/consent(_:)`` on this
        /// device holds.
        public var consent: Consent = .pending

        /// The version that customers see; reports compare by it. Default: `CFBundleShortVersionString`.
        public var appVersion: String?

        /// The build number or commit. Default: `CFBundleVersion`.
        public var appBuild: String?

        /// ISO 3166-1 alpha-2 of the customer's region. Default: that of the current locale.
        public var country: String?

        /// The app's own dimensions, such as `["segment": "retail"]`: at most 8, scrubbed like names.
        public var dimensions: [String: String] = [:]

        /// A folder that NoWait has to itself, at most 6 MiB. Default: `nowait` in Application Support. Its files are not backed
        /// up, and of the class `completeUntilFirstUserAuthentication`, whatever class the app's own are; where that cannot be
        /// had, ``NoWait/SelfReport/isInMemory`` says so.
        public var folder: URL?

        /// How batches leave the device.
        public var transport: any NoWait.Transport = URLSessionTransport()

        /// What NoWait captures by itself.
        public var capture: Capture = .all

        /// The operating system that reports tell. Default: the one this runs on.
        package var os: Os?

        /// How files get their protection class.
        package var files: FileGuard = .system

        init() {}
    }
}
