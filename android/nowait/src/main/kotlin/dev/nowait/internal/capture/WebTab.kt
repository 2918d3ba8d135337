package dev.nowait.internal.capture

import android.view.View
import android.webkit.WebView
import dev.nowait.Outcome
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Name
import java.util.WeakHashMap

/**
 * What one WebView shows: its page, told as a screen, and the load of it, told as a request of the same name.
 *
 * Owns: when there is a page to tell, and how it ended. Addresses are compared here and never told. Everything on the main thread.
 *
 * @param nowNs the uptime clock
 */
internal class WebTab private constructor(
    private var isInWindow: Boolean,
    private val nowNs: () -> Long,
) : View.OnAttachStateChangeListener {
    /** The page that is there or comes; null for none, such as after a failure. */
    private var page: Name? = null
    private var url = ""
    private var isLoading = false
    private var isPainted = false

    /** Of the screen and the request that were told; 0 for none. */
    private var screenId = 0L
    private var requestId = 0L

    /** Where a link or a redirect leads, when it was followed; it becomes a page with the next start. */
    private var askedUrl: String? = null
    private var askedNs = 0L

    /** The page that is loading was led elsewhere: the next start is not another page. */
    private var isRedirected = false

    /** The page that another one took the place of while it was loading: its end may be told late. */
    private var givenUpUrl: String? = null

    /** A link was followed, or the server answered with another address. */
    fun asked(
        url: String,
        isRedirect: Boolean,
        atNs: Long,
    ) {
        if (isRedirect && askedUrl == null && isLoading) {
            isRedirected = true
            return
        }
        if (askedUrl == null || !isRedirect) askedNs = atNs
        askedUrl = url
    }

    fun started(
        url: String,
        atNs: Long,
        nameOf: () -> Name?,
    ) {
        val isSame = isRedirected && isLoading
        isRedirected = false
        val beganNs = if (askedUrl == url) askedNs else atNs
        askedUrl = null
        if (isSame) {
            this.url = url
            return
        }
        givenUpUrl = this.url.takeIf { isLoading }
        leave(atNs)
        this.url = url
        page = nameOf()
        isLoading = page != null
        if (isInWindow) begin(beganNs)
    }

    /** From here on a customer waits for the page. */
    private fun begin(atNs: Long) {
        val page = page ?: return
        screenId = page.visit.created()
        Face.lane.tell(Fact.SCREEN_CREATED, page, atNs = atNs, x = screenId)
        requestId = Face.nextId()
        Face.lane.tell(Fact.REQUEST_STARTED, page, atNs = atNs, x = requestId)
        if (isPainted) tellShown(atNs)
    }

    fun painted(atNs: Long) {
        if (page == null || isPainted) return
        isPainted = true
        tellShown(atNs)
    }

    fun finished(
        url: String,
        atNs: Long,
    ) {
        val page = page ?: return
        if (!isLoading || (url == givenUpUrl && url != this.url)) return
        endLoad(Outcome.DONE, 0, atNs)
        if (screenId != 0L) Face.lane.tell(Fact.SCREEN_READY, page, atNs = atNs, x = screenId)
    }

    /** The page did not come: what is shown instead is none of the bank's. */
    fun failed(
        status: Int,
        atNs: Long,
    ) {
        endLoad(Outcome.FAILED, status, atNs)
        leave(atNs)
    }

    /** This page is in front again: what it is in came back. */
    private fun cameBack(atNs: Long) {
        val page = page ?: return
        if (screenId == 0L || !isPainted) return
        page.visit.cameBack(screenId)
        tellShown(atNs)
    }

    private fun tellShown(atNs: Long) {
        val page = page ?: return
        if (screenId != 0L) Face.lane.tell(Fact.SCREEN_SHOWN, page, atNs = atNs, x = screenId)
    }

    private fun endLoad(
        outcome: Int,
        status: Int,
        atNs: Long,
    ) {
        isLoading = false
        if (requestId != 0L) Face.lane.tell(Fact.REQUEST_ENDED, small = status, atNs = atNs, x = requestId, y = outcome.toLong())
        requestId = 0
    }

    /** The customer no longer sees this page. */
    private fun leave(atNs: Long) {
        if (isLoading) endLoad(Outcome.ABANDONED, 0, atNs)
        if (screenId != 0L) Face.lane.tell(Fact.SCREEN_LEFT, atNs = atNs, x = screenId)
        screenId = 0
        page = null
        isPainted = false
    }

    override fun onViewAttachedToWindow(view: View) {
        isInWindow = true
        val page = page ?: return
        if (isLoading) {
            begin(nowNs())
        } else {
            // It was loaded before, and nobody waits for it.
            screenId = Face.nextId()
            cameBack(nowNs())
        }
    }

    override fun onViewDetachedFromWindow(view: View) {
        isInWindow = false
        val kept = page.takeIf { !isLoading }
        val wasPainted = isPainted
        leave(nowNs())
        // It may be put into another window as it is.
        page = kept
        isPainted = wasPainted && kept != null
    }

    internal companion object {
        private val tabs = WeakHashMap<WebView, WebTab>()

        fun of(
            view: WebView,
            nowNs: () -> Long,
        ): WebTab =
            tabs.getOrPut(view) {
                WebTab(view.isAttachedToWindow, nowNs).also(view::addOnAttachStateChangeListener)
            }

        /** What [view] holds is in front again: so are the pages in it. */
        fun cameBack(
            view: View,
            atNs: Long,
        ) {
            for ((web, tab) in tabs) {
                if (web.isShown && generateSequence<Any>(web) { (it as? View)?.parent }.any { it === view }) tab.cameBack(atNs)
            }
        }
    }
}
