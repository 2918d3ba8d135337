// What NoWait captures by itself.

extension NoWait {
    /// What NoWait captures by itself, in an app with UIKit or SwiftUI. Each part can be left out:
    ///
    /// ```swift
    /// NoWait.start(endpoint: url, appKey: key) { $0.capture.remove(.hangs) }
    /// ```
    ///
    /// Nothing is swizzled.
    public struct Capture: OptionSet, Sendable, Hashable {
        /// The set as a number.
        public let rawValue: Int

        /// A set from its number.
        public init(rawValue: Int) { self.rawValue = rawValue }

        /// Launches, and whether the app is in front. Without it no wait is interrupted by leaving the app, and ``hangs`` are
        /// not captured.
        public static let lifecycle = Capture(rawValue: 1)
        /// Taps on views of UIKit, and on those of SwiftUI that `trackTap` names.
        public static let taps = Capture(rawValue: 2)
        /// Frames while content moves under a finger.
        public static let frames = Capture(rawValue: 4)
        /// A main thread that does not answer for 250 ms or longer while the app is in front.
        public static let hangs = Capture(rawValue: 8)
        /// Network, Low Data Mode, Low Power Mode; heat and lack of memory as breadcrumbs. Without it the network is unknown,
        /// unless the app tells it (``NoWait/conditions(_:)``).
        public static let conditions = Capture(rawValue: 16)
        /// Exceptions of Objective-C that nobody caught: their name, before they are handed on to the handler that was there before.
        /// Without it, a process that died of one died of an unknown cause.
        public static let exits = Capture(rawValue: 32)
        /// All of it.
        public static let all: Capture = [.lifecycle, .taps, .frames, .hangs, .conditions, .exits]
    }
}
