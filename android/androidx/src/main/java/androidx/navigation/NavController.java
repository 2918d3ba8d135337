package androidx.navigation;

import android.os.Bundle;

/** As androidx has it since 2.0; a test calls what androidx calls. */
public class NavController {
    public interface OnDestinationChangedListener {
        void onDestinationChanged(NavController controller, NavDestination destination, Bundle arguments);
    }

    public void addOnDestinationChangedListener(OnDestinationChangedListener listener) {}

    public void removeOnDestinationChangedListener(OnDestinationChangedListener listener) {}
}
