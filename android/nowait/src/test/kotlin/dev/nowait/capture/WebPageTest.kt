package dev.nowait.capture

import android.net.Uri
import android.webkit.WebResourceError
import android.webkit.WebResourceRequest
import android.webkit.WebResourceResponse
import android.webkit.WebView
import android.webkit.WebViewClient
import android.widget.FrameLayout
import dev.nowait.NoWait
import dev.nowait.Pages
import dev.nowait.internal.capture.PageClient
import dev.nowait.measured
import dev.nowait.testing.RecordedEvent
import dev.nowait.testing.Replay
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotSame
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import java.io.File

@Config(sdk = [24], manifest = Config.NONE)
class WebPageApi24Test : WebPageTest()

@Config(sdk = [30], manifest = Config.NONE)
class WebPageApi30Test : WebPageTest()

@Config(sdk = [35], manifest = Config.NONE)
class WebPageApi35Test : WebPageTest()

/** What a WebView tells its client, and the waits that come of it. */
@RunWith(RobolectricTestRunner::class)
abstract class WebPageTest : CapturedApp() {
    private lateinit var activity: ActivityController<BankActivity>
    private lateinit var web: WebView
    private val pages = Pages.of("/loans/{id}", "/cards")
    private val client: WebViewClient = PageClient(App(), pages, ::nowNs)

    /** The framework's own cannot do with an error that is null. */
    private class App : WebViewClient() {
        override fun onReceivedError(
            view: WebView?,
            request: WebResourceRequest?,
            error: WebResourceError?,
        ) = Unit
    }

    /** An Activity with a WebView in it that shows nothing yet. */
    private fun opened() {
        activity = shown<BankActivity>()
        web = WebView(activity.get())
        holder().addView(web, FrameLayout.LayoutParams(200, 200))
        pass(5_000)
    }

    private fun holder() = activity.get().button.parent as FrameLayout

    private fun request(
        url: String,
        redirect: Boolean = false,
        mainFrame: Boolean = true,
    ) = object : WebResourceRequest {
        override fun getUrl(): Uri = Uri.parse(url)

        override fun isForMainFrame() = mainFrame

        override fun isRedirect() = redirect

        override fun hasGesture() = true

        override fun getMethod() = "GET"

        override fun getRequestHeaders(): Map<String, String> = emptyMap()
    }

    private fun started(url: String) = client.onPageStarted(web, url, null)

    private fun finished(url: String) = client.onPageFinished(web, url)

    private fun painted(url: String) = client.onPageCommitVisible(web, url)

    private fun loads(name: String): List<RecordedEvent> = events("request").filter { it.name == id(name) }

    @Test
    fun aPageIsAScreenFromItsStartOverItsFirstPaintToTheEndOfItsLoad() {
        opened()
        val began = nowNs()
        started(LOAN)
        pass(300)
        painted(LOAN)
        pass(400)
        finished(LOAN)
        val screen = screens("/loans/{id}").single()
        assertEquals("done", screen.outcome)
        assertEquals(began, screen.startedNs)
        assertEquals(700_000_000, screen.durationNs)
        assertEquals("its first paint, in microseconds", 300_000, screen.a)
        val load = loads("/loans/{id}").single()
        assertEquals("done", load.outcome)
        assertEquals(700_000_000, load.durationNs)
        assertEquals("it is the screen in front", id("/loans/{id}"), screenOfARequest())
    }

    @Test
    fun theTapThatLedToAPageBeginsItsWait() {
        opened()
        val tapped = activity.tap()
        pass(120)
        started(LOAN)
        pass(300)
        painted(LOAN)
        finished(LOAN)
        assertEquals(tapped, screens("/loans/{id}").single().startedNs)
    }

    @Test
    fun aLinkThatIsFollowedBeginsThePageThatItLeadsTo() {
        opened()
        val followed = nowNs()
        assertFalse(client.shouldOverrideUrlLoading(web, request(CARDS)))
        pass(500)
        started(CARDS)
        pass(100)
        painted(CARDS)
        finished(CARDS)
        assertEquals(followed, screens("/cards").single().startedNs)
        // One that became a download, or that the app took, begins nothing.
        client.shouldOverrideUrlLoading(web, request("https://www.bank.example/terms.pdf"))
        pass(90_000)
        val began = nowNs()
        started(LOAN)
        pass(100)
        painted(LOAN)
        finished(LOAN)
        assertEquals(began, screens("/loans/{id}").single().startedNs)
    }

    @Test
    fun aRedirectIsPartOfThePageThatWasAskedFor() {
        opened()
        started(LOAN)
        pass(100)
        client.shouldOverrideUrlLoading(web, request("https://id.bank.example/login?next=4711", redirect = true))
        started("https://id.bank.example/login?next=4711")
        pass(100)
        painted("https://id.bank.example/login?next=4711")
        finished("https://id.bank.example/login?next=4711")
        assertEquals("done", screens("/loans/{id}").single().outcome)
        assertEquals(200_000_000, loads("/loans/{id}").single().durationNs)
        assertEquals("no other page, but the Activity", 2, events("screen").size)
    }

    @Test
    fun aPageThatAnotherTakesThePlaceOfIsAbandoned() {
        opened()
        started(LOAN)
        pass(100)
        painted(LOAN)
        pass(100)
        started(CARDS)
        // The WebView says of the first that it is over, whenever it comes to that.
        finished(LOAN)
        pass(100)
        painted(CARDS)
        pass(100)
        finished(CARDS)
        assertEquals("abandoned", screens("/loans/{id}").single().outcome)
        assertEquals("abandoned", loads("/loans/{id}").single().outcome)
        assertEquals(200_000_000, loads("/cards").single().durationNs)
        assertEquals("done", screens("/cards").single().outcome)
    }

