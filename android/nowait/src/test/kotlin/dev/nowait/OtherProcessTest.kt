package dev.nowait

import dev.nowait.internal.Face
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File
import java.nio.file.Files

/** A process beside the app's main one records nothing, and the customer's word there holds for all. */
class OtherProcessTest {
    private val folder = Files.createTempDirectory("nowait-processes").toFile()

    @Test
    fun itOnlyTakesTheDecision() {
        val main = mainProcess()
        val words = main.inputStream.bufferedReader()
        assertEquals("granted, as it was started", "[NOTHING_SENT_YET]", words.readLine())

        NoWait.breadcrumb("early")
        assertTrue(standBy() is StartResult.Refused)
        val again = Face.start(JvmPlatform(folder.path), NOBODY, "key", Settings())
        assertTrue("that is decided once", again is StartResult.Refused)
        NoWait.action("Pay.Confirm").measure { }
        assertEquals(listOf(Cause.OTHER_PROCESS), NoWait.doctor().findings.map { it.cause })
        assertEquals(Status.Off, NoWait.status)
        assertFalse("nothing is loaded for that", "nowait_ffi" in File("/proc/self/maps").readText())

        NoWait.consent(Consent.REFUSED)
        assertEquals("the main process knows", "refused", words.readLine())
        NoWait.consent(Consent.GRANTED)
        assertEquals("and of what comes after", "granted", words.readLine())
        assertEquals(listOf(Cause.OTHER_PROCESS), NoWait.doctor().findings.map { it.cause })
        main.destroy()
        main.waitFor()
        folder.deleteRecursively()
    }

    private fun standBy() = Face.standBy(JvmPlatform(folder.path), NOBODY, "key", Settings())

    /** The main process: says what keeps it from sending, then each decision that it learns of. */
    private fun mainProcess(): Process =
        ProcessBuilder(
            File(System.getProperty("java.home"), "bin/java").path,
            "-cp",
            System.getProperty("surefire.test.class.path"),
            "-Djava.library.path=" + System.getProperty("java.library.path"),
            "-Djna.library.path=" + System.getProperty("jna.library.path"),
            "dev.nowait.OtherProcessTest\$Main",
            folder.path,
        ).redirectError(ProcessBuilder.Redirect.INHERIT).start()

    internal companion object {
        const val NOBODY = "http://127.0.0.1:9"
    }

    internal object Main {
        @JvmStatic
        fun main(arguments: Array<String>) {
            Face.start(JvmPlatform(arguments.single()), NOBODY, "key", Settings().apply { consent = Consent.GRANTED })
            await("running") { NoWait.status == Status.Running }
            NoWait.screen("Home").ready()
            await("granted") { !NoWait.doctor().has(Cause.CONSENT_PENDING) }
            println(NoWait.doctor().findings.map { it.cause })
            await("the refusal") { NoWait.doctor().has(Cause.CONSENT_REFUSED) }
            println("refused")
            await("the grant") { !NoWait.doctor().has(Cause.CONSENT_REFUSED) }
            println("granted")
            System.`in`.read()
        }
    }
}

/** A decision that was said before the start is written, too. */
class EarlierDecisionInAnotherProcessTest {
    @Test
    fun itIsWritten() {
        val folder = Files.createTempDirectory("nowait-processes").toFile()
        NoWait.consent(Consent.REFUSED)
        Face.standBy(JvmPlatform(folder.path), OtherProcessTest.NOBODY, "key", Settings())
        await("the file") { File(folder, "shared").exists() }
        await("the decision") {
            dev.nowait.ffi
                .delivery()!!
                .consent == dev.nowait.ffi.Consent.REFUSED
        }
        assertEquals(Status.Off, NoWait.status)
        folder.deleteRecursively()
    }
}
