package dev.nowait.okhttp

import dev.nowait.NoWait
import dev.nowait.Route
import okhttp3.Request
import retrofit2.Invocation
import retrofit2.http.DELETE
import retrofit2.http.GET
import retrofit2.http.HEAD
import retrofit2.http.HTTP
import retrofit2.http.OPTIONS
import retrofit2.http.PATCH
import retrofit2.http.POST
import retrofit2.http.PUT
import java.lang.reflect.Method

/** What Retrofit notes of the function that was called. The only place that knows Retrofit, which an app need not have. */
internal object Retrofit {
    private val isThere: Boolean =
        try {
            // A constant in this very call is what shrinkers rename together with the class.
            Class.forName("retrofit2.Invocation")
            true
        } catch (_: Throwable) {
            false
        }

    /** The route by the annotation's path; null without Retrofit, and where the whole address is an argument (`@Url`). */
    fun routeOf(request: Request): Route? =
        if (isThere) Annotations.pathOf(request)?.let { NoWait.route("${request.method} $it") } else null

    /** Loaded only where Retrofit is. */
    private object Annotations {
        fun pathOf(request: Request): String? =
            request
                .tag(Invocation::class.java)
                ?.method()
                ?.let(::written)
                ?.let(::template)

        private fun written(method: Method): String? =
            method.annotations.firstNotNullOfOrNull {
                when (it) {
                    is GET -> it.value
                    is POST -> it.value
                    is PUT -> it.value
                    is PATCH -> it.value
                    is DELETE -> it.value
                    is HEAD -> it.value
                    is OPTIONS -> it.value
                    is HTTP -> it.path
                    else -> null
                }
            }

        /** Without scheme, query and fragment, beginning with a slash unless it names a host. */
        private fun template(written: String): String? {
            val path = written.substringBefore('?').substringBefore('#')
            return when {
                path.isEmpty() -> null
                "://" in path -> path.substringAfter("://")
                else -> "/" + path.trimStart('/')
            }
        }
    }
}
