package dev.nowait

import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Name
import java.util.concurrent.CancellationException

/** A piece of work that the app begins and ends; see [NoWait.action]. Make it once and keep it. */
public class Action internal constructor(
    private val name: Name,
) {
    /** Begins. The span must be ended, once. */
    public fun begin(): Span {
        val id = Face.nextId()
        Face.lane.tell(Fact.ACTION_BEGIN, name, x = id)
        return Span(id)
    }

    /**
     * Measures [work], which may suspend, and returns what it returns. What it throws passes through untouched and is
     * measured as failed, a cancellation as abandoned.
     */
    public inline fun <T> measure(work: () -> T): T {
        val span = begin()
        var thrown: Throwable? = null
        try {
            return work()
        } catch (cause: Throwable) {
            thrown = cause
            throw cause
        } finally {
            // Also where [work] returns from the function around it.
            span.endAfter(thrown)
        }
    }
}

/** An action under way: a number, no object. Interrupted, whatever it ends with, if the app was left meanwhile. */
@JvmInline
public value class Span internal constructor(
    private val id: Long,
) {
    /** It is done. */
    public fun end(): Unit = close(Outcome.DONE)

    /** It ended with an error. */
    public fun fail(): Unit = close(Outcome.FAILED)

    /** It was given up. */
    public fun abandon(): Unit = close(Outcome.ABANDONED)

    private fun close(outcome: Int): Unit = Face.lane.tell(Fact.ACTION_END, small = outcome, x = id)

    @PublishedApi
    internal fun endAfter(thrown: Throwable?) {
        when (thrown) {
            null -> end()
            is CancellationException -> abandon()
            else -> fail()
        }
    }
}

/** How a wait ended, by the numbers of `nowait_wire::Outcome`. */
internal object Outcome {
    const val DONE = 0
    const val FAILED = 1
    const val ABANDONED = 6
}
