package dev.nowait.internal

import android.app.ActivityManager
import android.app.ActivityManager.RunningAppProcessInfo
import android.app.Application
import android.content.Context
import android.content.pm.PackageInfo
import android.os.Build
import android.os.Process
import android.util.Log
import dev.nowait.Settings
import dev.nowait.ffi.Device
import dev.nowait.ffi.Os
import dev.nowait.ffi.Roots
import dev.nowait.ffi.StartConfig
import dev.nowait.ffi.SystemExits
import dev.nowait.ffi.Tier
import dev.nowait.ffi.conditions
import java.io.File
import java.util.Locale
import dev.nowait.ffi.Consent as FfiConsent

/** What an Android app tells about itself and its device: no identifiers, no permissions. */
internal class AndroidPlatform(
    private val application: Application,
) : Platform {
    override fun config(
        endpoint: String,
        appKey: String,
        settings: Settings,
    ): StartConfig {
        val packageInfo = application.packageManager.getPackageInfo(application.packageName, 0)
        return StartConfig(
            endpoint = endpoint,
            appKey = appKey,
            appVersion = settings.appVersion ?: packageInfo.versionName.orEmpty(),
            appBuild = settings.appBuild ?: versionCode(packageInfo).toString(),
            // Not backed up: another device must not find this one's events.
            folder = File(application.noBackupFilesDir, "nowait").path,
            device =
                Device(
                    os = Os.ANDROID,
                    osVersion = Build.VERSION.RELEASE,
                    model = Build.MODEL,
                    tier = tier(),
                    country = settings.country ?: Locale.getDefault().country,
                ),
            dimensions = settings.dimensions,
            flushIntervalMs = settings.flushInterval.inWholeMilliseconds.toULong(),
            consent = settings.consent.ffi,
            hold = null,
            roots = Roots.Mozilla,
            pins = emptyList(),
        )
    }

    @ChecksApiLevel
    private fun versionCode(info: PackageInfo): Long {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) return info.longVersionCode
        @Suppress("DEPRECATION")
        return info.versionCode.toLong()
    }

    private fun tier(): Tier {
        val manager = application.getSystemService(Context.ACTIVITY_SERVICE) as ActivityManager
        val memory = ActivityManager.MemoryInfo().also(manager::getMemoryInfo).totalMem
        return when {
            manager.isLowRamDevice || memory < LOW_BYTES_BELOW -> Tier.LOW
            memory < MID_BYTES_BELOW -> Tier.MID
            else -> Tier.HIGH
        }
    }

    /** Whether this is the process that the manifest names for the app itself; also where that cannot be known. Opens no file. */
    fun isMainProcess(): Boolean = processName()?.let { it == application.applicationInfo.processName } ?: true

    @ChecksApiLevel
    private fun processName(): String? =
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) {
            Application.getProcessName()
        } else {
            try {
                // What that function does since Android 9; before, apps may still call it.
                Class.forName("android.app.ActivityThread").getDeclaredMethod("currentProcessName").invoke(null) as? String
            } catch (_: Throwable) {
                null
            }
        }

    override fun processStart(): ProcessStart {
        val state = RunningAppProcessInfo().also(ActivityManager::getMyMemoryState)
        return ProcessStart(
            atNs = Process.getStartUptimeMillis() * NS_PER_MS,
            // A service or a broadcast starts a process too, and nobody waits for that one.
            visible = state.importance == RunningAppProcessInfo.IMPORTANCE_FOREGROUND,
        )
    }

    override fun systemExits(): SystemExits? = ExitReasons.of(application)

    override fun watchConditions(): AutoCloseable {
        val device = DeviceWatch(application) { name, number -> Face.lane.tell(Fact.BREADCRUMB, Face.names.of(name), x = number) }
        guarded { device.start() }
        val conditions = ConditionsWatch(application, ::conditions).apply { start() }
        return AutoCloseable {
            device.close()
            conditions.close()
        }
    }

    override fun warn(problem: String) {
        Log.w("NoWait", "measures nothing: $problem")
    }

    internal companion object {
        const val NS_PER_MS = 1_000_000L

        /** A device sold with 3 GB reports somewhat less; below it Android Go editions begin. */
        private const val LOW_BYTES_BELOW = 2_700_000_000L

        /** A device sold with 6 GB reports somewhat less. */
        private const val MID_BYTES_BELOW = 5_400_000_000L
    }
}

/** The same decision in the engine's words. */
internal val dev.nowait.Consent.ffi: FfiConsent
    get() =
        when (this) {
            dev.nowait.Consent.PENDING -> FfiConsent.PENDING
            dev.nowait.Consent.GRANTED -> FfiConsent.GRANTED
            dev.nowait.Consent.REFUSED -> FfiConsent.REFUSED
        }
