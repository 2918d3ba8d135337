// What a customer looks at, and what is left on the way there.

extension NoWait {
    /// A screen of the app; see ``NoWait/screen(_:)``. In SwiftUI, `trackScreen` says all of this.
    public struct Screen: Sendable {
        let name: UInt32

        /// It began to exist.
        public func created() { Lane.shared.tell(.screenCreated(name: name)) }

        /// Its first frame was presented.
        public func shown() { Lane.shared.tell(.screenShown(name: name)) }

        /// It shows what the customer came for. Without this within 30 s, the screen is timed out.
        public func ready() { Lane.shared.tell(.screenReady(name: name)) }

        /// It is gone.
        public func left() { Lane.shared.tell(.screenLeft(name: name)) }
    }
    /// The name of a breadcrumb; see ``NoWait/crumb(_:)``.
    public struct Crumb: Sendable {
        let name: UInt32
    }
}
