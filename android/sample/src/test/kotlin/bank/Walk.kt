package bank

import android.app.Application
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

/** The shrunk app on Android's framework classes, in a process of its own that [ShrunkAppTest] starts. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], manifest = Config.NONE)
internal class Walk {
    @Test
    fun aCustomerIsServed() {
        // By name: this class was compiled against the app as it was before it was shrunk.
        val text = String::class.java
        val serve = Class.forName("bank.Teller").getMethod("serve", Application::class.java, text, text, text)
        val (collector, key, bank) = listOf("collector", "key", "bank").map(System::getProperty)
        val said = serve.invoke(null, RuntimeEnvironment.getApplication(), collector, key, bank)
        println("said: $said")
    }
}
