package androidx.test.platform.app

import android.app.Instrumentation
import android.os.Bundle

/**
 * Robolectric wants a few classes of androidx.test, of which it uses next to nothing, and which cannot be had from every
 * registry. These are ours: as much as Robolectric 4.17 calls, and no more.
 */
object InstrumentationRegistry {
    private var instrumentation: Instrumentation? = null

    @JvmStatic
    fun getInstrumentation(): Instrumentation = checkNotNull(instrumentation)

    @JvmStatic
    @Suppress("UNUSED_PARAMETER")
    fun registerInstance(
        instrumentation: Instrumentation?,
        arguments: Bundle?,
    ) {
        this.instrumentation = instrumentation
    }
}
