package dev.nowait.okhttp

import dev.nowait.Answer
import dev.nowait.Parcel
import okhttp3.Cookie
import okhttp3.CookieJar
import okhttp3.EventListener
import okhttp3.HttpUrl
import okhttp3.OkHttpClient
import okhttp3.mockwebserver.MockResponse
import okhttp3.mockwebserver.SocketPolicy
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.IOException
import java.net.ConnectException
import java.net.Proxy
import java.util.concurrent.atomic.AtomicInteger

/** A batch on its way over a client of the app's. */
class OkHttpTransportTest : MeasuredCalls() {
    private fun send(
        client: OkHttpClient = OkHttpClient(),
        timeoutMs: Long = 60_000,
        isCancelled: () -> Boolean = { false },
    ): Answer? {
        val headers = mapOf("authorization" to "Bearer key", "content-type" to "application/vnd.nowait.batch")
        val parcel = Parcel(server.url("/v1/batches").toString(), headers, BODY, timeoutMs, isCancelled)
        // As the engine has it: what is thrown is no answer.
        return try {
            OkHttpTransport(client).send(parcel)
        } catch (_: IOException) {
            null
        }
    }

    @Test
    fun aParcelIsPostedOnceWithItsHeadersAndNothingOfTheCustomers() {
        val asked = AtomicInteger()
        val cookies =
            object : CookieJar {
                override fun loadForRequest(url: HttpUrl) =
                    listOf(
                        Cookie
                            .Builder()
                            .name("session")
                            .value("secret")
                            .domain(url.host)
                            .build(),
                    )

                override fun saveFromResponse(
                    url: HttpUrl,
                    cookies: List<Cookie>,
                ) = Unit
            }
        val bank =
            OkHttpClient
                .Builder()
                .cookieJar(cookies)
                .addInterceptor {
                    it.proceed(
                        it
                            .request()
                            .newBuilder()
                            .header("x-session", "secret")
                            .build(),
                    )
                }.addNetworkInterceptor {
                    it.proceed(
                        it
                            .request()
                            .newBuilder()
                            .header("x-session", "secret")
                            .build(),
                    )
                }.proxySelector(
                    java.net.ProxySelector
                        .of(null)
                        .also { asked.incrementAndGet() },
                ).build()
        answer { setBody("yes!") }
        val answer = send(bank)!!
        assertEquals(200, answer.status)
        assertEquals("yes!", String(answer.body))
        val recorded = server.takeRequest()
        assertEquals("POST /v1/batches HTTP/1.1", recorded.requestLine)
        val sent = recorded.headers.associate { (name, value) -> name.lowercase() to value }
        val expected =
            mapOf(
                "authorization" to "Bearer key",
                "content-type" to "application/vnd.nowait.batch",
                "user-agent" to "nowait",
                "accept-encoding" to "identity",
                "content-length" to BODY.size.toString(),
            )
        assertEquals(expected, sent - "host" - "connection")
        assertArrayEquals(BODY, recorded.body.readByteArray())
    }

    @Test
    fun itGoesTheAppsWay() {
        val elsewhere = OkHttpClient.Builder().proxy(Proxy(Proxy.Type.HTTP, server.toProxyAddress().address())).build()
        answer(407) { setHeader("Proxy-Authenticate", "Basic realm=x") }
        val parcel = Parcel("http://telemetry.bank.example/v1/batches", emptyMap(), BODY, 60_000) { false }
        assertEquals(407, OkHttpTransport(elsewhere).send(parcel)!!.status)
        assertEquals("POST http://telemetry.bank.example/v1/batches HTTP/1.1", server.takeRequest().requestLine)
    }

    @Test
    fun whateverTheStatusItIsAnAnswer() {
        val statuses = listOf(301, 307, 401, 404, 408, 421, 503)
        val bank =
            OkHttpClient
                .Builder()
                .authenticator { _, response ->
                    response.request
                        .newBuilder()
                        .header("a", "b")
                        .build()
                }.build()
        for (status in statuses) {
            answer(status) { setHeader("Location", "/elsewhere").setHeader("Retry-After", "0") }
            val answer = send(bank)!!
            assertEquals(status, answer.status)
            assertEquals("0", answer.retryAfter)
        }
        assertEquals("each asked for once", statuses.size, server.requestCount)
    }

    @Test
    fun nothingIsConcludedFromABodyThatIsCutOrLongerThanAnyReceipt() {
        answer { setBody("x".repeat(100_000)).socketPolicy = SocketPolicy.DISCONNECT_DURING_RESPONSE_BODY }
        answer { setBody("x".repeat(16_385)) }
        answer { setBody("x".repeat(16_384)) }
        val answers = List(3) { send()!! }
        assertEquals(List(3) { 200 }, answers.map { it.status })
        assertEquals(listOf(0, 0, 16_384), answers.map { it.body.size })
    }

    @Test
    fun aServerThatHangsUpGetsTheParcelOnce() {
        answer { socketPolicy = SocketPolicy.DISCONNECT_AFTER_REQUEST }
        answer()
        assertNull(send())
        assertEquals(1, server.requestCount)
    }

    @Test
    fun whatBrokeIsToldToTheDoctor() {
        val gone = server.url("/v1/batches").toString()
        server.shutdown()
        val parcel = Parcel(gone, emptyMap(), BODY, 60_000) { false }
        assertThrows(ConnectException::class.java) { OkHttpTransport(OkHttpClient()).send(parcel) }
    }

    @Test
    fun aSilentServerIsLeftWhenTheTimeIsOver() {
        server.enqueue(MockResponse().setSocketPolicy(SocketPolicy.NO_RESPONSE))
        assertNull(send(timeoutMs = 50))
    }

    @Test
    fun aRefusalBreaksOff() {
        server.enqueue(MockResponse().setSocketPolicy(SocketPolicy.NO_RESPONSE))
        assertNull(send(timeoutMs = 3_600_000) { server.requestCount == 1 })
    }

    @Test
    fun nothingBeginsAfterARefusal() {
        assertNull(send { true })
        assertEquals(0, server.requestCount)
    }

    @Test
    fun itIsNoRequestOfTheAppsAndItsListenerHearsIt() {
        val heard = AtomicInteger()
        val own =
            object : EventListener() {
                override fun callEnd(call: okhttp3.Call) {
                    heard.incrementAndGet()
                }
            }
        answer()
        send(
            OkHttpClient
                .Builder()
                .eventListener(own)
                .build()
                .measured(),
        )
        await("the app's listener") { heard.get() == 1 }
        assertEquals(emptyList<Told>(), told())
    }

    @Test
    fun noConnectionStaysOpen() {
        val bank = OkHttpClient()
        repeat(2) { answer() }
        repeat(2) { send(bank) }
        assertEquals(0, bank.connectionPool.connectionCount())
        assertTrue("each has a connection of its own", List(2) { server.takeRequest().sequenceNumber }.all { it == 0 })
    }

    private companion object {
        val BODY = ByteArray(3_000) { it.toByte() }
    }
}
