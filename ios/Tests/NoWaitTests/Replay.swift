// What the engine makes of what a test tells.
//
// Owns: reading the engine's events. Refuses: judging them.
// Invariant: the events are those of the real trackers in the real library (see bindings/src/testing.rs).

import CEngineTesting

@testable import NoWait

/// An event that came out of the engine.
struct EngineEvent: Equatable, CustomStringConvertible {
    enum Kind: UInt64 {
        case launch = 1, screen, tap, settled, frames, frameTimes, hang, request, action, journey, step, rageTap
        case breadcrumb, exit, lifecycle, rating, handOver
    }

    enum Outcome: UInt64 {
        case done, failed, noResponse, timedOut, interrupted, alreadyAnimating, abandoned, died
    }

    let kind: Kind?
    let outcome: Outcome?
    let name: String
    let screen: String
    let startedNs: UInt64
    let durationNs: UInt64
    let (a, b): (UInt64, UInt64)

    init(index: UInt64) {
        let field = { nowait_testing_replay_event(index, $0) }
        kind = Kind(rawValue: field(0))
        outcome = Outcome(rawValue: field(1))
        name = nameText(UInt32(field(3)))
        screen = nameText(UInt32(field(4)))
        (startedNs, durationNs) = (field(5), field(6))
        (a, b) = (field(8), field(9))
    }

    static func == (one: EngineEvent, other: EngineEvent) -> Bool {
        one.description == other.description && one.startedNs == other.startedNs
    }

    var description: String {
        let words = [kind.map { "\($0)" } ?? "?", outcome.map { "\($0)" } ?? "?", name, "in \(screen)"]
        return words.joined(separator: " ") + " \(durationNs) ns"
    }
}

/// The engine's trackers, fresh, for what a test tells.
enum Replay {
    static func events(_ tell: () throws -> Void) rethrows -> [EngineEvent] {
        nowait_testing_replay_begin()
        do { try tell() } catch {
            _ = nowait_testing_replay_end()
            throw error
        }
        return end()
    }

    @MainActor static func events(_ tell: @MainActor () async throws -> Void) async rethrows -> [EngineEvent] {
        nowait_testing_replay_begin()
        do { try await tell() } catch {
            _ = nowait_testing_replay_end()
            throw error
        }
        return end()
    }

    private static func end() -> [EngineEvent] { (0..<nowait_testing_replay_end()).map(EngineEvent.init) }

    /// Lets time pass, as the engine's worker says it.
    static func tick(atNs: UInt64) { nowait_testing_replay_tick(atNs, .max, 0) }

    static var presence: String { ["starting", "in front", "background"][Int(nowait_testing_replay_presence())] }
}
