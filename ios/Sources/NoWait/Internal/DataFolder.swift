// The folder of NoWait's files, made so that they can be had at any time and belong to this device alone.
//
// Owns: protection class and backup. Refuses: where the folder is (`Platform`), and its files; the engine has them.
// Invariant: both are settled before the first file exists. A mapped file of a stricter class is taken away when the device
// is locked, and whoever touches it then dies (SIGBUS): so where they cannot be settled, the engine gets no folder.

import Foundation

enum DataFolder {
    /// Where no file can be: the engine then keeps its recorder on the heap, and its ledger says so.
    static let none = URL(fileURLWithPath: "/dev/null/nowait")

    /// The folder if it, and what is in it already, can be had whenever the device was unlocked once since it was booted;
    /// else ``none``.
    static func prepared(_ folder: URL, by files: FileGuard) -> URL {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try files.guardItem(folder)
            // Of an app that chose another class before, or of an older version: a folder's class holds for new files only.
            let found = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
            while let item = found?.nextObject() as? URL { try files.guardItem(item) }
            return folder
        } catch {
            return none
        }
    }
}

/// Sets protection class and backup of one file or folder, and fails unless both hold.
package struct FileGuard: Sendable {
    let guardItem: @Sendable (URL) throws -> Void

    package init(guardItem: @escaping @Sendable (URL) throws -> Void) { self.guardItem = guardItem }

    /// What this system has: nothing but on Apple's.
    static let system = FileGuard { item in
        #if canImport(Darwin)
        try protect(item)
        #endif
    }

    private struct StaysProtected: Error {}

    private static func protect(_ item: URL) throws {
        let files = FileManager.default
        let wanted = FileProtectionType.completeUntilFirstUserAuthentication
        try files.setAttributes([.protectionKey: wanted], ofItemAtPath: item.path)
        // A Mac and a simulator know no class, and take nothing away.
        let now = try files.attributesOfItem(atPath: item.path)[.protectionKey] as? FileProtectionType
        if let now, now != wanted && now != .none { throw StaysProtected() }
        // Another device must not find this one's events in a backup.
        var (item, values) = (item, URLResourceValues())
        values.isExcludedFromBackup = true
        try item.setResourceValues(values)
    }
}
