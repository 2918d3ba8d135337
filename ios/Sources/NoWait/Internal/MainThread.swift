// The main thread.

import Dispatch
import Foundation

#if !canImport(Darwin)
private nonisolated(unsafe) let mainKey: DispatchSpecificKey<Bool> = {
    let key = DispatchSpecificKey<Bool>()
    DispatchQueue.main.setSpecific(key: key, value: true)
    return key
}()
#endif

/// Whether this is the main thread; on Linux, whether this is the main queue, which has no thread of its own there.
func isOnMain() -> Bool {
    #if canImport(Darwin)
    Thread.isMainThread
    #else
    DispatchQueue.getSpecific(key: mainKey) ?? false
    #endif
}

/// Does `work` on the main thread: at once if this is it.
func onMain(_ work: @escaping @MainActor @Sendable () -> Void) {
    if isOnMain() { MainActor.assumeIsolated(work) } else { DispatchQueue.main.async(execute: work) }
}
