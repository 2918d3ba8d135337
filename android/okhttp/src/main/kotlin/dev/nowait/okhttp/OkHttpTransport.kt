package dev.nowait.okhttp

import dev.nowait.Answer
import dev.nowait.Parcel
import dev.nowait.Transport
import okhttp3.Authenticator
import okhttp3.Call
import okhttp3.Callback
import okhttp3.ConnectionPool
import okhttp3.CookieJar
import okhttp3.MediaType
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody
import okhttp3.Response
import okio.Buffer
import okio.BufferedSink
import java.io.IOException
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit

/**
 * Sends batches the way a client of the app's goes: its certificate pins and trust, proxy, DNS, sockets and dispatcher, where the
 * app's own calls go first when it is full.
 *
 * Nothing of the customer's session goes along: no interceptors, no cookies, no authenticator, no cache. An app whose gateway wants
 * more writes a [Transport] itself. What is sent here is not measured, and no connection stays open after it.
 */
public class OkHttpTransport(
    client: OkHttpClient,
) : Transport {
    private val client =
        client
            .newBuilder()
            .apply {
                interceptors().clear()
                networkInterceptors().clear()
            }.eventListenerFactory(client.ownListeners)
            .cookieJar(CookieJar.NO_COOKIES)
            .authenticator(Authenticator.NONE)
            .cache(null)
            .followRedirects(false)
            .followSslRedirects(false)
            .retryOnConnectionFailure(false)
            // One exchange in some minutes would not find it open.
            .connectionPool(ConnectionPool(0, 1, TimeUnit.MILLISECONDS))
            .build()

    override fun send(parcel: Parcel): Answer? {
        if (parcel.isCancelled) return null
        val call = client.newCall(requestOf(parcel))
        // The whole exchange, whatever the client allows its own calls.
        call.timeout().timeout(parcel.timeoutMs.coerceAtLeast(1), TimeUnit.MILLISECONDS)
        val exchange = Exchange()
        call.enqueue(exchange)
        while (!exchange.over.await(LOOK_MS, TimeUnit.MILLISECONDS)) {
            if (parcel.isCancelled) {
                call.cancel()
                return null
            }
        }
        // No answer either way; what broke is what NoWait.doctor says.
        return exchange.answer ?: exchange.problem?.let { throw it }
    }

    private fun requestOf(parcel: Parcel): Request {
        val builder = Request.Builder().url(parcel.url).post(Body(parcel))
        for ((name, value) in parcel.headers) builder.header(name, value)
        // OkHttp's own names its version, and an answer of a few hundred bytes is not worth compressing.
        return builder.header("user-agent", "nowait").header("accept-encoding", "identity").build()
    }

    /** One-shot: that is what keeps OkHttp from sending it again by itself. */
    private class Body(
        private val parcel: Parcel,
    ) : RequestBody() {
        /** Its header says it. */
        override fun contentType(): MediaType? = null

        override fun contentLength() = parcel.body.size.toLong()

        override fun isOneShot() = true

        override fun writeTo(sink: BufferedSink) {
            sink.write(parcel.body)
        }
    }

    private class Exchange : Callback {
        val over = CountDownLatch(1)

        /** Status and headers as soon as they are there: nothing is concluded from a body that does not come whole. */
        @Volatile
        var answer: Answer? = null
            private set

        @Volatile
        var problem: IOException? = null
            private set

        override fun onFailure(
            call: Call,
            e: IOException,
        ) {
            problem = e
            over.countDown()
        }

        override fun onResponse(
            call: Call,
            response: Response,
        ) {
            try {
                val head = Answer(response.code, response.header("retry-after"))
                answer = head
                response.use { answer = Answer(head.status, head.retryAfter, whole(it)) }
            } catch (_: IOException) {
                // The head stays.
            } finally {
                over.countDown()
            }
        }

        /** Empty if it is longer than any receipt. */
        private fun whole(response: Response): ByteArray {
            val bytes = Buffer()
            val source = response.body.source()
            while (bytes.size <= ANSWER_BYTES_MAX) {
                if (source.read(bytes, ANSWER_BYTES_MAX + 1 - bytes.size) == -1L) return bytes.readByteArray()
            }
            return ByteArray(0)
        }
    }

    private companion object {
        /** As `ANSWER_BYTES_MAX` in `core/src/limits.rs`. */
        const val ANSWER_BYTES_MAX = 16L * 1024

        /** How soon after a refusal an exchange is broken off; `CANCEL_LOOK` there. */
        const val LOOK_MS = 50L
    }
}
