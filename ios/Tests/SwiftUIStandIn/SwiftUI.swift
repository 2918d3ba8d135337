// A stand-in for SwiftUI on Linux: the few shapes that NoWait uses, so that its modifier compiles and can be asked what
// it does at which moment. It proves nothing about the real SwiftUI.

/// What a view does when it appears, for its tasks, and when it disappears.
public struct Moments {
    public var appear: [@MainActor () -> Void] = []
    public var tasks: [@Sendable () async -> Void] = []
    public var disappear: [@MainActor () -> Void] = []

    public init() {}
}

@MainActor public protocol View {
    var moments: Moments { get }
}

@MainActor public protocol ViewModifier {
    typealias Content = Seen
    associatedtype Body: View
    func body(content: Content) -> Body
}

/// A view that does nothing but what was added to it.
public struct Seen: View {
    public var moments: Moments

    public init(moments: Moments = Moments()) { self.moments = moments }
}

extension View {
    public func modifier<Modifier: ViewModifier>(_ modifier: Modifier) -> some View {
        modifier.body(content: Seen(moments: moments))
    }

    public func onAppear(perform: @escaping @MainActor () -> Void) -> some View {
        with { $0.appear.append(perform) }
    }

    public func task<ID: Equatable>(id: ID, _ action: @escaping @Sendable () async -> Void) -> some View {
        with { $0.tasks.append(action) }
    }

    public func onDisappear(perform: @escaping @MainActor () -> Void) -> some View {
        with { $0.disappear.append(perform) }
    }

    private func with(_ change: (inout Moments) -> Void) -> Seen {
        var moments = moments
        change(&moments)
        return Seen(moments: moments)
    }
}
