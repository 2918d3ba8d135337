@file:OptIn(ExperimentalStdlibApi::class)

package dev.nowait

import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Name
import dev.nowait.internal.Native

/** A banking task; see [NoWait.journey]. */
public class Journey internal constructor(
    private val name: Name,
) {
    /** The customer sets out. Without an end within half an hour, the journey is timed out. */
    @JvmExposeBoxed
    public fun begin(): Travel {
        val id = Face.nextId()
        Face.lane.tell(Fact.JOURNEY_STARTED, name, x = id)
        return Travel(id)
    }

    /**
     * The customer rated this journey: [travel], which may have ended by now.
     *
     * @param rating 1 (worst) to 5 (best); anything else is no rating
     */
    @JvmExposeBoxed
    public fun rate(
        travel: Travel,
        rating: Int,
    ): Unit = Face.rate(name, rating, travel.id)
}

/** A journey under way: a number, no object (in Java an object). */
@JvmInline
public value class Travel internal constructor(
    internal val id: Long,
) {
    /** The customer reached this touchpoint; the one before is done. */
    @JvmExposeBoxed
    public fun step(name: String): Unit = Face.lane.tell(Fact.STEP_STARTED, Face.names.of(name), x = id)

    /**
     * The journey goes on in a branch, a call centre or on the web: the id by which their systems tell its further steps, as a
     * link, a QR code or to be read out. It is random, says nothing of the customer, is good for one use, and only for a day.
     * Here the journey is still under way: end it as it ends here.
     *
     * @return such as `028T5-CY4TQ-KFFHF`; null if NoWait does not run, since nobody would know the id
     */
    @JvmExposeBoxed
    public fun handOver(): String? = Face.handOver(id)

    /** The customer got what they came for. */
    @JvmExposeBoxed
    public fun end(): Unit = close(Outcome.DONE)

    /** The bank said no, or something broke. */
    @JvmExposeBoxed
    public fun fail(): Unit = close(Outcome.FAILED)

    /** The customer gave it up. */
    @JvmExposeBoxed
    public fun abandon(): Unit = close(Outcome.ABANDONED)

    private fun close(outcome: Int): Unit = Face.lane.tell(Fact.JOURNEY_ENDED, small = outcome, x = id)
}

/** A route of the bank's server; see [NoWait.route]. */
public class Route internal constructor(
    internal val name: Name,
) {
    /** A request leaves. Without an end within a minute, it is timed out. */
    @JvmExposeBoxed
    public fun begin(): Request = begin(Native.NOW)

    /**
     * As above, of a request that left earlier: for those who learn only later that there is one.
     *
     * @param startedNs when it left, by `System.nanoTime()`; a time that lies ahead counts as now
     */
    @JvmExposeBoxed
    public fun begin(startedNs: Long): Request {
        val id = Face.nextId()
        Face.lane.tell(Fact.REQUEST_STARTED, name, atNs = startedNs, x = id)
        return Request(id)
    }
}

/** A request in flight: a number, no object (in Java an object). */
@JvmInline
public value class Request internal constructor(
    private val id: Long,
) {
    /** It was answered with this HTTP status; 400 and above count as failed. */
    @JvmExposeBoxed
    public fun end(status: Int): Unit = close(status, if (status < FAILED_STATUS_MIN) Outcome.DONE else Outcome.FAILED)

    /** It got no answer. */
    @JvmExposeBoxed
    public fun fail(): Unit = close(0, Outcome.FAILED)

    /** Its own limit was over before an answer came. */
    @JvmExposeBoxed
    public fun timeOut(): Unit = close(0, Outcome.TIMED_OUT)

    /** Nobody waits for it any more. */
    @JvmExposeBoxed
    public fun abandon(): Unit = close(0, Outcome.ABANDONED)

    private fun close(
        status: Int,
        outcome: Int,
    ): Unit = Face.lane.tell(Fact.REQUEST_ENDED, small = status, x = id, y = outcome.toLong())

    private companion object {
        /** The first status that HTTP calls an error. */
        const val FAILED_STATUS_MIN = 400
    }
}
