// What NoWait answers.

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension NoWait {
    /// What a start answers.
    public enum StartResult: Sendable, Hashable {
        /// The engine is being brought up; what is told waits for it.
        case started
        /// NoWait was started before, and a process starts it once. This call changed nothing.
        case alreadyStarted
    }

    /// What became of a start.
    public enum Status: Sendable, Hashable {
        /// Nobody started NoWait.
        case off
        /// The engine is being brought up.
        case starting
        /// It measures.
        case running
        /// The engine did not come up, and nothing is measured. The problem names the setting, and holds no value of
        /// it.
        case failed(problem: String)
        /// It was shut down.
        case stopped
    }

    /// What a flush achieved.
    public struct Flushed: Sendable, Hashable {
        /// Whether nothing is left on the device.
        public let isComplete: Bool
        /// Batches that wait on the device.
        public let batchesLeft: UInt64
    }

    /// NoWait's account of this session: produced = delivered + dropped.
    public struct SelfReport: Sendable, Hashable {
        /// The id of the session, which every batch of it carries.
        public let session: String
        /// Events that came of what was told.
        public let produced: UInt64
        /// Events that will never be delivered, by reason.
        public let dropped: [String: UInt64]
        /// What was told and could not be taken, or watched because too much was under way.
        public let signalsLost: UInt64
        /// Defects of NoWait that it caught.
        public let panicsCaught: UInt64
        /// Whether this session is kept in memory alone, because no file could be had that stays readable while the device is
        /// locked: what ends the process takes it along. In the first milliseconds after a start the file is not there yet.
        public let isInMemory: Bool
    }

    /// How a wait ended, by the numbers of `nowait_wire::Outcome`.
    package enum Outcome: UInt8, Sendable {
        case done = 0
        case failed = 1
        case timedOut = 3
        case abandoned = 6

        /// How work ended that threw this: who cancels it gives it up, and a limit that ran out is one of its own.
        init(thrown: any Error) {
            switch thrown {
            case is CancellationError: self = .abandoned
            case let problem as URLError where problem.code == .cancelled: self = .abandoned
            case let problem as URLError where problem.code == .timedOut: self = .timedOut
            case let problem as CocoaError where problem.code == .userCancelled: self = .abandoned
            default: self = .failed
            }
        }
    }
}
