package dev.nowait.compose

import android.os.Bundle
import androidx.compose.runtime.Composable
import androidx.compose.runtime.DisposableEffect
import androidx.compose.runtime.remember
import androidx.compose.runtime.rememberCoroutineScope
import androidx.compose.runtime.rememberUpdatedState
import androidx.navigation.NavController
import androidx.navigation.NavDestination
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.guarded
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.launch

/*
 * Where Navigation-Compose is, as screens.
 *
 * Owns: when the customer went where. Refuses: arguments, and Navigation itself: an app without it never touches this.
 */

/**
 * Measures each destination of Navigation-Compose as a screen, called by the template of its route without its query: `transfer/{id}`. Place it once
 * beside the `NavHost`. A destination without a route is none.
 *
 * @param readyWhenShown whether the destination of this route is ready with its first frame; one that is not says so itself, by
 *   `NoWait.screen(route).ready()`
 */
@Composable
public fun TrackDestinations(
    controller: NavController,
    readyWhenShown: (String) -> Boolean = { true },
) {
    val scope = rememberCoroutineScope()
    val isReady = rememberUpdatedState(readyWhenShown)
    val destinations = remember(controller) { Destinations(scope) { isReady.value(it) } }
    DisposableEffect(controller) {
        controller.addOnDestinationChangedListener(destinations)
        onDispose {
            controller.removeOnDestinationChangedListener(destinations)
            destinations.left()
        }
    }
    CameBack { destinations.screen }
}

/** Where the customer is in one graph. */
private class Destinations(
    private val scope: CoroutineScope,
    private val readyWhenShown: (String) -> Boolean,
) : NavController.OnDestinationChangedListener {
    var screen: ComposeScreen? = null
        private set
    private var isFirst = true

    override fun onDestinationChanged(
        controller: NavController?,
        destination: NavDestination?,
        arguments: Bundle?,
    ) = guarded {
        val atNs = nowNs()
        left()
        // The first one is told at once, and nobody went there.
        if (!isFirst) Face.lane.tell(Fact.NAVIGATION, atNs = atNs)
        isFirst = false
        val route = destination?.route?.substringBefore('?').orEmpty()
        if (route.isNotEmpty()) enter(route, atNs)
    }

    private fun enter(
        route: String,
        atNs: Long,
    ) {
        val next = ComposeScreen(Face.names.of(route), atNs)
        screen = next
        next.created()
        scope.launch {
            // The next frame is the one that it is composed in, if the host was not sooner.
            drawn()
            val shownNs = drawn()
            guarded {
                if (screen !== next) return@launch
                next.shown(shownNs)
                if (readyWhenShown(route)) next.ready(shownNs)
            }
        }
    }

    fun left() {
        screen?.left()
        screen = null
    }
}
