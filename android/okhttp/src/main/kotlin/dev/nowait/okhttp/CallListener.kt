package dev.nowait.okhttp

import dev.nowait.Request
import okhttp3.Call
import okhttp3.Connection
import okhttp3.EventListener
import okhttp3.HttpUrl
import okhttp3.Response
import java.io.IOException
import java.io.InterruptedIOException
import java.net.SocketTimeoutException

/** Gives every call a listener of ours, in front of the app's own. */
internal class CallListenerFactory(
    val inner: EventListener.Factory,
    private val naming: Naming,
) : EventListener.Factory {
    override fun create(call: Call): EventListener = CallListener(inner.create(call), naming)
}

/**
 * One call as one request: from the moment the app asks to the end of the answer's body.
 *
 * Owns: when there is a request to tell, and how it ended. A `GET` may be answered by a cache or an interceptor, and then nobody asked
 * the bank's server; so it is told, with the time at which the app asked, when it leaves for the network or fails. What no cache can answer
 * is told at once, so that it is known if the process dies meanwhile. Refuses names ([Naming] finds them).
 */
internal class CallListener(
    inner: EventListener,
    private val naming: Naming,
) : PassingListener(inner) {
    /** OkHttp calls from several threads, of which one may cancel. */
    private val lock = Any()
    private var startedNs = 0L
    private var request: Request? = null
    private var isOver = false

    /** What the server said last, 0 for nothing; of a redirect that is what it led to. */
    private var status = 0

    override fun callStart(call: Call) {
        locked {
            startedNs = System.nanoTime()
            if (call.request().method != CACHED_METHOD) begin(call)
        }
        super.callStart(call)
    }

    override fun cacheMiss(call: Call) {
        locked { begin(call) }
        super.cacheMiss(call)
    }

    override fun cacheConditionalHit(
        call: Call,
        cachedResponse: Response,
    ) {
        locked { begin(call) }
        super.cacheConditionalHit(call, cachedResponse)
    }

    override fun proxySelectStart(
        call: Call,
        url: HttpUrl,
    ) {
        locked { begin(call) }
        super.proxySelectStart(call, url)
    }

    override fun connectionAcquired(
        call: Call,
        connection: Connection,
    ) {
        locked { begin(call) }
        super.connectionAcquired(call, connection)
    }

    override fun responseHeadersEnd(
        call: Call,
        response: Response,
    ) {
        locked {
            status = response.code
            // It goes on as long as the screen is open: what is waited for is that it is there.
            if (response.header("Content-Type").orEmpty().startsWith(ENDLESS_TYPE)) end { end(status) }
        }
        super.responseHeadersEnd(call, response)
    }

    override fun callEnd(call: Call) {
        // Of one that an interceptor of the app answered, or broke by an exception of its own, the server said nothing.
        locked { end { if (status == 0) abandon() else end(status) } }
        super.callEnd(call)
    }

    override fun callFailed(
        call: Call,
        ioe: IOException,
    ) {
        locked {
            // It may have been given up while it stood in the queue.
            begin(call)
            end { endAfter(ioe, call.isCanceled()) }
        }
        super.callFailed(call, ioe)
    }

    private fun begin(call: Call) {
        if (request == null && !isOver) request = naming.routeOf(call.request()).begin(startedNs)
    }

    private fun end(how: Request.() -> Unit) {
        if (isOver) return
        isOver = true
        request?.how()
    }

    private fun locked(work: () -> Unit) {
        guarded { synchronized(lock, work) }
    }

    private companion object {
        /** The only one whose answers OkHttp's cache keeps. */
        const val CACHED_METHOD = "GET"

        /** Server-sent events. */
        const val ENDLESS_TYPE = "text/event-stream"
    }
}

/**
 * Ends a request that failed with this. A limit of the whole call cancels it too, so limits are asked before cancellations,
 * which somebody wanted.
 */
internal fun Request.endAfter(
    problem: Throwable,
    isCanceled: Boolean,
) {
    when {
        problem is SocketTimeoutException -> timeOut()
        problem is InterruptedIOException && problem.message == "timeout" -> timeOut()
        isCanceled || problem is InterruptedIOException -> abandon()
        else -> fail()
    }
}