    @Test
    fun aPageThatDoesNotComeHasFailed() {
        opened()
        started(LOAN)
        pass(100)
        client.onReceivedError(web, request("https://www.bank.example/logo.png", mainFrame = false), null)
        client.onReceivedError(web, request(LOAN), null)
        // What the WebView shows instead.
        painted(LOAN)
        finished(LOAN)
        val load = loads("/loans/{id}").single()
        assertEquals("failed", load.outcome)
        assertEquals(100_000_000, load.durationNs)
        assertEquals("abandoned", screens("/loans/{id}").single().outcome)
        assertEquals("what is shown is no page of the bank's", id("BankActivity"), screenOfARequest())
    }

    @Test
    fun anAnswerWithAnErrorIsAFailureWithItsStatus() {
        opened()
        started(LOAN)
        val answer = WebResourceResponse("text/html", "utf-8", 503, "Busy", emptyMap(), null)
        client.onReceivedHttpError(web, request("https://www.bank.example/logo.png", mainFrame = false), answer)
        assertTrue(events("request").isEmpty())
        client.onReceivedHttpError(web, request(LOAN), answer)
        finished(LOAN)
        assertEquals("failed", loads("/loans/{id}").single().outcome)
        assertEquals(503, loads("/loans/{id}").single().a)
    }

    @Test
    fun aWebViewThatIsGoneAbandonsItsPage() {
        opened()
        started(LOAN)
        pass(100)
        holder().removeView(web)
        assertEquals("abandoned", loads("/loans/{id}").single().outcome)
        assertEquals("abandoned", screens("/loans/{id}").single().outcome)
        finished(LOAN)
        assertEquals(1, loads("/loans/{id}").size)
        assertEquals(id("BankActivity"), screenOfARequest())
    }

    @Test
    fun whatIsLoadedInAdvanceCountsFromWhenItIsInAWindow() {
        opened()
        holder().removeView(web)
        started(LOAN)
        pass(2_000)
        painted(LOAN)
        val put = nowNs()
        holder().addView(web)
        pass(100)
        finished(LOAN)
        assertEquals(put, screens("/loans/{id}").single().startedNs)
        assertEquals(100_000_000, loads("/loans/{id}").single().durationNs)
        // And what was ready before made nobody wait.
        holder().removeView(web)
        started(CARDS)
        painted(CARDS)
        finished(CARDS)
        holder().addView(web)
        assertEquals("but it is in front", id("/cards"), screenOfARequest())
        pass(40_000)
        Replay.tick(nowNs())
        assertTrue(screens("/cards").isEmpty() && loads("/cards").isEmpty())
    }

    @Test
    fun aPageIsInFrontAgainWithItsActivity() {
        opened()
        started(LOAN)
        painted(LOAN)
        finished(LOAN)
        activity.pause()
        val next = shown<SlowActivity>()
        activity.stop()
        next.get().finish()
        next.pause()
        activity.restart().start().resume()
        next.stop().destroy()
        assertEquals(id("/loans/{id}"), screenOfARequest())
        assertEquals("a return is no load", 1, loads("/loans/{id}").size)
    }

    @Test
    fun nothingOfAnAddressThatNobodyNamedIsToldButItsHost() {
        opened()
        val named =
            Pages {
                when (it.path) {
                    "/boom" -> error("a bug of the app")
                    "/ours" -> NoWait.screen("Ours")
                    else -> null
                }
            }
        val client = PageClient(WebViewClient(), named, ::nowNs)
        for (address in listOf("/boom?iban=DE02", "/4711/ana#top", "/ours?x=1")) {
            client.onPageStarted(web, "https://www.bank.example$address", null)
            client.onPageCommitVisible(web, "https://www.bank.example$address")
            client.onPageFinished(web, "https://www.bank.example$address")
        }
        client.onPageStarted(web, "about:blank", null)
        client.onPageFinished(web, "about:blank")
        client.onPageStarted(web, "file:///android_asset/help.html", null)
        client.onPageFinished(web, "file:///android_asset/help.html")
        repeat(40) {
            client.onPageStarted(web, "https://h$it.example/", null)
            client.onPageFinished(web, "https://h$it.example/")
        }
        val names = events("request").map { it.name }
        val host = id("web www.bank.example")
        assertEquals(listOf(host, host, id("Ours"), id("web")), names.take(4))
        assertEquals("no more names than hosts may be", id("web other"), names.last())
        assertTrue("${names.toSet().size}", names.toSet().size <= 19)
    }

    @Test
    fun pathsFitTemplatesAsInAllFaces() {
        val cases = File(System.getProperty("nowait.root"), "core/testdata/paths.txt").readLines().filterNot { it.startsWith("#") }
        assertTrue(cases.size > 20)
        for (case in cases) {
            val (template, path, name) = case.split(Regex(" +"))
            val page = Pages.of(template).of(Uri.parse("https://www.bank.example$path?iban=DE02#top"))
            assertEquals(case, name, page?.name?.text ?: "-")
        }
    }

    @Test
    fun aClientIsMeasuredOnceAndNullIsNone() {
        val app = WebViewClient()
        val measured = app.measured(pages)
        assertNotSame(app, measured)
        assertNotSame(measured, measured.measured())
        // As from Java.
        val wrap = Class.forName("dev.nowait.WebPages").getMethod("measured", WebViewClient::class.java, Pages::class.java)
        assertTrue(wrap.invoke(null, null, null) is WebViewClient)
    }

    private companion object {
        const val LOAN = "https://www.bank.example/loans/4711?name=ana"
        const val CARDS = "https://www.bank.example/cards"
    }
}
