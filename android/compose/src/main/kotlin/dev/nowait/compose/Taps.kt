package dev.nowait.compose

import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.input.pointer.PointerEvent
import androidx.compose.ui.input.pointer.PointerEventPass
import androidx.compose.ui.input.pointer.PointerInputChange
import androidx.compose.ui.input.pointer.changedToDownIgnoreConsumed
import androidx.compose.ui.input.pointer.changedToUpIgnoreConsumed
import androidx.compose.ui.node.CompositionLocalConsumerModifierNode
import androidx.compose.ui.node.ModifierNodeElement
import androidx.compose.ui.node.PointerInputModifierNode
import androidx.compose.ui.node.TraversableNode
import androidx.compose.ui.node.currentValueOf
import androidx.compose.ui.node.findNearestAncestor
import androidx.compose.ui.platform.InspectorInfo
import androidx.compose.ui.platform.LocalViewConfiguration
import androidx.compose.ui.unit.IntSize
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.capture.Touch
import dev.nowait.internal.guarded

/*
 * Taps on composables, and where they have no name.
 *
 * Owns: what is a tap. Refuses: what was hit, which the app names, and all that is shown or typed.
 */

/**
 * Measures taps here: from when the finger goes up to the first frame after the app's handler. Android does not see which composable was hit, so
 * that no tap on one is captured without a name. It consumes nothing.
 *
 * In a window that may not be seen (`FLAG_SECURE`), and in what is excluded, a tap has no name.
 *
 * @param name the same for everybody, such as `Home.Transfer`. Keys of a keypad have one name in common
 */
public fun Modifier.trackTap(name: String): Modifier = this then TapElement(name)

/**
 * From here on nothing tells what was tapped in this: taps that [trackTap] measures here or in what is in it have their times and no name. Stands
 * before a [trackTap] of the same composable. The same of a view is `NoWait.exclude`.
 */
public fun Modifier.nowaitExcluded(): Modifier = this then ExcludedElement

private data class TapElement(
    private val name: String,
) : ModifierNodeElement<TapNode>() {
    override fun create() = TapNode(name)

    override fun update(node: TapNode) {
        node.name = name
    }

    override fun InspectorInfo.inspectableProperties() {
        name = "trackTap"
    }
}

/**
 * Sees each touch before and after everybody else: a tap is told before the app's handler runs, and its end after.
 *
 * A tap is a touch of one finger that hardly moved and that nobody took before, such as a list that was stopped by it.
 */
private class TapNode(
    var name: String,
) : Modifier.Node(),
    PointerInputModifierNode,
    CompositionLocalConsumerModifierNode {
    private var down: Offset? = null
    private var isTold = false

    override fun onPointerEvent(
        pointerEvent: PointerEvent,
        pass: PointerEventPass,
        bounds: IntSize,
    ) = guarded {
        if (pass == PointerEventPass.Initial) {
            isTold = false
            val change = pointerEvent.changes.singleOrNull()
            if (change == null || change.isConsumed) down = null else look(change, bounds)
        } else if (pass == PointerEventPass.Final && isTold) {
            isTold = false
            Face.lane.tell(Fact.TOUCH_HANDLED, atNs = nowNs())
        }
    }

    override fun onCancelPointerInput() {
        down = null
    }

    private fun look(
        change: PointerInputChange,
        bounds: IntSize,
    ) {
        if (change.changedToDownIgnoreConsumed()) down = change.position
        val from = down ?: return
        val at = change.position
        val hasMoved = (at - from).getDistance() > currentValueOf(LocalViewConfiguration).touchSlop
        val isOutside = at.x < 0 || at.y < 0 || at.x > bounds.width || at.y > bounds.height
        if (hasMoved || isOutside) {
            down = null
        } else if (change.changedToUpIgnoreConsumed()) {
            down = null
            isTold = true
            val target = if (isSecret()) null else Face.names.ofTarget(name)
            Face.lane.tell(Fact.TOUCH_UP, target, atNs = change.uptimeMillis * NS_PER_MS)
        }
    }

    private fun isSecret() = Touch.isSecret || findNearestAncestor(EXCLUDED) != null
}

private object ExcludedElement : ModifierNodeElement<ExcludedNode>() {
    override fun create() = ExcludedNode()

    override fun update(node: ExcludedNode) = Unit

    override fun hashCode() = EXCLUDED.hashCode()

    override fun equals(other: Any?) = other === this

    override fun InspectorInfo.inspectableProperties() {
        name = EXCLUDED
    }
}

private class ExcludedNode :
    Modifier.Node(),
    TraversableNode {
    override val traverseKey: Any get() = EXCLUDED
}

private const val EXCLUDED = "nowaitExcluded"
private const val NS_PER_MS = 1_000_000L
