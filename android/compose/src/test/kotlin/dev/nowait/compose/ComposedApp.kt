package dev.nowait.compose

import androidx.compose.runtime.Composable
import androidx.compose.runtime.CompositionLocalProvider
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.runComposeUiTest
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.LifecycleOwner
import androidx.lifecycle.LifecycleRegistry
import androidx.lifecycle.compose.LocalLifecycleOwner
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Native
import dev.nowait.testing.RecordedEvent
import dev.nowait.testing.Replay
import org.junit.After
import org.junit.Before

/** Real composables on Compose's own clock, told through the real library. */
@OptIn(ExperimentalTestApi::class)
abstract class ComposedApp {
    internal val owner = Owner()

    /** An Activity, as far as Compose knows one. */
    internal class Owner : LifecycleOwner {
        override val lifecycle: LifecycleRegistry = LifecycleRegistry.createUnsafe(this)
    }

    @Before
    fun begin() {
        Face.lane.load(processStart = null)
        Replay.begin()
    }

    @After
    fun end() {
        Replay.end()
        nowNs = System::nanoTime
    }

    /** Frames come only as the test lets them. */
    internal fun app(
        content: @Composable () -> Unit,
        walk: ComposeUiTest.() -> Unit,
    ) = runComposeUiTest {
        mainClock.autoAdvance = false
        nowNs = { mainClock.currentTime * 1_000_000 }
        Face.lane.tell(Fact.FOREGROUND, atNs = nowNs())
        owner.lifecycle.currentState = Lifecycle.State.RESUMED
        setContent { CompositionLocalProvider(LocalLifecycleOwner provides owner, content = content) }
        walk()
    }

    /** A frame begins and ends, as Android tells of its window. */
    internal fun ComposeUiTest.frame() {
        mainClock.advanceTimeByFrame()
        Face.lane.tell(Fact.FRAME, atNs = nowNs(), x = nowNs() - 5_000_000, y = nowNs() + 16_000_000)
    }

    internal fun ComposeUiTest.pass(ms: Long) = mainClock.advanceTimeBy(ms)

    internal fun events(kind: String): List<RecordedEvent> = Replay.events().filter { it.kind == kind }

    internal fun screens(name: String): List<RecordedEvent> = events("screen").filter { it.name == Native.registerName(name) }

    /** Where a request that the app makes now belongs to. */
    internal fun inFront(): String {
        val request = Face.nextId()
        Face.lane.tell(Fact.REQUEST_STARTED, Face.names.of("GET /home"), atNs = nowNs(), x = request)
        Face.lane.tell(Fact.REQUEST_ENDED, small = 200, atNs = nowNs(), x = request)
        return dev.nowait.ffi.nameText(
            events("request")
                .last()
                .screen
                .toUInt(),
        )
    }
}
