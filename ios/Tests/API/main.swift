// Prints what is public of a module, a line each in order, from the symbol graphs in a folder. scripts/swift-api runs it.
//
// Owns: the form of the listing. Refuses: what the compiler makes by itself, such as `==`.
// Invariant: ends with 1 if something public has no comment.

import Foundation

struct Graph: Decodable {
    struct Symbol: Decodable {
        struct Identifier: Decodable { let precise: String }
        struct Fragment: Decodable { let spelling: String }
        struct Comment: Decodable {}

        let identifier: Identifier
        let pathComponents: [String]
        let declarationFragments: [Fragment]
        let docComment: Comment?
    }

    let symbols: [Symbol]
}

/// What Swift's own protocols ask for says what it is.
let known: Set = ["rawValue", "hash(into:)", "hashValue", "==(_:_:)", "!=(_:_:)", "init(rawValue:)", "description"]

let folder = URL(fileURLWithPath: CommandLine.arguments[1])
var lines: Set<String> = []
var bare: [String] = []
for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
    for symbol in try JSONDecoder().decode(Graph.self, from: Data(contentsOf: file)).symbols {
        if symbol.identifier.precise.contains("::SYNTHESIZED::") { continue }
        let path = symbol.pathComponents.joined(separator: ".")
        let words = symbol.declarationFragments.map(\.spelling).joined().split(whereSeparator: \.isWhitespace)
        lines.insert("\(path): \(words.joined(separator: " "))")
        if symbol.docComment == nil && !known.contains(symbol.pathComponents.last ?? "") { bare.append(path) }
    }
}
lines.sorted().forEach { print($0) }
if !bare.isEmpty {
    FileHandle.standardError.write(Data("public without a comment: \(bare.sorted().joined(separator: ", "))\n".utf8))
    exit(1)
}
