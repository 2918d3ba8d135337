package androidx.navigation;

/** As androidx has it since 2.0. */
public interface NavHost {
    NavController getNavController();
}
