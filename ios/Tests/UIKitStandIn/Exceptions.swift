// What Foundation has of Objective-C's exceptions on Apple's systems and not on Linux, brought along by the stand-in for UIKit.

import Foundation

public struct NSExceptionName: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }
}

public final class NSException: Sendable {
    public let name: NSExceptionName
    public let reason: String?

    public init(name: NSExceptionName, reason: String?) { (self.name, self.reason) = (name, reason) }
}

/// There a pointer to a function of C.
public typealias NSUncaughtExceptionHandler = (NSException) -> Void

private nonisolated(unsafe) var handler: NSUncaughtExceptionHandler?

public func NSGetUncaughtExceptionHandler() -> NSUncaughtExceptionHandler? { handler }

public func NSSetUncaughtExceptionHandler(_ new: NSUncaughtExceptionHandler?) { handler = new }
