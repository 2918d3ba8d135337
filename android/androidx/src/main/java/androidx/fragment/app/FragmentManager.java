package androidx.fragment.app;

import android.os.Bundle;
import android.view.View;

/** As androidx has it since 1.0; a test calls what androidx calls. */
public abstract class FragmentManager {
    public void registerFragmentLifecycleCallbacks(FragmentLifecycleCallbacks callbacks, boolean recursive) {}

    public abstract static class FragmentLifecycleCallbacks {
        public void onFragmentPreCreated(FragmentManager manager, Fragment fragment, Bundle savedInstanceState) {}

        public void onFragmentViewCreated(FragmentManager manager, Fragment fragment, View view, Bundle savedInstanceState) {}

        public void onFragmentResumed(FragmentManager manager, Fragment fragment) {}

        public void onFragmentPaused(FragmentManager manager, Fragment fragment) {}

        public void onFragmentViewDestroyed(FragmentManager manager, Fragment fragment) {}

        public void onFragmentDestroyed(FragmentManager manager, Fragment fragment) {}
    }
}
