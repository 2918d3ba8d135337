package dev.nowait.internal

import android.net.TrafficStats
import dev.nowait.Answer
import dev.nowait.Parcel
import dev.nowait.Transport
import dev.nowait.ffi.TransportException
import dev.nowait.ffi.exchangeIsCancelled
import java.io.IOException
import java.io.InputStream
import java.net.HttpRetryException
import java.net.HttpURLConnection
import java.net.URL
import java.util.concurrent.ExecutionException
import java.util.concurrent.FutureTask
import java.util.concurrent.TimeUnit
import java.util.concurrent.TimeoutException

/**
 * The platform's HTTP stack, one exchange at a time.
 *
 * Owns: that an exchange ends when its time is over or the customer refuses, which `HttpURLConnection` does not: its limits
 * are for each read. So the exchange has a thread of its own, and whoever waits for it goes when it is time. Refuses:
 * retries, redirects, a connection that stays open, and meaning.
 */
internal class HttpTransport(
    private val open: (URL) -> HttpURLConnection = { it.openConnection() as HttpURLConnection },
) : Transport {
    override fun send(parcel: Parcel): Answer? {
        if (parcel.isCancelled) return null
        val exchange = Exchange(parcel, open)
        val answer = FutureTask { exchange.run() }
        Thread(answer, "nowait-http").apply { isDaemon = true }.start()
        val until = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(parcel.timeoutMs)
        try {
            while (true) {
                val leftNs = until - System.nanoTime()
                try {
                    return answer.get(leftNs.coerceIn(0, LOOK_NS), TimeUnit.NANOSECONDS)
                } catch (_: TimeoutException) {
                    if (parcel.isCancelled) return null
                    if (leftNs <= 0) return exchange.headOnly
                } catch (problem: ExecutionException) {
                    return exchange.headOnly ?: throw problem.cause ?: problem
                }
            }
        } finally {
            exchange.end()
        }
    }

    private class Exchange(
        private val parcel: Parcel,
        private val open: (URL) -> HttpURLConnection,
    ) {
        @Volatile
        private var connection: HttpURLConnection? = null

        @Volatile
        private var isOver = false

        /** Status and headers, as soon as they are there: nothing is concluded from a body that did not come whole. */
        @Volatile
        var headOnly: Answer? = null
            private set

        fun run(): Answer? {
            tagTraffic()
            val connection = open(URL(parcel.url))
            this.connection = connection
            try {
                return ask(connection)
            } finally {
                connection.disconnect()
            }
        }

        private fun ask(connection: HttpURLConnection): Answer? {
            val timeoutMs = parcel.timeoutMs.coerceIn(1, Int.MAX_VALUE.toLong()).toInt()
            connection.requestMethod = "POST"
            connection.connectTimeout = timeoutMs
            connection.readTimeout = timeoutMs
            connection.instanceFollowRedirects = false
            connection.useCaches = false
            connection.doOutput = true
            // Also what keeps the platform from sending a POST again by itself.
            connection.setFixedLengthStreamingMode(parcel.body.size)
            for ((name, value) in parcel.headers) connection.setRequestProperty(name, value)
            for ((name, value) in OWN_HEADERS) connection.setRequestProperty(name, value)
            // What nobody waits for any more may not have been closed yet while it was connecting.
            connection.connect()
            if (isOver) return null
            val out = connection.outputStream
            if (isOver) return null
            out.use { it.write(parcel.body) }
            if (isOver) return null
            val status =
                try {
                    connection.responseCode
                } catch (problem: HttpRetryException) {
                    // The platform would ask again with a password; this is the answer that made it want to.
                    return Answer(problem.responseCode())
                }
            val head = Answer(status, connection.getHeaderField("retry-after"))
            headOnly = head
            val body = if (status < FAILED_STATUS_MIN) connection.inputStream else connection.errorStream
            return Answer(status, head.retryAfter, body?.use { readWhole(it, connection.contentLength) } ?: return head)
        }

        /** Empty if it breaks off or is longer than any receipt. [length] is what was said, negative if nothing. */
        private fun readWhole(
            stream: InputStream,
            length: Int,
        ): ByteArray {
            val bytes = ByteArray(ANSWER_BYTES_MAX + 1)
            var count = 0
            try {
                while (!isOver) {
                    val read = stream.read(bytes, count, bytes.size - count)
                    if (read <= 0) break
                    count += read
                }
            } catch (_: IOException) {
                return ByteArray(0)
            }
            // Of a body that is cut short, some stacks say that it ended.
            val isWhole = count <= ANSWER_BYTES_MAX && (length < 0 || length == count)
            return if (isWhole) bytes.copyOf(count) else ByteArray(0)
        }

        /** Nobody waits any more. Closing it wakes the thread, which ends then, or else with its next read. */
        fun end() {
            isOver = true
            guarded { connection?.disconnect() }
        }
    }

    internal companion object {
        /** As `ANSWER_BYTES_MAX` in `core/src/limits.rs`. */
        const val ANSWER_BYTES_MAX = 16 * 1024

        /** How soon after a refusal an exchange is broken off; `CANCEL_LOOK` there. */
        private val LOOK_NS = TimeUnit.MILLISECONDS.toNanos(50)
        private const val FAILED_STATUS_MIN = 400

        private val OWN_HEADERS =
            mapOf(
                // One exchange in some minutes would not find it open.
                "connection" to "close",
                // The platform's own names model and build of the device.
                "user-agent" to "nowait",
                // A few hundred bytes are not worth it.
                "accept-encoding" to "identity",
            )

        /** In the app's own statistics of traffic: "nw". */
        private const val TRAFFIC_TAG = 0x6e77

        /** An app that looks for sockets without a tag (`StrictMode`) finds none of ours. */
        private fun tagTraffic() = guarded { TrafficStats.setThreadStatsTag(TRAFFIC_TAG) }
    }
}

/** A transport as the engine calls it: whatever goes wrong in it is no answer, and none of its text passes. */
internal class HostTransport(
    private val transport: Transport,
) : dev.nowait.ffi.Transport {
    /** What the last exchange threw, if it did: of what is wrong with TLS only its kind is told. */
    @Volatile
    var problem: Class<out Throwable>? = null
        private set

    override fun send(parcel: dev.nowait.ffi.Parcel): dev.nowait.ffi.Answer {
        val answer =
            try {
                val timeoutMs = parcel.timeoutMs.coerceAtMost(Long.MAX_VALUE.toULong()).toLong()
                transport.send(Parcel(parcel.url, parcel.headers, parcel.body, timeoutMs, ::exchangeIsCancelled)).also { problem = null }
            } catch (thrown: Throwable) {
                // An Error, which would look like success to the engine, too.
                problem = thrown.javaClass
                null
            }
        if (answer == null || answer.status !in STATUSES) throw TransportException.NoAnswer()
        val body = if (answer.body.size <= HttpTransport.ANSWER_BYTES_MAX) answer.body else ByteArray(0)
        return dev.nowait.ffi.Answer(answer.status.toUShort(), answer.retryAfter, body)
    }

    private companion object {
        /** What HTTP has three digits for; 0 and -1 are how clients say that there was no answer. */
        val STATUSES = 100..999
    }
}
