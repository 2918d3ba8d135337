package androidx.fragment.app;

import android.view.View;

/** As androidx has it since 1.0; a test says what its functions answer. */
public class Fragment {
    public View getView() {
        return null;
    }

    public final Fragment getParentFragment() {
        return parent;
    }

    /** Of this stand-in alone. */
    public Fragment parent;
}
