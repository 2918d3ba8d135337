// The raw signals, as Swift sees them: what `bindings/src/hot.rs` takes, by the same names.
//
// Owns: their list, and the call that each one is. Refuses: time, which is an argument; rules, which the engine has.
// Invariant: a signal holds numbers only, so that keeping one allocates nothing.

internal import NoWaitFFI

/// One raw fact. Names are indices into ``Names``.
package enum Signal: Sendable, Hashable {
    case breadcrumb(name: UInt32, number: UInt64)
    case foreground(restored: Bool)
    case background
    case touchUp(target: UInt32)
    case touchHandled
    /// A frame was presented; its work began and was due at these times.
    case frame(startedNs: UInt64, deadlineNs: UInt64)
    case screenCreated(name: UInt32)
    case screenShown(name: UInt32)
    case screenReady(name: UInt32)
    case screenLeft(name: UInt32)
    case requestStarted(id: UInt64, name: UInt32)
    case requestEnded(id: UInt64, status: UInt16, outcome: UInt8)
    case actionBegun
    case actionEnded(name: UInt32, startedNs: UInt64, outcome: UInt8)
    case journeyStarted(id: UInt64, name: UInt32)
    case stepStarted(id: UInt64, name: UInt32)
    case journeyEnded(id: UInt64, outcome: UInt8)
}

/// As a time: this moment, read by the engine, which saves a call.
package let nowNsInEngine = UInt64.max

extension Signal {
    /// Tells the engine. `names` gives the engine's ids.
    @inline(__always)
    func speak(atNs: UInt64, names: Names) {
        switch self {
        case .breadcrumb(let name, let number):
            NoWaitFFI.breadcrumb(name: names.id(name), atNs: atNs, number: number)
        case .foreground(let restored): NoWaitFFI.foreground(atNs: atNs, restored: restored)
        case .background: NoWaitFFI.background(atNs: atNs)
        case .touchUp(let target): NoWaitFFI.touchUp(target: names.id(target), atNs: atNs)
        case .touchHandled: NoWaitFFI.touchHandled(atNs: atNs)
        case .frame(let startedNs, let deadlineNs):
            NoWaitFFI.frame(startedNs: startedNs, deadlineNs: deadlineNs, atNs: atNs)
        case .screenCreated(let name): NoWaitFFI.screenCreated(screen: names.id(name), atNs: atNs)
        case .screenShown(let name): NoWaitFFI.screenShown(screen: names.id(name), atNs: atNs)
        case .screenReady(let name): NoWaitFFI.screenReady(screen: names.id(name), atNs: atNs)
        case .screenLeft(let name): NoWaitFFI.screenLeft(screen: names.id(name), atNs: atNs)
        case .requestStarted(let id, let name):
            NoWaitFFI.requestStarted(id: id, route: names.id(name), atNs: atNs)
        case .requestEnded(let id, let status, let outcome):
            NoWaitFFI.requestEnded(id: id, atNs: atNs, status: status, outcome: outcome)
        case .actionBegun: _ = NoWaitFFI.actionBegin(atNs: atNs)
        case .actionEnded(let name, let startedNs, let outcome):
            NoWaitFFI.actionEnd(name: names.id(name), startedNs: startedNs, atNs: atNs, outcome: outcome)
        case .journeyStarted(let id, let name):
            NoWaitFFI.journeyStarted(id: id, journey: names.id(name), atNs: atNs)
        case .stepStarted(let id, let name): NoWaitFFI.stepStarted(id: id, step: names.id(name), atNs: atNs)
        case .journeyEnded(let id, let outcome): NoWaitFFI.journeyEnded(id: id, atNs: atNs, outcome: outcome)
        }
    }
}
