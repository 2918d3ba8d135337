package dev.nowait.okhttp

import okhttp3.Call
import okhttp3.Connection
import okhttp3.Dispatcher
import okhttp3.EventListener
import okhttp3.Handshake
import okhttp3.HttpUrl
import okhttp3.Protocol
import okhttp3.Request
import okhttp3.Response
import java.io.IOException
import java.net.InetAddress
import java.net.InetSocketAddress
import java.net.Proxy

/**
 * Passes everything on to the app's own listener, as it came. Of an OkHttp of version 4, which has fewer callbacks, those beyond are
 * never called.
 */
internal open class PassingListener(
    private val inner: EventListener,
) : EventListener() {
    override fun callStart(call: Call): Unit = inner.callStart(call)

    override fun dispatcherQueueStart(
        call: Call,
        dispatcher: Dispatcher,
    ): Unit = inner.dispatcherQueueStart(call, dispatcher)

    override fun dispatcherQueueEnd(
        call: Call,
        dispatcher: Dispatcher,
    ): Unit = inner.dispatcherQueueEnd(call, dispatcher)

    override fun proxySelectStart(
        call: Call,
        url: HttpUrl,
    ): Unit = inner.proxySelectStart(call, url)

    override fun proxySelectEnd(
        call: Call,
        url: HttpUrl,
        proxies: List<Proxy>,
    ): Unit = inner.proxySelectEnd(call, url, proxies)

    override fun dnsStart(
        call: Call,
        domainName: String,
    ): Unit = inner.dnsStart(call, domainName)

    override fun dnsEnd(
        call: Call,
        domainName: String,
        inetAddressList: List<InetAddress>,
    ): Unit = inner.dnsEnd(call, domainName, inetAddressList)

    override fun connectStart(
        call: Call,
        inetSocketAddress: InetSocketAddress,
        proxy: Proxy,
    ): Unit = inner.connectStart(call, inetSocketAddress, proxy)

    override fun secureConnectStart(call: Call): Unit = inner.secureConnectStart(call)

    override fun secureConnectEnd(
        call: Call,
        handshake: Handshake?,
    ): Unit = inner.secureConnectEnd(call, handshake)

    override fun connectEnd(
        call: Call,
        inetSocketAddress: InetSocketAddress,
        proxy: Proxy,
        protocol: Protocol?,
    ): Unit = inner.connectEnd(call, inetSocketAddress, proxy, protocol)

    override fun connectFailed(
        call: Call,
        inetSocketAddress: InetSocketAddress,
        proxy: Proxy,
        protocol: Protocol?,
        ioe: IOException,
    ): Unit = inner.connectFailed(call, inetSocketAddress, proxy, protocol, ioe)

    override fun connectionAcquired(
        call: Call,
        connection: Connection,
    ): Unit = inner.connectionAcquired(call, connection)

    override fun connectionReleased(
        call: Call,
        connection: Connection,
    ): Unit = inner.connectionReleased(call, connection)

    override fun requestHeadersStart(call: Call): Unit = inner.requestHeadersStart(call)

    override fun requestHeadersEnd(
        call: Call,
        request: Request,
    ): Unit = inner.requestHeadersEnd(call, request)

    override fun requestBodyStart(call: Call): Unit = inner.requestBodyStart(call)

    override fun requestBodyEnd(
        call: Call,
        byteCount: Long,
    ): Unit = inner.requestBodyEnd(call, byteCount)

    override fun requestFailed(
        call: Call,
        ioe: IOException,
    ): Unit = inner.requestFailed(call, ioe)

    override fun responseHeadersStart(call: Call): Unit = inner.responseHeadersStart(call)

    override fun responseHeadersEnd(
        call: Call,
        response: Response,
    ): Unit = inner.responseHeadersEnd(call, response)

    override fun responseBodyStart(call: Call): Unit = inner.responseBodyStart(call)

    override fun responseBodyEnd(
        call: Call,
        byteCount: Long,
    ): Unit = inner.responseBodyEnd(call, byteCount)

    override fun responseFailed(
        call: Call,
        ioe: IOException,
    ): Unit = inner.responseFailed(call, ioe)

    override fun callEnd(call: Call): Unit = inner.callEnd(call)

    override fun callFailed(
        call: Call,
        ioe: IOException,
    ): Unit = inner.callFailed(call, ioe)

    override fun canceled(call: Call): Unit = inner.canceled(call)

    override fun satisfactionFailure(
        call: Call,
        response: Response,
    ): Unit = inner.satisfactionFailure(call, response)

    override fun cacheHit(
        call: Call,
        response: Response,
    ): Unit = inner.cacheHit(call, response)

    override fun cacheMiss(call: Call): Unit = inner.cacheMiss(call)

    override fun cacheConditionalHit(
        call: Call,
        cachedResponse: Response,
    ): Unit = inner.cacheConditionalHit(call, cachedResponse)

    override fun retryDecision(
        call: Call,
        exception: IOException,
        retry: Boolean,
    ): Unit = inner.retryDecision(call, exception, retry)

    override fun followUpDecision(
        call: Call,
        networkResponse: Response,
        nextRequest: Request?,
    ): Unit = inner.followUpDecision(call, networkResponse, nextRequest)
}
