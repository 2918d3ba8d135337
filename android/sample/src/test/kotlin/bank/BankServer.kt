package bank

import com.sun.net.httpserver.HttpServer
import java.net.InetAddress
import java.net.InetSocketAddress
import java.util.concurrent.atomic.AtomicInteger

/** The bank for unit tests: knows the balance, and fails at the first so many questions. */
internal class BankServer(
    failures: Int,
) : AutoCloseable {
    private val server = HttpServer.create(InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0)
    private val left = AtomicInteger(failures)
    val url: String get() = "http://127.0.0.1:${server.address.port}"

    init {
        server.createContext("/home") { exchange ->
            val fails = left.getAndDecrement() > 0
            val answer = (if (fails) "" else "1,204.50").toByteArray()
            exchange.sendResponseHeaders(if (fails) 503 else 200, answer.size.toLong().takeIf { it > 0 } ?: -1)
            exchange.responseBody.use { it.write(answer) }
        }
        server.start()
    }

    override fun close(): Unit = server.stop(0)
}
