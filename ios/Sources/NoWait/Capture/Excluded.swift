// Parts of the app of which nothing tells what was tapped in them.
//
// Owns: which views the app excluded, and whether a touch hit something that takes what is secret. Refuses: what a view shows or
// contains.
// Invariant: a view that is gone is nobody else: another one at its place in memory is not excluded.

#if canImport(UIKit)
import UIKit

extension NoWait {
    /// From here on nothing tells which part of this view was tapped: a tap on it, or on anything in it, keeps its times and has no
    /// name. For a keypad, whose keys one after the other are what the customer types, and for what nobody is to know of.
    ///
    /// Nothing of it is needed while a secure text field is edited. SwiftUI's views have no names but those of `trackTap`.
    @MainActor public static func exclude(_ view: UIView) { Excluded.add(view) }
}

@MainActor enum Excluded {
    private struct Entry {
        weak var view: UIView?
    }

    private static var entries: [ObjectIdentifier: Entry] = [:]

    static func add(_ view: UIView) {
        entries = entries.filter { $0.value.view != nil }
        entries[ObjectIdentifier(view)] = Entry(view: view)
    }

    /// Whether nothing may be told of what was hit.
    static func holds(_ touched: UIView?) -> Bool {
        if (touched as? UITextField)?.isSecureTextEntry == true { return true }
        return sequence(first: touched, next: { $0?.superview }).contains { view in
            guard let view else { return false }
            return entries[ObjectIdentifier(view)]?.view === view
        }
    }
}
#endif
