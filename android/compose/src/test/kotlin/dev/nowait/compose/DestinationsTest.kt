package dev.nowait.compose

import android.os.Bundle
import androidx.compose.foundation.layout.Box
import androidx.compose.runtime.getValue
import androidx.compose.runtime.mutableStateOf
import androidx.compose.runtime.setValue
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.navigation.NavController
import androidx.navigation.NavDestination
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** A stand-in with the signatures of Navigation: it calls what androidx calls. */
private class Graph(
    private var route: String?,
) : NavController() {
    val listeners = ArrayList<OnDestinationChangedListener>()

    override fun addOnDestinationChangedListener(listener: OnDestinationChangedListener) {
        listeners += listener
        tell(listener)
    }

    override fun removeOnDestinationChangedListener(listener: OnDestinationChangedListener) {
        listeners -= listener
    }

    fun goes(route: String?) {
        this.route = route
        listeners.forEach(::tell)
    }

    private fun tell(listener: OnDestinationChangedListener) {
        val route = route
        val destination =
            object : NavDestination() {
                override fun getRoute() = route
            }
        val none: Bundle? = null
        listener.onDestinationChanged(this, destination, none)
    }
}

/** Destinations of Navigation-Compose as screens. */
@OptIn(ExperimentalTestApi::class)
class DestinationsTest : ComposedApp() {
    @Test
    fun aDestinationIsAScreenOfItsRoute() {
        val graph = Graph("home")
        app({ TrackDestinations(graph) }) {
            repeat(4) { frame() }
            assertEquals("done", screens("home").single().outcome)
            pass(5_000)
            val went = nowNs()
            graph.goes("transfer/{id}?from={iban}")
            repeat(4) { frame() }
            val transfer = screens("transfer/{id}").single()
            assertEquals(went, transfer.startedNs)
            assertTrue("$transfer", transfer.durationNs in 1..60_000_000)
            assertEquals("transfer/{id}", inFront())
            graph.goes(null)
            assertEquals("a destination without a route is none", "", inFront())
            graph.goes("home")
            repeat(4) { frame() }
            assertEquals("each time anew", 2, screens("home").size)
        }
    }

    @Test
    fun aDestinationMaySayItselfWhenItIsReady() {
        val graph = Graph("home")
        app({ TrackDestinations(graph) { if (it == "boom") error("a bug of the app") else it != "loans" } }) {
            repeat(4) { frame() }
            graph.goes("loans")
            repeat(4) { frame() }
            graph.goes("boom")
            repeat(4) { frame() }
            assertEquals("abandoned", screens("loans").single().outcome)
            assertEquals("what the app throws is no crash", "boom", inFront())
        }
    }

    @Test
    fun whatIsNoLongerComposedHearsNothing() {
        val graph = Graph("home")
        var isThere by mutableStateOf(true)
        app({ Box { if (isThere) TrackDestinations(graph) } }) {
            repeat(4) { frame() }
            isThere = false
            repeat(2) { frame() }
            assertEquals(0, graph.listeners.size)
            assertEquals("", inFront())
        }
    }
}
