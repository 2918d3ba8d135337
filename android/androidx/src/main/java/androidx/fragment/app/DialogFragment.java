package androidx.fragment.app;

import android.app.Dialog;

/** As androidx has it since 1.0; a test says what its functions answer. */
public class DialogFragment extends Fragment {
    public Dialog getDialog() {
        return null;
    }
}
