package dev.nowait.internal.capture

import android.content.res.Resources
import android.view.View
import android.view.ViewGroup

/**
 * The deepest view at this place that can be clicked.
 *
 * @param x in the coordinates of [view], as [y]
 */
internal fun clickableAt(
    view: View,
    x: Float,
    y: Float,
): View? {
    if (view.visibility != View.VISIBLE || x < 0 || y < 0 || x >= view.width || y >= view.height) return null
    if (view is ViewGroup) {
        // The last child is drawn on top and is asked first, as the framework does.
        for (index in view.childCount - 1 downTo 0) {
            val child = view.getChildAt(index)
            clickableAt(child, x + view.scrollX - child.x, y + view.scrollY - child.y)?.let { return it }
        }
    }
    return view.takeIf { it.isClickable && it.isEnabled }
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
