package dev.nowait

import dev.nowait.internal.Native
import dev.nowait.testing.SignalScript
import dev.nowait.testing.Signals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.File

/** The scripts of `core/testdata`, spoken through the JNI lane: the events must be those that Rust gives. */
class ScriptReplayTest {
    private val scripts =
        File(System.getProperty("nowait.root"), "core/testdata")
            .listFiles { file -> file.extension == "script" }!!
            .sorted()

    @Test
    fun everyScriptGivesItsEvents() {
        assertTrue("scripts are found", scripts.size > 50)
        var events = 0
        for (file in scripts) {
            val script = SignalScript(file.readText())
            assertEquals(file.name, script.written.joinToString("\n"), script.play(JniLane).joinToString("\n"))
            events += script.written.count { it.startsWith('>') }
        }
        println("${scripts.size} scripts gave their $events events through the JNI lane")
    }

    /** Nothing of ours between the script and the library. */
    private object JniLane : Signals {
        override fun processStarted(
            atNs: Long,
            visible: Boolean,
        ) = Native.processStarted(atNs, visible)

        override fun foreground(
            atNs: Long,
            restored: Boolean,
        ) = Native.foreground(atNs, restored)

        override fun background(atNs: Long) = Native.background(atNs)

        override fun touchUp(
            target: Int,
            atNs: Long,
        ) = Native.touchUp(target, atNs)

        override fun touchHandled(atNs: Long) = Native.touchHandled(atNs)

        override fun frame(
            startedNs: Long,
            deadlineNs: Long,
            atNs: Long,
        ) = Native.frame(startedNs, deadlineNs, atNs)

        override fun navigation(atNs: Long) = Native.navigation(atNs)

        override fun screenCreated(
            screen: Int,
            atNs: Long,
        ) = Native.screenCreated(screen, atNs)

        override fun screenShown(
            screen: Int,
            atNs: Long,
        ) = Native.screenShown(screen, atNs)

        override fun screenReady(
            screen: Int,
            atNs: Long,
        ) = Native.screenReady(screen, atNs)

        override fun screenLeft(
            screen: Int,
            atNs: Long,
        ) = Native.screenLeft(screen, atNs)

        override fun requestStarted(
            id: Long,
            route: Int,
            atNs: Long,
        ) = Native.requestStarted(id, route, atNs)

        override fun requestEnded(
            id: Long,
            atNs: Long,
            status: Int,
            outcome: Int,
        ) = Native.requestEnded(id, atNs, status, outcome)

        override fun actionStarted(atNs: Long) {
            Native.actionBegin(atNs)
        }

        override fun actionEnded(atNs: Long) = Native.actionEnd(0, atNs, atNs, Outcome.DONE)

        override fun mainPing(atNs: Long) = Native.mainPing(atNs)

        override fun mainPong(atNs: Long) = Native.mainPong(atNs)

        override fun journeyStarted(
            id: Long,
            journey: Int,
            atNs: Long,
        ) = Native.journeyStarted(id, journey, atNs)

        override fun stepStarted(
            id: Long,
            step: Int,
            atNs: Long,
        ) = Native.stepStarted(id, step, atNs)

        override fun journeyEnded(
            id: Long,
            atNs: Long,
            outcome: Int,
        ) = Native.journeyEnded(id, atNs, outcome)
    }
}
