package dev.nowait.okhttp

import dev.nowait.testing.Replay
import okhttp3.Cache
import okhttp3.CacheControl
import okhttp3.Call
import okhttp3.EventListener
import okhttp3.OkHttpClient
import okhttp3.Protocol
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import okhttp3.ResponseBody.Companion.toResponseBody
import okhttp3.mockwebserver.SocketPolicy
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.IOException
import java.nio.file.Files
import java.time.Duration
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.atomic.AtomicReference
import kotlin.concurrent.thread

/** When a call is a request, from when to when, and how it ended. */
class CallTest : MeasuredCalls() {
    private val route get() = "GET ${server.hostName}"

    @Test
    fun aCallLastsFromItsStartToTheEndOfItsBody() {
        answer()
        val beforeNs = System.nanoTime()
        val response = client.newCall(request()).execute()
        assertEquals("its body is not read", emptyList<Told>(), told())
        val readNs = System.nanoTime()
        response.body!!.string()
        val event = events().single()
        assertTrue("it began with the call", event.startedNs in beforeNs..readNs)
        assertTrue("it ended with the body", event.startedNs + event.durationNs in readNs..System.nanoTime())
        assertEquals(listOf(Told(route, "done", 200)), told())
    }

    @Test
    fun theStatusSaysWhetherItFailed() {
        for (status in listOf(204, 404, 500)) answer(status) { setBody("") }
        repeat(3) { client.call() }
        assertEquals(listOf("done" to 204, "failed" to 404, "failed" to 500), told().map { it.outcome to it.status })
    }

    @Test
    fun redirectsAreOneWait() {
        for (to in listOf("/accounts/8", "/login")) answer(302) { setHeader("Location", server.url(to)) }
        answer(201)
        assertEquals(201, client.call())
        assertEquals(listOf(Told(route, "done", 201)), told())
    }

    @Test
    fun aRetryIsTheSameWait() {
        answer()
        // On the connection of the first call, as a server that closes what idles.
        answer { socketPolicy = SocketPolicy.DISCONNECT_AFTER_REQUEST }
        answer()
        repeat(2) { assertEquals(200, client.call()) }
        assertEquals("the second call was sent twice", 3, server.requestCount)
        assertEquals(List(2) { Told(route, "done", 200) }, told())
    }

    @Test
    fun whatTheCacheAnswersAskedNobody() {
        val client =
            OkHttpClient
                .Builder()
                .cache(Cache(Files.createTempDirectory("cache").toFile(), 1_000_000))
                .build()
                .measured()
        answer { setHeader("Cache-Control", "max-age=60").setHeader("ETag", "1") }
        answer(304) { setBody("") }
        repeat(2) { assertEquals(200, client.call()) }
        assertEquals("the first one, from the server", listOf(Told(route, "done", 200)), told())
        assertEquals(504, client.call(request("/never") { cacheControl(CacheControl.FORCE_CACHE) }))
        assertEquals("nor where it has none", 1, told().size)
        assertEquals(200, client.call(request { cacheControl(CacheControl.Builder().maxAge(0, SECONDS).build()) }))
        assertEquals("what the server confirmed was asked", Told(route, "done", 304), told().last())
    }

    @Test
    fun whatTheAppAnswersItselfAskedNobody() {
        val own =
            OkHttpClient
                .Builder()
                .addInterceptor {
                    Response
                        .Builder()
                        .request(it.request())
                        .protocol(Protocol.HTTP_1_1)
                        .code(200)
                        .message("")
                        .body("".toResponseBody())
                        .build()
                }.build()
                .measured()
        assertEquals(200, own.call())
        assertEquals(emptyList<Told>(), told())
    }

    @Test
    fun aCancelledCallIsAbandoned() {
        answer { socketPolicy = SocketPolicy.NO_RESPONSE }
        val call = client.newCall(request())
        thread {
            server.takeRequest()
            call.cancel()
        }
        assertTrue(runCatching { call.execute() }.isFailure)
        assertEquals(listOf(Told(route, "abandoned", 0)), told())
    }

    @Test
    fun soIsOneThatNeverLeft() {
        val call = client.newCall(request()).apply { cancel() }
        assertTrue(runCatching { call.execute() }.isFailure)
        assertEquals(listOf(Told(route, "abandoned", 0)), told())
    }

