package androidx.navigation;

/** As androidx has it since 2.0, with the route that it has since 2.4. */
public class NavDestination {
    public String getRoute() {
        return null;
    }
}
