// A stand-in for SwiftUI on Linux: the few shapes that NoWait and the sample use, so that the modifier compiles and can
// be asked what it does at which moment. It proves nothing about the real SwiftUI.

/// What a view does when it appears, for its tasks, and when it disappears.
public struct Moments {
    public var appear: [@MainActor () -> Void] = []
    public var tasks: [@Sendable () async -> Void] = []
    public var disappear: [@MainActor () -> Void] = []
    public var tap: [() -> Void] = []

    public init() {}
}

@MainActor public protocol View {
    associatedtype Body: View
    var body: Body { get }
    var moments: Moments { get }
}

extension View {
    public var moments: Moments { body.moments }
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

    public var body: Seen { self }
}

public struct Text: View {
    public init(_ text: String) {}

    public var body: Seen { Seen() }
}

public struct Button: View {
    public init(_ title: String, action: @escaping @MainActor () -> Void) {}

    public var body: Seen { Seen() }
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

    public func simultaneousGesture(_ gesture: TapGesture) -> some View {
        with { $0.tap.append(gesture.ended) }
    }

    private func with(_ change: (inout Moments) -> Void) -> Seen {
        var moments = moments
        change(&moments)
        return Seen(moments: moments)
    }
}

public struct TapGesture {
    var ended: () -> Void = {}

    public init() {}

    public func onEnded(_ action: @escaping () -> Void) -> TapGesture { TapGesture(ended: action) }
}

extension TapGesture {
    init(ended: @escaping () -> Void) { self.ended = ended }
}

/// Kept as long as the view is there; the stand-in's views are never made anew.
@MainActor @propertyWrapper public struct State<Value> {
    private final class Box {
        var value: Value

        init(_ value: Value) { self.value = value }
    }

    private let box: Box

    public init(wrappedValue: Value) { box = Box(wrappedValue) }

    public var wrappedValue: Value {
        get { box.value }
        nonmutating set { box.value = newValue }
    }
}

@MainActor public protocol Scene {}

public struct WindowGroup<Content: View>: Scene {
    public init(content: () -> Content) {}
}

@MainActor public protocol App {
    associatedtype Body: Scene
    var body: Body { get }
    init()
}

extension App {
    public static func main() { _ = Self().body }
}
