package dev.nowait

import dev.nowait.internal.Native
import dev.nowait.testing.FactScript
import dev.nowait.testing.Facts
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
        assertTrue("scripts are found", scripts.size > 120)
        var events = 0
        for (file in scripts) {
            val script = FactScript(file.readText())
            assertEquals(file.name, script.written.joinToString("\n"), script.play(JniLane).joinToString("\n"))
            events += script.written.count { it.startsWith('>') }
        }
        println("${scripts.size} scripts gave their $events events through the JNI lane")
    }

    /** Nothing of ours between the script and the library. */
    private object JniLane : Facts {
        override fun processStarted(
            atNs: Long,
            visible: Boolean,
        ) = Native.processStarted(atNs, visible)

        override fun mainIdle(atNs: Long) = Native.mainIdle(atNs)

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
            id: Long,
            screen: Int,
            atNs: Long,
        ) = Native.screenCreated(id, screen, atNs)

        override fun screenShown(
            id: Long,
            screen: Int,
            atNs: Long,
        ) = Native.screenShown(id, screen, atNs)

        override fun screenReady(
            id: Long,
            screen: Int,
            atNs: Long,
        ) = Native.screenReady(id, screen, atNs)

        override fun screenLeft(
            id: Long,
            atNs: Long,
        ) = Native.screenLeft(id, atNs)

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

        override fun actionStarted(
            id: Long,
            action: Int,
            atNs: Long,
        ) = Native.actionBegin(id, action, atNs)

        override fun actionEnded(
            id: Long,
            atNs: Long,
            outcome: Int,
        ) = Native.actionEnd(id, atNs, outcome)

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

        override fun rated(
            id: Long,
            name: Int,
            atNs: Long,
            rating: Int,
        ) = Native.rated(id, name, atNs, rating)

        override fun handedOver(
            id: Long,
            atNs: Long,
            continuation: Long,
        ) = Native.handedOver(id, atNs, continuation)

        override fun breadcrumb(
            name: Int,
            atNs: Long,
            number: Long,
        ) = Native.breadcrumb(name, atNs, number)
    }
}
