package dev.nowait.internal

import android.content.BroadcastReceiver
import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.net.ConnectivityManager
import android.net.ConnectivityManager.NetworkCallback
import android.net.NetworkCapabilities
import android.os.Build
import android.os.Handler
import android.os.HandlerThread
import android.os.Looper
import android.os.PowerManager
import dev.nowait.ffi.Conditions
import dev.nowait.ffi.Network

/**
 * Tells how network and power are, at once and whenever that changes.
 *
 * Owns: asking and listening to the system, on a thread of its own. Refuses: what follows from it, which the engine knows. An
 * app that takes our permission away (`ACCESS_NETWORK_STATE`) has an unknown network, and everything else is told.
 */
internal class ConditionsWatch(
    private val context: Context,
    private val tell: (Conditions) -> Unit,
) : AutoCloseable {
    private val connectivity = checkNotNull(context.getSystemService(ConnectivityManager::class.java))
    private val power = checkNotNull(context.getSystemService(PowerManager::class.java))
    private val thread = HandlerThread("nowait-conditions")
    private lateinit var handler: Handler

    /** Where it listens, once started. */
    val looper: Looper get() = thread.looper

    // Only touched on that thread.
    private var told: Conditions? = null

    /** What the system says of the network in use, if there is one and it says something. */
    private var capabilities: NetworkCapabilities? = null
    private var isOffline = false

    private val network =
        object : NetworkCallback() {
            // Called on a thread that all callbacks of the app share.
            override fun onCapabilitiesChanged(
                network: android.net.Network,
                networkCapabilities: NetworkCapabilities,
            ) = on { inUse(networkCapabilities, isOffline = false) }

            override fun onLost(network: android.net.Network) = on { inUse(null, isOffline = true) }
        }

    private val savers =
        object : BroadcastReceiver() {
            override fun onReceive(
                context: Context,
                intent: Intent,
            ) = on { }
        }

    fun start() {
        thread.start()
        handler = Handler(thread.looper)
        on {
            guarded {
                val active = connectivity.activeNetwork
                inUse(active?.let(connectivity::getNetworkCapabilities), isOffline = active == null)
                connectivity.registerDefaultNetworkCallback(network)
            }
            val changes = IntentFilter(PowerManager.ACTION_POWER_SAVE_MODE_CHANGED)
            changes.addAction(ConnectivityManager.ACTION_RESTRICT_BACKGROUND_CHANGED)
            // Only the system may send these, so that nobody is let in.
            guarded { context.registerReceiver(savers, changes, null, handler) }
        }
    }

    override fun close() {
        guarded { connectivity.unregisterNetworkCallback(network) }
        guarded { context.unregisterReceiver(savers) }
        thread.quitSafely()
    }

    private fun inUse(
        capabilities: NetworkCapabilities?,
        isOffline: Boolean,
    ) {
        this.capabilities = capabilities
        this.isOffline = isOffline
    }

    /** Takes [change] in and tells what that makes of the whole, if it makes a difference. */
    private fun on(change: () -> Unit) {
        handler.post {
            guarded {
                change()
                val now = read()
                if (now != told) {
                    told = now
                    tell(now)
                }
            }
        }
    }

    private fun read(): Conditions {
        val capabilities = capabilities
        val isMetered = capabilities != null && !capabilities.hasCapability(NetworkCapabilities.NET_CAPABILITY_NOT_METERED)
        val isSaver = connectivity.restrictBackgroundStatus == ConnectivityManager.RESTRICT_BACKGROUND_STATUS_ENABLED
        return Conditions(
            network = if (isOffline) Network.OFFLINE else kindOf(capabilities),
            metered = isMetered,
            // It covers metered networks only.
            dataSaver = isMetered && isSaver,
            batterySaver = power.isPowerSaveMode,
            roaming = capabilities != null && isRoaming(capabilities),
        )
    }

    private fun kindOf(capabilities: NetworkCapabilities?): Network =
        when {
            capabilities == null -> Network.UNKNOWN

            // A VPN has the transports of what carries it, too.
            capabilities.hasTransport(NetworkCapabilities.TRANSPORT_WIFI) -> Network.WIFI

            capabilities.hasTransport(NetworkCapabilities.TRANSPORT_CELLULAR) -> Network.CELLULAR

            capabilities.hasTransport(NetworkCapabilities.TRANSPORT_ETHERNET) -> Network.WIRED

            else -> Network.UNKNOWN
        }

    private fun isRoaming(capabilities: NetworkCapabilities): Boolean {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) {
            return !capabilities.hasCapability(NetworkCapabilities.NET_CAPABILITY_NOT_ROAMING)
        }
        @Suppress("DEPRECATION")
        return connectivity.activeNetworkInfo?.isRoaming == true
    }
}
