package dev.nowait.okhttp

import okhttp3.Interceptor
import okhttp3.Response

/**
 * Measures the opening of WebSockets, whose calls OkHttp tells no listener, and passes everything else.
 *
 * What is said over an open one is no request: nobody knows who waits for what.
 */
internal class WebSocketInterceptor(
    private val naming: Naming,
) : Interceptor {
    override fun intercept(chain: Interceptor.Chain): Response {
        val asked = chain.request()
        if (!asked.header("Upgrade").equals("websocket", ignoreCase = true)) return chain.proceed(asked)
        val request = guarded { naming.routeOf(asked).begin() }
        try {
            return chain.proceed(asked).also { request?.end(it.code) }
        } catch (problem: Throwable) {
            request?.endAfter(problem, chain.call().isCanceled())
            throw problem
        }
    }
}
