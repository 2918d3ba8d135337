package dev.nowait.okhttp

import dev.nowait.NoWait
import dev.nowait.Route
import dev.nowait.internal.PathTemplate
import okhttp3.Request

/**
 * Which route of the bank's server a request belongs to. The first that knows it says so:
 *
 * 1. a tag: `Request.Builder().tag(Route::class.java, NoWait.route("GET /accounts/{id}"))`;
 * 2. Retrofit: the path in the annotation of the function that was called, `GET /accounts/{id}`;
 * 3. this;
 * 4. nobody: the method and the host, `GET api.bank.example`. Never the path, since nothing tells an id from a word; of addresses
 *    that the customer may lead to, only the first 16 hosts of the process, then `GET other`.
 *
 * The query, the fragment and the port are never part of a route, whoever names it.
 */
public fun interface Routes {
    /** Its route, or null if this does not know it. Called on the thread that makes the call: it must take no time. */
    public fun of(request: Request): Route?

    public companion object {
        /** Knows none. */
        @JvmField
        public val NONE: Routes = Routes { null }

        /**
         * Routes by templates such as `/accounts/{id}`, or `GET /accounts/{id}` for one method only. A segment in braces stands for any
         * one segment, all others for themselves; a slash too many, as at the end, makes no difference; of several that fit, the first one
         * counts.
         */
        @JvmStatic
        public fun of(vararg templates: String): Routes = Templates(templates.map(::Template))
    }
}

private class Templates(
    private val templates: List<Template>,
) : Routes {
    override fun of(request: Request): Route? = templates.firstOrNull { it.fits(request) }?.route(request)
}

/** A template of paths, for one method or for all. */
private class Template(
    text: String,
) {
    private val method = text.substringBefore(' ', missingDelimiterValue = "")
    private val template = PathTemplate(text.substringAfter(' '))

    fun fits(request: Request): Boolean =
        (method.isEmpty() || method.equals(request.method, ignoreCase = true)) && template.fits(request.url.pathSegments)

    fun route(request: Request): Route = NoWait.route("${request.method} ${template.path}")
}
