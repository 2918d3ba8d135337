// An exception of Objective-C that nobody caught, noted before the process dies of it.
//
// Owns: our place in the chain of handlers. Refuses: what the exception says of itself but its name: the reason may hold anything.
// Invariant: whoever was there before hears of it after us, once, also if each was installed behind the other.

#if canImport(UIKit)
import Foundation
import UIKit

/// `@unchecked Sendable`: what it holds is constant, a function of C and a lock.
final class ExceptionWatch: @unchecked Sendable {
    private static let shared = ExceptionWatch(next: NSGetUncaughtExceptionHandler())

    private let next: NSUncaughtExceptionHandler?
    /// Taken by the first exception, and given back by none: the process dies.
    private let dying = NSLock()

    /// Once in a process; it stays, as others may stand in front of it.
    static func install() {
        _ = shared
        NSSetUncaughtExceptionHandler { ExceptionWatch.shared.heard($0) }
    }

    init(next: NSUncaughtExceptionHandler?) { self.next = next }

    func heard(_ exception: NSException) {
        guard dying.try() else { return }
        Fact.crashed(name: nameID(exception.name.rawValue)).tell()
        next?(exception)
    }
}
#endif
