// What a finger does, as taps and as movement.
//
// Owns: what is a tap, and when its target is told. Refuses: what the customer sees or types: of a target only its name is
// read, and of one that takes what is secret, not even that.
// Invariant: a tap is told before the app's handler runs, and its end after; a touch of nothing is no tap.

import Dispatch

@MainActor final class TouchWatch {
    /// What a finger may move and still tap, in points: UIKit's own gesture recognizers allow as much.
    private static let slop = 10.0
    /// How long a content that was flung goes on: most scroll views rest by then.
    private static let flingNs: UInt64 = 500_000_000
    /// A name that comes later than this is about another touch.
    private static let namedNs: UInt64 = 1_000_000_000

    private let frames: FrameWatch
    private let parts: NoWait.Capture
    private var down: (x: Double, y: Double)?
    private var isMoving = false
    /// The latest touch whose target says nothing of itself, as in SwiftUI.
    private var unnamedNs: UInt64 = 0
    /// Whether nothing may be told of what that one hit.
    private var isUnnamedSecret = false
    /// Whether the customer types something secret.
    var isSecret = false

    init(parts: NoWait.Capture, frames: FrameWatch) { (self.parts, self.frames) = (parts, frames) }

    func began(x: Double, y: Double, isOnlyFinger: Bool) { down = isOnlyFinger ? (x, y) : nil }

    func moved(x: Double, y: Double) {
        guard let down, abs(x - down.x) > Self.slop || abs(y - down.y) > Self.slop else { return }
        self.down = nil
        isMoving = true
        if parts.contains(.frames) { frames.moves(true) }
    }

    /// - Parameters:
    ///   - isSecret: Whether nothing may be told of what was hit.
    ///   - target: Its name; nil if it says nothing of itself, which may be nothing at all.
    func ended(x: Double, y: Double, atNs: UInt64, isSecret: Bool, target: () -> String?) {
        moved(x: x, y: y)
        let isTap = down != nil
        rest(atNs)
        guard isTap, parts.contains(.taps) else { return }
        if let target = target() {
            tell(target, atNs: atNs, isSecret: isSecret)
        } else {
            (unnamedNs, isUnnamedSecret) = (atNs, isSecret)
        }
    }

    func cancelled(atNs: UInt64) { rest(atNs) }

    private func rest(_ atNs: UInt64) {
        down = nil
        if isMoving && parts.contains(.frames) { frames.moves(false, untilNs: atNs + Self.flingNs) }
        isMoving = false
    }

    /// The app says what was tapped.
    func named(_ name: String, nowNs: UInt64) {
        guard parts.contains(.taps) else { return }
        let isRecent = unnamedNs != 0 && nowNs - min(nowNs, unnamedNs) < Self.namedNs
        tell(name, atNs: isRecent ? unnamedNs : nowNs, isSecret: isRecent && isUnnamedSecret)
        unnamedNs = 0
    }

    private func tell(_ target: String, atNs: UInt64, isSecret: Bool) {
        Fact.touchUp(target: isSecret || self.isSecret ? 0 : targetID(target)).tell(atNs: atNs)
        // The handler runs in this turn of the main queue, and what waits for the next one runs after it.
        DispatchQueue.main.async {
            Fact.touchHandled.tell()
            self.frames.wantFrame()
        }
    }
}
