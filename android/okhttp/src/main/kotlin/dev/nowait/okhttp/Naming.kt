package dev.nowait.okhttp

import dev.nowait.NoWait
import dev.nowait.Route
import okhttp3.Request
import java.util.Collections

/**
 * Finds the route of a request, in the order that [Routes] says.
 *
 * Refuses paths that nobody made a template of, and queries altogether: they may say who the customer is. Never throws.
 */
internal class Naming(
    private val routes: Routes,
) {
    fun routeOf(request: Request): Route =
        request.tag(Route::class.java)
            ?: guarded { Retrofit.routeOf(request) }
            ?: guarded { routes.of(request) }
            ?: NoWait.route("${request.method} ${hostOf(request)}")

    private fun hostOf(request: Request): String {
        val host = request.url.host
        if (host in hosts) return host
        if (hosts.size >= HOSTS_MAX) return "other"
        // Two threads at once may add one more, which is no harm.
        hosts += host
        return host
    }

    private companion object {
        /** A bank's app speaks with a handful; what the customer's own links lead to must not fill the table of names. */
        const val HOSTS_MAX = 16

        /** Of all clients of the process. */
        val hosts: MutableSet<String> = Collections.synchronizedSet(HashSet())
    }
}

/** What [work] gives, or nothing if it fails: no defect of ours and no rule of the app's may end the app's call. */
internal inline fun <T> guarded(work: () -> T): T? =
    try {
        work()
    } catch (_: Throwable) {
        null
    }
