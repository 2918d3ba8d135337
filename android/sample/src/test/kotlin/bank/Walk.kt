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
        val serve = Class.forName("bank.Teller").getMethod("serve", Application::class.java, String::class.java, String::class.java)
        val said = serve.invoke(null, RuntimeEnvironment.getApplication(), System.getProperty("collector"), System.getProperty("key"))
        println("said: $said")
    }
}
