package dev.nowait.internal.capture

import android.hardware.display.DisplayManager
import android.os.Build
import android.os.Handler
import android.os.Looper
import android.view.FrameMetrics
import android.view.Window
import dev.nowait.internal.ChecksApiLevel
import dev.nowait.internal.Fact
import dev.nowait.internal.Lane
import dev.nowait.internal.Name
import dev.nowait.internal.guarded
import java.util.concurrent.CopyOnWriteArrayList

/**
 * A screen that is there with the next frame of its window.
 *
 * @property readyWhenShown whether that is all that the customer came for; else the app says when
 * @param sinceNs frames that ended before show something else
 */
internal class WindowScreen(
    val name: Name,
    val id: Long,
    val readyWhenShown: Boolean,
    val sinceNs: Long,
    wasShown: Boolean = false,
) {
    /** Whether it had its first frame; set on the thread for frames alone. */
    @Volatile
    var isShown = wasShown
        private set

    fun shown(
        lane: Lane,
        atNs: Long,
    ) {
        if (isShown) return
        isShown = true
        lane.tell(Fact.SCREEN_SHOWN, name, atNs = atNs, x = id)
        if (readyWhenShown) lane.tell(Fact.SCREEN_READY, name, atNs = atNs, x = id)
    }
}

/**
 * Turns what one window shows into facts: its frames, and with a frame that the screens in it are shown.
 *
 * Frames come from the framework's own `FrameMetrics`, on the thread for frames. When one was presented is the end of its
 * work, when it was handed to the display; the panel itself may be a frame later, which no API tells.
 */
internal class WindowCapture(
    private val lane: Lane,
    private val nowNs: () -> Long,
) : Window.OnFrameMetricsAvailableListener,
    DisplayManager.DisplayListener {
    @Volatile
    private var window: Window? = null

    /** How long a frame may take where the system does not say: what the window's display does now. */
    @Volatile
    private var periodNs = DEFAULT_PERIOD_NS

    /** Screens that had no frame yet. */
    private val awaited = CopyOnWriteArrayList<WindowScreen>()

    /** The next frame that ends after it began shows this. */
    fun await(screen: WindowScreen) {
        if (!screen.isShown) awaited += screen
    }

    /** For windows that have their content, since asking for it earlier would keep the app from choosing features. */
    fun install(
        window: Window,
        frames: Looper,
    ) {
        this.window = window
        val handler = Handler(frames)
        // Newer systems say with each frame how long it may take.
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.S) {
            // Told, not asked with each frame, which would be a call to another process.
            displays(window)?.registerDisplayListener(this, handler)
        }
        readPeriod(window)
        window.addOnFrameMetricsAvailableListener(this, handler)
    }

    fun uninstall() {
        val window = window ?: return
        this.window = null
        guarded { displays(window)?.unregisterDisplayListener(this) }
        // Throws if the window was never attached, which is as good.
        guarded { window.removeOnFrameMetricsAvailableListener(this) }
    }

    private fun displays(window: Window): DisplayManager? = window.context.getSystemService(DisplayManager::class.java)

    private fun readPeriod(window: Window) {
        @Suppress("DEPRECATION")
        val refreshRate = window.windowManager?.defaultDisplay?.refreshRate ?: return
        if (refreshRate > 0) periodNs = (NS_PER_SECOND / refreshRate).toLong()
    }

    override fun onDisplayChanged(displayId: Int) = guarded { window?.let(::readPeriod) }

    override fun onDisplayAdded(displayId: Int) = Unit

    override fun onDisplayRemoved(displayId: Int) = Unit

    override fun onFrameMetricsAvailable(
        window: Window,
        metrics: FrameMetrics,
        dropCountSinceLastInvocation: Int,
    ) = guarded {
        val startedNs = startedNs(metrics)
        val atNs = startedNs + metrics.getMetric(FrameMetrics.TOTAL_DURATION)
        lane.tell(Fact.FRAME, atNs = atNs, x = startedNs, y = deadlineNs(metrics, startedNs))
        if (!awaited.isEmpty()) show(atNs)
    }

    private fun show(atNs: Long) {
        for (screen in awaited) {
            if (atNs <= screen.sinceNs) continue
            awaited -= screen
            screen.shown(lane, atNs)
        }
    }

    @ChecksApiLevel
    private fun startedNs(metrics: FrameMetrics): Long =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O) {
            metrics.getMetric(FrameMetrics.INTENDED_VSYNC_TIMESTAMP)
        } else {
            // Android 7 does not say when; it tells right after the end.
            nowNs() - metrics.getMetric(FrameMetrics.TOTAL_DURATION)
        }

    @ChecksApiLevel
    private fun deadlineNs(
        metrics: FrameMetrics,
        startedNs: Long,
    ): Long {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) {
            val budgetNs = metrics.getMetric(FrameMetrics.DEADLINE)
            if (budgetNs > 0) return startedNs + budgetNs
        }
        return startedNs + periodNs
    }

    private companion object {
        const val NS_PER_SECOND = 1_000_000_000f

        /** 60 Hz, which every display can do. */
        const val DEFAULT_PERIOD_NS = 16_666_667L
    }
}
