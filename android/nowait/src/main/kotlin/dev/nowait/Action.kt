@file:OptIn(ExperimentalStdlibApi::class)

package dev.nowait

import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Name
import java.net.SocketTimeoutException
import java.util.concurrent.Callable
import java.util.concurrent.CancellationException
import java.util.concurrent.TimeoutException

/** A piece of work that the app begins and ends; see [NoWait.action]. Make it once and keep it. */
public class Action internal constructor(
    private val name: Name,
) {
    /** Begins. The span must be ended, once. */
    @JvmExposeBoxed
    public fun begin(): Span {
        val id = Face.nextId()
        Face.lane.tell(Fact.ACTION_BEGIN, name, x = id)
        return Span(id)
    }

    /**
     * Measures [work], which may suspend, and returns what it returns. What it throws passes through untouched and is
     * measured as failed; a cancellation or an interrupt as abandoned; a time limit that ran out (`withTimeout`, in or
     * around it, a `TimeoutException`, a `SocketTimeoutException`) as timed out.
     */
    @JvmSynthetic
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

    /** As above, for Java. */
    @Throws(Exception::class)
    public fun <T> measure(work: Callable<T>): T = measure { work.call() }
}

/** An action under way: a number, no object (in Java an object). Interrupted, whatever it ends with, if the app was left meanwhile. */
@JvmInline
public value class Span internal constructor(
    private val id: Long,
) {
    /** It is done. */
    @JvmExposeBoxed
    public fun end(): Unit = close(Outcome.DONE)

    /** It ended with an error. */
    @JvmExposeBoxed
    public fun fail(): Unit = close(Outcome.FAILED)

    /** It was given up. */
    @JvmExposeBoxed
    public fun abandon(): Unit = close(Outcome.ABANDONED)

    private fun close(outcome: Int): Unit = Face.lane.tell(Fact.ACTION_END, small = outcome, x = id)

    @PublishedApi
    @JvmSynthetic
    internal fun endAfter(thrown: Throwable?): Unit = close(Outcome.of(thrown))
}

/** How a wait ended, by the numbers of `nowait_wire::Outcome`. */
internal object Outcome {
    const val DONE = 0
    const val FAILED = 1
    const val TIMED_OUT = 3
    const val ABANDONED = 6

    /**
     * Of work that ended with this, or with nothing thrown. Coroutines tell that a time was over by a cancellation: so that
     * is asked before the others, which somebody wanted.
     */
    fun of(thrown: Throwable?): Int =
        when {
            thrown == null -> DONE
            thrown is TimeoutException || thrown is SocketTimeoutException -> TIMED_OUT
            Coroutines.timeout?.isInstance(thrown) == true -> TIMED_OUT
            thrown is CancellationException || thrown is InterruptedException -> ABANDONED
            else -> FAILED
        }

    /** Looked up with the first failure. We depend on no coroutines: an app without them has none of their exceptions. */
    private object Coroutines {
        val timeout: Class<*>? =
            try {
                // A constant in this very call is what shrinkers rename together with the class.
                Class.forName("kotlinx.coroutines.TimeoutCancellationException")
            } catch (_: Throwable) {
                null
            }
    }
}
