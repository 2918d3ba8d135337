package dev.nowait.okhttp

import okhttp3.OkHttpClient
import okhttp3.Response
import okhttp3.WebSocket
import okhttp3.WebSocketListener
import okhttp3.mockwebserver.SocketPolicy
import org.junit.Assert.assertEquals
import org.junit.Test
import java.time.Duration
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit

/** A WebSocket is waited for until it is open, and what is said over it is no request. */
class WebSocketTest : MeasuredCalls() {
    private val heard = LinkedBlockingQueue<String>()

    private val listener =
        object : WebSocketListener() {
            override fun onOpen(
                webSocket: WebSocket,
                response: Response,
            ) {
                heard += "open"
            }

            override fun onMessage(
                webSocket: WebSocket,
                text: String,
            ) {
                heard += text
            }

            override fun onFailure(
                webSocket: WebSocket,
                t: Throwable,
                response: Response?,
            ) {
                heard += "failure"
            }
        }

    private fun next(): String? = heard.poll(10, TimeUnit.SECONDS)

    @Test
    fun itsOpeningIsAWaitAndItsLifeIsNone() {
        val rates =
            object : WebSocketListener() {
                override fun onMessage(
                    webSocket: WebSocket,
                    text: String,
                ) {
                    webSocket.send("7.8")
                }
            }
        answer { setBody("").withWebSocketUpgrade(rates) }
        val client = OkHttpClient().measured(Routes.of("/rates/{currency}"))
        val socket = client.newWebSocket(request("/rates/hkd"), listener)
        assertEquals("open", next())
        assertEquals(listOf(Told("GET /rates/{currency}", "done", 101)), told())
        socket.send("now?")
        assertEquals("7.8", next())
        socket.cancel()
        assertEquals("failure", next())
        assertEquals("once", 1, told().size)
    }

    @Test
    fun oneThatIsRefusedOrNeverOpensIsAsACall() {
        answer(401)
        answer { socketPolicy = SocketPolicy.NO_RESPONSE }
        val client = client.newBuilder().readTimeout(Duration.ofMillis(50)).build()
        repeat(2) {
            client.newWebSocket(request(), listener)
            assertEquals("failure", next())
        }
        assertEquals(listOf("failed" to 401, "timed_out" to 0), told().map { it.outcome to it.status })
    }
}
