package bank

import android.app.Application
import android.os.Handler
import dev.nowait.Consent
import dev.nowait.NoWait

/** The app of the sample bank. All that NoWait needs to know of it stands in here. */
public class BankApp : Application() {
    /** The bank's server; its answers come on the main thread. */
    public val bank: Bank by lazy { Bank(Build.BANK, Handler(mainLooper)::post) }

    /** The transfer that the customer is at. */
    public val transfers: Transfers = Transfers()

    override fun onCreate() {
        super.onCreate()
        NoWait.start(this, endpoint = Build.COLLECTOR, appKey = Build.APP_KEY) {
            appVersion = Build.VERSION
            // A real app asks its customer first.
            consent = Consent.GRANTED
            screenName = { it.javaClass.simpleName.removeSuffix("Activity").removeSuffix("Fragment") }
        }
    }
}

/** What a build of the app has in its BuildConfig; here whoever starts the process says it. */
internal object Build {
    const val VERSION = "8.2.0"
    val COLLECTOR: String = System.getProperty("collector").orEmpty()
    val APP_KEY: String = System.getProperty("key").orEmpty()
    val BANK: String = System.getProperty("bank").orEmpty()
}
