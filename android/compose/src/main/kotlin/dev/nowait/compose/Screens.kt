package dev.nowait.compose

import androidx.compose.runtime.Composable
import androidx.compose.runtime.DisposableEffect
import androidx.compose.runtime.LaunchedEffect
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberUpdatedState
import androidx.compose.runtime.withFrameNanos
import androidx.lifecycle.Lifecycle
import androidx.lifecycle.LifecycleEventObserver
import androidx.lifecycle.compose.LocalLifecycleOwner
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Name
import dev.nowait.internal.guarded

/*
 * Composables as screens.
 *
 * Owns: which of Compose's moments are which facts. Refuses: names, which the app gives, and what is shown.
 */

/**
 * Measures what this stands in as a screen: from what brought the customer here, else from its first composition, to the frame that it is drawn
 * with, and to the moment at which it shows what they came for. It is left when it leaves the composition. Draws nothing.
 *
 * A frame counts as over when the next one begins, up to a frame after it is on the display.
 *
 * ```kotlin
 * TrackScreen("Accounts", ready = accounts.isNotEmpty())
 * ```
 *
 * @param name the same for everybody: no id, no amount. Another name is another screen
 * @param ready whether it shows what the customer came for; left out, it is ready with its first frame
 */
@Composable
public fun TrackScreen(
    name: String,
    ready: Boolean = true,
) {
    val screen = remember(name) { ComposeScreen(Face.names.of(name), nowNs()) }
    DisposableEffect(screen) {
        screen.created()
        onDispose(screen::left)
    }
    LaunchedEffect(screen) { screen.shown(drawn()) }
    LaunchedEffect(screen, ready) { if (ready) screen.ready(drawn()) }
    CameBack { screen }
}

/** What this is in is in front again, from under another Activity or from the background: so is the screen. */
@Composable
internal fun CameBack(screen: () -> ComposeScreen?) {
    val lifecycle = LocalLifecycleOwner.current.lifecycle
    val current = rememberUpdatedState(screen)
    DisposableEffect(lifecycle) {
        val observer = LifecycleEventObserver { _, event -> if (event == Lifecycle.Event.ON_RESUME) current.value()?.cameBack() }
        lifecycle.addObserver(observer)
        onDispose { lifecycle.removeObserver(observer) }
    }
}

/** When what was composed just now is drawn: the next frame begins, which is not sooner. */
internal suspend fun drawn(): Long = withFrameNanos { it }

/** One instance of a screen, told in the order of its life. Everything on the main thread; nothing of ours leaves it. */
internal class ComposeScreen(
    private val name: Name,
    private val beganNs: Long,
) {
    private var id = 0L
    private var isShown = false

    fun created() =
        guarded {
            id = name.visit.created()
            Face.lane.tell(Fact.SCREEN_CREATED, name, atNs = beganNs, x = id)
        }

    fun shown(atNs: Long) =
        guarded {
            isShown = true
            Face.lane.tell(Fact.SCREEN_SHOWN, name, atNs = atNs, x = id)
        }

    fun ready(atNs: Long) = guarded { Face.lane.tell(Fact.SCREEN_READY, name, atNs = atNs, x = id) }

    fun cameBack() =
        guarded {
            // The first time it is only told that it is there.
            if (!isShown) return
            name.visit.cameBack(id)
            Face.lane.tell(Fact.SCREEN_SHOWN, name, atNs = nowNs(), x = id)
        }

    fun left() = guarded { Face.lane.tell(Fact.SCREEN_LEFT, atNs = nowNs(), x = id) }
}

/** The uptime clock, of which frames and touches have their times; a test has one that stands still. */
internal var nowNs: () -> Long = System::nanoTime
