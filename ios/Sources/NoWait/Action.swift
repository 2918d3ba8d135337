// Work that the app itself begins and ends.

extension NoWait {
    /// A piece of work that the app begins and ends; see ``NoWait/action(_:)``. Make it once and keep it.
    public struct Action: Sendable {
        let name: UInt32

        /// Begins. The span must be ended, once.
        public func begin() -> Span {
            let span = Span(name: name, id: nextID())
            Fact.actionBegun(id: span.id, name: name).tell()
            return span
        }

        /// Measures `work` and returns what it returns. What it throws passes through untouched and is measured as by
        /// ``Span/fail(_:)``.
        public func measure<Value, Failure: Error>(_ work: () throws(Failure) -> Value) throws(Failure) -> Value {
            let span = begin()
            do {
                let value = try work()
                span.end()
                return value
            } catch {
                span.fail(error)
                throw error
            }
        }

        /// Measures asynchronous `work`, on the actor of the caller. What it throws passes through untouched and is
        /// measured as by ``Span/fail(_:)``.
        public func measure<Value, Failure: Error>(
            isolation: isolated (any Actor)? = #isolation,
            _ work: () async throws(Failure) -> sending Value
        ) async throws(Failure) -> sending Value {
            let span = begin()
            do {
                let value = try await work()
                span.end()
                return value
            } catch {
                span.fail(error)
                throw error
            }
        }
    }

    /// An action under way: two numbers, no object. Interrupted, whatever it ends with, if the app was left meanwhile.
    public struct Span: Sendable {
        let name: UInt32
        let id: UInt64

        /// It is done.
        public func end() { close(.done) }

        /// It ended with an error.
        public func fail() { close(.failed) }

        /// It ended with this error: abandoned if that says that somebody cancelled it (`CancellationError`,
        /// `URLError.cancelled`, `CocoaError.userCancelled`), timed out if a limit ran out (`URLError.timedOut`), else failed.
        public func fail(_ error: any Error) { close(Outcome(thrown: error)) }

        /// It was given up.
        public func abandon() { close(.abandoned) }

        private func close(_ outcome: Outcome) {
            Fact.actionEnded(id: id, name: name, outcome: outcome.rawValue).tell()
        }
    }
}
