package bank

import android.content.Intent
import android.os.Bundle
import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.FrameLayout
import android.widget.TextView
import androidx.fragment.app.Fragment
import androidx.fragment.app.FragmentActivity
import dev.nowait.SaysReady

/** Where everything begins: three ways on, and a place for the accounts. */
public class HomeActivity : FragmentActivity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val place = FrameLayout(this).apply { id = PLACE }
        setContentView(
            column(
                button(android.R.id.button1, "Accounts", ::showAccounts),
                button(android.R.id.button2, "Transfer") {
                    app.transfers.begin()
                    startActivity(Intent(this, TransferActivity::class.java))
                },
                button(android.R.id.button3, "Cards") { startActivity(Intent(this, CardsActivity::class.java)) },
                place,
            ),
        )
    }

    private fun showAccounts() {
        supportFragmentManager.beginTransaction().replace(PLACE, AccountsFragment()).commit()
    }

    private companion object {
        val PLACE = View.generateViewId()
    }
}

/** What the customer has. Of use when the balances are there. */
public class AccountsFragment :
    Fragment(),
    SaysReady {
    override fun onCreateView(
        inflater: LayoutInflater,
        container: ViewGroup?,
        savedInstanceState: Bundle?,
    ): View = requireContext().label(android.R.id.text1)

    override fun onViewCreated(
        view: View,
        savedInstanceState: Bundle?,
    ) {
        Accounts(requireActivity().app.bank).load { (view as TextView).text = it }
    }
}
