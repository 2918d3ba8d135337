@file:JvmName("Measured")

package dev.nowait.okhttp

import okhttp3.EventListener
import okhttp3.OkHttpClient

/**
 * This client, whose calls NoWait measures: each from the moment the app asks to the end of the answer's body, with all
 * redirects and retries in between, as one wait for one route. The client's own `EventListener.Factory` hears everything as before.
 *
 * A call that a cache or an interceptor of the app answers asked no server, and is none. Of a WebSocket and of a stream of events
 * (`text/event-stream`), the time until it is open counts.
 *
 * @param routes which route a request belongs to, where neither a tag nor Retrofit says so; see [Routes]
 */
@JvmOverloads
public fun OkHttpClient.measured(routes: Routes = Routes.NONE): OkHttpClient {
    val naming = Naming(routes)
    val builder = newBuilder().eventListenerFactory(CallListenerFactory(ownListeners, naming))
    builder.interceptors().removeAll { it is WebSocketInterceptor }
    // First, so that what the app's own interceptors do is part of the wait, as it is of a call's.
    builder.interceptors().add(0, WebSocketInterceptor(naming))
    return builder.build()
}

/** Those that the app gave this client, without ours. */
internal val OkHttpClient.ownListeners: EventListener.Factory
    get() = eventListenerFactory.let { (it as? CallListenerFactory)?.inner ?: it }
