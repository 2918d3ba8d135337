// The facts, as Swift sees them: what `bindings/src/hot.rs` takes, by the same names.
//
// Owns: their list, and the call that each one is. Refuses: rules, limits and waiting, which the engine has, from the first
// use of the library on.
// Invariant: a fact holds numbers only, so that telling it allocates nothing.

internal import NoWaitFFI

/// What the app tells at one moment. Names are the engine's ids, of ``registerName(text:)``; the name in an end is for
/// tests alone.
package enum Fact: Sendable, Hashable {
    case breadcrumb(name: UInt32, number: UInt64)
    /// When, is said with it: the kernel knows.
    case processStarted(visible: Bool)
    case foreground(restored: Bool)
    case background
    case mainPing
    case mainPong
    case touchUp(target: UInt32)
    case touchHandled
    /// A frame was presented; its work began and was due at these times.
    case frame(startedNs: UInt64, deadlineNs: UInt64)
    case screenCreated(id: UInt64, name: UInt32)
    case screenShown(id: UInt64, name: UInt32)
    case screenReady(id: UInt64, name: UInt32)
    case screenLeft(id: UInt64, name: UInt32)
    case requestStarted(id: UInt64, name: UInt32)
    case requestEnded(id: UInt64, status: UInt16, outcome: UInt8)
    case actionBegun(id: UInt64, name: UInt32)
    case actionEnded(id: UInt64, name: UInt32, outcome: UInt8)
    case journeyStarted(id: UInt64, name: UInt32)
    case stepStarted(id: UInt64, name: UInt32)
    case journeyEnded(id: UInt64, outcome: UInt8)
    case rated(id: UInt64, name: UInt32, rating: UInt8)
    case handedOver(id: UInt64, continuation: UInt64)
    case crashed(name: UInt32)
}

/// As a time: this moment, read by the engine, which saves a call.
package let nowNsInEngine = UInt64.max

extension Fact {
    /// Tells it to the engine, or to the test that took its place.
    ///
    /// - Parameter atNs: When it happened, by the uptime clock.
    @inline(__always)
    package func tell(atNs: UInt64 = nowNsInEngine) {
        if Listener.isThere { Listener.shared.hear(self) } else { tellEngine(atNs: atNs) }
    }

    /// Tells the engine.
    @inline(__always)
    func tellEngine(atNs: UInt64) {
        switch self {
        case .breadcrumb(let name, let number): NoWaitFFI.breadcrumb(name: name, atNs: atNs, number: number)
        case .processStarted(let visible): NoWaitFFI.processStarted(atNs: atNs, visible: visible)
        case .mainPing: NoWaitFFI.mainPing(atNs: atNs)
        case .mainPong: NoWaitFFI.mainPong(atNs: atNs)
        case .foreground(let restored): NoWaitFFI.foreground(atNs: atNs, restored: restored)
        case .background: NoWaitFFI.background(atNs: atNs)
        case .touchUp(let target): NoWaitFFI.touchUp(target: target, atNs: atNs)
        case .touchHandled: NoWaitFFI.touchHandled(atNs: atNs)
        case .frame(let startedNs, let deadlineNs):
            NoWaitFFI.frame(startedNs: startedNs, deadlineNs: deadlineNs, atNs: atNs)
        case .screenCreated(let id, let name): NoWaitFFI.screenCreated(id: id, screen: name, atNs: atNs)
        case .screenShown(let id, let name): NoWaitFFI.screenShown(id: id, screen: name, atNs: atNs)
        case .screenReady(let id, let name): NoWaitFFI.screenReady(id: id, screen: name, atNs: atNs)
        case .screenLeft(let id, _): NoWaitFFI.screenLeft(id: id, atNs: atNs)
        case .requestStarted(let id, let name): NoWaitFFI.requestStarted(id: id, route: name, atNs: atNs)
        case .requestEnded(let id, let status, let outcome):
            NoWaitFFI.requestEnded(id: id, atNs: atNs, status: status, outcome: outcome)
        case .actionBegun(let id, let name): NoWaitFFI.actionBegin(id: id, action: name, atNs: atNs)
        case .actionEnded(let id, _, let outcome): NoWaitFFI.actionEnd(id: id, atNs: atNs, outcome: outcome)
        case .journeyStarted(let id, let name): NoWaitFFI.journeyStarted(id: id, journey: name, atNs: atNs)
        case .stepStarted(let id, let name): NoWaitFFI.stepStarted(id: id, step: name, atNs: atNs)
        case .rated(let id, let name, let rating):
            NoWaitFFI.rated(id: id, name: name, atNs: atNs, rating: rating)
        case .handedOver(let id, let continuation):
            NoWaitFFI.handedOver(id: id, atNs: atNs, continuation: continuation)
        case .crashed(let name): NoWaitFFI.crashed(name: name, atNs: atNs)
        case .journeyEnded(let id, let outcome): NoWaitFFI.journeyEnded(id: id, atNs: atNs, outcome: outcome)
        }
    }
}

/// The engine's id of a name.
package func nameID(_ text: String) -> UInt32 { NoWaitFFI.registerName(text: text) }

/// The engine's id of what may be told of the target of a tap; 0 for nothing.
package func targetID(_ text: String) -> UInt32 { NoWaitFFI.registerTarget(text: text) }

/// The text of such an id, as it would travel.
package func nameText(_ id: UInt32) -> String { NoWaitFFI.nameText(name: id) }

/// The uptime clock now.
package func uptimeNs() -> UInt64 { NoWaitFFI.nowNs() }

/// A number that no other screen, action, request or journey of this process has.
@inline(__always)
func nextID() -> UInt64 { NoWaitFFI.nextId() }

/// A random id for a journey that goes on elsewhere, and its text; nil only if a defect of NoWait was caught.
func drawContinuation() -> (number: UInt64, text: String)? {
    NoWaitFFI.drawContinuation().map { ($0.number, $0.text) }
}

/// Tells a customer's rating. Which numbers are one, the engine knows; what is no small number is told as 0, which is none.
func tellRating(_ rating: Int, name: UInt32, journey: UInt64) {
    Fact.rated(id: journey, name: name, rating: UInt8(exactly: rating) ?? 0).tell()
}
