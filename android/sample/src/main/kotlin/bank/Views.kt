package bank

import android.app.Activity
import android.content.Context
import android.view.View
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView

/** What the app shows, made without resources: Android's build tools are not needed for it. */
internal val Activity.app: BankApp get() = application as BankApp

internal fun Context.column(vararg views: View): LinearLayout =
    LinearLayout(this).apply {
        orientation = LinearLayout.VERTICAL
        views.forEach { addView(it, WIDTH, HEIGHT) }
    }

/** A text that is empty until [text] is set. */
internal fun Context.label(id: Int): TextView = TextView(this).also { it.id = id }

internal fun Context.button(
    id: Int,
    text: String,
    tapped: () -> Unit,
): Button =
    Button(this).also {
        it.id = id
        it.text = text
        it.setOnClickListener { tapped() }
    }

/** Ten keys in a row, for digits that are nobody's business. */
internal fun Context.keypad(typed: (Int) -> Unit): LinearLayout =
    LinearLayout(this).apply {
        for (digit in 0..9) addView(button(View.NO_ID, digit.toString()) { typed(digit) }, WIDTH / 10, HEIGHT)
    }

private const val WIDTH = 300
private const val HEIGHT = 40
