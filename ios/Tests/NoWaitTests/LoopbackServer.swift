// A server on this very machine, for what a real HTTP client does.
//
// Owns: one answer a connection, by the path. Refuses: HTTP beyond that.
// Invariant: everything that it started ends with it.

import Foundation

/// `@unchecked Sendable`: `heads` and `open` are behind `lock`.
final class LoopbackServer: @unchecked Sendable {
    enum Reply {
        /// A whole answer, as it goes over the wire.
        case answer(String)
        /// Nothing, until the client goes.
        case silence
        /// The connection is closed.
        case nothing
    }

    private let listening: Int32
    let port: UInt16
    private let reply: @Sendable (_ path: String) -> Reply
    private let lock = NSLock()
    private var heads: [String] = []
    private var open: [Int32] = []

    /// What was asked so far: method, path and headers, each as it came.
    var asked: [String] { lock.withLock { heads } }

    init(_ reply: @escaping @Sendable (_ path: String) -> Reply) throws {
        self.reply = reply
        let listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listening, $0, length) == 0 && listen(listening, 16) == 0
                    && getsockname(listening, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.EADDRINUSE) }
        (self.listening, port) = (listening, UInt16(bigEndian: address.sin_port))
        Thread { [weak self] in
            while true {
                let connection = accept(listening, nil, nil)
                guard connection >= 0, let self else { return }
                lock.withLock { open.append(connection) }
                Thread { self.serve(connection) }.start()
            }
        }.start()
    }

    func stop() {
        shutdown(listening, Int32(SHUT_RDWR))
        close(listening)
        lock.withLock { open.forEach { shutdown($0, Int32(SHUT_RDWR)) } }
    }

    private func serve(_ connection: Int32) {
        var bytes = [UInt8](repeating: 0, count: 64 * 1_024)
        let count = max(recv(connection, &bytes, bytes.count, 0), 0)
        let head = String(decoding: bytes[..<count], as: UTF8.self)
        lock.withLock { heads.append(head) }
        let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
        let query = path.firstIndex(of: "?") ?? path.endIndex
        switch reply(String(path[..<query])) {
        case .answer(let text): _ = send(connection, text, text.utf8.count, Int32(MSG_NOSIGNAL))
        case .silence: while recv(connection, &bytes, bytes.count, 0) > 0 {}
        case .nothing: break
        }
        lock.withLock { open.removeAll { $0 == connection } }
        close(connection)
    }

    /// An answer of this status.
    static func answer(_ status: Int, _ body: String = "", headers: String = "") -> Reply {
        .answer(
            "HTTP/1.1 \(status) X\r\n\(headers)Content-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)")
    }
}
