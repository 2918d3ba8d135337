package dev.nowait.internal

import dev.nowait.Cause
import dev.nowait.Diagnosis
import dev.nowait.Finding
import dev.nowait.Status
import dev.nowait.ffi.Consent
import dev.nowait.ffi.Delivery
import javax.net.ssl.SSLException

/**
 * Says in words what the engine and the face know of delivery.
 *
 * Owns: which fact is which finding, and the words. Refuses: to find out anything itself, so it takes no time and sends nothing.
 */
internal object Doctor {
    /** Of a process in which nothing is recorded. */
    val STANDING_BY =
        Diagnosis(
            listOf(
                Finding(Cause.OTHER_PROCESS, "this is not the app's main process, and only that one records; see Settings.allProcesses"),
            ),
        )

    /**
     * @param delivery what the engine says; null where there is none, or a defect of NoWait was caught
     * @param problem what the transport threw last, if that was its last word
     */
    fun diagnosis(
        status: Status,
        delivery: Delivery?,
        problem: Class<out Throwable>?,
        hasSeenScreen: Boolean,
    ): Diagnosis =
        Diagnosis(
            when (status) {
                Status.Off -> {
                    listOf(Finding(Cause.NOT_STARTED, "NoWait.start was not called in this process; nothing leaves it"))
                }

                Status.Starting -> {
                    listOf(Finding(Cause.STARTING, "the engine is being brought up; ask again in a moment"))
                }

                Status.Stopped -> {
                    listOf(Finding(Cause.SHUT_DOWN, "NoWait.shutdown was called; a process starts NoWait once"))
                }

                is Status.Failed -> {
                    listOf(
                        Finding(Cause.START_FAILED, "the engine did not come up, so nothing is measured: ${status.problem}"),
                    )
                }

                Status.Running -> {
                    delivery?.let { running(it, problem, hasSeenScreen) }.orEmpty()
                }
            },
        )

    private fun running(
        delivery: Delivery,
        problem: Class<out Throwable>?,
        hasSeenScreen: Boolean,
    ): List<Finding> =
        buildList {
            if (delivery.isOff) find(Cause.STAYS_OFF, "its last starts died, so NoWait stays off until the app has another version")
            if (delivery.consent == Consent.PENDING) {
                find(Cause.CONSENT_PENDING, "the customer was not asked yet: all stays on the device until NoWait.consent(GRANTED)")
            }
            if (delivery.consent == Consent.REFUSED) find(Cause.CONSENT_REFUSED, "the customer refused, so nothing is measured")
            if (delivery.isSwitchedOff) {
                find(Cause.SWITCHED_OFF, "the collector's remote configuration switches NoWait off; it is asked again once a day")
            }
            if (delivery.isLeftOut) find(Cause.NOT_SAMPLED, "the collector asks for a sample of sessions, and this is none of it")
            if (!hasSeenScreen) {
                find(
                    Cause.NO_SCREEN_SEEN,
                    "no screen was told yet: is captureActivities off, or was NoWait started after the last Activity was shown?",
                )
            }
            if (delivery.isHeld) {
                find(
                    Cause.HELD,
                    "batches wait: there is no network, it is a foreign one, or a saver is on; a flush passes all but the first",
                )
            }
            when {
                delivery.isDelivered -> Unit

                delivery.exchanges > 0u -> add(ofTheAnswer(delivery.status?.toInt(), problem))

                // Where something stands in the way of every exchange, that is all there is to say.
                none { it.cause != Cause.NO_SCREEN_SEEN } -> find(Cause.NOTHING_SENT_YET, NOTHING_SENT_YET)
            }
        }

    /** What the last exchange says, which delivered nothing. No [status]: there was no answer. */
    private fun ofTheAnswer(
        status: Int?,
        problem: Class<out Throwable>?,
    ): Finding {
        val thrown = problem?.let { " (${it.simpleName})" }.orEmpty()
        return when {
            status == null && problem != null && SSLException::class.java.isAssignableFrom(problem) -> {
                Finding(Cause.TLS, "the connection is not trusted$thrown: $TRUST")
            }

            status == null -> {
                Finding(Cause.UNREACHABLE, "the endpoint gave no answer$thrown: $WAY")
            }

            status in KEY_REFUSED -> {
                Finding(Cause.KEY_REFUSED, "the collector refuses the app key (status $status); it is tried again in about an hour")
            }

            status < FAILED_STATUS_MIN || status in NO_COLLECTOR -> {
                Finding(
                    Cause.WRONG_ADDRESS,
                    "what answers at the endpoint is no collector (status $status): a portal, a gateway, another path",
                )
            }

            else -> {
                Finding(Cause.SERVER_TROUBLE, "the collector, or what stands before it, cannot take batches now (status $status)")
            }
        }
    }

    private fun MutableList<Finding>.find(
        cause: Cause,
        text: String,
    ) {
        add(Finding(cause, text))
    }

    private const val NOTHING_SENT_YET = "nothing was sent yet: events go every flushInterval, on the way to the background, and at a flush"
    private const val TRUST = "look at the endpoint's certificate, at pins, and at the app's network security configuration"
    private const val WAY = "look at its address, at DNS, proxy and VPN, and whether the app may speak http without TLS"
    private const val FAILED_STATUS_MIN = 400
    private val KEY_REFUSED = setOf(401, 403)

    /** Not here, not by POST, not any more. */
    private val NO_COLLECTOR = setOf(404, 405, 410)
}
