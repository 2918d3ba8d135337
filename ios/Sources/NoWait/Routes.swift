// Which route of the bank's server a request belongs to.

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

extension NoWait {
    /// Which route of the bank's server a request belongs to; see ``RequestMeter``. Where none knows it, the route is the method
    /// and the host, `GET api.bank.example`, for the first 16 hosts of a meter, then `GET other`: never a path, since nothing
    /// tells an id from a word. The query, the fragment and the port are never part of a route.
    public struct Routes: Sendable {
        let of: @Sendable (URLRequest) -> Route?

        /// By templates such as `/accounts/{id}`, or `GET /accounts/{id}` for one method only. A segment in braces stands for any
        /// one segment, all others for themselves; a slash too many, as at the end, makes no difference; of several that fit, the
        /// first one counts.
        public init(_ templates: String...) {
            let templates = templates.map(Template.init)
            of = { request in
                guard let url = request.url else { return nil }
                let method = request.httpMethod ?? "GET"
                return templates.first { $0.fits(method, url) }.map { NoWait.route("\(method) \($0.path)") }
            }
        }

        /// By a function of the app's, which must take no time.
        public init(of: @escaping @Sendable (URLRequest) -> Route?) { self.of = of }
    }
}

private struct Template: Sendable {
    let path: String
    private let method: String?
    private let segments: [String]

    init(_ text: String) {
        let words = text.split(separator: " ", maxSplits: 1).map(String.init)
        method = words.count == 2 ? words[0].uppercased() : nil
        let bare = (words.last ?? "").prefix { $0 != "?" && $0 != "#" }
        segments = bare.split(separator: "/").map(String.init)
        path = "/" + segments.joined(separator: "/")
    }

    func fits(_ method: String, _ url: URL) -> Bool {
        if let own = self.method, own != method.uppercased() { return false }
        // Parted before it is decoded: an encoded slash parts nothing.
        let path = URLComponents(url: url, resolvingAgainstBaseURL: true)?.percentEncodedPath ?? url.path
        let asked = path.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) }
        return asked.count == segments.count
            && zip(segments, asked).allSatisfy { $0.hasPrefix("{") && $0.hasSuffix("}") || $0 == $1 }
    }
}
