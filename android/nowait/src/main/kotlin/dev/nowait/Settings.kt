package dev.nowait

import java.util.Collections
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.minutes

/** What an app may decide at the start; read once. */
public class Settings internal constructor() {
    /**
     * How often events are sealed and sent while the app is in front; on its way to the background they are sent as well.
     * From 100 ms to a day. The recorder's file survives a kill, so that waiting costs only freshness.
     */
    public var flushInterval: Duration = 5.minutes

    /** [flushInterval] in milliseconds, for Java. */
    public var flushIntervalMs: Long
        get() = flushInterval.inWholeMilliseconds
        set(value) {
            flushInterval = value.milliseconds
        }

    /** What the customer decided, if the app keeps that itself; else the last [NoWait.consent] on this device holds. */
    public var consent: Consent = Consent.PENDING

    /** The version that customers see; reports compare by it. Default: `versionName` of the package. */
    public var appVersion: String? = null

    /** The build number or commit. Default: `versionCode` of the package. */
    public var appBuild: String? = null

    /** ISO 3166-1 alpha-2 of the customer's region. Default: that of the default locale. */
    public var country: String? = null

    /** The app's own dimensions, such as `"segment" to "retail"`: at most 8, scrubbed like names. */
    public var dimensions: Map<String, String> = Collections.emptyMap()

    /** How batches leave the device. */
    public var transport: Transport = Transport.PLATFORM

    /** Whether Activities, dialogs, taps and frames are captured. */
    public var captureActivities: Boolean = true

    /**
     * Whether the main thread is asked for a sign of life ten times a second while the app is in front, so that hangs are known; needs
     * [captureActivities]. Nothing is asked in the background, and nothing counts while a debugger is connected.
     */
    public var captureHangs: Boolean = true

    /**
     * Whether NoWait asks the system how network and power are: kind of network, metered, roaming, data saver, battery saver.
     * Events carry the kind of network, and batches wait where the customer asked all apps to. Without it the network is unknown and
     * nothing waits. A device that becomes hot (Android 10 and newer) or short of memory leaves a breadcrumb.
     */
    public var captureConditions: Boolean = true

    /**
     * Whether NoWait learns how processes of the app end. It asks the system (`ApplicationExitInfo`, from Android 11 on) once a
     * process died; and it takes note of an exception that nobody caught, its class and where it was thrown, before it hands it on to
     * the handler that was there before. Without it, the end of a process is told without its cause.
     */
    public var captureExits: Boolean = true

    /**
     * Whether batches that could not leave when the app went to the background are tried once more later, by a job of the system's: at most
     * one after each trip, a quarter of an hour later or more, with a network that is not a foreign one; needs [captureActivities]. Without
     * it they wait for the next time in front.
     */
    public var deliverInBackground: Boolean = true

    /**
     * Whether processes beside the app's main one record, too. Each has a session, a thread and a file of its own. Default: only the
     * main process does, in which customers wait.
     */
    public var allProcesses: Boolean = false

    /**
     * Whether Fragments are screens, androidx's and (from Android 8 on) the platform's, those of a `DialogFragment` and of a bottom sheet with
     * them, and whether Navigation is heard of; needs [captureActivities].
     */
    public var captureFragments: Boolean = true

    /**
     * What the screen of this Activity or Fragment is called; it is asked on the main thread, once for each. Null leaves it to NoWait: the
     * route of Navigation's destination (`transfer/{id}`), if there is one, else the simple name of its class. Empty, it is no screen.
     */
    public var screenName: (Any) -> String? = { null }
}
