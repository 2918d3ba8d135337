package dev.nowait.internal.capture

import android.content.res.Resources
import android.text.InputType
import android.text.method.PasswordTransformationMethod
import android.view.View
import android.view.ViewGroup
import android.view.Window
import android.view.WindowManager
import android.widget.TextView

/*
 * What a tap hit, and what may be told of that.
 *
 * Owns: which view it is, its name, and where none may be told. Refuses: what a view shows, says or contains, which is never read.
 */

/**
 * The deepest of these views at this place.
 *
 * @param x in the coordinates of [view], as [y]
 */
internal fun viewAt(
    view: View,
    x: Float,
    y: Float,
    isWanted: (View) -> Boolean,
): View? {
    if (view.visibility != View.VISIBLE || x < 0 || y < 0 || x >= view.width || y >= view.height) return null
    if (view is ViewGroup) {
        // The last child is drawn on top and is asked first, as the framework does.
        for (index in view.childCount - 1 downTo 0) {
            val child = view.getChildAt(index)
            viewAt(child, x + view.scrollX - child.x, y + view.scrollY - child.y, isWanted)?.let { return it }
        }
    }
    return view.takeIf(isWanted)
}

/** The touch that is being handled, for those who draw what it hits themselves, as Compose. Of the main thread. */
internal object Touch {
    /** Whether nothing may be told of what it hits. */
    var isSecret = false
}

/** What the app's developers call the view: its resource id, or its class. Never what it shows. */
internal fun nameOf(view: View): String {
    if (view.id != View.NO_ID) {
        try {
            return view.resources.getResourceEntryName(view.id)
        } catch (_: Resources.NotFoundException) {
            // An id that was made at run time.
        }
    }
    return view.javaClass.simpleName
}

/**
 * Whether what is touched here one after the other may spell a secret: in a window that may not be seen, while something secret is typed into
 * it, and in what the app excluded. A tap there has no target.
 */
internal fun isSecret(
    target: View,
    window: Window,
): Boolean =
    window.attributes.flags and WindowManager.LayoutParams.FLAG_SECURE != 0 ||
        takesPassword(target) ||
        window.currentFocus?.let(::takesPassword) == true ||
        generateSequence(target) { it.parent as? View }.any(::isExcluded)

/** A field for a password or a PIN, hidden or visible. */
private fun takesPassword(view: View): Boolean =
    view is TextView && (isPassword(view.inputType) || view.transformationMethod is PasswordTransformationMethod)

private fun isPassword(inputType: Int): Boolean =
    when (inputType and (InputType.TYPE_MASK_CLASS or InputType.TYPE_MASK_VARIATION)) {
        InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_PASSWORD,
        InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_VISIBLE_PASSWORD,
        InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_WEB_PASSWORD,
        InputType.TYPE_CLASS_NUMBER or InputType.TYPE_NUMBER_VARIATION_PASSWORD,
        -> true

        else -> false
    }

/** From here on a tap on this view, or on anything in it, has no target. */
internal fun hideTargets(view: View) {
    view.setTag(EXCLUDED_KEY, true)
}

private fun isExcluded(view: View): Boolean = view.getTag(EXCLUDED_KEY) == true || view.tag == EXCLUDED_TAG

/** `NoWa`. The library has no resources, so no id of its own; of an app's, a library's and the system's, none has this first byte. */
private const val EXCLUDED_KEY = 0x4E6F5761

/** What a layout says: `android:tag="nowait-excluded"`. */
private const val EXCLUDED_TAG = "nowait-excluded"
