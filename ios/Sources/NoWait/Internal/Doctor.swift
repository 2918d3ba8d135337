// Says in words what the engine and the face know of delivery.
//
// Owns: which fact is which finding, and the words. Refuses: to find out anything itself, so it takes no time and sends nothing.

import Foundation
internal import NoWaitFFI

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

enum Doctor {
    private static let failedStatusMin = 400
    private static let keyRefused = [401, 403]
    /// Not here, not by POST, not any more.
    private static let noCollector = [404, 405, 410]

    private static let notTrusted: Set<URLError.Code> = [
        .secureConnectionFailed, .serverCertificateHasBadDate, .serverCertificateUntrusted,
        .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid, .clientCertificateRejected,
        .clientCertificateRequired, .appTransportSecurityRequiresSecureConnection, .userCancelledAuthentication,
    ]

    /// - Parameters:
    ///   - delivery: What the engine says; nil where a defect of NoWait was caught.
    ///   - problem: What the transport threw last, if that was its last word.
    static func diagnosis(
        _ status: NoWait.Status, delivery: Delivery?, problem: (any Error)?, hasSeenScreen: Bool
    ) -> NoWait.Diagnosis {
        let findings: [NoWait.Finding] =
            switch status {
            case .off:
                [finding(.notStarted, "NoWait.start was not called in this process; nothing leaves it")]
            case .starting:
                [finding(.starting, "the engine is being brought up; ask again in a moment")]
            case .stopped:
                [finding(.shutDown, "NoWait.shutdown was called; a process starts NoWait once")]
            case .failed(let why):
                [finding(.startFailed, "the engine did not come up, so nothing is measured: \(why)")]
            case .running:
                delivery.map { running($0, problem, hasSeenScreen) } ?? []
            }
        return NoWait.Diagnosis(findings: findings)
    }

    private static func running(
        _ delivery: Delivery, _ problem: (any Error)?, _ hasSeenScreen: Bool
    ) -> [NoWait.Finding] {
        var found: [NoWait.Finding] = []
        let find = { (is: Bool, cause: NoWait.Cause, text: String) in
            if `is` { found.append(finding(cause, text)) }
        }
        find(delivery.isOff, .staysOff, "its last starts died, so NoWait stays off until the app has another version")
        find(
            delivery.consent == .pending, .consentPending,
            "the customer was not asked yet: all stays on the device until NoWait.consent(.granted)")
        find(delivery.consent == .refused, .consentRefused, "the customer refused, so nothing is measured")
        find(
            delivery.isSwitchedOff, .switchedOff,
            "the collector's remote configuration switches NoWait off; it is asked again once a day")
        find(
            delivery.isLeftOut, .notSampled,
            "the collector asks for a sample of sessions, and this is none of it")
        let isBarred = !found.isEmpty
        find(
            !hasSeenScreen, .noScreenSeen,
            "no screen was told yet: has no view a trackScreen, and is NoWait.screen unused?")
        find(
            delivery.isHeld, .held,
            "batches wait: there is no network, it is a foreign one, or a saver is on; a flush passes all but the first"
        )
        if delivery.isDelivered { return found }
        if delivery.exchanges > 0 {
            found.append(ofTheAnswer(delivery.status.map(Int.init), problem))
        } else {
            // Where something stands in the way of every exchange, that is all there is to say.
            find(
                !isBarred && !delivery.isHeld, .nothingSentYet,
                "nothing was sent yet: events go every flushInterval, on the way to the background, and at a flush")
        }
        return found
    }

    /// What the last exchange says, which delivered nothing. No status: there was no answer.
    private static func ofTheAnswer(_ status: Int?, _ problem: (any Error)?) -> NoWait.Finding {
        let code = (problem as? URLError)?.code
        let thrown = code.map { " (URLError \($0.rawValue))" } ?? problem.map { " (\(type(of: $0)))" } ?? ""
        guard let status else {
            if let code, notTrusted.contains(code) {
                return finding(
                    .tls,
                    "the connection is not trusted\(thrown): look at the endpoint's certificate, at pins, and at App Transport Security"
                )
            }
            return finding(
                .unreachable, "the endpoint gave no answer\(thrown): look at its address, at DNS, proxy and VPN")
        }
        if keyRefused.contains(status) {
            return finding(
                .keyRefused, "the collector refuses the app key (status \(status)); it is tried again in about an hour")
        }
        if status < failedStatusMin || noCollector.contains(status) {
            return finding(
                .wrongAddress,
                "what answers at the endpoint is no collector (status \(status)): a portal, a gateway, another path")
        }
        return finding(
            .serverTrouble,
            "the collector, or what stands before it, cannot take batches now (status \(status))")
    }

    private static func finding(_ cause: NoWait.Cause, _ text: String) -> NoWait.Finding {
        NoWait.Finding(cause: cause, text: text)
    }
}
