package androidx.fragment.app;

import android.app.Activity;

/** As androidx has it since 1.0; a test says what its functions answer. */
public class FragmentActivity extends Activity {
    public FragmentManager getSupportFragmentManager() {
        return null;
    }
}
