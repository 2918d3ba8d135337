package dev.nowait.okhttp

import dev.nowait.internal.Face
import okhttp3.Call
import okhttp3.EventListener
import okhttp3.HttpUrl.Companion.toHttpUrl
import okhttp3.Protocol
import okhttp3.Request
import okhttp3.Response
import org.junit.Assert.assertEquals
import org.junit.Assert.assertSame
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.mockito.Mockito.mock
import org.mockito.Mockito.mockingDetails
import org.mockito.Mockito.`when`
import java.io.IOException
import java.lang.reflect.Method
import java.lang.reflect.Modifier
import java.net.InetSocketAddress
import java.net.Proxy

/** Every callback that OkHttp has reaches the app's own listener, with the very arguments that it came with. */
class PassingListenerTest {
    private val call: Call = mock(Call::class.java)
    private val request = Request.Builder().url("http://127.0.0.1/").build()
    private val callbacks =
        EventListener::class.java.declaredMethods.filter {
            Modifier.isPublic(it.modifiers) &&
                !Modifier.isFinal(it.modifiers)
        }

    @Before
    fun begin() {
        Face.lane.load(processStart = null)
        `when`(call.request()).thenReturn(request)
    }

    @Test
    fun eachIsPassedOn() {
        assertTrue("OkHttp has callbacks", callbacks.size >= 33)
        for (callback in callbacks) {
            val inner = mock(EventListener::class.java)
            val ours = CallListenerFactory({ inner }, Naming(Routes.NONE)).create(call)
            val arguments = callback.parameterTypes.map(::argument)
            callback.invoke(ours, *arguments.toTypedArray())
            val passed = mockingDetails(inner).invocations.single()
            assertEquals(callback.name, passed.method.name)
            for ((sent, arrived) in arguments.zip(passed.rawArguments)) assertSame("an argument of ${callback.name}", sent, arrived)
        }
    }

    @Test
    fun eachIsPassedOnWithoutWhatItMayLack() {
        for (callback in callbacks) {
            val inner = mock(EventListener::class.java)
            val ours: EventListener = PassingListener(inner)
            callback.invoke(ours, *callback.parameterTypes.map { if (it.isPrimitive) argument(it) else null }.toTypedArray())
            assertEquals(
                callback.name,
                mockingDetails(inner)
                    .invocations
                    .single()
                    .method.name,
            )
        }
    }

    @Test
    fun noneIsLeftToOkHttpsOwnEmptyOne() {
        val ours: Set<String> =
            PassingListener::class.java.declaredMethods
                .map(::signature)
                .toSet()
        for (callback in callbacks) assertTrue("${signature(callback)} is passed on", signature(callback) in ours)
    }

    private fun signature(method: Method): String =
        method.name + method.parameterTypes.joinToString(prefix = "(", postfix = ")") { it.name }

    private fun argument(type: Class<*>): Any =
        when (type) {
            Call::class.java -> {
                call
            }

            Request::class.java -> {
                request
            }

            Long::class.java -> {
                7L
            }

            Boolean::class.java -> {
                true
            }

            String::class.java -> {
                "bank.example"
            }

            List::class.java -> {
                emptyList<Any>()
            }

            IOException::class.java -> {
                IOException("broken")
            }

            Proxy::class.java -> {
                Proxy.NO_PROXY
            }

            InetSocketAddress::class.java -> {
                InetSocketAddress.createUnresolved("bank.example", 443)
            }

            okhttp3.HttpUrl::class.java -> {
                "http://127.0.0.1/".toHttpUrl()
            }

            Protocol::class.java -> {
                Protocol.HTTP_2
            }

            okhttp3.Dispatcher::class.java -> {
                okhttp3.Dispatcher()
            }

            Response::class.java -> {
                Response
                    .Builder()
                    .request(request)
                    .protocol(Protocol.HTTP_2)
                    .code(200)
                    .message("")
                    .build()
            }

            else -> {
                mock(type)
            }
        }
}
