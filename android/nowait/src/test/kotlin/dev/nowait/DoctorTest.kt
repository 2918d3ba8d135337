package dev.nowait

import com.sun.net.httpserver.HttpServer
import com.sun.net.httpserver.HttpsConfigurator
import com.sun.net.httpserver.HttpsServer
import dev.nowait.ffi.Consent.GRANTED
import dev.nowait.ffi.Delivery
import dev.nowait.internal.Doctor
import dev.nowait.internal.Face
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File
import java.io.FileInputStream
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.ServerSocket
import java.nio.file.Files
import java.security.KeyStore
import javax.net.ssl.KeyManagerFactory
import javax.net.ssl.SSLContext
import kotlin.time.Duration.Companion.seconds

/** What is wrong, provoked for real; a process each, since a process starts NoWait once. */
abstract class Doctored {
    internal val causes: List<Cause> get() = NoWait.doctor().findings.map { it.cause }

    internal fun start(
        endpoint: String,
        appKey: String = "key",
        decided: Consent = Consent.GRANTED,
    ) {
        Face.start(JvmPlatform(), endpoint, appKey, Settings().apply { consent = decided })
        await("running") { NoWait.status == Status.Running }
    }

    /** Something to send, and that it is tried. */
    internal fun tell() {
        NoWait.screen("Home").ready()
        NoWait.action("Pay.Confirm").measure { }
        NoWait.flush(10.seconds).get()
    }

    /** A server that answers everything with this status and nothing else. */
    internal fun answering(
        status: Int,
        server: HttpServer = HttpServer.create(LOOPBACK, 0),
    ): HttpServer =
        server.apply {
            createContext("/") {
                it.requestBody.readAllBytes()
                it.sendResponseHeaders(status, -1)
                it.close()
            }
            start()
        }

    internal companion object {
        val LOOPBACK = InetSocketAddress(InetAddress.getLoopbackAddress(), 0)
    }
}

class DoctorBeforeTheStartTest : Doctored() {
    @Test
    fun nobodyStartedIt() {
        assertEquals(listOf(Cause.NOT_STARTED), causes)
        assertTrue(NoWait.doctor().has(Cause.NOT_STARTED))
        assertTrue(NoWait.doctor().toString(), "NoWait.start" in NoWait.doctor().toString())
        Face.start(JvmPlatform(), "telemetry without a scheme", "key", Settings())
        await("failed") { NoWait.status is Status.Failed }
        val finding = NoWait.doctor().findings.single()
        assertEquals(Cause.START_FAILED, finding.cause)
        assertTrue("it names the setting: ${finding.text}", "endpoint" in finding.text)
        assertFalse("and holds no value of it", "telemetry without" in finding.text)
    }
}

class DoctorOfAnAppKeyTest : Doctored() {
    @Test
    fun fromTheStartToARefusedKey() {
        val server = answering(401)
        start("http://127.0.0.1:${server.address.port}", decided = Consent.PENDING)
        assertEquals(listOf(Cause.CONSENT_PENDING, Cause.NO_SCREEN_SEEN), causes)
        NoWait.consent(Consent.GRANTED)
        await("the decision") { Cause.CONSENT_PENDING !in causes }
        assertEquals(listOf(Cause.NO_SCREEN_SEEN, Cause.NOTHING_SENT_YET), causes)
        tell()
        assertEquals(listOf(Cause.KEY_REFUSED), causes)
        NoWait.consent(Consent.REFUSED)
        assertEquals(Cause.CONSENT_REFUSED, causes.first())
        NoWait.shutdown().get()
        assertEquals(listOf(Cause.SHUT_DOWN), causes)
        server.stop(0)
    }
}

class DoctorOfAClosedPortTest : Doctored() {
    @Test
    fun nobodyListens() {
        val closed = ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { it.localPort }
        start("http://127.0.0.1:$closed")
        tell()
        assertEquals(listOf(Cause.UNREACHABLE), causes)
        assertTrue(NoWait.doctor().toString(), "ConnectException" in NoWait.doctor().toString())
    }
}

class DoctorOfACertificateTest : Doctored() {
    @Test
    fun nobodyTrustsIt() {
        val folder = Files.createTempDirectory("nowait-tls").toFile()
        val server = HttpsServer.create(LOOPBACK, 0).apply { httpsConfigurator = HttpsConfigurator(unknown(folder)) }
        answering(200, server)
        start("https://localhost:${server.address.port}")
        tell()
        assertEquals(listOf(Cause.TLS), causes)
        server.stop(0)
        folder.deleteRecursively()
    }

