import CEngineTesting
import Foundation
import NoWaitFFI
import Testing

@testable import NoWait

extension OneAtATime {
    /// What happens between the start and the moment at which the engine is up.
    @Suite struct LaneTests {
        private static func names() -> Names {
            let next = NextID()
            return Names { texts in texts.map { _ in next.take() } }
        }

        /// The kinds of the events that come of what `tell` tells.
        private static func replayed(_ tell: () -> Void) -> [(kind: UInt64, name: UInt64, started: UInt64)] {
            nowait_testing_replay_begin()
            tell()
            let count = nowait_testing_replay_end()
            let field = nowait_testing_replay_event
            return (0..<count).map { (field($0, 0), field($0, 3), field($0, 5)) }
        }

        @Test func whatWaitsArrivesInOrderWithItsOwnTime() {
            let names = Self.names()
            let lane = Lane(names: names)
            let home = names.index(of: "Home")
            lane.open()
            let before = nowNs()
            lane.tell(.screenCreated(name: home))
            let after = nowNs()
            lane.tell(.screenShown(name: home))
            lane.tell(.screenReady(name: home))
            names.register()
            let events = Self.replayed(lane.handOver)
            let screen = events.filter { $0.kind == 2 }
            #expect(screen.map(\.name) == [6])
            #expect(
                screen.allSatisfy { (before...after).contains($0.started) }, "the time of the call, not of the start")
            #expect(lane.lost == 0)
        }

        @Test func onlySoManyWaitAndTheRestIsCounted() {
            let lane = Lane(names: Self.names())
            lane.tell(.touchHandled)
            #expect(lane.lost == 0, "before a start nothing is kept, so nothing is lost")
            lane.open()
            for _ in 0..<Lane.waitingMax + 3 { lane.tell(.background) }
            #expect(lane.lost == 3)
            lane.close()
            #expect(lane.lost == UInt64(Lane.waitingMax) + 3)
            lane.tell(.background)
            #expect(!lane.takesSignals && lane.lost == UInt64(Lane.waitingMax) + 3)
        }

        @Test func noSignalIsLostOrDoubledWhileTheEngineComesUp() async {
            let lane = Lane(names: Self.names())
            lane.open()
            // 480 signals: all of them could wait.
            nowait_testing_replay_begin()
            await withTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for number in 0..<60 {
                            let id = UInt64(writer * 60 + number + 1)
                            lane.tell(.requestStarted(id: id, name: 0))
                            lane.tell(.requestEnded(id: id, status: 200, outcome: 0))
                        }
                    }
                }
                group.addTask { lane.handOver() }
            }
            lane.handOver()
            let count = nowait_testing_replay_end()
            #expect(count == 240 && lane.lost == 0, "\(count) requests, \(lane.lost) signals lost")
        }

        @Test func aNameIsItsIndexUntilTheTableIsFull() {
            let names = Self.names()
            let first = names.index(of: "Home")
            #expect(names.index(of: "Home") == first && names.text(first) == "Home")
            for number in 1..<Names.countMax { _ = names.index(of: "screen \(number)") }
            #expect(names.text(names.index(of: "one too many")) == "other")
            names.register()
            #expect(names.id(first) == 6)
            #expect(names.id(names.index(of: "one too many")) == 1)
        }

        @Test func aNameSpokenLaterIsRegisteredAtOnce() {
            let names = Self.names()
            names.register()
            #expect(names.id(names.index(of: "Late")) == 6)
        }

        @Test func aDurationIsMillisecondsWhateverItIs() {
            #expect(Platform.milliseconds(.seconds(30)) == 30_000)
            #expect(Platform.milliseconds(.microseconds(1_500)) == 1)
            #expect(Platform.milliseconds(.seconds(-1)) == 0)
            #expect(Platform.milliseconds(.seconds(Int64.max)) == .max)
        }
    }
}

/// The engine's next id, after the reserved ones.
private final class NextID: @unchecked Sendable {
    private let lock = NSLock()
    private var next: UInt32 = 6

    func take() -> UInt32 {
        lock.lock()
        defer { lock.unlock() }
        next += 1
        return next - 1
    }
}
