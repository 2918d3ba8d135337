package dev.nowait.capture

import android.app.Activity
import android.content.res.Resources
import android.os.Bundle
import android.text.InputType
import android.view.View
import android.view.WindowManager
import android.widget.Button
import android.widget.EditText
import android.widget.FrameLayout
import dev.nowait.NoWait

/** What a customer types, and what says it on a screen. */
internal data class Secrets(
    val pin: String,
    val card: String,
    val name: String,
)

/** What keeps the keys of a keypad from being told. */
internal enum class Protection {
    /** None but the rule for names, which knows digits. */
    NAMES,

    /** `NoWait.exclude` of the whole keypad. */
    EXCLUDED,

    /** The same in a layout. */
    TAGGED,

    /** A field for a PIN has the focus. */
    PIN_FIELD,

    /** Such a field by its looks alone. */
    HIDDEN_FIELD,

    /** `FLAG_SECURE`. */
    SECURE,

    /** None at all. */
    NONE,
}

/** A keypad of ten keys, fields for a card and a name, and a button: with the customer's data in everything that a view can say. */
internal class KeypadActivity : Activity() {
    lateinit var card: EditText
        private set
    lateinit var name: EditText
        private set
    lateinit var pin: EditText
        private set
    lateinit var confirm: Button
        private set
    val keys = ArrayList<Button>()
    var typed = ""
        private set

    private val named by lazy { Named(super.getResources()) }

    override fun getResources(): Resources = named

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        title = "${secrets.name} ${secrets.card}"
        val content = FrameLayout(this)
        card = content.has(EditText(this), CARD, 0)
        name = content.has(EditText(this), NAME, 60)
        pin = content.has(EditText(this), PIN, 120)
        confirm = content.has(Button(this), CONFIRM, 180)
        content.addView(keypad(), FrameLayout.LayoutParams(320, 120).apply { topMargin = 240 })
        setContentView(content)
        protect()
    }

    private fun <T : View> FrameLayout.has(
        view: T,
        id: Int,
        top: Int,
    ): T {
        view.id = id
        view.contentDescription = "${secrets.name} ${secrets.pin}"
        view.setOnClickListener { }
        addView(view, FrameLayout.LayoutParams(320, 60).apply { topMargin = top })
        return view
    }

    private fun keypad() =
        FrameLayout(this).apply {
            id = KEYPAD
            for (digit in 0..9) {
                val key = Button(this@KeypadActivity)
                key.id = KEYS + digit
                key.text = "$digit"
                key.contentDescription = WORDS[digit]
                key.setOnClickListener { typed += digit }
                keys += key
                addView(
                    key,
                    FrameLayout.LayoutParams(60, 60).apply {
                        leftMargin = digit % 5 * 60
                        topMargin = digit / 5 * 60
                    },
                )
            }
        }

    private fun protect() {
        val keypad = findViewById<View>(KEYPAD)!!
        card.requestFocus()
        when (protection) {
            Protection.EXCLUDED -> NoWait.exclude(keypad)
            Protection.TAGGED -> keypad.tag = "nowait-excluded"
            Protection.PIN_FIELD -> pin.inputType = InputType.TYPE_CLASS_NUMBER or InputType.TYPE_NUMBER_VARIATION_PASSWORD
            Protection.HIDDEN_FIELD -> pin.transformationMethod = android.text.method.PasswordTransformationMethod()
            Protection.SECURE -> window.addFlags(WindowManager.LayoutParams.FLAG_SECURE)
            Protection.NAMES, Protection.NONE -> Unit
        }
        pin.requestFocus()
    }

    /** The names of a bank's resources, of which a test has none. */
    @Suppress("DEPRECATION")
    private class Named(
        app: Resources,
    ) : Resources(app.assets, app.displayMetrics, app.configuration) {
        override fun getResourceEntryName(id: Int): String =
            when (id) {
                CARD -> "card_number"
                NAME -> "holder_name"
                PIN -> "pin_field"
                CONFIRM -> "confirm_button"
                in KEYS..KEYS + 9 -> if (protection == Protection.NAMES) "pin_key_${id - KEYS}" else "tecla_${WORDS[id - KEYS]}"
                else -> super.getResourceEntryName(id)
            }
    }

    companion object {
        var secrets = Secrets("", "", "")
        var protection = Protection.NAMES

        /** As a bank may call its keys, in words that the rule for names does not know. */
        val WORDS = listOf("zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove")

        private const val CARD = 0x7f010001
        private const val NAME = 0x7f010002
        private const val PIN = 0x7f010003
        private const val CONFIRM = 0x7f010004
        private const val KEYPAD = 0x7f010005
        private const val KEYS = 0x7f010100
    }
}