    /** A key that vouches for itself, made here. */
    private fun unknown(folder: File): SSLContext {
        val store = File(folder, "keys")
        val keytool = File(System.getProperty("java.home"), "bin/keytool").path
        val words = "-genkeypair -alias bank -keyalg EC -dname CN=localhost -storetype PKCS12 -storepass secret -keystore"
        val made = ProcessBuilder(listOf(keytool) + words.split(' ') + store.path).redirectErrorStream(true).start()
        check(made.waitFor() == 0) { made.inputStream.bufferedReader().readText() }
        val keys = KeyStore.getInstance("PKCS12").apply { FileInputStream(store).use { load(it, SECRET) } }
        val managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm()).apply { init(keys, SECRET) }
        return SSLContext.getInstance("TLS").apply { init(managers.keyManagers, null, null) }
    }

    private companion object {
        val SECRET = "secret".toCharArray()
    }
}

class DoctorOfAKillSwitchTest : Doctored() {
    @Test
    fun theCollectorSwitchesItOff() {
        val folder = Files.createTempDirectory("nowait-doctor").toFile()
        val off =
            File(folder, "off.json").apply {
                writeText("""{"version": 1, "enabled": false, "sampled_per_mille": 1000, "flush_interval_s": 0}""")
            }
        Collector(folder, "--remote-config", off.path).use { collector ->
            start(collector.url, collector.appKey)
            assertEquals(listOf(Cause.NO_SCREEN_SEEN, Cause.NOTHING_SENT_YET), causes)
            tell()
            assertEquals(listOf(Cause.SWITCHED_OFF), causes)
        }
        folder.deleteRecursively()
    }
}

class DoctorOfAHealthyAppTest : Doctored() {
    @Test
    fun nothingStandsInTheWay() {
        val folder = Files.createTempDirectory("nowait-doctor").toFile()
        Collector(folder).use { collector ->
            start(collector.url, collector.appKey)
            tell()
            assertEquals(emptyList<Cause>(), causes)
            assertTrue(NoWait.doctor().toString(), "nothing stands in the way" in NoWait.doctor().toString())
        }
        folder.deleteRecursively()
    }
}

/** What cannot be provoked in one process: every answer, and what the engine may say besides. */
class DoctorsWordsTest {
    private val fine =
        Delivery(
            GRANTED,
            exchanges = 1u,
            status = 200u,
            isDelivered = true,
            isSwitchedOff = false,
            isLeftOut = false,
            isOff = false,
            isHeld = false,
        )

    private fun causes(delivery: Delivery): List<Cause> =
        Doctor.diagnosis(Status.Running, delivery, null, hasSeenScreen = true).findings.map {
            it.cause
        }

    @Test
    fun everyAnswerHasItsWord() {
        val expected =
            mapOf(
                200 to Cause.WRONG_ADDRESS,
                302 to Cause.WRONG_ADDRESS,
                401 to Cause.KEY_REFUSED,
                403 to Cause.KEY_REFUSED,
                404 to Cause.WRONG_ADDRESS,
                405 to Cause.WRONG_ADDRESS,
                410 to Cause.WRONG_ADDRESS,
                413 to Cause.SERVER_TROUBLE,
                429 to Cause.SERVER_TROUBLE,
                501 to Cause.SERVER_TROUBLE,
                503 to Cause.SERVER_TROUBLE,
            )
        for ((status, cause) in expected) {
            assertEquals("$status", listOf(cause), causes(fine.copy(status = status.toUShort(), isDelivered = false)))
        }
    }

    @Test
    fun whatTheEngineSaysHasItsWord() {
        assertEquals(emptyList<Cause>(), causes(fine))
        assertEquals(listOf(Cause.STAYS_OFF), causes(fine.copy(isOff = true)))
        assertEquals(listOf(Cause.NOT_SAMPLED), causes(fine.copy(isLeftOut = true)))
        assertEquals(listOf(Cause.HELD), causes(fine.copy(isHeld = true)))
        assertEquals("why it was not is said", listOf(Cause.HELD), causes(fine.copy(isHeld = true, exchanges = 0u, isDelivered = false)))
        assertEquals(listOf(Cause.STARTING), Doctor.diagnosis(Status.Starting, null, null, false).findings.map { it.cause })
    }
}
