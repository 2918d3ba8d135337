package dev.nowait.capture

import android.view.InputEvent
import android.view.KeyEvent
import android.webkit.WebView
import android.webkit.WebViewClient
import dev.nowait.Pages
import dev.nowait.internal.capture.PageClient
import org.junit.Assert.assertEquals
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.mockito.Mockito.mock
import org.mockito.Mockito.mockingDetails
import org.mockito.Mockito.verify
import org.robolectric.RobolectricTestRunner
import org.robolectric.annotation.Config
import java.lang.reflect.Modifier

/** Whatever a WebView of this version may call reaches the app's client, also where every argument is null. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [24, 30, 35], manifest = Config.NONE)
class PassingClientTest {
    /** Without what Robolectric adds, and without what no app can override. */
    private val callbacks =
        WebViewClient::class.java.declaredMethods
            .filter { Modifier.isPublic(it.modifiers) && !Modifier.isStatic(it.modifiers) }
            .filter { !it.isSynthetic && '$' !in it.name && it.name != "onUnhandledInputEvent" }

    @Test
    fun eachIsPassedOnWithEveryNull() {
        assertTrue("there are callbacks", callbacks.size >= 20)
        for (callback in callbacks) {
            val inner = mock(WebViewClient::class.java)
            val ours = PageClient(inner, Pages.NONE)
            val arguments =
                callback.parameterTypes.map<Class<*>, Any?> {
                    when (it) {
                        Int::class.java -> 7
                        Float::class.java -> 1.5f
                        Boolean::class.java -> true
                        else -> null
                    }
                }
            val answer = callback.invoke(ours, *arguments.toTypedArray())
            assertEquals("$callback", if (callback.returnType == Boolean::class.java) false else null, answer)
            val passed = mockingDetails(inner).invocations.single()
            assertEquals(callback.name, passed.method.name)
            assertEquals(arguments, passed.rawArguments.toList())
        }
    }

    @Test
    fun aKeyThatNobodyHandledReachesTheAppByTheWayThatItKnows() {
        val inner = mock(WebViewClient::class.java)
        val event = KeyEvent(KeyEvent.ACTION_UP, KeyEvent.KEYCODE_BACK)
        WebViewClient::class.java
            .getMethod("onUnhandledInputEvent", WebView::class.java, InputEvent::class.java)
            .invoke(PageClient(inner, Pages.NONE), null, event)
        verify(inner).onUnhandledKeyEvent(null, event)
    }

    @Test
    fun whatTheAppsClientThrowsPassesThroughUntouched() {
        val thrown = IllegalStateException("a bug of the app")
        val ours =
            PageClient(
                object : WebViewClient() {
                    override fun onPageFinished(
                        view: WebView?,
                        url: String?,
                    ): Unit = throw thrown
                },
                Pages.NONE,
            )
        assertSame(thrown, runCatching { ours.onPageFinished(null, null) }.exceptionOrNull())
    }
}
