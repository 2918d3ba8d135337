// The scripts of core/testdata (format: its README.md), spoken through Swift.
//
// Owns: reading them, telling their signals, comparing. Refuses: tolerance.
// Invariant: signals that the face has go through the face's own `Signal`, with the names' own table.

import CEngineTesting
import Foundation
import NoWaitFFI

@testable import NoWait

/// Why a script cannot be read.
struct ScriptError: Error, CustomStringConvertible {
    let description: String
}

/// The script as it is written, and as it really went, both in normal form.
struct Played {
    var written: [String] = []
    var real: [String] = []
}

struct ScriptPlayer {
    private static let kinds = [
        "", "launch", "screen", "tap", "settled", "frames", "frame_times", "hang", "request", "action", "journey",
        "step", "rage_tap", "breadcrumb", "exit", "lifecycle",
    ]
    private static let outcomes = [
        "done", "failed", "no_response", "timed_out", "interrupted", "already_animating", "abandoned",
    ]
    /// `Flags::IN_JOURNEY`.
    private static let inJourney: UInt64 = 2

    private let names: Names
    private let ids: ScriptIDs

    init() {
        let ids = ScriptIDs()
        self.ids = ids
        names = Names { texts in texts.map(ids.id) }
        names.register()
    }

    func play(_ script: String) throws -> Played {
        var played = Played()
        var seen: UInt64 = 0
        nowait_testing_replay_begin()
        defer { _ = nowait_testing_replay_end() }
        for line in script.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) }) {
            switch line.first {
            case nil, "#", "=": continue
            case ">": played.written.append(try expected(line))
            default:
                played.written.append(line)
                played.real.append(line)
                try tell(line)
                while nowait_testing_replay_event(seen, 0) != 0 {
                    played.real.append(event { nowait_testing_replay_event(seen, $0) })
                    seen += 1
                }
            }
        }
        return played
    }

    /// An event as a line, from its fields by number (see bindings/src/testing.rs).
    private func event(_ field: (UInt32) -> UInt64) -> String {
        let keys = ["kind", "outcome", "flags", "name", "screen", "started", "duration", "journey", "a", "b"]
        return "> " + keys.enumerated().map { "\($1)=\(field(UInt32($0)))" }.joined(separator: " ")
    }

    private func expected(_ line: String) throws -> String {
        let words = line.split(separator: " ").map(String.init)
        let fields = try Fields(words.dropFirst(2))
        let number = { (key: String) in try fields.has(key) ? fields.number(key) : 0 }
        let name = { (key: String) in try fields.has(key) ? UInt64(ids.id(fields.text(key))) : 0 }
        let journey = try number("journey")
        let values: [UInt64] = [
            try index(of: words[1], in: Self.kinds), try outcome(fields), journey == 0 ? 0 : Self.inJourney,
            try name("name"), try name("screen"), try fields.time("start"), try fields.time("duration"), journey,
            try number("a"), try number("b"),
        ]
        return event { values[Int($0)] }
    }

    private func index(of word: String, in list: [String]) throws -> UInt64 {
        guard let index = list.firstIndex(of: word) else { throw ScriptError(description: "unknown word \(word)") }
        return UInt64(index)
    }

    private func outcome(_ fields: Fields) throws -> UInt64 {
        try index(of: fields.has("outcome") ? fields.text("outcome") : "done", in: Self.outcomes)
    }

    private func tell(_ line: String) throws {
        let words = line.split(separator: " ").map(String.init)
        let atNs = try Fields.ns(words[0])
        let fields = try Fields(words.dropFirst(2))
        if let signal = try signal(words[1], fields) {
            signal.speak(atNs: atNs, names: names)
            return
        }
        switch words[1] {
        case "process_started": processStarted(atNs: atNs, visible: try fields.text("visible") == "true")
        case "navigation": navigation(atNs: atNs)
        case "main_ping": mainPing(atNs: atNs)
        case "main_pong": mainPong(atNs: atNs)
        case "tick": nowait_testing_replay_tick(atNs)
        default: throw ScriptError(description: "no such signal: \(words[1])")
        }
    }

    /// What the face can tell.
    private func signal(_ verb: String, _ fields: Fields) throws -> Signal? {
        let name = { (key: String) in names.index(of: try fields.text(key)) }
        let id = { try fields.number("id") }
        switch verb {
        case "foreground": return .foreground(restored: try fields.text("restored") == "true")
        case "background": return .background
        case "touch_up": return .touchUp(target: try name("target"))
        case "touch_handled": return .touchHandled
        case "frame": return .frame(startedNs: try fields.time("started"), deadlineNs: try fields.time("deadline"))
        case "screen_created": return .screenCreated(name: try name("screen"))
        case "screen_shown": return .screenShown(name: try name("screen"))
        case "screen_ready": return .screenReady(name: try name("screen"))
        case "screen_left": return .screenLeft(name: try name("screen"))
        case "request_started": return .requestStarted(id: try id(), name: try name("route"))
        case "request_ended":
            let status = UInt16(try fields.number("status"))
            return .requestEnded(id: try id(), status: status, outcome: UInt8(try outcome(fields)))
        case "action_started": return .actionBegun
        case "action_ended": return .actionEnded(name: 0, startedNs: 0, outcome: 0)
        case "journey_started": return .journeyStarted(id: try id(), name: try name("journey"))
        case "step_started": return .stepStarted(id: try id(), name: try name("step"))
        case "journey_ended": return .journeyEnded(id: try id(), outcome: UInt8(try outcome(fields)))
        default: return nil
        }
    }
}

/// Names in order of appearance, after the reserved ones; asked from one test at a time.
private final class ScriptIDs: @unchecked Sendable {
    private var texts = ["", "other", "redacted", "cold", "warm", "hot"]

    func id(_ text: String) -> UInt32 {
        if let index = texts.firstIndex(of: text) { return UInt32(index) }
        texts.append(text)
        return UInt32(texts.count - 1)
    }
}

/// The `key=value` words of a line.
private struct Fields {
    private var values: [String: String] = [:]

    init(_ words: some Sequence<String>) throws {
        for word in words {
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ScriptError(description: "not key=value: \(word)") }
            values[parts[0]] = parts[1]
        }
    }

    func has(_ key: String) -> Bool { values[key] != nil }

    func text(_ key: String) throws -> String {
        guard let text = values[key] else { throw ScriptError(description: "\(key)= is missing") }
        return text
    }

    func time(_ key: String) throws -> UInt64 { try Self.ns(text(key)) }

    /// `12`, `0x1f`, or `low|high` for two 32-bit halves.
    func number(_ key: String) throws -> UInt64 {
        let halves = try text(key).split(separator: "|").map { try Self.number(String($0)) }
        return halves.count == 2 ? halves[0] | halves[1] << 32 : halves[0]
    }

    private static func number(_ text: String) throws -> UInt64 {
        let number = text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
        guard let number else { throw ScriptError(description: "no number: \(text)") }
        return number
    }

    /// Milliseconds with up to six decimals, as nanoseconds.
    static func ns(_ text: String) throws -> UInt64 {
        let parts = text.split(separator: ".", maxSplits: 1).map(String.init)
        let decimals = parts.count == 2 ? parts[1] : ""
        guard decimals.count <= 6 else { throw ScriptError(description: "more than six decimals: \(text)") }
        let padded = decimals + String(repeating: "0", count: 6 - decimals.count)
        return try number(parts[0]) * 1_000_000 + number(padded)
    }
}
