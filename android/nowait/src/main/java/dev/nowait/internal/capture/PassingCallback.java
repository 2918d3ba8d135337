package dev.nowait.internal.capture;

import android.view.ActionMode;
import android.view.KeyEvent;
import android.view.KeyboardShortcutGroup;
import android.view.Menu;
import android.view.MenuItem;
import android.view.MotionEvent;
import android.view.SearchEvent;
import android.view.View;
import android.view.Window;
import android.view.WindowManager;
import android.view.accessibility.AccessibilityEvent;
import dev.nowait.internal.ChecksApiLevel;
import java.util.List;

/**
 * Passes every call of the framework on to a window's own callback, with whatever arguments it came.
 *
 * <p>In Java, because Kotlin checks arguments by the annotations of the framework, which itself passes null where they
 * rule it out: such a check would throw into the app, outside of any guard of ours. Delegation in Kotlin also leaves
 * out methods with a default.
 */
abstract class PassingCallback implements Window.Callback {
    private final Window.Callback inner;

    PassingCallback(Window.Callback inner) {
        this.inner = inner;
    }

    @Override
    public boolean dispatchKeyEvent(KeyEvent event) {
        return inner.dispatchKeyEvent(event);
    }

    @Override
    public boolean dispatchKeyShortcutEvent(KeyEvent event) {
        return inner.dispatchKeyShortcutEvent(event);
    }

    @Override
    public boolean dispatchTouchEvent(MotionEvent event) {
        return inner.dispatchTouchEvent(event);
    }

    @Override
    public boolean dispatchTrackballEvent(MotionEvent event) {
        return inner.dispatchTrackballEvent(event);
    }

    @Override
    public boolean dispatchGenericMotionEvent(MotionEvent event) {
        return inner.dispatchGenericMotionEvent(event);
    }

    @Override
    public boolean dispatchPopulateAccessibilityEvent(AccessibilityEvent event) {
        return inner.dispatchPopulateAccessibilityEvent(event);
    }

    @Override
    public View onCreatePanelView(int featureId) {
        return inner.onCreatePanelView(featureId);
    }

    @Override
    public boolean onCreatePanelMenu(int featureId, Menu menu) {
        return inner.onCreatePanelMenu(featureId, menu);
    }

    @Override
    public boolean onPreparePanel(int featureId, View view, Menu menu) {
        return inner.onPreparePanel(featureId, view, menu);
    }

    @Override
    public boolean onMenuOpened(int featureId, Menu menu) {
        return inner.onMenuOpened(featureId, menu);
    }

    @Override
    public boolean onMenuItemSelected(int featureId, MenuItem item) {
        return inner.onMenuItemSelected(featureId, item);
    }

    @Override
    public void onWindowAttributesChanged(WindowManager.LayoutParams attributes) {
        inner.onWindowAttributesChanged(attributes);
    }

    @Override
    public void onContentChanged() {
        inner.onContentChanged();
    }

    @Override
    public void onWindowFocusChanged(boolean hasFocus) {
        inner.onWindowFocusChanged(hasFocus);
    }

    @Override
    public void onAttachedToWindow() {
        inner.onAttachedToWindow();
    }

    @Override
    public void onDetachedFromWindow() {
        inner.onDetachedFromWindow();
    }

    @Override
    public void onPanelClosed(int featureId, Menu menu) {
        inner.onPanelClosed(featureId, menu);
    }

    @Override
    public boolean onSearchRequested() {
        return inner.onSearchRequested();
    }

    @Override
    public boolean onSearchRequested(SearchEvent event) {
        return inner.onSearchRequested(event);
    }

    @Override
    public ActionMode onWindowStartingActionMode(ActionMode.Callback callback) {
        return inner.onWindowStartingActionMode(callback);
    }

    @Override
    public ActionMode onWindowStartingActionMode(ActionMode.Callback callback, int type) {
        return inner.onWindowStartingActionMode(callback, type);
    }

    @Override
    public void onActionModeStarted(ActionMode mode) {
        inner.onActionModeStarted(mode);
    }

    @Override
    public void onActionModeFinished(ActionMode mode) {
        inner.onActionModeFinished(mode);
    }

    @Override
    public void onProvideKeyboardShortcuts(List<KeyboardShortcutGroup> data, Menu menu, int deviceId) {
        inner.onProvideKeyboardShortcuts(data, menu, deviceId);
    }

    /** Only Android 8 and newer call it. */
    @ChecksApiLevel
    @Override
    public void onPointerCaptureChanged(boolean hasCapture) {
        inner.onPointerCaptureChanged(hasCapture);
    }
}