    @Test
    fun soIsOneWhoseThreadIsInterrupted() {
        repeat(2) { answer() }
        assertEquals(200, client.call())
        Thread.currentThread().interrupt()
        assertNull(client.call())
        assertTrue(Thread.interrupted())
        assertEquals(Told(route, "abandoned", 0), told().last())
    }

    @Test
    fun aLimitThatIsOverIsTimedOut() {
        val limits = listOf<OkHttpClient.Builder.() -> Unit>({ readTimeout(LIMIT) }, { callTimeout(LIMIT) })
        for (limit in limits) {
            answer { socketPolicy = SocketPolicy.NO_RESPONSE }
            assertNull(
                client
                    .newBuilder()
                    .apply(limit)
                    .build()
                    .call(),
            )
        }
        assertEquals(List(2) { Told(route, "timed_out", 0) }, told())
    }

    @Test
    fun whatBreaksIsFailed() {
        answer {
            socketPolicy = SocketPolicy.DISCONNECT_DURING_RESPONSE_BODY
            setBody("x".repeat(100_000))
        }
        assertNull(client.call())
        val gone = request()
        server.shutdown()
        assertNull(client.call(gone))
        assertEquals(List(2) { Told(route, "failed", 0) }, told())
    }

    @Test
    fun aStreamOfEventsIsThereWhenItIsOpen() {
        answer { setHeader("Content-Type", "text/event-stream;charset=utf-8") }
        client.newCall(request()).execute().use {
            assertEquals(listOf(Told(route, "done", 200)), told())
            it.body!!.string()
        }
        assertEquals("once", 1, told().size)
    }

    @Test
    fun whatNoCacheCanAnswerIsKnownAtOnce() {
        val died = AtomicReference<List<String>>()
        val client =
            OkHttpClient
                .Builder()
                .addInterceptor {
                    Replay.died(System.nanoTime())
                    died.set(events().map { event -> "${text(event.name)} ${event.outcome}" })
                    it.proceed(it.request())
                }.build()
                .measured()
        answer()
        client.call(request { post("order".toRequestBody()) })
        assertEquals("although it had not left", listOf("POST ${server.hostName} died"), died.get())
    }

    @Test
    fun whatTheAppsOwnInterceptorBreaksIsAbandoned() {
        val client =
            OkHttpClient
                .Builder()
                .addInterceptor { error("a defect of the app's") }
                .build()
                .measured()
        val order = request { post("order".toRequestBody()) }
        assertTrue(runCatching { client.call(order) }.exceptionOrNull() is IllegalStateException)
        assertEquals(listOf(Told("POST ${server.hostName}", "abandoned", 0)), told())
    }

    @Test
    fun theAppsOwnListenerHearsWhatItHeardBefore() {
        fun heardBy(wrap: (OkHttpClient) -> OkHttpClient): List<String> {
            val heard = CopyOnWriteArrayList<String>()
            val own =
                object : EventListener() {
                    override fun callStart(call: Call) = heard.plusAssign("callStart")

                    override fun requestHeadersEnd(
                        call: Call,
                        request: Request,
                    ) = heard.plusAssign("requestHeadersEnd")

                    override fun responseHeadersEnd(
                        call: Call,
                        response: Response,
                    ) = heard.plusAssign("responseHeadersEnd")

                    override fun callEnd(call: Call) = heard.plusAssign("callEnd")

                    override fun callFailed(
                        call: Call,
                        ioe: IOException,
                    ) = heard.plusAssign("callFailed")
                }
            answer()
            wrap(OkHttpClient.Builder().eventListener(own).build()).call()
            return heard
        }

        val before = heardBy { it }
        assertEquals(listOf("callStart", "requestHeadersEnd", "responseHeadersEnd", "callEnd"), before)
        assertEquals(before, heardBy { it.measured() })
        assertEquals("nothing twice", before, heardBy { it.measured().measured() })
        assertEquals("of two calls that were measured", 2, told().size)
    }

    @Test
    fun aListenerThatThrowsDoesToTheAppWhatItDidBefore() {
        class Own : RuntimeException()

        val throwing =
            object : EventListener() {
                override fun callStart(call: Call): Unit = throw Own()
            }
        val client = OkHttpClient.Builder().eventListener(throwing).build()
        for (one in listOf(client, client.measured())) {
            assertTrue(runCatching { one.newCall(request()).execute() }.exceptionOrNull() is Own)
        }
    }

    private companion object {
        val SECONDS = java.util.concurrent.TimeUnit.SECONDS
        val LIMIT: Duration = Duration.ofMillis(50)
    }
}
