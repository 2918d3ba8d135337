// Names, known by index long before the engine knows them.
//
// Owns: the index of each name, and the engine's id for it. Refuses: scrubbing, which the engine does.
// Invariant: an index that was given out is good for the life of the process, and its id is written before any signal
// that uses it goes straight to the engine.

import Foundation
internal import NoWaitFFI

/// `@unchecked Sendable`: everything is behind `lock` but reads of `ids`, which the invariant orders: a name that was
/// spoken before the engine was up has its id before the lane opens, a later one before its index is returned.
package final class Names: @unchecked Sendable {
    package static let shared = Names()

    /// As many as the engine's table holds; one more is `other`.
    package static let countMax = 1024

    /// The engine's ids of no name and of `other`, and their indices here (`nowait_wire::NameId`).
    private static let none: UInt32 = 0
    private static let other: UInt32 = 1

    private let lock = NSLock()
    private var indices: [String: UInt32] = [:]
    private var texts = ["", "other"]
    private var registered = 2
    private var isUp = false
    private let ids = UnsafeMutablePointer<UInt32>.allocate(capacity: countMax + 2)
    private let engine: @Sendable ([String]) -> [UInt32]

    /// `engine` registers names and gives their ids in the same order.
    init(engine: @escaping @Sendable ([String]) -> [UInt32] = { NoWaitFFI.registerNames(names: $0) }) {
        self.engine = engine
        ids.initialize(repeating: Self.none, count: Self.countMax + 2)
        ids[1] = Self.other
    }

    deinit { ids.deallocate() }

    /// The engine's id for an index of ours.
    @inline(__always)
    func id(_ index: UInt32) -> UInt32 { ids[Int(index)] }

    /// The index of a name: the same for the same text.
    package func index(of text: String) -> UInt32 {
        lock.lock()
        defer { lock.unlock() }
        if let index = indices[text] { return index }
        guard texts.count < Self.countMax + 2 else { return Self.other }
        let index = UInt32(texts.count)
        texts.append(text)
        indices[text] = index
        if isUp {
            ids[Int(index)] = engine([text]).first ?? Self.other
            registered = texts.count
        }
        return index
    }

    /// The text of an index.
    package func text(_ index: UInt32) -> String {
        lock.lock()
        defer { lock.unlock() }
        return texts.indices.contains(Int(index)) ? texts[Int(index)] : ""
    }

    /// The engine is up: tells it every name so far. The lock is not held meanwhile, since a caller may want a name.
    func register() {
        while true {
            lock.lock()
            let new = Array(texts[registered...])
            if new.isEmpty {
                isUp = true
                lock.unlock()
                return
            }
            lock.unlock()
            let newIDs = engine(new)
            lock.lock()
            for (offset, id) in newIDs.enumerated() { ids[registered + offset] = id }
            registered += new.count
            lock.unlock()
        }
    }
}
