// What a customer looks at, and what is left on the way there.

extension NoWait {
    /// A screen of the app; see ``NoWait/screen(_:)``. In SwiftUI, `trackScreen` says all of this.
    ///
    /// Each ``created()`` begins an instance, and what is said then is about it, up to the next ``created()``.
    public struct Screen: Sendable {
        let name: UInt32
        let visit: Visit

        init(name: UInt32) {
            self.name = name
            visit = Visits.shared.of(name)
        }

        /// It began to exist.
        public func created() { Fact.screenCreated(id: visit.created(), name: name).tell() }

        /// Its first frame was presented.
        public func shown() { Fact.screenShown(id: visit.current(), name: name).tell() }

        /// It shows what the customer came for. Without this within 30 s, the screen is timed out.
        public func ready() { Fact.screenReady(id: visit.current(), name: name).tell() }

        /// It is gone.
        public func left() { Fact.screenLeft(id: visit.current(), name: name).tell() }
    }

    /// The name of a breadcrumb; see ``NoWait/crumb(_:)``.
    public struct Crumb: Sendable {
        let name: UInt32
    }
}
