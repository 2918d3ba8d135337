package dev.nowait.internal

import dev.nowait.Settings
import dev.nowait.ffi.StartConfig
import dev.nowait.ffi.SystemExits

/** What the face must know of the system it runs on. Called from the face's own thread only. */
internal interface Platform {
    /** Everything that the engine's start needs. */
    fun config(
        endpoint: String,
        appKey: String,
        settings: Settings,
    ): StartConfig

    /** When the process started, in nanoseconds of the uptime clock, and whether for the customer; null if unknown. */
    fun processStart(): ProcessStart?

    /** Who can ask the system how earlier processes of this app ended; null where nobody can. */
    fun systemExits(): SystemExits? = null

    /** Tells the running engine how network and power are, until it is closed; null where nobody knows. */
    fun watchConditions(): AutoCloseable? = null

    /** One line for the developer: why nothing is measured. */
    fun warn(problem: String)
}

/** @property visible whether the system started the process for the customer */
internal class ProcessStart(
    val atNs: Long,
    val visible: Boolean,
)
