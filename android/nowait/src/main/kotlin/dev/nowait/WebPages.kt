@file:JvmName("WebPages")

package dev.nowait

import android.net.Uri
import android.webkit.WebViewClient
import dev.nowait.internal.PathTemplate
import dev.nowait.internal.capture.PageClient

/**
 * Which screen a page in a WebView is. Where this does not know it, the page is called by its host, `web www.bank.example`: never by its
 * path, since nothing tells an id from a word; of addresses that the customer may lead to, only the first 16 hosts of the
 * process, then `web other`. The query and the fragment are never part of a name, whoever gives it.
 */
public fun interface Pages {
    /** The screen of the page at this address, or null if this does not know it. Called on the main thread: it must take no time. */
    public fun of(address: Uri): Screen?

    public companion object {
        /** Knows none. */
        @JvmField
        public val NONE: Pages = Pages { null }

        /**
         * Screens by templates of paths such as `/loans/{id}`, which are their names, too. A segment in braces stands for any one segment, all
         * others for themselves; a slash too many, as at the end, makes no difference; of several that fit, the first one counts.
         */
        @JvmStatic
        public fun of(vararg templates: String): Pages = PageTemplates(templates.asList())
    }
}

/**
 * This client, whose pages NoWait measures; the client itself hears everything as before, whatever comes.
 *
 * Each page that is loaded is a screen: from the tap that caused it, else the start of its load, to its first paint
 * (`onPageCommitVisible`), and ready with the end of the load (`onPageFinished`), or when the app says so before:
 * `NoWait.screen("/loans/{id}").ready()`. The load is a request of the same name, too: done, failed (with the status, if the server answered),
 * or abandoned, if another page came first or the WebView is gone. A page keeps the name under which it was asked for, through redirects. What
 * a WebView loads while it is in no window counts from when it is in one.
 *
 * A route that a page changes to by itself, without a load, is not known to a WebView: the page tells it over the app's own bridge,
 * as any other screen.
 *
 * ```kotlin
 * webView.webViewClient = BankClient().measured(Pages.of("/loans/{id}", "/cards"))
 * ```
 *
 * In Java: `WebPages.measured(new BankClient(), Pages.of("/loans/{id}", "/cards"))`. What `WebView.getWebViewClient` returns is not the app's
 * client then, but this one.
 */
@JvmOverloads
public fun WebViewClient.measured(pages: Pages = Pages.NONE): WebViewClient = PageClient.around(this, pages)

private class PageTemplates(
    templates: List<String>,
) : Pages {
    private val screens = templates.map(::PathTemplate).map { it to NoWait.screen(it.path) }

    override fun of(address: Uri): Screen? {
        val segments = address.pathSegments.orEmpty()
        return screens.firstOrNull { (template, _) -> template.fits(segments) }?.second
    }
}
