package dev.nowait

import dev.nowait.internal.HttpTransport
import org.junit.After
import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.ByteArrayOutputStream
import java.io.IOException
import java.io.InputStream
import java.io.OutputStream
import java.net.HttpURLConnection
import java.net.InetAddress
import java.net.ServerSocket
import java.net.Socket
import java.util.concurrent.CountDownLatch
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import kotlin.concurrent.thread

/** The platform's HTTP stack against a server that says, byte for byte, what a test wants it to. */
class HttpTransportTest {
    private class Asked(
        val head: String,
        val body: ByteArray,
    )

    private val server = ServerSocket(0, 50, InetAddress.getLoopbackAddress())
    private val asked = LinkedBlockingQueue<Asked>()

    /** Answers every connection with [answer], which gets the socket after the request was read. */
    private fun serve(answer: (Socket) -> Unit) {
        thread(isDaemon = true) {
            while (true) {
                val socket = runCatching { server.accept() }.getOrNull() ?: break
                thread(isDaemon = true) {
                    socket.use {
                        asked += read(it.getInputStream())
                        runCatching { answer(it) }
                    }
                }
            }
        }
    }

    private fun read(stream: InputStream): Asked {
        val head = StringBuilder()
        while (!head.endsWith("\r\n\r\n")) head.append(stream.read().toChar())
        val length = Regex("content-length: (\\d+)").find(head.toString().lowercase())!!.groupValues[1].toInt()
        return Asked(head.toString(), stream.readNBytes(length))
    }

    private fun say(text: String): (Socket) -> Unit = { it.getOutputStream().write(text.toByteArray()) }

    private fun send(
        timeoutMs: Long = 60_000,
        isCancelled: () -> Boolean = { false },
    ): Answer? {
        val url = "http://127.0.0.1:${server.localPort}/v1/batches"
        val headers = mapOf("authorization" to "Bearer key", "content-type" to "application/vnd.nowait.batch")
        return answerOf { Transport.PLATFORM.send(Parcel(url, headers, BODY, timeoutMs, isCancelled)) }
    }

    /** As the engine has it: what is thrown is no answer. */
    private fun answerOf(send: () -> Answer?): Answer? =
        try {
            send()
        } catch (_: IOException) {
            null
        }

    @After
    fun close() = server.close()

    @Test
    fun aParcelIsPostedOnceWithItsHeadersAndNothingOfTheDevice() {
        serve(say("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nyes!"))
        val answer = send()!!
        assertEquals(200, answer.status)
        assertEquals("yes!", String(answer.body))
        val request = asked.poll(10, TimeUnit.SECONDS)!!
        val head = request.head.lowercase()
        assertTrue(head, head.startsWith("post /v1/batches http/1.1\r\n"))
        for (header in listOf("authorization: bearer key", "connection: close", "user-agent: nowait", "accept-encoding: identity")) {
            assertTrue("$header in $head", "\r\n$header\r\n" in head)
        }
        assertArrayEquals(BODY, request.body)
        assertEquals("one connection", 0, asked.size)
    }

    @Test
    fun whateverTheStatusItIsAnAnswer() {
        val answers =
            mapOf(
                "307 Elsewhere\r\nlocation: http://127.0.0.1:9/" to 307,
                "401 Unauthorized\r\nwww-authenticate: Basic realm=x" to 401,
                "407 Proxy\r\nproxy-authenticate: Basic realm=x" to 407,
                "404 Not Found" to 404,
                "503 Later" to 503,
            )
        val next = LinkedBlockingQueue(answers.keys)
        serve { say("HTTP/1.1 ${next.poll()}\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\nno")(it) }
        for (status in answers.values) assertEquals(status, send()!!.status)
        assertEquals("each asked for once", answers.size, asked.size)
    }

    @Test
    fun whenToTryAgainIsToldAsItCame() {
        serve(say("HTTP/1.1 503 Later\r\nretry-after: Fri, 06 Mar 2026 09:00:00 GMT\r\ncontent-length: 2\r\n\r\nno"))
        val answer = send()!!
        assertEquals("Fri, 06 Mar 2026 09:00:00 GMT", answer.retryAfter)
        assertEquals("no", String(answer.body))
    }

    @Test
    fun nothingIsConcludedFromABodyThatIsCutOrLongerThanAnyReceipt() {
        val bodies = LinkedBlockingQueue(listOf("9\r\n\r\ncut", "16385\r\n\r\n" + "x".repeat(16_385), "16384\r\n\r\n" + "x".repeat(16_384)))
        serve { say("HTTP/1.1 200 OK\r\ncontent-length: ${bodies.poll()}")(it) }
        val sizes = List(3) { send()!!.body.size }
        assertEquals(listOf(0, 0, 16_384), sizes)
    }

    @Test
    fun aServerThatHangsUpGetsTheParcelOnce() {
        serve { }
        assertNull(send())
        assertEquals(1, asked.size)
    }

    @Test
    fun aSilentServerIsLeftWhenTheTimeIsOver() {
        serve { forEver.await() }
        assertNull(send(timeoutMs = 50))
    }

    @Test
    fun aBodyThatDripsIsLeftWhenTheTimeIsOver() {
        serve {
            say("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")(it)
            while (true) {
                it.getOutputStream().write(1)
                Thread.sleep(5)
            }
        }
        val answer = send(timeoutMs = 1_000)
        assertEquals("its status counts", 200, answer!!.status)
        assertEquals(0, answer.body.size)
    }

    @Test
    fun aRefusalBreaksOffAndClosesTheConnection() {
        val closed = CountDownLatch(1)
        serve {
            it.getInputStream().read()
            closed.countDown()
        }
        assertNull(send(timeoutMs = 3_600_000) { asked.isNotEmpty() })
        assertTrue(closed.await(10, TimeUnit.SECONDS))
    }

    @Test
    fun whatIsLeftWhileItConnectsSendsNothing() {
        val connecting = CountDownLatch(1)
        val left = CountDownLatch(1)
        val ended = CountDownLatch(1)
        val hasSent = AtomicBoolean()
        val slow =
            object : HttpURLConnection(null) {
                override fun connect() {
                    connecting.countDown()
                    left.await()
                }

                override fun getOutputStream(): OutputStream {
                    hasSent.set(true)
                    connect()
                    return ByteArrayOutputStream()
                }

                // As the platform's: of no use before there is a connection.
                override fun disconnect() {
                    if (left.count == 0L) ended.countDown()
                }

                override fun usingProxy() = false
            }
        val parcel = Parcel("http://127.0.0.1:9/v1/batches", emptyMap(), BODY, 3_600_000) { connecting.count == 0L }
        assertNull(HttpTransport { slow }.send(parcel))
        left.countDown()
        assertTrue("it ends", ended.await(10, TimeUnit.SECONDS))
        assertFalse("after the refusal", hasSent.get())
    }

    @Test
    fun nothingBeginsAfterARefusal() {
        serve(say("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"))
        assertNull(send { true })
        assertEquals(0, asked.size)
    }

    private companion object {
        val BODY = ByteArray(3_000) { it.toByte() }
        val forEver = CountDownLatch(1)
    }
}
