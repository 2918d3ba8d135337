package dev.nowait.internal.capture

import android.graphics.Bitmap
import android.net.Uri
import android.webkit.RenderProcessGoneDetail
import android.webkit.WebResourceError
import android.webkit.WebResourceRequest
import android.webkit.WebResourceResponse
import android.webkit.WebView
import android.webkit.WebViewClient
import dev.nowait.Pages
import dev.nowait.internal.ChecksApiLevel
import dev.nowait.internal.Face
import dev.nowait.internal.Hosts
import dev.nowait.internal.Name
import dev.nowait.internal.guarded

/**
 * Stands before an app's client of WebViews and hears how their pages load. Everything passes through untouched.
 *
 * Owns: which callback means what. Refuses: addresses, but to ask [pages] for a name; and states (see [WebTab]).
 *
 * @param nowNs the uptime clock
 */
internal class PageClient(
    private val inner: WebViewClient,
    private val pages: Pages,
    private val nowNs: () -> Long = System::nanoTime,
) : PassingWebViewClient(inner) {
    override fun shouldOverrideUrlLoading(
        view: WebView?,
        request: WebResourceRequest?,
    ): Boolean {
        val isTaken = super.shouldOverrideUrlLoading(view, request)
        guarded {
            if (!isTaken && request?.isForMainFrame == true) tab(view)?.asked(request.url.toString(), request.isRedirect, nowNs())
        }
        return isTaken
    }

    override fun onPageStarted(
        view: WebView?,
        url: String?,
        favicon: Bitmap?,
    ) {
        guarded { tab(view)?.started(url.orEmpty(), nowNs()) { nameOf(url.orEmpty()) } }
        super.onPageStarted(view, url, favicon)
    }

    override fun onPageCommitVisible(
        view: WebView?,
        url: String?,
    ) {
        guarded { tab(view)?.painted(nowNs()) }
        super.onPageCommitVisible(view, url)
    }

    override fun onPageFinished(
        view: WebView?,
        url: String?,
    ) {
        guarded { tab(view)?.finished(url.orEmpty(), nowNs()) }
        super.onPageFinished(view, url)
    }

    override fun onReceivedError(
        view: WebView?,
        request: WebResourceRequest?,
        error: WebResourceError?,
    ) {
        guarded { if (request?.isForMainFrame == true) tab(view)?.failed(NO_STATUS, nowNs()) }
        super.onReceivedError(view, request, error)
    }

    override fun onReceivedHttpError(
        view: WebView?,
        request: WebResourceRequest?,
        response: WebResourceResponse?,
    ) {
        guarded { if (request?.isForMainFrame == true) tab(view)?.failed(response?.statusCode ?: NO_STATUS, nowNs()) }
        super.onReceivedHttpError(view, request, response)
    }

    @ChecksApiLevel
    override fun onRenderProcessGone(
        view: WebView?,
        detail: RenderProcessGoneDetail?,
    ): Boolean {
        guarded { tab(view)?.failed(NO_STATUS, nowNs()) }
        return super.onRenderProcessGone(view, detail)
    }

    private fun tab(view: WebView?): WebTab? = view?.let { WebTab.of(it, nowNs) }

    /** By the app's own word, else by the host. Null for what is no page. */
    private fun nameOf(url: String): Name? {
        if (url.isEmpty() || url == BLANK) return null
        val address = Uri.parse(url)
        guarded { pages.of(address)?.let { return it.name } }
        return Face.names.of(hostOf(address))
    }

    private fun hostOf(address: Uri): String {
        val host = address.host.orEmpty()
        if (host.isEmpty()) return "web"
        return "web ${hosts.named(host) ?: "other"}"
    }

    internal companion object {
        fun around(
            client: WebViewClient?,
            pages: Pages?,
        ): WebViewClient = PageClient((client as? PageClient)?.inner ?: client ?: WebViewClient(), pages ?: Pages.NONE)

        private const val BLANK = "about:blank"
        private const val NO_STATUS = 0

        /** Of all clients of the process. */
        private val hosts = Hosts()
    }
}
