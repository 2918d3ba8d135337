// The instance that the words of a `Screen` are about: the one of its name that was created last.
//
// Owns: its id, per name. Refuses: locks when it is told of, and rules; what an instance's facts mean says the engine.
// Invariant: a word before the creation is about the instance that is created next, and one after it was left is still
// about it, so that the engine can tell that it comes too late.

internal import CNoWaitAtomic
import Foundation

/// `@unchecked Sendable`: the word is atomic. Two threads at once about one screen may begin two instances; the engine's
/// limits end what nobody ends.
final class Visit: @unchecked Sendable {
    /// Twice the id, and one if its creation was told; 0 for none.
    private let word: UnsafeMutablePointer<UInt64>

    init() {
        word = .allocate(capacity: 1)
        word.initialize(to: 0)
    }

    deinit { word.deallocate() }

    /// The instance that begins to exist.
    func created() -> UInt64 {
        let word = nowait_word_load(self.word)
        let id = word != 0 && word & 1 == 0 ? word >> 1 : nextID()
        enter(id)
        return id
    }

    /// The instance that is there, was there last, or comes.
    func current() -> UInt64 {
        let word = nowait_word_load(self.word)
        if word != 0 { return word >> 1 }
        let id = nextID()
        nowait_word_store(self.word, id << 1)
        return id
    }

    /// Whether anything was told of it.
    var isTold: Bool { nowait_word_load(word) != 0 }

    /// The instance that somebody else follows, such as a view, is the one.
    func enter(_ id: UInt64) { nowait_word_store(word, id << 1 | 1) }
}

/// One for each name. `@unchecked Sendable`: everything is behind `lock`.
final class Visits: @unchecked Sendable {
    static let shared = Visits()

    private let lock = NSLock()
    /// No more than the engine has names.
    private var byName: [UInt32: Visit] = [:]

    /// Whether any screen was told of in this process.
    var hasAny: Bool { lock.withLock { byName.values.contains(where: \.isTold) } }

    func of(_ name: UInt32) -> Visit {
        lock.lock()
        defer { lock.unlock() }
        if let visit = byName[name] { return visit }
        let visit = Visit()
        byName[name] = visit
        return visit
    }
}
