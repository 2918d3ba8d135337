package dev.nowait.okhttp

import dev.nowait.ffi.nameText
import dev.nowait.internal.Face
import dev.nowait.testing.RecordedEvent
import dev.nowait.testing.Replay
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.mockwebserver.MockResponse
import okhttp3.mockwebserver.MockWebServer
import org.junit.After
import org.junit.Before
import java.io.IOException

/** A bank's server, a client that is measured, and the events that the engine makes of its calls. */
abstract class MeasuredCalls {
    internal val server = MockWebServer()
    internal val client: OkHttpClient by lazy { OkHttpClient().measured() }

    @Before
    fun begin() {
        Face.lane.load(processStart = null)
        server.start()
        Replay.begin()
    }

    @After
    fun end() {
        Replay.end()
        server.shutdown()
    }

    internal fun answer(
        status: Int = 200,
        change: MockResponse.() -> Unit = { },
    ) = server.enqueue(MockResponse().setResponseCode(status).setBody("balance").apply(change))

    internal fun request(
        path: String = "/accounts/7",
        change: Request.Builder.() -> Unit = { },
    ): Request =
        Request
            .Builder()
            .url(server.url(path))
            .apply(change)
            .build()

    /** Makes the call and reads its answer to the end: the status, or null if there was none. */
    internal fun OkHttpClient.call(request: Request = request()): Int? =
        try {
            newCall(request).execute().use { response ->
                response.body!!.string()
                response.code
            }
        } catch (_: IOException) {
            null
        }

    /** The requests that the engine has seen the end of: route, outcome and status. */
    internal fun told(): List<Told> = events().map { Told(text(it.name), it.outcome, it.a.toInt()) }

    internal fun events(): List<RecordedEvent> = Replay.events().filter { it.kind == "request" }

    internal fun text(name: Int): String = nameText(name.toUInt())

    internal data class Told(
        val route: String,
        val outcome: String,
        val status: Int,
    )
}

/** Waits until [condition] holds; a test that would wait longer than ten seconds fails. */
internal fun await(
    what: String,
    condition: () -> Boolean,
) {
    val until = System.nanoTime() + 10_000_000_000
    while (!condition()) {
        check(System.nanoTime() < until) { "still not: $what" }
        Thread.sleep(1)
    }
}
