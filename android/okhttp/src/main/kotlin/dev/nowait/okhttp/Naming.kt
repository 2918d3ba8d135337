package dev.nowait.okhttp

import dev.nowait.NoWait
import dev.nowait.Route
import dev.nowait.internal.Hosts
import okhttp3.Request

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
            ?: NoWait.route("${request.method} ${hosts.named(request.url.host) ?: "other"}")

    private companion object {
        /** Of all clients of the process. */
        val hosts = Hosts()
    }
}

/** What [work] gives, or nothing if it fails: no defect of ours and no rule of the app's may end the app's call. */
internal inline fun <T> guarded(work: () -> T): T? =
    try {
        work()
    } catch (_: Throwable) {
        null
    }
