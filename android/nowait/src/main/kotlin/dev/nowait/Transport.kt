package dev.nowait

import dev.nowait.internal.HttpTransport

/**
 * Carries sealed batches to the collector: an HTTP POST each, one at a time, on a thread of NoWait's. What an answer means,
 * and when the next exchange may be, decides NoWait for every transport alike.
 *
 * Write one to send with the app's own HTTP client.
 */
public fun interface Transport {
    /**
     * Sends the parcel and returns the server's answer whatever its status, or null if there was none. Whatever this throws
     * counts as none. Must not retry, and must not follow redirects; at the latest after [Parcel.timeoutMs] it must
     * return, and soon after [Parcel.isCancelled] became true.
     */
    public fun send(parcel: Parcel): Answer?

    public companion object {
        /**
         * The default: the platform's `HttpURLConnection`. The app's network security configuration, its pins, the system's
         * proxy and its VPN hold.
         */
        @JvmField
        public val PLATFORM: Transport = HttpTransport()

        /**
         * The one inside the native library (rustls, Mozilla's certificate authorities). Only in a library that was built
         * with it, which is larger; with another one the start fails and says so.
         */
        @JvmField
        public val NATIVE: Transport = Transport { null }
    }
}

/**
 * A sealed batch on its way out.
 *
 * @property url where to
 * @property headers every header it needs, by name in lower case; what the HTTP stack adds of its own is fine
 * @property body the body
 * @property timeoutMs how long the whole exchange may take, in milliseconds
 */
public class Parcel internal constructor(
    public val url: String,
    public val headers: Map<String, String>,
    public val body: ByteArray,
    public val timeoutMs: Long,
    private val cancelled: () -> Boolean,
) {
    /** Whether to break off because the customer refused. Cheap, on any thread: look at it every 50 ms or so. */
    public val isCancelled: Boolean get() = cancelled()
}

/**
 * What came back over HTTP.
 *
 * @property status the HTTP status
 * @property retryAfter the header `retry-after` as it came, if it did
 * @property body the body; empty if it did not come whole or has more than 16 KiB, which no receipt has
 */
public class Answer
    @JvmOverloads
    constructor(
        public val status: Int,
        public val retryAfter: String? = null,
        public val body: ByteArray = ByteArray(0),
    )
