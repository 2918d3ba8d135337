package dev.nowait

/**
 * Why nothing arrives, or that nothing stands in the way: see [NoWait.doctor]. For whoever builds the app, so its words are English.
 *
 * @property findings what stands in the way, the first to mend first; empty if nothing does
 */
public class Diagnosis internal constructor(
    public val findings: List<Finding>,
) {
    /** Whether one of the findings is this. */
    public fun has(cause: Cause): Boolean = findings.any { it.cause == cause }

    /** All of it in words, a line each. */
    override fun toString(): String =
        if (findings.isEmpty()) {
            "NoWait: nothing stands in the way; the last batch was stored"
        } else {
            findings.joinToString("\n") {
                "NoWait: ${it.text}"
            }
        }
}

/**
 * One thing that stands in the way.
 *
 * @property text what it is and what mends it, in a sentence or two; it holds no value of the app's settings
 */
public data class Finding(
    public val cause: Cause,
    public val text: String,
)

/** What may stand in the way. */
public enum class Cause {
    /** Nobody called [NoWait.start]. */
    NOT_STARTED,

    /** Another process of the app records, and this one does not. */
    OTHER_PROCESS,

    /** The engine is being brought up. */
    STARTING,

    /** The engine did not come up. */
    START_FAILED,

    /** [NoWait.shutdown] was called. */
    SHUT_DOWN,

    /** NoWait stays off for this version of the app, because its last starts died. */
    STAYS_OFF,

    /** The customer was not asked yet. */
    CONSENT_PENDING,

    /** The customer refused. */
    CONSENT_REFUSED,

    /** The collector's configuration switches NoWait off. */
    SWITCHED_OFF,

    /** The collector's configuration asks for a sample, and this session is none of it. */
    NOT_SAMPLED,

    /** No screen was ever told, neither captured nor by the app. */
    NO_SCREEN_SEEN,

    /** Batches wait for a network, for the end of roaming or of a saver that the customer switched on. */
    HELD,

    /** Nothing was sent yet. */
    NOTHING_SENT_YET,

    /** The collector does not know the app key. */
    KEY_REFUSED,

    /** Something answers at this address, and it is no collector. */
    WRONG_ADDRESS,

    /** The collector, or what stands before it, answers that it cannot. */
    SERVER_TROUBLE,

    /** There is no answer. */
    UNREACHABLE,

    /** The connection is not trusted: a certificate, a pin. */
    TLS,
}
